import ctypes
import resource
import sys
import time

lib = ctypes.CDLL("libwbxml2.so.1")
doc = open(sys.argv[1], "rb").read()
ACTIVESYNC = 2402

conv, out, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_ulong()
used, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
for _ in range(int(sys.argv[2])):
    if lib.wbxml_conv_wbxml2xml_create(ctypes.byref(conv)) != 0:
        sys.exit("no converter")
    lib.wbxml_conv_wbxml2xml_set_language(conv, ACTIVESYNC)
    if lib.wbxml_conv_wbxml2xml_run(conv, doc, ctypes.c_ulong(len(doc)), ctypes.byref(out), ctypes.byref(size)) != 0:
        sys.exit("not converted")
    lib.wbxml_free(out)
    lib.wbxml_conv_wbxml2xml_destroy(conv)
wall, now = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
print(wall, now.ru_utime - used.ru_utime, now.ru_stime - used.ru_stime)

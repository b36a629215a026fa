package tnef

import (
	"strconv"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// charset is the name of a code page, "" for one that nobody knows.
func charset(page uint32) string {
	switch {
	case page >= 1250 && page <= 1258, page == 874:
		return "windows-" + strconv.Itoa(int(page))
	case page >= 28591 && page <= 28606:
		return "iso-8859-" + strconv.Itoa(int(page-28590))
	}
	switch page {
	case 437, 850, 852, 855, 862, 866:
		return "ibm" + strconv.Itoa(int(page))
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949, 51949:
		return "euc-kr"
	case 950:
		return "big5"
	case 1200:
		return "utf-16le"
	case 20127:
		return "us-ascii"
	case 20866:
		return "koi8-r"
	case 21866:
		return "koi8-u"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 51932:
		return "euc-jp"
	case 54936:
		return "gb18030"
	case 65001:
		return "utf-8"
	}
	return ""
}

// decode reads a short text, up to the first zero.
func decode(b []byte, page uint32) string {
	text := string(b)
	name := charset(page)
	if name != "" && name != "utf-8" && name != "us-ascii" {
		enc, err := htmlindex.Get(name)
		if err != nil || enc == nil {
			enc, err = ianaindex.MIME.Encoding(name)
		}
		if err == nil && enc != nil {
			if out, err := enc.NewDecoder().Bytes(b); err == nil {
				text = string(out)
			}
		}
	}
	text, _, _ = strings.Cut(text, "\x00")
	return strings.ToValidUTF8(text, "\uFFFD")
}

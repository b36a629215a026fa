package eas_test

import (
	"runtime"
	"strings"
	"testing"

	"tandem/partner/mailbox"
	"tandem/test/mailkit"
	"tandem/wire/wbxml"
)

// TestMailBombs: files that unpack to terabytes, and winmail.dat files without end, are delivered, shown in every form, found, fetched, file by file, and passed on, in memory that follows from what came. It does not
// run beside others, since it looks at what the process asks memory for.
func TestMailBombs(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	bombs := mailkit.Bombs()
	total := 0
	for _, text := range bombs {
		total += len(text)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	want := map[string]string{}
	for name, text := range bombs {
		want[h.server(inbox, h.arrive(inbox, 2, text))] = name
	}
	p := h.phone("ann", "phone1", "16.1")
	for _, options := range []string{"", asMIME, "<Options><airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type></airsyncbase:BodyPreference></Options>",
		"<Options><airsyncbase:BodyPreference><airsyncbase:Type>2</airsyncbase:Type><airsyncbase:TruncationSize>5000</airsyncbase:TruncationSize></airsyncbase:BodyPreference></Options>"} {
		got := h.desk(h.phone("ann", "phone1", "16.1"), 2).pull(options)
		for id, name := range want {
			if got[id] == nil || !got[id].Has(wbxml.AirSyncBaseBody) {
				t.Errorf("%s: %s is not shown", options, name)
				continue
			}
			if text := got[id].Child(wbxml.AirSyncBaseBody).Get(wbxml.AirSyncBaseData); options != "" && options != asMIME && !strings.Contains(text, "harmless text") {
				t.Errorf("%s: %s: its text is %.100q", options, name, text)
			}
			for a := range got[id].Child(wbxml.AirSyncBaseAttachments).All(wbxml.AirSyncBaseAttachment) {
				ref := a.Get(wbxml.AirSyncBaseFileReference)
				if s := h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsyncbase:FileReference>"+ref+"</airsyncbase:FileReference></Fetch></ItemOperations>"); !strings.Contains(s, "Fetch{Status=1 ") {
					t.Errorf("%s of %s: %.200s", ref, name, s)
				}
			}
		}
	}
	for id, name := range want {
		if got := h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+id+"</airsync:ServerId></Fetch></ItemOperations>"); !strings.Contains(got, "Fetch{Status=1 ") {
			t.Errorf("%s is not fetched: %.200s", name, got)
		}
		if got := h.forward(p.Client, id); got != "" {
			t.Errorf("%s is not passed on: %.200s", name, got)
		}
	}
	contains(t, h.find(p.Client, "harmless", "", "0-99"), "Find{Status=1 ", "Subject=bomb")
	runtime.ReadMemStats(&after)
	asked := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d bombs of %d KiB together: %d MiB were asked for in all", len(bombs), total>>10, asked>>20)
	if most := uint64(1 << 30); asked > most {
		t.Errorf("%d MiB were asked for, not at most %d", asked>>20, most>>20)
	}
	h.valid()
}

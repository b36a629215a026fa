package eas_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tandem/internal/corpus"
	"tandem/partner/mailbox"
	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// corpusMail are the messages of the corpora: everything that is one file.
func corpusMail(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(corpus.Dir(t), "mime"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".eml", ".msg", ".txt", ".tnef":
			data, err := os.ReadFile(path)
			out[path] = data
			return err
		}
		return nil
	})
	if err != nil || len(out) < 200 {
		t.Fatalf("%d messages: %v", len(out), err)
	}
	return out
}

// pull syncs a folder to its end with these options, and returns what was added, by ServerId.
func (d *desk) pull(options string) map[string]*wbxml.Element {
	d.Helper()
	out := map[string]*wbxml.Element{}
	for range 1000 {
		doc, err := wbxml.FromXML(strings.NewReader(sync1(collection(d.key, d.folder, "<GetChanges/><WindowSize>100</WindowSize>"+options))))
		d.must(err)
		a, err := d.c.Do(context.Background(), "Sync", doc)
		d.must(err)
		if a.Code != 200 {
			d.Fatalf("HTTP %d", a.Code)
		}
		if a.Doc == nil {
			return out
		}
		c := a.Doc.Child(wbxml.AirSyncCollections).Child(wbxml.AirSyncCollection)
		if s := c.Get(wbxml.AirSyncStatus); s != "1" {
			d.Fatalf("status %s", s)
		}
		d.key = c.Get(wbxml.AirSyncSyncKey)
		for e := range c.Child(wbxml.AirSyncCommands).All(wbxml.AirSyncAdd) {
			out[e.Get(wbxml.AirSyncServerId)] = e.Child(wbxml.AirSyncApplicationData)
		}
		if !c.Has(wbxml.AirSyncMoreAvailable) {
			return out
		}
	}
	d.Fatal("it never ends")
	return nil
}

const asMIME = "<Options><MIMESupport>2</MIMESupport><airsyncbase:BodyPreference><airsyncbase:Type>4</airsyncbase:Type></airsyncbase:BodyPreference></Options>"

// TestMailByteIdentical: every message of the corpora that is put on the hub comes to the phone as it was, byte for byte.
func TestMailByteIdentical(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	want := map[string][]byte{}
	name := map[string]string{}
	for path, data := range corpusMail(t) {
		id := h.server(inbox, h.arrive(inbox, 1, string(data)))
		want[id], name[id] = data, path
	}
	got := h.desk(h.phone("ann", "phone1", "16.1"), 2).pull(asMIME)
	if len(got) != len(want) {
		t.Errorf("%d messages of %d came", len(got), len(want))
	}
	for id, data := range want {
		if b := got[id].Child(wbxml.AirSyncBaseBody).Child(wbxml.AirSyncBaseData).Content(); !bytes.Equal(b, data) {
			t.Errorf("%s: %d bytes of %d, another message", name[id], len(b), len(data))
		}
	}
	h.valid()
}

// TestMailCorpusShown: every message of the corpora is shown as text by every version, with its attachments, each of which can be fetched.
func TestMailCorpusShown(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	n := 0
	for _, data := range corpusMail(t) {
		h.arrive(inbox, 1, string(data))
		n++
	}
	for _, version := range []string{"12.1", "14.1", "16.1"} {
		p := h.phone("ann", "phone"+version, version)
		got := h.desk(p, 2).pull("<Options><airsyncbase:BodyPreference><airsyncbase:Type>2</airsyncbase:Type><airsyncbase:TruncationSize>20000</airsyncbase:TruncationSize></airsyncbase:BodyPreference></Options>")
		if len(got) != n {
			t.Errorf("%s: %d messages of %d came", version, len(got), n)
		}
		if version != "16.1" {
			continue
		}
		for id, data := range got {
			for a := range data.Child(wbxml.AirSyncBaseAttachments).All(wbxml.AirSyncBaseAttachment) {
				ref := a.Get(wbxml.AirSyncBaseFileReference)
				if s := h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsyncbase:FileReference>"+ref+"</airsyncbase:FileReference></Fetch></ItemOperations>"); !strings.Contains(s, "Fetch{Status=1 ") {
					t.Errorf("%s of %s: %.200s", ref, id, s)
				}
			}
		}
	}
	h.valid()
}

// hostileMail are messages made to do harm.
func hostileMail() map[string]string {
	head := "From: evil@example.org\r\nTo: ann@example.org\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n"
	var parts, nest strings.Builder
	for i := range 10000 {
		parts.WriteString("--b\r\nContent-Type: application/x-" + strconv.Itoa(i) + "; name=f" + strconv.Itoa(i) + "\r\n\r\nx\r\n")
	}
	for i := range 2000 {
		nest.WriteString(fmt.Sprintf("Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n", i, i))
	}
	zip := "PK\x03\x04" + strings.Repeat("\x00", 60000)
	return map[string]string{
		"zip of death":     head + "Content-Type: application/zip; name=42.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(zip)),
		"10,000 parts":     head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts.String() + "--b--\r\n",
		"nested":           head + nest.String() + "deep\r\n",
		"endless header":   head + strings.Repeat("X-Long: "+strings.Repeat("a", 900)+"\r\n", 3000) + "\r\ntext\r\n",
		"endless line":     head + "X-Line: " + strings.Repeat("b", 3<<20) + "\r\n\r\ntext\r\n",
		"many recipients":  "From: evil@example.org\r\nTo: " + strings.Repeat("someone@example.org,\r\n ", 20000) + "x@example.org\r\nSubject: hostile\r\n\r\ntext\r\n",
		"no boundary":      head + "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\ntext\r\n",
		"bad base64":       head + "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!====" + strings.Repeat("A", 13) + "\r\n",
		"bad QP":           head + "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=0=\r\n=",
		"unknown encoding": head + "Content-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: x-rot13\r\n\r\n\xff\xfe\x00text\r\n",
		"bad words":        "Subject: =?utf-8?b?////?= =?x?z?y?= =?utf-16?q?=00=ff?=\r\nFrom: =?utf-8?q?=00=01?= <a@b>\r\n\r\n\x00\x01\x02\x1b",
		"script":           head + "Content-Type: text/html\r\n\r\n<script>alert(1)</script><img src=x onerror=alert(2)><iframe src=javascript:alert(3)></iframe>",
		"half an element":  head + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>", 100000) + "<a href=\"",
		"names":            head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x; name=\"../../../etc/passwd\x00\r\n evil\"\r\nContent-ID: <\x01>\r\n\r\nx\r\n--b--\r\n",
		"no header":        "just text, and no header at all\r\n",
		"nothing":          "",
		"bytes":            string([]byte{0, 255, 254, 13, 10, 13, 10, 0, 1, 2, 3}),
		"TNEF":             head + "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgAA\r\n",
		"S/MIME":           head + "Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nnot at all\r\n",
		"invitation":       head + "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:VEVENT\r\n", 5000),
		"old dates":        "Date: Mon, 99 Foo 99999 99:99:99 +9999\r\nReceived: from x; never\r\n" + head + "\r\nx\r\n",
	}
}

// TestHostileMail: messages made to do harm are shown, found, fetched and passed on, and those beside them too.
func TestHostileMail(t *testing.T) {
	h := newPostHouse(t)
	inbox := h.box("ann", mailbox.Inbox)
	want := map[string]string{}
	for name, text := range hostileMail() {
		want[h.server(inbox, h.arrive(inbox, 2, text))] = name
	}
	h.arrive(inbox, 1, letterOf("Harmless", "zoe@example.org", "ann@example.org", "x"))
	for _, version := range []string{"12.1", "16.1"} {
		for _, options := range []string{"", asMIME, "<Options><airsyncbase:BodyPreference><airsyncbase:Type>1</airsyncbase:Type><airsyncbase:TruncationSize>500</airsyncbase:TruncationSize></airsyncbase:BodyPreference></Options>",
			"<Options><airsyncbase:BodyPreference><airsyncbase:Type>2</airsyncbase:Type><airsyncbase:TruncationSize>5000</airsyncbase:TruncationSize></airsyncbase:BodyPreference></Options>"} {
			p := h.phone("ann", "phone"+version, version)
			got := h.desk(p, 2).pull(options)
			if len(got) != len(want)+1 {
				t.Errorf("%s %s: %d messages of %d", version, options, len(got), len(want)+1)
			}
			for id, name := range want {
				if got[id] == nil || !got[id].Has(wbxml.AirSyncBaseBody) {
					t.Errorf("%s %s: %s is not shown", version, options, name)
				}
			}
		}
	}
	p := h.phone("ann", "phone", "16.1")
	for id, name := range want {
		if got := h.do(p.Client, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:ServerId>"+id+"</airsync:ServerId></Fetch></ItemOperations>"); !strings.Contains(got, "Fetch{Status=1 ") {
			t.Errorf("%s is not fetched: %.200s", name, got)
		}
		if got := h.forward(p.Client, id); got != "" && !strings.Contains(got, "Status=122") && !strings.Contains(got, "Status=107") {
			t.Errorf("%s is not passed on: %.200s", name, got)
		}
	}
	contains(t, h.find(p.Client, "hostile", "", "0-99"), "Find{Status=1 ", "Subject=hostile")
	h.valid()
}

// forward passes a message on.
func (p *postHouse) forward(c *easclient.Client, id string) string {
	p.Helper()
	return p.do(c, "SmartForward", "<SmartForward xmlns=\"ComposeMail\"><ClientId>"+id+"</ClientId><Source><FolderId>1</FolderId><ItemId>"+id+"</ItemId></Source><Mime>"+
		base64.StdEncoding.EncodeToString([]byte("To: bob@example.org\r\nSubject: fwd\r\n\r\nsee\r\n"))+"</Mime></SmartForward>")
}

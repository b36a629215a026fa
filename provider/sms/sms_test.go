package sms_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem"
	kindsms "tandem/kind/sms"
	"tandem/provider"
	"tandem/provider/sms"
)

const backup = `<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<!--File Created By SMS Backup & Restore v10.20.001 on 27/01/2024 18:26:25-->
<?xml-stylesheet type="text/xsl" href="sms.xsl"?>
<smses count="4" backup_set="0e65cd0a-1e4e-4c2e" backup_date="1706376385000" type="full">
  <sms protocol="0" address="+49 170 12345" date="1285799668193" type="1" subject="null" body="Smile &#55357;&#56832; &amp; more&#10;two" toa="null" sc_toa="null" service_center="+4917" read="1" status="-1" locked="0" date_sent="1285799660000" sub_id="1" readable_date="29 Sep. 2010 22:34:28" contact_name="Anna &quot;A&quot; Müller" future='a "b"' />
  <unknown thing="1"><sms body="not one of ours" /></unknown>
  <sms protocol="0" address="VODAFONE" date="1285799668194" type="2" body="half &#55357; pair" read="0" contact_name="(Unknown)" />
  <mms date="1399913113000" rr="129" sub="null" ct_t="application/vnd.wap.multipart.related" read_status="null" seen="1" msg_box="1" address="+12345~+23456" m_id="abc" read="1" m_type="132">
    <parts>
      <part seq="-1" ct="application/smil" name="null" chset="null" cid="&lt;smil&gt;" cl="smil.xml" text='&lt;smil/&gt;' />
      <part seq="0" ct="image/jpeg" name="a.jpg" cid="&lt;1&gt;" cl="a.jpg" text="null" data="%s" odd="1" />
      <part seq="0" ct="text/plain" chset="106" cl="t.txt" text="hello &#55357;&#56832;" />
    </parts>
    <addrs>
      <addr address="+12345" type="137" charset="106" />
      <addr address="insert-address-token" type="151" charset="106" />
      <addr address="+23456" type="151" charset="106" future="x" />
    </addrs>
    <later/>
  </mms>
</smses>
`

var picture = strings.Repeat("\x00\xff picture \x80", 9000)

func theBackup() string {
	return fmt.Sprintf(backup, base64.StdEncoding.EncodeToString([]byte(picture)))
}

type file struct {
	*testing.T
	path string
	*provider.Opened
}

func openFile(t *testing.T, text string) *file {
	t.Helper()
	f := &file{T: t, path: filepath.Join(t.TempDir(), "sms.xml")}
	if err := os.WriteFile(f.path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.Opened, err = sms.Open(context.Background(), f.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func (f *file) text() string {
	f.Helper()
	data, err := os.ReadFile(f.path)
	if err != nil {
		f.Fatal(err)
	}
	return string(data)
}

func (f *file) list() (out []tandem.Change) {
	f.Helper()
	seq, end := f.Changes(f.Context(), "")
	for c, err := range seq {
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, c)
	}
	if !end().Complete {
		f.Fatal("the listing is not complete")
	}
	return out
}

func (f *file) records() (out []tandem.Record) {
	f.Helper()
	var ids []tandem.ID
	for _, c := range f.list() {
		ids = append(ids, c.ID)
	}
	for rec, err := range f.Fetch(f.Context(), ids) {
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

func (f *file) message(rec tandem.Record) *kindsms.Message {
	f.Helper()
	m, err := kindsms.Parse(rec.Body)
	if err != nil {
		f.Fatal(err)
	}
	return m
}

func (f *file) apply(writes ...tandem.Write) []tandem.Outcome {
	f.Helper()
	out, err := f.Apply(f.Context(), writes)
	if err != nil {
		f.Fatal(err)
	}
	for i, o := range out {
		if o.Status != tandem.Applied {
			f.Fatalf("write %d: %v, %v", i, o.Status, o.Err)
		}
	}
	return out
}

func TestRead(t *testing.T) {
	f := openFile(t, theBackup())
	recs := f.records()
	if len(recs) != 3 {
		t.Fatalf("%d records", len(recs))
	}
	m := f.message(recs[0])
	if m.Text != "Smile 😀 & more\ntwo" || m.Date != 1285799668193 || len(m.From) != 1 || m.From[0] != (kindsms.Party{Name: `Anna "A" Müller`, Number: "+49 170 12345"}) || len(m.To) != 0 {
		t.Errorf("read as %+v", m)
	}
	if v, _ := m.Get("future"); v != `a "b"` || recs[0].Attrs != "seen=1" {
		t.Errorf("attributes %q, %q", m.Attrs, recs[0].Attrs)
	}
	m = f.message(recs[1])
	if m.Text != "half &#55357; pair" || len(m.To) != 1 || m.To[0].Number != "VODAFONE" || recs[1].Attrs != "box=sent" {
		t.Errorf("read as %+v, %q", m, recs[1].Attrs)
	}
	m = f.message(recs[2])
	if len(m.Parts) != 3 || m.Parts[1].Type != "image/jpeg" || m.Parts[1].Name != "a.jpg" || len(m.From) != 1 || len(m.To) != 1 || m.To[0].Number != "+23456" {
		t.Fatalf("read as %+v", m)
	}
	for i, want := range []string{"<smil/>", picture, "hello 😀"} {
		if got, err := tandem.ReadBody(m.Parts[i].Content, 1<<20); string(got) != want || err != nil {
			t.Errorf("part %d has %d bytes, %v; want %d", i, len(got), err, len(want))
		}
	}
	for _, rec := range recs {
		info, err := kindsms.Handler{}.InspectBody(rec.Body)
		if err != nil || info.Index.UID == "" || info.Index.Start == 0 || info.Summary.Who == "" || info.Summary.Title == "" {
			t.Errorf("%+v, %v", info, err)
		}
	}
}

// What is not written stays as it is, byte for byte; what is written changes alone.
func TestRest(t *testing.T) {
	before := theBackup()
	f := openFile(t, before)
	list := f.list()
	f.apply(tandem.Write{Op: tandem.SetAttrs, ID: list[1].ID, If: list[1].Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: "box=sent&seen=1"}}})
	want := strings.Replace(strings.Replace(before, `pair" read="0"`, `pair" read="1"`, 1), `count="4"`, `count="3"`, 1)
	if f.text() != want {
		t.Errorf("after a message was read:\n%s", cut(f.text()))
	}
	list = f.list()
	f.apply(tandem.Write{Op: tandem.Delete, ID: list[1].ID, If: list[1].Version})
	lines := strings.SplitAfter(before, "\n")
	want = strings.Replace(strings.Join(slices.Delete(lines, 6, 7), ""), `count="4"`, `count="2"`, 1)
	if f.text() != want {
		t.Errorf("after a message was deleted:\n%s", cut(f.text()))
	}
	list = f.list()
	f.apply(tandem.Write{Op: tandem.SetAttrs, ID: list[1].ID, If: list[1].Version})
	if got := f.text(); !strings.Contains(got, `read="0"`) || !strings.Contains(got, "<later/>") || !strings.Contains(got, `odd="1"`) || !strings.Contains(got, base64.StdEncoding.EncodeToString([]byte(picture))) {
		t.Errorf("after a picture message was marked unread:\n%s", cut(got))
	}
	if list[1].ID != f.list()[1].ID {
		t.Error("the message got another id")
	}
	if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
}

func cut(s string) string {
	if i := strings.Index(s, "AP8g"); i > 0 {
		s = s[:i] + "…" + s[strings.LastIndex(s, " odd"):]
	}
	return s
}

// A message that goes into another backup says there what it said here.
func TestCopy(t *testing.T) {
	from, to := openFile(t, theBackup()), openFile(t, "")
	var writes []tandem.Write
	for _, rec := range from.records() {
		writes = append(writes, tandem.Write{Op: tandem.Create, ID: rec.ID, Marker: tandem.Marker(rec.ID), Record: rec})
	}
	to.apply(writes...)
	a, b := from.records(), to.records()
	for i := range a {
		x, err1 := kindsms.Handler{}.InspectBody(a[i].Body)
		y, err2 := kindsms.Handler{}.InspectBody(b[i].Body)
		if err1 != nil || err2 != nil || x.Digest != y.Digest || x.Index.UID != y.Index.UID || a[i].Attrs != b[i].Attrs {
			t.Errorf("record %d: %v %v\n%+v\n%+v", i, x.Digest, y.Digest, from.message(a[i]), to.message(b[i]))
		}
	}
	text := to.text()
	for _, want := range []string{`count="3"`, "Smile &#55357;&#56832; &amp; more&#10;two", `contact_name="Anna &quot;A&quot; Müller"`, `future="a &quot;b&quot;"`, "half &#55357; pair", `odd="1"`,
		`<addr address="+23456" type="151" charset="106" future="x" />`, `date_sent="1285799660000"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the copy lacks %s:\n%s", want, cut(text))
		}
	}
}

func TestTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		kind tandem.ErrorKind
	}{
		"cut short":      {theBackup()[:2000], tandem.Invalid},
		"without end":    {strings.Replace(theBackup(), "</smses>", "", 1), tandem.Invalid},
		"calls":          {`<calls count="0"></calls>`, tandem.Invalid},
		"something else": {`<html></html>`, tandem.Invalid},
		"no XML":         {`{"a":1}<`, tandem.Invalid},
		"no value":       {`<smses><sms address/></smses>`, tandem.Invalid},
	} {
		f := openFile(t, c.text)
		seq, end := f.Changes(t.Context(), "")
		for ch, err := range seq {
			if !tandem.IsKind(err, c.kind) {
				t.Errorf("%s: %v, %v", name, ch, err)
			}
		}
		if end().Complete {
			t.Errorf("%s: the listing is complete", name)
		}
		if out, err := f.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(body(1, 1, 0))}}}); err == nil || out[0].Status == tandem.Applied {
			t.Errorf("%s: written to: %v, %v", name, out, err)
		}
		if f.text() != c.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := sms.Open(t.Context(), filepath.Join(t.TempDir(), "none.xml")); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), "empty file") {
		t.Errorf("no file: %v", err)
	}
	for _, empty := range []string{"", "\n", `<smses/>`, `<smses count="0" />`, "<?xml version='1.0'?>\n<smses count=\"0\"></smses>"} {
		f := openFile(t, empty)
		f.apply(tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(body(1, 1, 0))}})
		if list := f.list(); len(list) != 1 {
			t.Errorf("%q became %s", empty, f.text())
		}
	}
}

// The same message twice in one file is two records; which is which stays.
func TestTwice(t *testing.T) {
	line := `<sms address="1" date="5" type="1" body="x" read="0" />` + "\n"
	f := openFile(t, "<smses>"+line+line+"</smses>")
	list := f.list()
	if len(list) != 2 || list[0].ID == list[1].ID {
		t.Fatalf("%+v", list)
	}
	f.apply(tandem.Write{Op: tandem.SetAttrs, ID: list[1].ID, If: list[1].Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: "seen=1"}}})
	again := f.list()
	if again[0].ID != list[0].ID || again[1].ID != list[1].ID || again[0].Attrs != "" || again[1].Attrs != "seen=1" {
		t.Errorf("%+v", again)
	}
}

func FuzzBackup(f *testing.F) {
	f.Add(theBackup())
	f.Add(`<smses><sms address="&#55357;&#56832;" date="x" type="9" body='&bad; &#0; &' /></smses>`)
	f.Add(`<smses count="1"><mms><parts><part data="%%" ct="a;b" /></parts></mms></smses>`)
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "x.xml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := sms.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var list []tandem.Change
		seq, end := r.Changes(t.Context(), "")
		for c, err := range seq {
			if err != nil {
				return
			}
			list = append(list, c)
		}
		if !end().Complete {
			t.Fatal("neither an error nor complete")
		}
		// Whatever was read can be copied, and says the same then.
		to := filepath.Join(t.TempDir(), "y.xml")
		if err := os.WriteFile(to, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		other, err := sms.Open(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		for _, c := range list {
			for rec, err := range r.Fetch(t.Context(), []tandem.ID{c.ID}) {
				if err != nil {
					t.Fatal(err)
				}
				info, err := kindsms.Handler{}.InspectBody(rec.Body)
				if err != nil {
					continue // data that is no base64
				}
				out, err := other.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, ID: c.ID, Record: rec}})
				if err != nil || out[0].Status != tandem.Applied {
					t.Fatal(out, err)
				}
				for rec, err := range other.Fetch(t.Context(), []tandem.ID{out[0].ID}) {
					if err != nil {
						t.Fatal(err)
					}
					if got, err := (kindsms.Handler{}).InspectBody(rec.Body); err != nil || got.Index.UID != info.Index.UID {
						t.Fatalf("%v: %+v\nbecame %+v", err, info.Index, got.Index)
					}
				}
			}
		}
	})
}

// TestReplacedMeanwhile: what was fetched can be read after a write put the file anew, as the other direction of a sync does.
func TestReplacedMeanwhile(t *testing.T) {
	f := openFile(t, theBackup())
	recs := f.records()
	read := func(rec tandem.Record) (string, error) {
		b, err := tandem.ReadBody(rec.Body, 1<<20)
		return string(b), err
	}
	var want []string
	for _, rec := range recs {
		b, err := read(rec)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, b)
	}
	gone := 0
	f.apply(tandem.Write{Op: tandem.Delete, ID: recs[gone].ID, If: recs[gone].Meta.Version})
	for i, rec := range recs {
		if i == gone {
			continue
		}
		if got, err := read(rec); err != nil || got != want[i] {
			t.Errorf("%s reads %q, %v; before the file was replaced %q", rec.ID, got, err, want[i])
		}
	}
	mms := slices.IndexFunc(recs, func(r tandem.Record) bool { return strings.HasPrefix(string(r.ID), "mms") })
	now := f.records()[mms-1]
	f.apply(tandem.Write{Op: tandem.Delete, ID: now.ID, If: now.Meta.Version})
	if _, err := read(recs[mms]); !tandem.IsKind(err, tandem.Changed) {
		t.Errorf("a message that was deleted reads with %v", err)
	}
}

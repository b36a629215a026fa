package contact

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem/internal/easschema"
	"tandem/kind/eas"
	"tandem/kind/internal/viewtest"
	"tandem/wire/wbxml"
)

// easValue draws what a person might type: separators of the formats among it.
func easValue(t *rapid.T, tag wbxml.Tag) string {
	switch {
	case strings.HasPrefix(tag.Name(), "Email"):
		return rapid.SampledFrom([]string{"a@x.example", "b@x.example", "jane.doe@company.com", "c", "ö@x.example"}).Draw(t, "email")
	case strings.Contains(tag.Name(), "Number") || strings.Contains(tag.Name(), "Phone"):
		return rapid.SampledFrom([]string{"+49 1", "2", "(555) 123-4567", "555;ext=2", "12,34"}).Draw(t, "number")
	}
	return rapid.SampledFrom([]string{"A", "Bö", "a;b", "a,b", "a, b", `a\nb`, "two\nlines", "x: y", "=3D", "im:q", "xmpp:a@b", "ü \"q\" <z>", `\`, "-", "日本"}).Draw(t, "text")
}

// The second law of a lens: what a client writes is what it is shown, whatever the card had before.
func TestViewGetPut(t *testing.T) {
	all := cards(t)
	names := slices.Sorted(maps.Keys(all))
	var written [][]*wbxml.Element
	rapid.Check(t, func(t *rapid.T) {
		var before []byte
		if name := rapid.SampledFrom(append([]string{""}, names...)).Draw(t, "card"); name != "" {
			before = all[name]
		}
		o := managed(easPut())
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			before = easRandomEdit(t, before, o)
		}
		list, err := View{}.Get(before, o.Options)
		if err != nil {
			t.Fatal(err)
		}
		if len(written) < 300 {
			written = append(written, list)
		}
	})
	if err := easschema.New(t).Validate("SyncResponse", syncAnswer(t, written)); err != nil {
		t.Error(err)
	}
}

func easRandomEdit(t *rapid.T, before []byte, o eas.Put) []byte {
	var in []*wbxml.Element
	want := map[string]string{}
	for _, tag := range textTags() {
		if rapid.IntRange(0, 2).Draw(t, tag.Name()) > 0 {
			continue
		}
		v := easValue(t, tag)
		in = append(in, wbxml.Text(tag, v))
		if want[tag.Name()] = v; strings.HasPrefix(tag.Name(), "IM") {
			want[tag.Name()] = imText(v)
		}
	}
	for _, d := range dates() {
		if rapid.Bool().Draw(t, "date") {
			day := rapid.SampledFrom([]string{"1980-04-12", "1604-02-29", "2024-02-29", "0099-12-31"}).Draw(t, "day")
			in = append(in, wbxml.Text(d.tag, day+"T00:00:00.000Z"))
			want[d.tag.Name()] = day + "T00:00:00.000Z"
		}
	}
	for _, l := range lists() {
		parts := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "a,b", "ü;", "My Contacts"}), 0, 3, rapid.ID[string]).Draw(t, "list")
		e := wbxml.New(l.tag)
		for _, p := range parts {
			e.Add(wbxml.Text(l.item, p))
		}
		in = append(in, e)
		if slices.Sort(parts); len(parts) > 0 {
			want[l.tag.Name()] = strings.Join(parts, "|")
		}
	}
	if rapid.Bool().Draw(t, "picture") {
		p := base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff" + rapid.SampledFrom([]string{"one", "two"}).Draw(t, "bytes")))
		in = append(in, wbxml.Text(wbxml.ContactsPicture, p))
		want["Picture"] = p
	} else { // left out, it would stay: MS-ASCMD_R878
		in = append(in, wbxml.Empty(wbxml.ContactsPicture))
	}
	r, err := View{}.Put(before, in, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Handler{}).Inspect(r.Body); err != nil {
		t.Fatalf("%v\n%s", err, r.Body)
	}
	list, err := View{}.Get(r.Body, o.Options)
	if err != nil {
		t.Fatal(err)
	}
	got := flat(list)
	if _, ok := want["FileAs"]; !ok {
		delete(got, "FileAs") // there always is one
	}
	delete(got, "Body") // its absence is no deletion
	if !maps.Equal(got, want) {
		t.Fatalf("before:\n%s\nwant %q\ngot  %q\nafter:\n%s", before, want, got, r.Body)
	}
	return r.Body
}

// One element sent changes one property: all others stay, but for the pins that hold them, in every card of the corpora.
func TestViewTouchesOneProperty(t *testing.T) {
	lines := func(b []byte) (out []string) {
		_, card, err := parse(b)
		if err != nil {
			t.Fatal(err)
		}
		for l := range card.Lines() {
			if !l.Is("REV") && !l.Is("FN") && !l.Is(fileAsName) { // these follow
				l.DelParam(pinParam)
				out = append(out, fmt.Sprint(l.Group(), l.Name(), l.Params(), l.Value()))
			}
		}
		return out
	}
	for name, b := range cards(t) {
		before := lines(b)
		for _, tag := range textTags() {
			for _, v := range []string{"zz", ""} {
				after := lines(easSend(t, b, easPut(), tag.Name()+"="+v))
				lost := 0
				for _, l := range before {
					if !slices.Contains(after, l) {
						lost++
					}
				}
				if lost > 2 { // the property, and a label or twin of it
					t.Errorf("%s: %s=%q changes %d properties", name, tag.Name(), v, lost)
				}
			}
		}
	}
}

func FuzzViewPut(f *testing.F) {
	viewtest.Fuzz(f, View{}, Handler{}, fortyFields(), body("2.1", "N:x;y", "TEL;CELL:1"), body("4.0", "FN:x", "RELATED;TYPE=child;VALUE=text:c"))
}

// Package viewtest holds the tests that the views of tasks and notes share: the laws of a lens over the corpora, the schemas, and whatever
// elements a client may send.
package viewtest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tandem"
	"tandem/internal/corpus"
	"tandem/internal/easschema"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// Versions are all that are served.
func Versions() []eas.Version {
	return []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161}
}

// Put is what a client without wishes writes with.
func Put() eas.Put {
	return eas.Put{Options: eas.Options{Version: eas.V161, Zone: time.UTC, Now: 1772323200}, UID: "uid-1"}
}

// Managed is a client that manages every element.
func Managed(o eas.Put) eas.Put {
	o.Managed = func(wbxml.Tag) bool { return true }
	return o
}

// Bodies are all records of the corpora with this component.
func Bodies(t testing.TB, h kind.Handler, component string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, f := range corpus.Files(t, "ics", ".ics") {
		entries, err := ical.Split(f.Data)
		if err != nil {
			continue // files that are broken on purpose
		}
		for i, e := range entries {
			if e.Component != component {
				continue
			}
			if _, err := h.Inspect(e.Body); err == nil {
				out[fmt.Sprintf("%s#%d", f.Name, i)] = e.Body
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("no %s in the corpora", component)
	}
	return out
}

// PutGet holds a view to the first law: what was shown and comes back changes nothing, whoever manages what.
func PutGet(t *testing.T, v eas.View, bodies map[string][]byte) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range bodies {
		for _, version := range Versions() {
			for _, z := range []*time.Location{time.UTC, zone} {
				o := Put()
				o.Version, o.Zone = version, z
				shown, err := v.Get(b, o.Options)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, o := range []eas.Put{o, Managed(o)} {
					if r, err := v.Put(b, shown, o); err != nil || len(r.Notes) > 0 || !bytes.Equal(r.Body, b) {
						t.Errorf("%s at %s: %v, notes %q\n%s\n%s", name, version, err, r.Notes, b, r.Body)
					}
				}
				if r, err := v.Put(b, nil, o); err != nil || !bytes.Equal(r.Body, b) {
					t.Errorf("%s: nothing sent changes it: %v", name, err)
				}
			}
		}
	}
}

// Valid holds what is shown to the schema, and to the versions that have the elements.
func Valid(t *testing.T, v eas.View, bodies map[string][]byte, versions ...eas.Version) {
	s := easschema.New(t)
	for _, version := range versions {
		o := Put().Options
		o.Version = version
		o.Bodies = []eas.BodyPreference{{Type: eas.HTML, Truncation: 30, Preview: 20}}
		commands := wbxml.New(wbxml.AirSyncCommands)
		for _, name := range slices.Sorted(maps.Keys(bodies)) {
			shown, err := v.Get(bodies[name], o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			known(t, shown, version)
			commands.Add(wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncServerId, "5:1"), wbxml.New(wbxml.AirSyncApplicationData, shown...)))
		}
		var b bytes.Buffer
		err := wbxml.ToXML(&b, wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, wbxml.New(wbxml.AirSyncCollection,
			wbxml.Text(wbxml.AirSyncSyncKey, "1"), wbxml.Text(wbxml.AirSyncCollectionId, "5"), wbxml.Text(wbxml.AirSyncStatus, "1"), commands))))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate("SyncResponse", b.Bytes()); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func known(t *testing.T, list []*wbxml.Element, version eas.Version) {
	t.Helper()
	for _, e := range list {
		if !e.Tag.In(wbxml.Version(version)) {
			t.Errorf("%s is not in %s", e.Tag, version)
		}
		known(t, e.Children, version)
	}
}

// Any writes whatever elements into records: the result is a record of the kind, or an error that says what is wrong.
func Any(t *testing.T, v eas.View, h kind.Handler, bodies map[string][]byte, pages ...wbxml.Page) {
	names := append([]string{""}, slices.Sorted(maps.Keys(bodies))...)
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"0", "1", "2", "5", "127", "2026-03-29T02:30:00.000Z", "20260329T000000Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}))
	var element func(t *rapid.T, depth int) *wbxml.Element
	element = func(t *rapid.T, depth int) *wbxml.Element {
		page := rapid.SampledFrom(pages).Draw(t, "page")
		e := wbxml.Text(wbxml.Tag(uint16(page)<<8|uint16(rapid.IntRange(5, 0x27).Draw(t, "token"))), text.Draw(t, "text"))
		for depth > 0 && rapid.Bool().Draw(t, "child") {
			e.Add(element(t, depth-1))
		}
		return e
	}
	rapid.Check(t, func(t *rapid.T) {
		var in []*wbxml.Element
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			in = append(in, element(t, 1))
		}
		o := Put()
		if rapid.Bool().Draw(t, "managed") {
			o = Managed(o)
		}
		r, err := v.Put(bodies[rapid.SampledFrom(names).Draw(t, "record")], in, o)
		if err != nil {
			if !tandem.IsKind(err, tandem.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if _, err := h.Inspect(r.Body); err != nil {
			t.Fatalf("%v\n%s", err, r.Body)
		}
		if _, err := v.Get(r.Body, o.Options); err != nil {
			t.Fatalf("%v\n%s", err, r.Body)
		}
	})
}

// Fuzz writes documents into records: the result is a record of the kind that can be shown and comes back unchanged, or an error that says what
// is wrong.
func Fuzz(f *testing.F, v eas.View, h kind.Handler, records ...[]byte) {
	for _, b := range records {
		shown, err := v.Get(b, Put().Options)
		if err != nil {
			f.Fatal(err)
		}
		doc, err := wbxml.Marshal(wbxml.New(wbxml.AirSyncApplicationData, shown...))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc, uint8(0), true)
		f.Add(doc, uint8(1), false)
	}
	f.Fuzz(func(t *testing.T, doc []byte, which uint8, managed bool) {
		e, _, err := wbxml.Unmarshal(doc, wbxml.Limits{})
		if err != nil {
			return
		}
		o := Put()
		if managed {
			o = Managed(o)
		}
		var before []byte
		if n := int(which) % (len(records) + 1); n > 0 {
			before = records[n-1]
		}
		r, err := v.Put(before, e.Children, o)
		if err != nil {
			if !tandem.IsKind(err, tandem.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if _, err := h.Inspect(r.Body); err != nil {
			t.Fatalf("%v\n%s", err, r.Body)
		}
		shown, err := v.Get(r.Body, o.Options)
		if err != nil {
			t.Fatalf("%v\n%s", err, r.Body)
		}
		if again, err := v.Put(r.Body, shown, o); err != nil || !bytes.Equal(again.Body, r.Body) {
			t.Fatalf("%v\n%s\n%s", err, r.Body, again.Body)
		}
	})
}

// Elements makes elements of "Name=value", "Name=" for an empty one and "Name=a|b" for a list; Body is plain text, a child is "Name/Child=value".
func Elements(t testing.TB, page wbxml.Page, sent ...string) []*wbxml.Element {
	t.Helper()
	var out []*wbxml.Element
	find := func(name string) wbxml.Tag {
		tag, ok := wbxml.Lookup(page, name)
		if !ok {
			t.Fatalf("no element %s", name)
		}
		return tag
	}
	for _, s := range sent {
		name, v, _ := strings.Cut(s, "=")
		outer, inner, nested := strings.Cut(name, "/")
		switch {
		case name == "Body":
			out = append(out, wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "1"), wbxml.Text(wbxml.AirSyncBaseData, v)))
		case name == "Categories":
			e := wbxml.New(find(name))
			for part := range strings.SplitSeq(v, "|") {
				if part != "" {
					e.Add(wbxml.Text(find("Category"), part))
				}
			}
			out = append(out, e)
		case nested:
			if len(out) == 0 || out[len(out)-1].Tag != find(outer) {
				out = append(out, wbxml.New(find(outer)))
			}
			out[len(out)-1].Add(wbxml.Text(find(inner), v))
		default:
			out = append(out, wbxml.Text(find(name), v))
		}
	}
	return out
}

// Show gives what a client sees, by element, children as "Name/Child"; lists are "a|b", sorted. Bookkeeping is left out.
func Show(t testing.TB, v eas.View, b []byte, o eas.Options) map[string]string {
	t.Helper()
	list, err := v.Get(b, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	out := map[string]string{}
	for _, e := range list {
		name := e.Tag.Name()
		switch {
		case name == "Body":
			if s := e.Get(wbxml.AirSyncBaseData); s != "" {
				out[name] = s
			}
		case name == "NativeBodyType":
		case name == "Categories":
			var parts []string
			for _, c := range e.Children {
				parts = append(parts, c.String())
			}
			slices.Sort(parts)
			out[name] = strings.Join(parts, "|")
		case len(e.Children) > 0:
			for _, c := range e.Children {
				out[name+"/"+c.Tag.Name()] = c.String()
			}
		default:
			out[name] = e.String()
		}
	}
	return out
}

// Send writes elements and returns the body, which must be one of the kind, without notes.
func Send(t testing.TB, v eas.View, h kind.Handler, b []byte, o eas.Put, in ...*wbxml.Element) []byte {
	t.Helper()
	r, err := v.Put(b, in, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	if len(r.Notes) > 0 {
		t.Fatalf("notes %q", r.Notes)
	}
	if _, err := h.Inspect(r.Body); err != nil {
		t.Fatalf("%v\n%s", err, r.Body)
	}
	return r.Body
}

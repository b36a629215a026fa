package contact

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/corpus"
	"tandem/internal/easschema"
	"tandem/kind/eas"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// easOptions are a client's that has no wishes.
func easOptions() eas.Options { return eas.Options{Version: eas.V161, Zone: time.UTC, Now: 1772323200} }

func easPut() eas.Put { return eas.Put{Options: easOptions(), UID: "uid-1"} }

// managed is a client that manages every element.
func managed(o eas.Put) eas.Put {
	o.Managed = func(wbxml.Tag) bool { return true }
	return o
}

// show gives what a client sees, by element; lists as "a|b".
func easShow(t testing.TB, b []byte, o eas.Options) map[string]string {
	t.Helper()
	list, err := View{}.Get(b, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return flat(list)
}

func flat(list []*wbxml.Element) map[string]string {
	out := map[string]string{}
	for _, e := range list {
		v := e.String()
		switch {
		case e.Tag == wbxml.AirSyncBaseBody:
			v = e.Get(wbxml.AirSyncBaseData)
		case len(e.Children) > 0:
			var parts []string
			for _, c := range e.Children {
				parts = append(parts, c.String())
			}
			slices.Sort(parts)
			v = strings.Join(parts, "|")
		}
		if v != "" {
			out[e.Tag.Name()] = v
		}
	}
	delete(out, "NativeBodyType")
	return out
}

// easSend writes elements into a body, "Name=value" or "Name=" for an empty one.
func easSend(t testing.TB, b []byte, o eas.Put, sent ...string) []byte {
	t.Helper()
	r, err := View{}.Put(b, elements(t, sent...), o)
	if err != nil {
		t.Fatalf("%v: %v\n%s", sent, err, b)
	}
	if len(r.Notes) > 0 {
		t.Fatalf("%v: notes %q", sent, r.Notes)
	}
	inspect(t, r.Body)
	return r.Body
}

func elements(t testing.TB, sent ...string) []*wbxml.Element {
	t.Helper()
	var out []*wbxml.Element
	for _, s := range sent {
		name, v, _ := strings.Cut(s, "=")
		if name == "Body" {
			out = append(out, wbxml.New(wbxml.AirSyncBaseBody, wbxml.Text(wbxml.AirSyncBaseType, "1"), wbxml.Text(wbxml.AirSyncBaseData, v)))
			continue
		}
		tag, ok := wbxml.Lookup(wbxml.Contacts, name)
		if !ok {
			if tag, ok = wbxml.Lookup(wbxml.Contacts2, name); !ok {
				t.Fatalf("no element %s", name)
			}
		}
		e := wbxml.Text(tag, v)
		for item, of := range map[wbxml.Tag]wbxml.Tag{wbxml.ContactsCategory: wbxml.ContactsCategories, wbxml.ContactsChild: wbxml.ContactsChildren} {
			if tag == of {
				e = wbxml.New(tag)
				for _, part := range strings.Split(v, "|") {
					if part != "" {
						e.Add(wbxml.Text(item, part))
					}
				}
			}
		}
		out = append(out, e)
	}
	return out
}

// cards are all cards of the corpora, each by itself.
func cards(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, f := range corpus.Files(t, "vcf", ".vcf") {
		parts, err := vcard.Split(f.Data, contentline.Limits{})
		if err != nil {
			continue // files that are broken on purpose
		}
		for i, p := range parts {
			if _, err := (Handler{}).Inspect(p.Data); err == nil {
				out[fmt.Sprintf("%s#%d", f.Name, i)] = p.Data
			}
		}
	}
	if len(out) < 100 {
		t.Fatalf("only %d cards", len(out))
	}
	return out
}

// The first law of a lens: what was shown and comes back changes nothing, whoever manages what.
func TestViewPutGet(t *testing.T) {
	for name, b := range cards(t) {
		for _, v := range []eas.Version{eas.V121, eas.V141, eas.V161} {
			o := easPut()
			o.Version = v
			shown, err := View{}.Get(b, o.Options)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, o := range []eas.Put{o, managed(o)} {
				r, err := View{}.Put(b, shown, o)
				if err != nil || len(r.Notes) > 0 {
					t.Fatalf("%s: %v, notes %q", name, err, r.Notes)
				}
				if inspect(t, r.Body) != inspect(t, b) || !bytes.Equal(r.Body, b) {
					t.Errorf("%s at %s: changed\n%s\n%s", name, v, b, r.Body)
				}
			}
			// A client that sends nothing and manages nothing changes nothing. MS-ASCMD_R5911
			if r, err := (View{}).Put(b, nil, o); err != nil || !bytes.Equal(r.Body, b) {
				t.Errorf("%s: nothing sent changes it: %v", name, err)
			}
		}
	}
}

// What is shown of the corpora is valid by the schema.
func TestViewIsValid(t *testing.T) {
	s := easschema.New(t)
	for _, v := range []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161} {
		o := easOptions()
		o.Version = v
		var list [][]*wbxml.Element
		for name, b := range cards(t) {
			shown, err := View{}.Get(b, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			list = append(list, shown)
			for _, e := range shown {
				if !tagIn(e, v) {
					t.Errorf("%s: %s is not in %s", name, e.Tag, v)
				}
			}
		}
		if err := s.Validate("SyncResponse", syncAnswer(t, list)); err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
}

func tagIn(e *wbxml.Element, v eas.Version) bool { return e.Tag.In(wbxml.Version(v)) }

// syncAnswer is a Sync answer that adds records with this content.
func syncAnswer(t testing.TB, list [][]*wbxml.Element) []byte {
	t.Helper()
	commands := wbxml.New(wbxml.AirSyncCommands)
	for i, data := range list {
		commands.Add(wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncServerId, fmt.Sprintf("5:%d", i+1)), wbxml.New(wbxml.AirSyncApplicationData, data...)))
	}
	var b bytes.Buffer
	err := wbxml.ToXML(&b, wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, wbxml.New(wbxml.AirSyncCollection,
		wbxml.Text(wbxml.AirSyncSyncKey, "1"), wbxml.Text(wbxml.AirSyncCollectionId, "5"), wbxml.Text(wbxml.AirSyncStatus, "1"), commands))))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var _ = tandem.Contact

package event_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/internal/corpus"
	"tandem/internal/easschema"
	"tandem/kind/eas"
	"tandem/kind/event"
	"tandem/kind/recur"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

var versions = []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161}

var view = event.View{Zones: &recur.Zones{}}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// options are those of anna, in Berlin, on 1 March 2026.
func options(t testing.TB, v eas.Version) eas.Options {
	return eas.Options{Version: v, Name: "Anna Ä", Address: "anna@example.org", Zone: berlin(t), Now: 1772366400,
		Attachment: func(n int) string { return fmt.Sprintf("5:7:%d", n) }}
}

type record struct {
	name string
	body []byte
}

// records are all events of the corpora that can be read.
func records(t testing.TB) []record {
	t.Helper()
	var out []record
	for _, f := range corpus.Files(t, "ics", ".ics") {
		entries, err := ical.Split(f.Data)
		if err != nil {
			continue
		}
		for i, e := range entries {
			if e.Component != "VEVENT" {
				continue
			}
			if _, err := handler.Inspect(e.Body); err == nil {
				out = append(out, record{fmt.Sprintf("%s #%d", f.Name, i), e.Body})
			}
		}
	}
	if len(out) < 1000 {
		t.Fatalf("only %d events in the corpora", len(out))
	}
	return out
}

// Putting back what was shown changes nothing, in any version.
func TestPutGet(t *testing.T) {
	list := records(t)
	t.Logf("%d events", len(list))
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			o := options(t, v)
			for _, r := range list {
				data, err := view.Get(r.body, o)
				if err != nil {
					t.Errorf("%s: %v", r.name, err)
					continue
				}
				got, err := view.Put(r.body, data, eas.Put{Options: o})
				if err != nil {
					t.Errorf("%s: %v", r.name, err)
					continue
				}
				if !bytes.Equal(got.Body, r.body) {
					t.Errorf("%s changed\n%s\n%s", r.name, clip(r.body), clip(got.Body))
				}
			}
		})
	}
}

func clip(b []byte) string {
	if len(b) > 3000 {
		return string(b[:3000]) + "…"
	}
	return string(b)
}

// Everything that is shown is valid by the protocol's schemas.
func TestValid(t *testing.T) {
	schemas := easschema.New(t)
	list := records(t)
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			o := options(t, v)
			commands := wbxml.New(wbxml.AirSyncCommands)
			for i, r := range list {
				data, err := view.Get(r.body, o)
				if err != nil {
					t.Fatal(err)
				}
				commands.Add(wbxml.New(wbxml.AirSyncAdd, wbxml.Text(wbxml.AirSyncServerId, fmt.Sprintf("5:%d", i)), wbxml.New(wbxml.AirSyncApplicationData, data...)))
			}
			validate(t, schemas, syncAnswer(commands))
		})
	}
}

func syncAnswer(commands *wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, wbxml.New(wbxml.AirSyncCollection,
		wbxml.Text(wbxml.AirSyncSyncKey, "1"), wbxml.Text(wbxml.AirSyncCollectionId, "5"), wbxml.Text(wbxml.AirSyncStatus, "1"), commands)))
}

func validate(t *testing.T, schemas *easschema.Schemas, doc *wbxml.Element) {
	t.Helper()
	coded, err := wbxml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	back, notes, err := wbxml.Unmarshal(coded, wbxml.Limits{})
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	var text bytes.Buffer
	if err := wbxml.ToXML(&text, back); err != nil {
		t.Fatal(err)
	}
	if err := schemas.Validate("SyncResponse", text.Bytes()); err != nil {
		lines := strings.Split(err.Error(), "\n")
		t.Errorf("%s", strings.Join(lines[:min(len(lines), 20)], "\n"))
	}
}

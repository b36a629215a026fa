package vdir

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/vcard"
)

// gather puts the files of a corpus into one folder.
func gather(t *testing.T, kind, ext string) (*folder, map[string][]byte) {
	f := &folder{T: t, dir: t.TempDir()}
	files := map[string][]byte{}
	for i, c := range corpus.Files(t, kind, ext) {
		name := fmt.Sprintf("%04d%s", i, ext)
		files[name] = c.Data
		f.put(name, string(c.Data))
	}
	return f, files
}

// Every record of the corpora goes from one folder to another with every byte preserved, and editing a record in a
// shared file into itself changes nothing.
func TestCorpora(t *testing.T) {
	for _, c := range []struct {
		dir, ext string
		kind     tandem.Kind
	}{{"vcf", ".vcf", tandem.Contact}, {"ics", ".ics", tandem.Event}, {"ics", ".ics", tandem.Task}, {"ics", ".ics", tandem.Note}} {
		t.Run(string(c.kind), func(t *testing.T) {
			from, files := gather(t, c.dir, c.ext)
			from.reopen(c.kind)
			to := open1(t, c.kind, nil)
			bodies := from.bodies()
			var writes []tandem.Write
			for id, body := range bodies {
				if name, key := split(id); key == "" && body != string(files[name]) {
					t.Errorf("%s is not its file byte for byte", id)
				}
				writes = append(writes, tandem.Write{Op: tandem.Create, Marker: tandem.Marker(id), Record: tandem.Record{ID: id, Body: tandem.Bytes(body)}})
			}
			t.Logf("%d files, %d records", len(files), len(bodies))
			if len(bodies) == 0 {
				t.Fatal("no records")
			}
			out, err := to.Apply(t.Context(), writes)
			if err != nil {
				t.Fatal(err)
			}
			arrived := to.bodies()
			for i, o := range out {
				id := tandem.ID(writes[i].Marker)
				if o.Status == tandem.PreconditionFailed && tandem.IsKind(o.Err, tandem.Exists) {
					continue // the very same record is in the corpus twice
				}
				if o.Status != tandem.Applied {
					t.Errorf("%s: %v, %v", id, o.Status, o.Err)
				} else if arrived[o.ID] != bodies[id] {
					t.Errorf("%s changed on its way to %s", id, o.ID)
				}
			}
			from.editIntoThemselves(files, bodies)
		})
	}
}

// bodies fetches all records there are.
func (f *folder) bodies() map[tandem.ID]string {
	f.Helper()
	var ids []tandem.ID
	for id, c := range f.list() {
		if c.Presence == tandem.Present {
			ids = append(ids, id)
		}
	}
	out := map[tandem.ID]string{}
	for rec, err := range f.Fetch(f.Context(), ids) {
		if err != nil {
			f.Errorf("%s is listed and cannot be fetched: %v", rec.ID, err)
			continue
		}
		data, err := tandem.ReadBody(rec.Body, maxSize)
		if err != nil {
			f.Error(err)
		}
		out[rec.ID] = string(data)
	}
	return out
}

func (f *folder) editIntoThemselves(files map[string][]byte, bodies map[tandem.ID]string) {
	f.Helper()
	var writes []tandem.Write
	all := f.list()
	for id, body := range bodies {
		if _, key := split(id); key != "" {
			writes = append(writes, tandem.Write{Op: tandem.Update, ID: id, If: all[id].Version, Record: tandem.Record{Body: tandem.Bytes(body)}})
		}
	}
	out, err := f.Apply(f.Context(), writes)
	if err != nil {
		f.Fatal(err)
	}
	for i, o := range out {
		if o.Status != tandem.Applied || o.Version != writes[i].If || o.ID != writes[i].ID {
			f.Errorf("%s into itself: %v %q at %q instead of %q (%v)", writes[i].ID, o.Status, o.ID, o.Version, writes[i].If, o.Err)
		}
	}
	if after := f.bodies(); !maps.Equal(after, bodies) {
		f.Error("records changed by being edited into themselves")
	}
	for name, before := range files {
		// Components of one record in several VCALENDARs come together; all else stays.
		if after := f.get(name); strings.Count(string(before), "BEGIN:VCALENDAR") < 2 && (len(after) < len(before) || len(after) > len(before)+2) {
			f.Errorf("%s changed from %d to %d bytes", name, len(before), len(after))
		}
	}
}

// The quick look at a file and the parsers agree on what is sound and how many records there are.
func TestQuickLookAgreesWithParsers(t *testing.T) {
	for _, c := range corpus.Files(t, "vcf", ".vcf") {
		cards, want := vcard.Split(c.Data, contentline.Limits{})
		o, err := outlineOf(c.Data)
		if err == nil {
			err = o.fits(".vcf")
		}
		if (err == nil) != (want == nil) {
			t.Errorf("%s: the quick look says %v, the parser %v", c.Name, err, want)
		} else if err == nil && len(o.parts) != len(cards) {
			t.Errorf("%s: the quick look finds %d cards, the parser %d", c.Name, len(o.parts), len(cards))
		}
	}
	for _, c := range corpus.Files(t, "ics", ".ics") {
		entries, want := ical.Split(c.Data)
		o, err := outlineOf(c.Data)
		if err == nil {
			err = o.fits(".ics")
		}
		if (err == nil) != (want == nil) {
			t.Errorf("%s: the quick look says %v, the parser %v", c.Name, err, want)
			continue
		}
		if err != nil {
			continue
		}
		f := &file{data: c.Data, outline: o}
		if err := f.tellApart(); err != nil || len(f.records) != len(entries) {
			t.Errorf("%s: the quick look finds %d records, the parser %d (%v)", c.Name, len(f.records), len(entries), err)
		}
	}
}

func FuzzOutline(f *testing.F) {
	f.Add([]byte(aCard("a", "A")))
	f.Add([]byte(head + zone + vevent("b", "") + vtodo("c") + tail))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := outlineOf(data)
		if err != nil {
			return
		}
		at := 0
		for _, p := range o.parts {
			if p.at.from < at || p.at.to <= p.at.from || p.at.to > len(data) {
				t.Fatalf("part %+v after %d in %d bytes", p, at, len(data))
			}
			at = p.at.to
		}
		file := &file{data: data, outline: o}
		_ = file.tellApart()
	})
}

func BenchmarkList(b *testing.B) {
	dir := b.TempDir()
	for i := range 5000 {
		id := fmt.Sprintf("u%d", i)
		if err := os.WriteFile(filepath.Join(dir, id+".vcf"), []byte(aCard(id, "Somebody")), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	r, err := Open(b.Context(), dir, tandem.Contact)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	list := func(b *testing.B, since tandem.Cursor) tandem.Cursor {
		n := 0
		seq, end := r.Changes(b.Context(), since)
		for _, err := range seq {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 5000 || !end().Complete {
			b.Fatal(n)
		}
		return end().Next
	}
	next := list(b, "")
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			list(b, "")
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			list(b, next)
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		r, err := Open(b.Context(), dir, tandem.Contact)
		if err != nil {
			b.Fatal(err)
		}
		for k := range 2 {
			var writes []tandem.Write
			for i := range batch {
				id := fmt.Sprintf("u%d", k*batch+i)
				writes = append(writes, tandem.Write{Op: tandem.Create, ID: tandem.ID(id + ".vcf"), Record: tandem.Record{Body: tandem.Bytes(aCard(id, "Somebody"))}})
			}
			if _, err := r.Apply(b.Context(), writes); err != nil {
				b.Fatal(err)
			}
		}
		r.Close()
	}
}

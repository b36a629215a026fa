package vdir

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
)

// after lists everything with a cursor and returns what is there and the next cursor.
func (f *folder) after(since tandem.Cursor) (map[tandem.ID]tandem.Change, tandem.Cursor) {
	f.Helper()
	seq, end := f.Changes(f.Context(), since)
	out := map[tandem.ID]tandem.Change{}
	for c, err := range seq {
		if err != nil {
			f.Fatal(err)
		}
		c.Err = nil
		out[c.ID] = c
	}
	if l := end(); !l.Complete || !l.Full {
		f.Errorf("listing %+v", l)
	}
	return out, end().Next
}

// unread are the files that a listing with this cursor would not read.
func (f *folder) unread(since tandem.Cursor) []string {
	f.Helper()
	r := f.Replica.(*Replica)
	names, err := r.names()
	if err != nil {
		f.Fatal(err)
	}
	d, err := openDir(r.path)
	if err != nil {
		f.Fatal(err)
	}
	defer d.close()
	known, err := (&lister{Replica: r, dir: d}).unchanged(f.Context(), names, remember(since, r.kind))
	if err != nil {
		f.Fatal(err)
	}
	return slices.Sorted(maps.Keys(known))
}

func TestUnchangedFilesAreNotReadAgain(t *testing.T) {
	files := map[string]string{"torn.vcf": "BEGIN:VCARD", "two.vcf": aCard("x", "X") + aCard("y", "Y")}
	for i := range 500 {
		files[fmt.Sprintf("%d.vcf", i)] = aCard(fmt.Sprint("u", i), "N")
	}
	f := open1(t, tandem.Contact, files)
	first, next := f.after("")
	if got := f.unread(""); len(got) != 0 {
		t.Errorf("without a cursor, %d files would not be read", len(got))
	}
	if got := f.unread(next); len(got) != 500 || slices.Contains(got, "torn.vcf") || slices.Contains(got, "two.vcf") {
		t.Errorf("%d files would not be read, want the 500 plain ones", len(got))
	}
	again, same := f.after(next)
	for id, c := range first {
		c.UID, again[id] = "", func() tandem.Change { x := again[id]; x.UID = ""; return x }()
		if again[id] != c {
			t.Errorf("%s is listed as %+v, then as %+v", id, c, again[id])
		}
	}
	if len(again) != len(first) || same != next {
		t.Errorf("%d then %d records; the cursor stays the same: %v", len(first), len(again), same == next)
	}

	// Whatever happens to a file, it is read.
	f.put("7.vcf", aCard("u7", "M"))
	f.put("8.vcf", aCard("u8", "M")+aCard("new", "M"))
	f.put("9.vcf", "BEGIN:VCARD")
	f.put("new.vcf", aCard("brand new", "M"))
	got := f.unread(next)
	if len(got) < 400 {
		t.Errorf("after four edits only %d files would not be read", len(got))
	}
	for _, name := range []string{"7.vcf", "8.vcf", "9.vcf", "new.vcf"} {
		if slices.Contains(got, name) {
			t.Errorf("%s changed and would not be read", name)
		}
	}
	all, _ := f.after(next)
	if all["7.vcf"].Version == first["7.vcf"].Version || all["8.vcf/new"].Presence != tandem.Present || all["9.vcf"].Presence != tandem.Problem || all["new.vcf"].Presence != tandem.Present {
		t.Errorf("listed %+v, %+v, %+v, %+v", all["7.vcf"], all["8.vcf/new"], all["9.vcf"], all["new.vcf"])
	}
	if _, there := all["8.vcf"]; there || len(all) != len(first)+2 {
		t.Errorf("%d records, want %d", len(all), len(first)+2)
	}
}

func TestCursorsOfOthersAreIgnored(t *testing.T) {
	f := open1(t, tandem.Event, map[string]string{"a.ics": head + vevent("a", "") + tail})
	_, next := f.after("")
	f.reopen(tandem.Task)
	for _, c := range []tandem.Cursor{next, "", "1", "1:task:!:", "1:task:AAAA:", tandem.Cursor(strings.Replace(string(next), "1:", "2:", 1))} {
		if got, _ := f.after(c); len(got) != 1 || got["a.ics"].Presence != tandem.OutOfScope {
			t.Errorf("with cursor %.20q: %+v", c, got)
		}
	}
}

func TestManyOddFilesLeaveNoCursor(t *testing.T) {
	m := &memory{odd: map[string]bool{}}
	for i := range 2000 {
		m.odd[fmt.Sprintf("file-%d.ics", i)] = true
	}
	if c := m.cursor(tandem.Event); c != "" {
		t.Errorf("a cursor of %d bytes", len(c))
	}
}

func TestOwnWritesAreNotReadAgain(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{"keep.vcf": aCard("keep", "K"), "edit.vcf": aCard("edit", "E"), "drop.vcf": aCard("drop", "D"), "name.vcf": aCard("name", "N")})
	there, next := f.after("")
	body := func(uid, name string) tandem.Record {
		return tandem.Record{Body: tandem.Bytes(aCard(uid, name))}
	}
	for _, w := range []tandem.Write{
		{Op: tandem.Create, ID: "new.vcf", Record: body("new", "New")},
		{Op: tandem.Update, ID: "edit.vcf", If: there["edit.vcf"].Version, Record: body("edit", "Edited")},
		{Op: tandem.Delete, ID: "drop.vcf", If: there["drop.vcf"].Version},
		{Op: tandem.Move, ID: "name.vcf", To: "other.vcf", If: there["name.vcf"].Version},
	} {
		if o := f.write(w); o.Status != tandem.Applied {
			t.Fatalf("%s: %s, %v", w.Op, o.Status, o.Err)
		}
	}
	advanced := f.Replica.(provider.Advancer).Advance(next)
	if got, want := f.unread(advanced), []string{"edit.vcf", "keep.vcf", "new.vcf", "other.vcf"}; !slices.Equal(got, want) {
		t.Errorf("not read again: %q, want %q", got, want)
	}
	if _, fresh := f.after(""); fresh != advanced {
		t.Error("a listing after the writes has another cursor")
	}
}

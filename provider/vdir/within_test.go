package vdir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem"
)

// berlin is an event of two components in a zone.
func berlin(uid, summary string) string {
	return vevent(uid, "DTSTART;TZID=Europe/Berlin:20260301T100000\r\nRRULE:FREQ=DAILY\r\nSUMMARY:"+summary+"\r\n") +
		vevent(uid, "RECURRENCE-ID;TZID=Europe/Berlin:20260302T100000\r\nDTSTART;TZID=Europe/Berlin:20260302T110000\r\nSUMMARY:"+summary+"\r\n")
}

func plainEvent(uid, summary string) string {
	return vevent(uid, "DTSTART:20260301T100000Z\r\nSUMMARY:"+summary+"\r\n")
}

func TestSeveralEventsInOneFile(t *testing.T) {
	f := open1(t, tandem.Event, map[string]string{"all.ics": head + zone + plainEvent("one", "1") + berlin("two", "2") + vtodo("three") + plainEvent("four", "4") + tail})
	all := f.shows("all.ics/four present", "all.ics/one present", "all.ics/three out of scope", "all.ics/two present")
	two, err := f.body("all.ics/two")
	if err != nil || strings.Count(two, "BEGIN:VEVENT") != 2 || strings.Count(two, "BEGIN:VTIMEZONE") != 1 || strings.Contains(two, "UID:one") {
		t.Errorf("two is %s (%v)", two, err)
	}
	one, err := f.body("all.ics/one")
	if err != nil || strings.Contains(one, "VTIMEZONE") || !strings.Contains(one, plainEvent("one", "1")) {
		t.Errorf("one is %s (%v)", one, err)
	}
	if all["all.ics/one"].UID != "one" || all["all.ics/one"].Size != int64(len(one)) {
		t.Errorf("meta %+v", all["all.ics/one"].Meta)
	}
	for _, id := range []tandem.ID{"all.ics", "all.ics/none", "all.ics/three"} {
		if body, err := f.body(id); err == nil {
			t.Errorf("%s is fetched as %s", id, body)
		}
	}

	// All edits of one Apply go into one rewriting, and nothing else changes.
	berlinOne := head + zone + strings.Replace(berlin("one", "1b"), "Europe/Berlin", "Europe/Berlin", 1) + tail
	out, err := f.Apply(t.Context(), []tandem.Write{
		{Op: tandem.Update, ID: "all.ics/one", If: all["all.ics/one"].Version, Record: tandem.Record{Body: tandem.Bytes(berlinOne)}},
		{Op: tandem.Delete, ID: "all.ics/two", If: all["all.ics/two"].Version},
		{Op: tandem.Update, ID: "all.ics/four", If: "stale", Record: tandem.Record{Body: tandem.Bytes(head + plainEvent("four", "x") + tail)}},
		{Op: tandem.Update, ID: "all.ics/none", If: "stale", Record: tandem.Record{Body: tandem.Bytes(head + plainEvent("none", "x") + tail)}},
		{Op: tandem.Move, ID: "all.ics/four", To: "four.ics", If: all["all.ics/four"].Version},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []tandem.Status{tandem.Applied, tandem.Applied, tandem.PreconditionFailed, tandem.PreconditionFailed, tandem.Rejected} {
		if out[i].Status != want {
			t.Errorf("write %d: %v (%v), want %v", i, out[i].Status, out[i].Err, want)
		}
	}
	if want := head + zone + berlin("one", "1b") + vtodo("three") + plainEvent("four", "4") + tail; f.get("all.ics") != want {
		t.Errorf("the file is\n%s\nwant\n%s", f.get("all.ics"), want)
	}
	all = f.shows("all.ics/four present", "all.ics/one present", "all.ics/three out of scope")
	if all["all.ics/one"].Version != out[0].Version || out[0].ID != "all.ics/one" {
		t.Errorf("the write answered %q at %q, listed is %q", out[0].ID, out[0].Version, all["all.ics/one"].Version)
	}
}

func TestZonesComeWithTheirEvents(t *testing.T) {
	f := open1(t, tandem.Event, map[string]string{"all.ics": head + plainEvent("one", "1") + plainEvent("two", "2") + tail})
	all := f.list()
	var writes []tandem.Write
	for _, id := range []string{"one", "two"} {
		writes = append(writes, tandem.Write{Op: tandem.Update, ID: tandem.ID("all.ics/" + id), If: all[tandem.ID("all.ics/"+id)].Version,
			Record: tandem.Record{Body: tandem.Bytes(head + zone + berlin(id, "in Berlin") + tail)}})
	}
	out, err := f.Apply(t.Context(), writes)
	if err != nil || out[0].Status != tandem.Applied || out[1].Status != tandem.Applied {
		t.Fatalf("%+v, %v", out, err)
	}
	if want := head + zone + berlin("one", "in Berlin") + berlin("two", "in Berlin") + tail; f.get("all.ics") != want {
		t.Errorf("the file is\n%s\nwant\n%s", f.get("all.ics"), want)
	}
}

func TestSeveralCardsInOneFile(t *testing.T) {
	anon := "BEGIN:VCARD\nVERSION:2.1\nFN:Nobody\nEND:VCARD"
	f := open1(t, tandem.Contact, map[string]string{"export.vcf": "\xef\xbb\xbf" + aCard("a", "A") + "\n\n" + aCard("b", "B") + aCard("b", "B twice") + anon})
	all := f.list()
	if len(all) != 4 {
		t.Fatalf("%d records, want 4", len(all))
	}
	var keys []string
	for id := range all {
		name, key := split(id)
		keys = append(keys, key)
		if body, err := f.body(id); err != nil || name != "export.vcf" || strings.Count(body, "BEGIN:VCARD") != 1 || !strings.HasSuffix(body, "\n") {
			t.Errorf("%s is %q (%v)", id, body, err)
		}
	}
	a := f.write(tandem.Write{Op: tandem.Update, ID: "export.vcf/a", If: all["export.vcf/a"].Version, Record: tandem.Record{Body: tandem.Bytes(aCard("a", "Anna"))}})
	if want := "\xef\xbb\xbf" + aCard("a", "Anna") + "\n\n" + aCard("b", "B") + aCard("b", "B twice") + anon; a.Status != tandem.Applied || f.get("export.vcf") != want {
		t.Errorf("%v (%v), the file is %q (keys %q)", a.Status, a.Err, f.get("export.vcf"), keys)
	}
	// When all are deleted, so is the file.
	var writes []tandem.Write
	for id, c := range f.list() {
		writes = append(writes, tandem.Write{Op: tandem.Delete, ID: id, If: c.Version})
	}
	out, err := f.Apply(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		if o.Status != tandem.Applied {
			t.Errorf("%s: %v, %v", o.ID, o.Status, o.Err)
		}
	}
	f.shows()
	if _, err := os.Stat(filepath.Join(f.dir, "export.vcf")); !os.IsNotExist(err) {
		t.Errorf("the emptied file is still there (%v)", err)
	}
}

func TestOneKindsDeletionKeepsTheOthers(t *testing.T) {
	f := open1(t, tandem.Event, map[string]string{"all.ics": head + plainEvent("same", "1") + vtodo("same") + tail})
	all := f.shows("all.ics/same~event present", "all.ics/same~task out of scope")
	o := f.write(tandem.Write{Op: tandem.Delete, ID: "all.ics/same~event", If: all["all.ics/same~event"].Version})
	if want := head + vtodo("same") + tail; o.Status != tandem.Applied || f.get("all.ics") != want {
		t.Errorf("%v (%v), the file is %q", o.Status, o.Err, f.get("all.ics"))
	}
	f.shows("all.ics out of scope")
}

func TestEditBetweenListingAndWriteOfSharedFile(t *testing.T) {
	f := open1(t, tandem.Event, map[string]string{"all.ics": head + plainEvent("one", "1") + plainEvent("two", "2") + tail})
	all := f.list()
	f.put("all.ics", head+plainEvent("one", "by hand")+plainEvent("two", "2")+tail)
	out, err := f.Apply(t.Context(), []tandem.Write{
		{Op: tandem.Delete, ID: "all.ics/one", If: all["all.ics/one"].Version},
		{Op: tandem.Delete, ID: "all.ics/two", If: all["all.ics/two"].Version},
	})
	if err != nil || out[0].Status != tandem.PreconditionFailed || out[1].Status != tandem.Applied {
		t.Errorf("%+v, %v", out, err)
	}
	if want := head + plainEvent("one", "by hand") + tail; f.get("all.ics") != want {
		t.Errorf("the file is %q", f.get("all.ics"))
	}
	f.shows("all.ics present") // it has the file for itself now
	body, err := f.body("all.ics")
	if err != nil || body != f.get("all.ics") {
		t.Errorf("the record is %q (%v)", body, err)
	}
}

func TestTornSharedFileIsOneProblem(t *testing.T) {
	f := open1(t, tandem.Event, map[string]string{"all.ics": head + plainEvent("one", "1") + plainEvent("two", "2") + tail})
	all := f.list()
	f.put("all.ics", head+plainEvent("one", "1")+"BEGIN:VEVENT\r\nUID:two\r\n")
	f.shows("all.ics problem")
	o := f.write(tandem.Write{Op: tandem.Delete, ID: "all.ics/one", If: all["all.ics/one"].Version})
	if o.Status != tandem.RetryAfter {
		t.Errorf("a write into a torn file: %v (%v)", o.Status, o.Err)
	}
}

func TestUpdateThatChangesTheUID(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{"all.vcf": aCard("a", "A") + aCard("b", "B")})
	o := f.write(tandem.Write{Op: tandem.Update, ID: "all.vcf/a", If: f.list()["all.vcf/a"].Version, Record: tandem.Record{Body: tandem.Bytes(aCard("c", "C"))}})
	all := f.shows("all.vcf/b present", "all.vcf/c present")
	if o.ID != "all.vcf/c" || o.Version != all["all.vcf/c"].Version {
		t.Errorf("%+v", o)
	}
}

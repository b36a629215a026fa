package vdir

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/provider"
)

// folder is a vdir under test.
type folder struct {
	*testing.T
	dir string
	*provider.Opened
}

func open1(t *testing.T, kind tandem.Kind, files map[string]string) *folder {
	t.Helper()
	f := &folder{T: t, dir: t.TempDir()}
	for name, data := range files {
		f.put(name, data)
	}
	f.reopen(kind)
	return f
}

func (f *folder) reopen(kind tandem.Kind) {
	f.Helper()
	o, err := Open(f.Context(), f.dir, kind)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { o.Close() })
	f.Opened = o
}

func (f *folder) put(name, data string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(data), 0o644); err != nil {
		f.Fatal(err)
	}
}

func (f *folder) get(name string) string {
	f.Helper()
	data, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.Fatal(err)
	}
	return string(data)
}

func (f *folder) list() map[tandem.ID]tandem.Change {
	f.Helper()
	seq, end := f.Changes(f.Context(), "")
	out := map[tandem.ID]tandem.Change{}
	for c, err := range seq {
		if err != nil {
			f.Fatal(err)
		}
		out[c.ID] = c
	}
	if l := end(); !l.Complete || !l.Full {
		f.Errorf("listing %+v", l)
	}
	return out
}

// shows checks the listing: "id presence", sorted.
func (f *folder) shows(want ...string) map[tandem.ID]tandem.Change {
	f.Helper()
	all := f.list()
	var got []string
	for id, c := range all {
		got = append(got, fmt.Sprint(id, " ", c.Presence))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		f.Errorf("listed %q, want %q", got, want)
	}
	return all
}

func (f *folder) body(id tandem.ID) (string, error) {
	for rec, err := range f.Fetch(f.Context(), []tandem.ID{id}) {
		if err != nil {
			return "", err
		}
		data, err := tandem.ReadBody(rec.Body, maxSize)
		return string(data), err
	}
	return "", nil
}

func (f *folder) write(w tandem.Write) tandem.Outcome {
	f.Helper()
	out, err := f.Apply(f.Context(), []tandem.Write{w})
	if err != nil {
		f.Fatal(err)
	}
	return out[0]
}

func aCard(uid, name string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nEND:VCARD\r\n"
}

const (
	head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nX-WR-CALNAME:All\r\n"
	zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	tail = "END:VCALENDAR\r\n"
)

func vevent(uid, more string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\n" + more + "END:VEVENT\r\n"
}

func vtodo(uid string) string {
	return "BEGIN:VTODO\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:do\r\nEND:VTODO\r\n"
}

func TestWhatIsNoRecord(t *testing.T) {
	f := open1(t, "", map[string]string{
		"a.vcf": aCard("a", "Anna"), "B.VCF": aCard("b", "Bert"), ".hidden.vcf": "x", "c.vcf.tmp": "x", "color": "#ff0000", "displayname": "Book",
		"notes.txt": "x", ".tandem-0123.tmp": "x", "event.ics": head + vevent("e", "") + tail,
	})
	f.shows("B.VCF present", "a.vcf present")
	if f.Kind != tandem.Contact {
		t.Errorf("kind %q", f.Kind)
	}
}

func TestKindIsToldFromFiles(t *testing.T) {
	for want, files := range map[tandem.Kind]map[string]string{
		"":             {"color": "red", "torn.ics": "BEGIN:VCALENDAR"},
		tandem.Contact: {"a.vcf": aCard("a", "A"), "b.vcf": aCard("b", "B"), "c.ics": head + vevent("c", "") + tail},
		tandem.Event:   {"a.ics": head + zone + vevent("a", "") + tail, "b.ics": head + vtodo("b") + tail},
		tandem.Task:    {"a.ics": head + vevent("a", "") + tail, "b.ics": head + vtodo("b") + vtodo("c") + tail},
		tandem.Note:    {"a.ics": head + "BEGIN:VJOURNAL\r\nUID:a\r\nEND:VJOURNAL\r\n" + tail},
	} {
		if f := open1(t, "", files); f.Kind != want {
			t.Errorf("%v: kind %q, want %q", files, f.Kind, want)
		}
	}
}

func TestEmptyFolderTakesAnyKind(t *testing.T) {
	f := open1(t, "", nil)
	a := f.write(tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(aCard("a", "A"))}})
	b := f.write(tandem.Write{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(head + vtodo("b") + tail)}})
	if a.ID != "a.vcf" || b.ID != "b.ics" {
		t.Errorf("created %q and %q: %v, %v", a.ID, b.ID, a.Err, b.Err)
	}
	f.shows("a.vcf present", "b.ics present")
}

func TestEventsAndTasksInOneFolder(t *testing.T) {
	f := open1(t, tandem.Task, map[string]string{"a.ics": head + vevent("a", "") + tail, "b.ics": head + vtodo("b") + tail, "none.ics": head + zone + tail})
	all := f.shows("a.ics out of scope", "b.ics present", "none.ics out of scope")
	if !strings.Contains(all["a.ics"].Err.Error(), "it is an event") {
		t.Errorf("reason %v", all["a.ics"].Err)
	}
	o := f.write(tandem.Write{Op: tandem.Create, ID: "c.ics", Record: tandem.Record{Body: tandem.Bytes(head + vevent("c", "") + tail)}})
	if o.Status != tandem.Rejected {
		t.Errorf("an event was put among tasks: %v", o.Status)
	}
}

func TestTornFilesAreProblems(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{
		"good.vcf":  aCard("g", "G"),
		"torn.vcf":  "BEGIN:VCARD\nVERSION:3.0\nFN:To",
		"cross.vcf": "BEGIN:VCARD\nEND:VCALENDAR\n",
		"extra.vcf": "BEGIN:VCARD\nEND:VCARD\nEND:VCARD\n",
		"empty.vcf": "",
		"text.vcf":  "hello",
	})
	if err := os.Mkdir(filepath.Join(f.dir, "dir.vcf"), 0o755); err != nil {
		t.Fatal(err)
	}
	all := f.shows("cross.vcf problem", "dir.vcf problem", "empty.vcf problem", "extra.vcf problem", "good.vcf present", "text.vcf problem", "torn.vcf problem")
	for id, want := range map[tandem.ID]string{
		"torn.vcf":  "line 3, column 1: the file ends within the VCARD that begins on line 1; mend the file",
		"cross.vcf": "line 2, column 1: END:VCALENDAR where the VCARD of line 1 is open",
		"extra.vcf": "line 3, column 1: END:VCARD closes nothing",
		"empty.vcf": "line 1, column 1: the file is empty",
		"text.vcf":  "line 1, column 1: there is no BEGIN",
		"dir.vcf":   "it is a folder, not a file; move it",
	} {
		err := all[id].Err
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Join(f.dir, string(id))) {
			t.Errorf("%s: %v, want %q and the path", id, err, want)
		}
		if _, err := f.body(id); !tandem.IsKind(err, tandem.Unreadable) {
			t.Errorf("fetch %s: %v", id, err)
		}
	}
}

func TestUnreadableFileIsAProblem(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: permissions are not told by modes here")
	}
	f := open1(t, tandem.Contact, map[string]string{"a.vcf": aCard("a", "A"), "b.vcf": aCard("b", "B")})
	if os.Geteuid() == 0 {
		// Nothing is forbidden to the administrator; a link to nothing cannot be read by anybody.
		if err := os.Remove(filepath.Join(f.dir, "b.vcf")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("nowhere", filepath.Join(f.dir, "b.vcf")); err != nil {
			t.Fatal(err)
		}
	} else if err := os.Chmod(filepath.Join(f.dir, "b.vcf"), 0); err != nil {
		t.Fatal(err)
	}
	f.shows("a.vcf present", "b.vcf problem")
}

func TestLinksAndModesStay(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: links need rights here")
	}
	real := filepath.Join(t.TempDir(), "elsewhere.vcf")
	if err := os.WriteFile(real, []byte(aCard("l", "Old")), 0o640); err != nil {
		t.Fatal(err)
	}
	f := open1(t, tandem.Contact, nil)
	if err := os.Symlink(real, filepath.Join(f.dir, "link.vcf")); err != nil {
		t.Fatal(err)
	}
	c := f.shows("link.vcf present")["link.vcf"]
	o := f.write(tandem.Write{Op: tandem.Update, ID: c.ID, If: c.Version, Record: tandem.Record{Body: tandem.Bytes(aCard("l", "New"))}})
	if o.Status != tandem.Applied {
		t.Fatal(o.Status, o.Err)
	}
	info, err := os.Lstat(filepath.Join(f.dir, "link.vcf"))
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is now %v (%v)", info.Mode(), err)
	}
	if info, err = os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is now %v (%v)", info.Mode(), err)
	}
	if got := f.list()["link.vcf"]; got.Version != o.Version {
		t.Errorf("version %q, want %q", got.Version, o.Version)
	}
	if o = f.write(tandem.Write{Op: tandem.Delete, ID: c.ID, If: o.Version}); o.Status != tandem.Applied {
		t.Fatal(o.Status, o.Err)
	}
	if _, err := os.Stat(real); err != nil {
		t.Error("deleting a link deleted what it leads to")
	}
}

func TestLinkedFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: links need rights here")
	}
	f := open1(t, tandem.Contact, map[string]string{"a.vcf": aCard("a", "A")})
	id, _ := f.Identity(t.Context())
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(f.dir, link); err != nil {
		t.Fatal(err)
	}
	f.dir = link
	f.reopen(tandem.Contact)
	f.shows("a.vcf present")
	if again, _ := f.Identity(t.Context()); again != id {
		t.Errorf("identity %v through a link, want %v", again, id)
	}
}

func TestNewNames(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{"taken.vcf": aCard("taken", "Other")})
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		wish, uid, want string // want "": a hash
	}{
		{"wish.vcf", "u1", "wish.vcf"}, {"wish.ics", "u2", "u2.vcf"}, {"", "u3", "u3.vcf"}, {"a/b.vcf", "u4", "u4.vcf"}, {".hidden.vcf", "u5", "u5.vcf"},
		{"x.vcf.tmp", "u6", "u6.vcf"}, {"", "u@example.org", "u@example.org.vcf"}, {"", "u/7", ""}, {"", "../u8", ""}, {"", ".u9", ""}, {"", "con", ""},
		{"", long, ""}, {"", "ü", ""}, {"", "", ""}, {"", "taken", ""},
	} {
		w := tandem.Write{Op: tandem.Create, ID: tandem.ID(c.wish), Marker: tandem.Marker("m" + c.wish + c.uid), Record: tandem.Record{Body: tandem.Bytes(aCard(c.uid, "N"))}}
		o := f.write(w)
		hashed := len(o.ID) == 36 && strings.HasSuffix(string(o.ID), ".vcf")
		if o.Status != tandem.Applied || (c.want == "" && !hashed) || (c.want != "" && string(o.ID) != c.want) {
			t.Errorf("wish %q, UID %q: %v %q, want %q", c.wish, c.uid, o.Status, o.ID, c.want)
		}
		if found, ok, err := f.Find(t.Context(), w); !ok || err != nil || found.ID != o.ID && c.uid != "taken" {
			t.Errorf("wish %q, UID %q: found %q, %v, %v", c.wish, c.uid, found.ID, ok, err)
		}
		if again := f.write(w); again.Status != tandem.PreconditionFailed {
			t.Errorf("wish %q, UID %q: created again: %v %q", c.wish, c.uid, again.Status, again.ID)
		}
	}
}

func TestFindOfAnEditedRecordIsNews(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	w := tandem.Write{Op: tandem.Create, ID: "a.vcf", Marker: "m", Record: tandem.Record{Body: tandem.Bytes(aCard("a", "A"))}}
	f.write(w)
	f.put("a.vcf", aCard("a", "Edited"))
	o, ok, err := f.Find(t.Context(), w)
	if !ok || err != nil || o.Version == f.list()["a.vcf"].Version {
		t.Errorf("found %+v, %v, %v: its version must not be the listed one", o, ok, err)
	}
	f.put("a.vcf", aCard("stranger", "Other"))
	if o, ok, _ := f.Find(t.Context(), w); ok {
		t.Errorf("found a stranger as %+v", o)
	}
}

func TestRefusedBodies(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	for _, body := range []string{"", "BEGIN:VCARD\n", aCard("a", "A") + aCard("b", "B"), head + vevent("a", "") + tail} {
		if o := f.write(tandem.Write{Op: tandem.Create, ID: "a.vcf", Record: tandem.Record{Body: tandem.Bytes(body)}}); o.Status != tandem.Rejected {
			t.Errorf("%q: %v", body, o.Status)
		}
	}
	f.shows()
}

// racyFile keeps a file's times in the present: it is written to all the time.
func TestARacyFileHasNoLastingVersion(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	r := f.Replica.(*Replica)
	f.put("a.vcf", aCard("a", "A"))
	one, _, err := r.stat(filepath.Join(f.dir, "a.vcf"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) clock { return clock{now: time.Unix(0, one.changed()).Add(d)} }
	soon, late := at(tick/2), at(coarseTick+time.Second)
	if !one.racy(soon) || one.racy(late) {
		t.Errorf("racy %v then %v", one.racy(soon), one.racy(late))
	}
	if v := one.version(soon); v == one.version(at(tick/2+1)) || v == one.version(late) || !one.at(v) || !one.at(one.version(late)) {
		t.Errorf("versions %q, %q, %q", v, one.version(at(tick/2+1)), one.version(late))
	}
	soon.times = exact
	if one.changed()%1e9 != 0 && one.racy(soon) {
		t.Error("racy although times are exact")
	}
	whole := print{size: 1, mtime: 5e9, ctime: 7e9}
	for _, t1 := range []times{vague, ticking, exact} {
		if !whole.racy(clock{time.Unix(8, 0), t1}) || whole.racy(clock{time.Unix(10, 0), t1}) {
			t.Error("times in whole seconds are trusted too early, or never")
		}
	}
}

func TestTickingTimes(t *testing.T) {
	p := print{size: 1, mtime: 5e9 + 1, ctime: 5e9 + 1}
	for after, racy := range map[int64]bool{-1: true, 0: true, 1: false, 1e9: false} {
		if got := p.racy(clock{time.Unix(0, p.ctime+after), ticking}); got != racy {
			t.Errorf("%d ns after the change: racy %v", after, got)
		}
	}
	f := open1(t, tandem.Contact, nil)
	r := f.Replica.(*Replica)
	manners := []times{vague}
	if r.times == ticking { // where times are finer than the clock that ticks, a file's may be ahead of it
		manners = append(manners, ticking)
	}
	for _, r.times = range manners {
		f.put("a.vcf", aCard("a", "A"))
		p, _, err := r.stat(filepath.Join(f.dir, "a.vcf"))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.settle(t.Context()); err != nil || p.racy(r.clock()) {
			t.Errorf("racy although it has settled (%v)", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.settle(ctx); err == nil {
		t.Error("settles although it is cancelled")
	}
}

// TestExactTimes edits a file as fast as can be, to the same size each time: a version that is not racy must be another each
// time.
func TestExactTimes(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	r := f.Replica.(*Replica)
	d, err := openDir(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	seen := map[tandem.Version]int{}
	for i := range 200 {
		f.put("a.vcf", aCard("a", fmt.Sprintf("Name %03d", i)))
		now := r.clock()
		e, err := r.lookAt(d, "a.vcf")
		if err != nil {
			t.Fatal(err)
		}
		v := e.version(now)
		if n, twice := seen[v]; twice {
			t.Fatalf("version %q after edits %d and %d", v, n, i)
		}
		seen[v] = i
	}
}

func TestIdentity(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	id, err := f.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// A copy of the folder is no continuation of its history.
	copied := &folder{T: t, dir: t.TempDir()}
	if err := os.CopyFS(copied.dir, os.DirFS(f.dir)); err != nil {
		t.Fatal(err)
	}
	copied.reopen(tandem.Contact)
	if other, err := copied.Identity(t.Context()); err != nil || copied.Replica.(*Replica).stable && other == id {
		t.Errorf("the copy has identity %v (%v), as the original", other, err)
	}
	// Another folder under the name, between two steps.
	if err := os.Remove(filepath.Join(f.dir, metaName, idName)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Identity(t.Context()); !tandem.IsKind(err, tandem.Gone) {
		t.Errorf("error %v, want gone", err)
	}
	f.put(metaName+"/"+idName, "{}")
	if _, err := Open(t.Context(), f.dir, tandem.Contact); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("error %v, want invalid", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), filepath.Join(dir, "none"), ""); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), "mkdir") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "file"), ""); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("error %v", err)
	}
}

func TestSpeedOfCreates(t *testing.T) {
	f := open1(t, tandem.Contact, nil)
	var writes []tandem.Write
	for i := range 1000 {
		id := fmt.Sprintf("u%d", i)
		writes = append(writes, tandem.Write{Op: tandem.Create, ID: tandem.ID(id + ".vcf"), Record: tandem.Record{Body: tandem.Bytes(aCard(id, "N"))}})
	}
	out, err := f.Apply(context.Background(), writes)
	if err != nil {
		t.Fatal(err)
	}
	all := f.list()
	for _, o := range out {
		if c := all[o.ID]; o.Status != tandem.Applied || c.Version != o.Version || strings.Contains(string(o.Version), raceMark) {
			t.Fatalf("%+v is listed as %+v", o, c)
		}
	}
	names, err := os.ReadDir(f.dir)
	if err != nil || len(names) != 1001 {
		t.Errorf("%d files, want 1000 and the identity (%v)", len(names), err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	f := open1(t, tandem.Contact, map[string]string{"a.vcf": aCard("a", "A")})
	out, err := f.Apply(t.Context(), []tandem.Write{
		{Op: tandem.Create, ID: "a.vcf", Record: tandem.Record{Body: tandem.Bytes(aCard("a", "X"))}},
		{Op: tandem.Update, ID: "a.vcf", If: "stale", Record: tandem.Record{Body: tandem.Bytes(aCard("a", "X"))}},
		{Op: tandem.Update, ID: "none.vcf", If: "stale", Record: tandem.Record{Body: tandem.Bytes(aCard("a", "X"))}},
		{Op: tandem.Delete, ID: "none.vcf", If: "stale"},
		{Op: tandem.Move, ID: "a.vcf", To: "../b.vcf", If: "stale"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []tandem.Status{tandem.PreconditionFailed, tandem.PreconditionFailed, tandem.PreconditionFailed, tandem.PreconditionFailed, tandem.Rejected} {
		if out[i].Status != want {
			t.Errorf("write %d: %v (%v), want %v", i, out[i].Status, out[i].Err, want)
		}
	}
	names, _ := os.ReadDir(f.dir)
	if len(names) != 2 || !bytes.Equal([]byte(f.get("a.vcf")), []byte(aCard("a", "A"))) {
		t.Errorf("left behind: %v", names)
	}
}

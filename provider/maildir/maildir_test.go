package maildir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/provider"
)

// box is a Maildir under test.
type box struct {
	*testing.T
	dir string
	*provider.Opened
}

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{T: t, dir: t.TempDir()}
	b.open()
	return b
}

func (b *box) open() {
	b.Helper()
	o, err := Open(b.Context(), b.dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { o.Close() })
	b.Opened = o
}

// put writes a file as another program would.
func (b *box) put(name, data string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(data), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *box) rename(from, to string) {
	b.Helper()
	if err := os.Rename(filepath.Join(b.dir, from), filepath.Join(b.dir, to)); err != nil {
		b.Fatal(err)
	}
}

func (b *box) list() map[tandem.ID]tandem.Change {
	b.Helper()
	seq, end := b.Changes(b.Context(), "")
	out := map[tandem.ID]tandem.Change{}
	for c, err := range seq {
		if err != nil {
			b.Fatal(err)
		}
		if _, twice := out[c.ID]; twice {
			b.Errorf("%q is listed twice", c.ID)
		}
		out[c.ID] = c
	}
	if l := end(); !l.Complete || !l.Full {
		b.Fatalf("listing %+v", l)
	}
	return out
}

func (b *box) flags(id tandem.ID) mail.Flags {
	b.Helper()
	f := mail.FlagsOf(b.list()[id].Attrs)
	f.Received = 0
	return f
}

func (b *box) files(sub string) []string {
	b.Helper()
	names, err := readNames(filepath.Join(b.dir, sub))
	if err != nil {
		b.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func (b *box) one(w tandem.Write) tandem.Outcome {
	b.Helper()
	out, err := b.Apply(b.Context(), []tandem.Write{w})
	if err != nil {
		b.Fatal(err)
	}
	return out[0]
}

func (b *box) must(w tandem.Write) tandem.Outcome {
	b.Helper()
	o := b.one(w)
	if o.Status != tandem.Applied {
		b.Fatalf("%s: %s (%v)", w.Op, o.Status, o.Err)
	}
	return o
}

func create(body string, f mail.Flags) tandem.Write {
	return tandem.Write{Op: tandem.Create, Marker: "m-" + tandem.Marker(body), Record: tandem.Record{Meta: tandem.Meta{Attrs: f.Attrs()}, Body: tandem.Bytes(body)}}
}

func setAttrs(o tandem.Outcome, f mail.Flags) tandem.Write {
	return tandem.Write{Op: tandem.SetAttrs, ID: o.ID, If: o.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: f.Attrs()}}}
}

func TestDelivery(t *testing.T) {
	b := newBox(t)
	fresh := b.must(create("Subject: one\n\nx\r\ny\n", mail.Flags{Received: 1_700_000_000}))
	if got := b.files("new"); len(got) != 1 || !strings.HasPrefix(got[0], "1700000000.T") || !strings.HasSuffix(got[0], ",S=19,W=22") {
		t.Errorf("an unread message is in new as %q", got)
	}
	info, err := os.Stat(filepath.Join(b.dir, "new", b.files("new")[0]))
	if err != nil || info.ModTime().Unix() != 1_700_000_000 {
		t.Errorf("its file is of %v (%v)", info.ModTime(), err)
	}
	read := b.must(create("Subject: two\n\nx", mail.Flags{Seen: true, Draft: true, Received: 1_700_000_001}))
	if got := b.files("cur"); len(got) != 1 || !strings.HasSuffix(got[0], ",S=15,W=17:2,DS") {
		t.Errorf("a read message is in cur as %q", got)
	}
	if got := b.files("tmp"); len(got) != 0 {
		t.Errorf("left in tmp: %q", got)
	}
	// Other programs take new messages over; that is no change.
	name := b.files("new")[0]
	b.rename("new/"+name, "cur/"+name+":2,")
	if got := b.list()[fresh.ID]; got.Version != fresh.Version || got.Attrs != fresh.Attrs {
		t.Errorf("moved from new to cur it is %+v, was %+v", got.Meta, fresh.Meta)
	}
	// A message that was read gets its flags where it is.
	next := b.must(setAttrs(fresh, mail.Flags{Seen: true, Answered: true, Received: 1_700_000_000}))
	if got := b.files("cur"); !slices.Contains(got, name+":2,RS") {
		t.Errorf("flags are in %q", got)
	}
	if next.ID != fresh.ID || b.list()[read.ID].Version != read.Version {
		t.Errorf("%q became %q", fresh.ID, next.ID)
	}
}

func TestUpdateGetsAnotherName(t *testing.T) {
	b := newBox(t)
	o := b.must(create("Subject: a\n\n1\n", mail.Flags{Draft: true}))
	was := b.files("cur")[0]
	next := b.must(tandem.Write{Op: tandem.Update, ID: o.ID, If: o.Version, Record: create("Subject: a\n\n2\n", mail.Flags{Draft: true}).Record})
	got := b.files("cur")
	if len(got) != 1 || parseName(got[0]).base() == parseName(was).base() {
		t.Errorf("another message of the same size is called %q as before", got)
	}
	if next.ID != o.ID || len(b.files("tmp")) != 0 {
		t.Errorf("id %q, was %q; in tmp %q", next.ID, o.ID, b.files("tmp"))
	}
}

// TestOthersFlags keeps what names say that attributes do not.
func TestOthersFlags(t *testing.T) {
	b := newBox(t)
	b.put("cur/1.2.host,U=17:2,STzY", "x")
	if f := b.flags("1.2.host"); !f.Seen || len(f.Keywords) != 0 {
		t.Errorf("flags %+v", f)
	}
	c := b.list()["1.2.host"]
	b.must(setAttrs(tandem.Outcome{ID: c.ID, Meta: c.Meta}, mail.Flags{Flagged: true}))
	if got := b.files("cur"); got[0] != "1.2.host,U=17:2,FTYz" {
		t.Errorf("the file is %q", got)
	}
	for _, sep := range []string{"!", ";"} {
		b.put("cur/3.4"+sep+"x.host"+sep+"2,S", "y")
		if f := b.flags(tandem.ID("3.4" + sep + "x.host")); !f.Seen {
			t.Errorf("with %q the flags are %+v", sep, f)
		}
	}
}

func TestKeywords(t *testing.T) {
	b := newBox(t)
	b.put("dovecot-keywords", "0 $Label1\n1 Work\nrubbish\n99 Far\n3 work\n")
	b.put("cur/1.2.host:2,Sab", "x")
	b.put("cur/2.2.host:2,Sz", "x")
	if f := b.flags("1.2.host"); !slices.Equal(f.Keywords, []string{"$Label1", "Work"}) {
		t.Errorf("keywords %q", f.Keywords)
	}
	o := b.must(create("y", mail.Flags{Keywords: []string{"WORK", "Neu", "no atom (really)"}}))
	if f := mail.FlagsOf(o.Attrs); !slices.Equal(f.Keywords, []string{"Neu", "Work"}) {
		t.Errorf("kept %q: names are those of the folder, and what cannot be kept is not claimed", f.Keywords)
	}
	data, _ := os.ReadFile(filepath.Join(b.dir, keywordFile))
	if !strings.HasSuffix(string(data), "\n2 Neu\n") || !strings.HasPrefix(string(data), "0 $Label1\n1 Work\nrubbish\n") {
		t.Errorf("the list is %q", data)
	}
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("k%02d", i))
	}
	o = b.must(create("z", mail.Flags{Keywords: many}))
	if f := mail.FlagsOf(o.Attrs); len(f.Keywords) != 22 { // 26 less three that are there and one letter that somebody uses
		t.Errorf("%d of 40 keywords are kept: %q", len(f.Keywords), f.Keywords)
	}
}

// TestKeywordLock waits for a program that holds the list, and goes on without new keywords if it does not let go.
func TestKeywordLock(t *testing.T) {
	b := newBox(t)
	b.Replica.(*Replica).patience = 50 * time.Millisecond
	b.put(lockFile, "1:other")
	done := make(chan tandem.Outcome)
	go func() {
		out, _ := b.Apply(context.Background(), []tandem.Write{create("y", mail.Flags{Seen: true, Keywords: []string{"Neu"}})})
		done <- out[0]
	}()
	if o := <-done; o.Status != tandem.Applied || len(mail.FlagsOf(o.Attrs).Keywords) != 0 || !mail.FlagsOf(o.Attrs).Seen {
		t.Errorf("%s %q (%v)", o.Status, o.Attrs, o.Err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(b.dir, lockFile), old, old); err != nil {
		t.Fatal(err)
	}
	if o := b.must(create("z", mail.Flags{Keywords: []string{"Neu"}})); len(mail.FlagsOf(o.Attrs).Keywords) != 1 {
		t.Errorf("a lock of a dead program holds: %q", o.Attrs)
	}
}

// TestRenamedAllTheTime lists while every message is renamed again and again: none may be missed, none listed twice, and each can be read.
func TestRenamedAllTheTime(t *testing.T) {
	b := newBox(t)
	const n = 300
	for i := range n {
		b.put(fmt.Sprintf("new/1.M%d.host", i), fmt.Sprintf("message %d", i))
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("new/1.M%d.host", i)
		}
		for round := 0; ; round++ {
			flags := []string{"", "S", "FS", "RS"}[round%4]
			for i := range names {
				select {
				case <-stop:
					return
				default:
				}
				to := fmt.Sprintf("cur/1.M%d.host:2,%s", i, flags)
				_ = os.Rename(filepath.Join(b.dir, names[i]), filepath.Join(b.dir, to))
				names[i] = to
			}
		}
	})
	for range 30 {
		got := b.list()
		if len(got) != n {
			t.Errorf("%d of %d messages are listed", len(got), n)
		}
		var ids []tandem.ID
		for i := 0; i < n; i += 29 {
			ids = append(ids, tandem.ID(fmt.Sprintf("1.M%d.host", i)))
		}
		for rec, err := range b.Fetch(t.Context(), ids) {
			if tandem.IsKind(err, tandem.Busy) {
				continue
			}
			if err != nil {
				t.Errorf("%q: %v", rec.ID, err)
			}
		}
	}
	close(stop)
	all.Wait()
}

// TestFlagsMeanwhile changes flags that somebody else has changed since they were looked at.
func TestFlagsMeanwhile(t *testing.T) {
	b := newBox(t)
	o := b.must(create("y", mail.Flags{Seen: true, Received: 1_700_000_000}))
	name := b.files("cur")[0]
	b.rename("cur/"+name, "cur/"+strings.TrimSuffix(name, "S")+"FS")
	for _, w := range []tandem.Write{setAttrs(o, mail.Flags{}), {Op: tandem.Delete, ID: o.ID, If: o.Version},
		{Op: tandem.Update, ID: o.ID, If: o.Version, Record: create("z", mail.Flags{}).Record}} {
		if got := b.one(w); got.Status != tandem.PreconditionFailed {
			t.Errorf("%s of a message with other flags: %s (%v)", w.Op, got.Status, got.Err)
		}
	}
	if f := b.flags(o.ID); !f.Flagged || len(b.files("tmp")) != 0 {
		t.Errorf("flags %+v, in tmp %q", f, b.files("tmp"))
	}
}

// TestFlagsRightAfter changes flags between a write and its answer: the outcome is what was written, so that the next listing shows news.
func TestFlagsRightAfter(t *testing.T) {
	b := newBox(t)
	r := b.Replica.(*Replica)
	first := b.must(create("x", mail.Flags{Seen: true, Received: 1_700_000_000}))
	for name, w := range map[string]tandem.Write{
		"create":         create("y", mail.Flags{Draft: true, Received: 1_700_000_000}),
		"set attributes": setAttrs(first, mail.Flags{Draft: true, Received: 1_700_000_000}),
	} {
		out := tandem.Outcome{ID: w.ID}
		a := &applier{finder: finder{Replica: r}, jobs: []*job{{w: &w, out: &out, id: w.ID}}}
		if err := a.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := a.jobs[0].made
		b.rename(filepath.Join("cur", e.file), filepath.Join("cur", e.file+"F"))
		if err := a.finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := b.list()[out.ID]
		if f := mail.FlagsOf(out.Attrs); f.Flagged || !f.Draft || out.Version == got.Version || out.Version == "" {
			t.Errorf("%s: answered %+v, listed %+v", name, out.Meta, got.Meta)
		}
		if f := mail.FlagsOf(got.Attrs); !f.Flagged {
			t.Errorf("%s: listed %+v", name, got.Meta)
		}
	}
}

// TestSameUnique tells messages apart that a program gave one unique part.
func TestSameUnique(t *testing.T) {
	b := newBox(t)
	b.put("cur/1.2.host:2,", "first")
	b.put("cur/1.2.host:2,S", "second")
	b.put("new/1.2.host,S=5", "third")
	got := b.list()
	if len(got) != 3 {
		t.Fatalf("listed: %v", got)
	}
	bodies := map[string]bool{}
	for id := range got {
		for rec, err := range b.Fetch(t.Context(), []tandem.ID{id}) {
			if err != nil {
				t.Fatal(err)
			}
			data, _ := tandem.ReadBody(rec.Body, 100)
			bodies[string(data)] = true
		}
	}
	if len(bodies) != 3 {
		t.Errorf("fetched: %v", bodies)
	}
	// One file under two names, as a crash between link and unlink leaves it, is one message.
	b.put("new/5.6.host", "once")
	if err := os.Link(filepath.Join(b.dir, "new/5.6.host"), filepath.Join(b.dir, "cur/5.6.host:2,S")); err != nil {
		t.Skip(err)
	}
	if got := b.list(); len(got) != 4 {
		t.Errorf("one message with two names is listed as %d", len(got)-3)
	}
	if f := b.flags("5.6.host"); !f.Seen {
		t.Errorf("its flags are %+v", f)
	}
}

// TestBodyFollows reads a message that is renamed between being fetched and being opened, and one that is written to.
func TestBodyFollows(t *testing.T) {
	b := newBox(t)
	big := strings.Repeat("0123456789abcde\n", atOnce/8)
	b.put("cur/1.2.host:2,", big)
	var rec tandem.Record
	for r, err := range b.Fetch(t.Context(), []tandem.ID{"1.2.host"}) {
		if err != nil {
			t.Fatal(err)
		}
		rec = r
	}
	b.rename("cur/1.2.host:2,", "cur/1.2.host:2,RS")
	if data, err := tandem.ReadBody(rec.Body, 1<<30); err != nil || string(data) != big {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	in, err := rec.Body.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	b.put("cur/1.2.host:2,RS", big[1:])
	if _, err := io.Copy(io.Discard, in); !tandem.IsKind(err, tandem.Changed) {
		t.Errorf("a message that is written to is read with %v", err)
	}
}

func TestOpening(t *testing.T) {
	for name, c := range map[string]struct {
		make func(dir string) error
		kind tandem.ErrorKind
		ok   bool
	}{
		"empty":       {func(string) error { return nil }, 0, true},
		"half":        {func(d string) error { return os.Mkdir(filepath.Join(d, "cur"), 0o700) }, 0, true},
		"not there":   {func(d string) error { return os.Remove(d) }, tandem.Unreadable, false},
		"other files": {func(d string) error { return os.WriteFile(filepath.Join(d, "letter.txt"), nil, 0o600) }, tandem.Invalid, false},
		"taken apart": {func(d string) error {
			return os.WriteFile(filepath.Join(d, idName), []byte(`{"store":"a","epoch":"b"}`), 0o600)
		}, tandem.Unreadable, false},
		"bad id": {func(d string) error {
			return errors.Join(os.Mkdir(filepath.Join(d, "cur"), 0o700), os.WriteFile(filepath.Join(d, idName), []byte("x"), 0o600))
		}, tandem.Invalid, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.make(dir); err != nil {
				t.Fatal(err)
			}
			o, err := Open(t.Context(), dir)
			if c.ok {
				if err != nil {
					t.Fatal(err)
				}
				o.Close()
				for _, sub := range []string{"cur", "new", "tmp"} {
					if !isDir(filepath.Join(dir, sub)) {
						t.Errorf("there is no %s", sub)
					}
				}
				return
			}
			if !tandem.IsKind(err, c.kind) {
				t.Errorf("%v, want kind %q", err, c.kind)
			}
		})
	}
}

// TestLostDirectory takes away where messages are: that is trouble and no deletion.
func TestLostDirectory(t *testing.T) {
	b := newBox(t)
	b.must(create("y", mail.Flags{Seen: true}))
	b.rename("cur", "cur-aside")
	seq, end := b.Changes(t.Context(), "")
	var failed error
	for _, err := range seq {
		failed = err
	}
	if !tandem.IsKind(failed, tandem.Unreadable) || end().Complete {
		t.Errorf("%v, complete: %v", failed, end().Complete)
	}
	for _, err := range b.Fetch(t.Context(), []tandem.ID{"1.2.host"}) {
		if tandem.IsKind(err, tandem.NotFound) || err == nil {
			t.Errorf("a message of a lost directory: %v", err)
		}
	}
	if _, err := Open(t.Context(), b.dir); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("opened again: %v", err)
	}
}

func TestSweep(t *testing.T) {
	if touched(nil2info(t)).After(time.Now().Add(time.Hour)) {
		t.Skip("nothing is swept on this system")
	}
	b := newBox(t)
	b.put("tmp/old", "x")
	old := time.Now().Add(-100 * time.Hour)
	if err := os.Chtimes(filepath.Join(b.dir, "tmp/old"), old, old); err != nil {
		t.Fatal(err)
	}
	b.must(create("y", mail.Flags{}))
	// The time of the last change of status cannot be set: it was touched now, and stays.
	if got := b.files("tmp"); !slices.Equal(got, []string{"old"}) {
		t.Errorf("a file that was touched within 36 hours was swept: %q", got)
	}
}

func nil2info(t *testing.T) os.FileInfo {
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return info
}

package imap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/mail"
	"tandem/provider"
	"tandem/test/mailkit"
)

// put adds a message as another program does.
func put(t testing.TB, c *imapclient.Client, mailbox string, body []byte, flags ...imap.Flag) imap.UID {
	t.Helper()
	cmd := c.Append(mailbox, int64(len(body)), &imap.AppendOptions{Flags: flags})
	if _, err := cmd.Write(body); err != nil {
		t.Fatal(err)
	}
	must(t, cmd.Close())
	data, err := cmd.Wait()
	must(t, err)
	return data.UID
}

// flag changes flags as another program does.
func flag(t testing.TB, c *imapclient.Client, u imap.UID, op imap.StoreFlagsOp, flags ...imap.Flag) {
	t.Helper()
	must(t, c.Store(uids{{u, u}}.set(), &imap.StoreFlags{Op: op, Flags: flags}, nil).Close())
}

// lines is a listing in short, and its end.
func lines(t testing.TB, r *provider.Opened, since tandem.Cursor) ([]string, tandem.Listing) {
	t.Helper()
	seq, end := r.Changes(t.Context(), since)
	var out []string
	for c, err := range seq {
		must(t, err)
		f := mail.FlagsOf(c.Attrs)
		f.Received = 0
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.ID, c.Presence, strings.ReplaceAll(string(f.Attrs()), "%3A", ":"))))
	}
	slices.Sort(out)
	return out, end()
}

func wants(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// Everything that another program does to the mailbox is seen, and nothing else, with cursors where the server counts changes and without.
func TestForeign(t *testing.T) {
	for name, conf := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailkit.Dovecot(t, conf)
			c := raw(t, s.IMAP, "anna")
			_, err := c.Select("INBOX", nil).Wait()
			must(t, err)
			r := open(t, "imap://anna@"+s.IMAP)
			one, two := put(t, c, "INBOX", letterOf(1, 1, 0)), put(t, c, "INBOX", letterOf(2, 1, 0), imap.FlagSeen, "Work")
			if one == 0 {
				one, two = 1, 2
			}
			got, l := lines(t, r, "")
			wants(t, "first look", got, "1 present", "2 present kw:Work=1&seen=1")
			step := func(what string, full []string, changed ...string) {
				t.Helper()
				got, next := lines(t, r, l.Next)
				if next.Full {
					changed = full
				} else if !r.Features.Cursor {
					t.Errorf("%s: not full without cursors", what)
				}
				wants(t, what, got, changed...)
				l = next
			}
			step("nothing", []string{"1 present", "2 present kw:Work=1&seen=1"})
			flag(t, c, one, imap.StoreFlagsAdd, imap.FlagAnswered, imap.FlagForwarded, imap.FlagDraft, imap.FlagFlagged)
			step("flags", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1", "2 present kw:Work=1&seen=1"}, "1 present answered=1&draft=1&flagged=1&forwarded=1")
			flag(t, c, two, imap.StoreFlagsSet)
			step("no flags", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1", "2 present"}, "2 present")
			flag(t, c, two, imap.StoreFlagsAdd, imap.FlagDeleted)
			step("marked", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1"}, "2 absent")
			flag(t, c, two, imap.StoreFlagsDel, imap.FlagDeleted)
			step("taken back", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1", "2 present"}, "2 present")
			flag(t, c, two, imap.StoreFlagsAdd, imap.FlagDeleted)
			must(t, c.Expunge().Close())
			put(t, c, "INBOX", letterOf(3, 1, 0))
			step("removed and added", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1", "3 present"}, "2 absent", "3 present")
			put(t, c, "INBOX", letterOf(4, 1, 0), imap.FlagDeleted)
			// Nobody knows of it, unless it was made here: then its row waits for this.
			step("added and marked", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1", "3 present"}, "4 absent")
			must(t, c.Expunge().Close())
			step("removed what was never shown", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1", "3 present"})
			out, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, Record: tandem.Record{Body: tandem.Bytes(letterOf(5, 1, 0))}}})
			must(t, err)
			must(t, c.Noop().Wait()) // so that it knows of the message
			flag(t, c, 5, imap.StoreFlagsAdd, imap.FlagDeleted)
			must(t, c.Expunge().Close())
			if out[0].ID != "5" {
				t.Fatalf("made %q (%v)", out[0].ID, out[0].Err)
			}
			step("made here and removed", []string{"1 present answered=1&draft=1&flagged=1&forwarded=1", "3 present"}, "5 absent")
		})
	}
}

// Two programs change one message at the same moment: neither is written over, and a message that another marked stays.
func TestBoth(t *testing.T) {
	for name, conf := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailkit.Dovecot(t, conf)
			c := raw(t, s.IMAP, "anna")
			_, err := c.Select("INBOX", nil).Wait()
			must(t, err)
			for n := range 3 {
				put(t, c, "INBOX", letterOf(n, 1, 0))
			}
			r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
			version := map[tandem.ID]tandem.Version{}
			seq, _ := r.Changes(t.Context(), "")
			for x, err := range seq {
				must(t, err)
				version[x.ID] = x.Version
			}
			flag(t, c, 1, imap.StoreFlagsAdd, imap.FlagFlagged)
			flag(t, c, 3, imap.StoreFlagsAdd, imap.FlagDeleted) // another's, which no EXPUNGE of ours may remove
			attrs := mail.Flags{Seen: true, Task: "opaque", Keywords: []string{"Work", "two words", "ä"}}.Attrs()
			out, err := r.Apply(t.Context(), []tandem.Write{
				{Op: tandem.SetAttrs, ID: "1", If: version["1"], Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}}},
				{Op: tandem.Delete, ID: "2", If: version["2"]},
				{Op: tandem.Delete, ID: "3", If: version["3"]},
				{Op: tandem.SetAttrs, ID: "99", If: version["1"], Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}}},
			})
			must(t, err)
			for i, want := range []tandem.Status{tandem.PreconditionFailed, tandem.Applied, tandem.PreconditionFailed, tandem.PreconditionFailed} {
				if out[i].Status != want {
					t.Errorf("write %d: %s (%v), want %s", i, out[i].Status, out[i].Err, want)
				}
			}
			got, _ := lines(t, r, "")
			wants(t, "after", got, "1 present flagged=1")
			must(t, c.Noop().Wait())
			left, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
			must(t, err)
			if set := left.All.String(); strings.Contains(conf.Capabilities, "UIDPLUS") && set != "3" || conf.Capabilities == "IMAP4rev1" && set != "2:3" {
				t.Errorf("marked are %s", set)
			}
			out, err = r.Apply(t.Context(), []tandem.Write{{Op: tandem.SetAttrs, ID: "1", If: (&state{flags: []imap.Flag{imap.FlagFlagged}}).version(), Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}}}})
			must(t, err)
			if f := mail.FlagsOf(out[0].Attrs); out[0].Status != tandem.Applied || !f.Seen || f.Flagged || f.Task != "" || !slices.Equal(f.Keywords, []string{"Work"}) {
				t.Errorf("set: %s, %q (%v)", out[0].Status, out[0].Attrs, out[0].Err)
			}
		})
	}
}

// What another program takes back in the moment after it was set is not set again: it was set, and what came after it is told by the next listing.
func TestTakenBack(t *testing.T) {
	const now = `* 1 FETCH (UID 1 FLAGS () INTERNALDATE "01-Nov-2026 10:00:00 +0000" RFC822.SIZE 10 MODSEQ (%))` + "\r\n"
	for modseq, want := range map[string]tandem.Status{"7": tandem.Applied, "5": tandem.RetryAfter} {
		before, after := strings.Replace(now, "(%)", "(5)", 1), strings.Replace(now, "(%)", "("+modseq+")", 1)
		r := open(t, "imap://anna@"+script(t, map[string]string{"SELECT": "* FLAGS (\\Seen)\r\n* 1 EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen)] .\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 2] .\r\n* OK [HIGHESTMODSEQ 5] .\r\n% OK done\r\n",
			"UID FETCH": before + "% OK done\r\n|" + after + "% OK done\r\n"})+"/INBOX")
		out, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.SetAttrs, ID: "1", If: "flags ", Record: tandem.Record{Meta: tandem.Meta{Attrs: mail.Flags{Seen: true}.Attrs()}}}})
		must(t, err)
		if out[0].Status != want {
			t.Errorf("number %s: %+v, want %s", modseq, out[0], want)
		}
		if want == tandem.Applied && out[0].Meta.Version != `flags \seen` {
			t.Errorf("it is at %q", out[0].Meta.Version)
		}
	}
}

// When the server counts anew, that is another epoch, no write and no reading goes to the wrong message, and all is listed.
func TestCountedAnew(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	c := raw(t, s.IMAP, "anna")
	for n := range 5 {
		put(t, c, "INBOX", letterOf(n, 1, 0))
	}
	c.Close()
	reg := registry()
	r, err := tryOpen(t.Context(), reg, "imap://anna@"+s.IMAP+"/INBOX")
	must(t, err)
	defer r.Close()
	before, err := r.Identity(t.Context())
	must(t, err)
	got, l := lines(t, r, "")
	s.Stop()
	dir := filepath.Join(s.Home("anna"), "mail")
	for _, name := range []string{"dovecot-uidlist", "dovecot.index", "dovecot.index.cache", "dovecot.index.log", "dovecot-uidvalidity"} {
		_ = os.Remove(filepath.Join(dir, name)) // not all are there
	}
	old, err := filepath.Glob(filepath.Join(dir, "dovecot-uidvalidity.*"))
	must(t, err)
	for _, name := range old {
		must(t, os.Remove(name))
	}
	uidvalidityOfAnotherSecond(t)
	s.Start()
	if _, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Delete, ID: "1", If: "flags "}}); !tandem.IsKind(err, tandem.Gone) {
		t.Errorf("a write: %v, want kind gone", err)
	}
	for _, err := range r.Fetch(t.Context(), []tandem.ID{"1"}) {
		if !tandem.IsKind(err, tandem.Gone) {
			t.Errorf("reading: %v, want kind gone", err)
		}
	}
	again, next := lines(t, r, l.Next)
	if !next.Full || len(again) != len(got) {
		t.Errorf("%d of %d messages, full: %v", len(again), len(got), next.Full)
	}
	after, err := r.Identity(t.Context())
	must(t, err)
	if after.Store != before.Store || after.Epoch == before.Epoch {
		t.Errorf("identity %+v became %+v", before, after)
	}
}

// uidvalidityOfAnotherSecond waits until the server makes another number of the time.
func uidvalidityOfAnotherSecond(t *testing.T) {
	now := time.Now()
	timer := time.NewTimer(time.Until(now.Truncate(time.Second).Add(1100 * time.Millisecond)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// Real messages come back byte for byte, whatever they are made of; where a server wants other ends of lines, with these.
func TestCorpora(t *testing.T) {
	var files []corpus.File
	for _, folder := range []string{"mime", "mime/mail", "mime/MimeKit"} {
		for _, ending := range []string{".eml", ".txt", ".msg"} {
			files = append(files, someFiles(t, folder, ending)...)
		}
	}
	s := mailkit.Dovecot(t, mailkit.Config{})
	r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
	seen := map[[32]byte]bool{}
	var writes []tandem.Write
	zero := map[int]bool{}
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		if seen[sum] || len(f.Data) == 0 {
			continue
		}
		seen[sum] = true
		zero[len(writes)] = bytes.IndexByte(f.Data, 0) >= 0
		writes = append(writes, tandem.Write{Op: tandem.Create, Marker: tandem.Marker(f.Name), Record: tandem.Record{Body: tandem.Bytes(f.Data), Meta: tandem.Meta{Attrs: attrsOf(len(writes) % 4)}}})
	}
	out, err := r.Apply(t.Context(), writes)
	must(t, err)
	want := map[tandem.ID]tandem.Bytes{}
	var ids []tandem.ID
	for i, o := range out {
		switch {
		case zero[i] && o.Status == tandem.Rejected:
		case o.Status != tandem.Applied:
			t.Errorf("%s: %s (%v)", writes[i].Marker, o.Status, o.Err)
		default:
			body := writes[i].Record.Body.(tandem.Bytes)
			want[o.ID] = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
			ids = append(ids, o.ID)
		}
	}
	if len(ids) < 100 {
		t.Fatalf("%d messages were taken", len(ids))
	}
	for rec, err := range r.Fetch(t.Context(), ids) {
		must(t, err)
		got, err := tandem.ReadBody(rec.Body, 1<<30)
		must(t, err)
		if !bytes.Equal(got, want[rec.ID]) {
			t.Errorf("message %s came back otherwise: %d bytes, want %d", rec.ID, len(got), len(want[rec.ID]))
		}
		delete(want, rec.ID)
	}
	if len(want) > 0 {
		t.Errorf("%d messages did not come back", len(want))
	}
}

// someFiles is corpus.Files where there may be none.
func someFiles(t *testing.T, folder, ending string) (files []corpus.File) {
	root := filepath.Join(corpus.Dir(t), filepath.FromSlash(folder))
	names, err := filepath.Glob(filepath.Join(root, "*"+ending))
	must(t, err)
	for _, name := range names {
		data, err := os.ReadFile(name)
		must(t, err)
		files = append(files, corpus.File{Name: folder + "/" + filepath.Base(name), Path: name, Data: data})
	}
	return files
}

// Only the last days are in sight; what lies behind is told of as out of scope, so that it is not taken for deleted.
func TestDays(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	c := raw(t, s.IMAP, "anna")
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for n, age := range []int{1, 9, 11, 400} {
		body := letterOf(n, 1, 0)
		cmd := c.Append("INBOX", int64(len(body)), &imap.AppendOptions{Time: now.AddDate(0, 0, -age)})
		_, err := cmd.Write(body)
		must(t, err)
		must(t, cmd.Close())
		_, err = cmd.Wait()
		must(t, err)
	}
	r := open(t, "imap://anna@"+s.IMAP+"/INBOX?days=10")
	r.Replica.(*replica).now = func() time.Time { return now }
	got, l := lines(t, r, "")
	wants(t, "first", got, "1 present", "2 present", "3 out of scope", "4 out of scope")
	got, l = lines(t, r, l.Next)
	wants(t, "the same day", got)
	r.Replica.(*replica).now = func() time.Time { return now.AddDate(0, 0, 2) }
	got, l = lines(t, r, l.Next)
	wants(t, "two days later", got, "1 present", "2 out of scope", "3 out of scope", "4 out of scope")
	_, err := c.Select("INBOX", nil).Wait()
	must(t, err)
	flag(t, c, 3, imap.StoreFlagsAdd, imap.FlagSeen)
	flag(t, c, 4, imap.StoreFlagsAdd, imap.FlagDeleted)
	got, _ = lines(t, r, l.Next)
	wants(t, "changes out of sight", got, "3 out of scope", "4 absent")
}

// A message that came is hinted at, also after the line broke; where all places to wait are taken, and where the server does not tell, it is looked for.
func TestWatch(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	c := raw(t, s.IMAP, "anna")
	proxy := mailkit.NewProxy(t, s.IMAP)
	r := open(t, "imap://anna@"+proxy.Addr+"/INBOX")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ch, err := r.Watch(ctx)
	must(t, err)
	put(t, c, "INBOX", letterOf(1, 1, 0))
	if _, ok := <-ch; !ok {
		t.Fatal("no hint of a new message")
	}
	proxy.CutAll()
	if _, ok := <-ch; !ok { // whatever happened meanwhile
		t.Fatal("no hint after the line broke")
	}
	put(t, c, "INBOX", letterOf(2, 1, 0))
	if _, ok := <-ch; !ok {
		t.Fatal("no hint of a new message after the line broke")
	}
	cancel()
	for range ch {
	}
}

package center

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/kind/mail"
	"tandem/provider"
	"tandem/provider/imap"
	"tandem/store"
	"tandem/test/mailkit"
)

// remote is a post whose account is at an IMAP server, behind a proxy.
type remote struct {
	*post
	proxy *mailkit.Proxy
	c     *imapclient.Client // another program
}

// came is when the messages of a remote came there.
func came() time.Time { return time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC) }

const large = 300 << 10

func newRemote(t *testing.T, conf mailkit.Config, n int) *remote {
	t.Helper()
	s := mailkit.Dovecot(t, conf)
	env := provider.Env{Secret: func(context.Context, string) (string, error) { return mailkit.Password, nil }}
	r := &remote{post: newPostWith(t, env, imap.Providers()...), proxy: mailkit.NewProxy(t, s.IMAP)}
	c, err := imapclient.DialInsecure(s.IMAP, nil)
	r.must(err)
	t.Cleanup(func() { c.Close() })
	r.must(c.Login("anna", mailkit.Password).Wait())
	r.c = c
	for _, name := range []string{"Archive", "Work"} {
		r.must(c.Create(name, nil).Wait())
	}
	for i := range n {
		body := bigLetter(i)
		cmd := c.Append("INBOX", int64(len(body)), &goimap.AppendOptions{Time: came(), Flags: []goimap.Flag{goimap.FlagFlagged, "Blue"}})
		_, err := cmd.Write(body)
		r.must(err)
		r.must(cmd.Close())
		_, err = cmd.Wait()
		r.must(err)
	}
	_, err = r.hub.AddPartner(t.Context(), "anna", "work", "imap://anna@"+r.proxy.Addr+"/")
	r.must(err)
	r.must(r.hub.FollowFolders(t.Context(), Follow{Partner: "work", User: "anna"}))
	r.sync()
	r.boxes(fmt.Sprintf("Archive: INBOX:%s Work:", digits(n)))
	return r
}

func digits(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprint(&b, i)
	}
	return b.String()
}

// bigLetter is a message of which the digit at its end tells which it is; all are of other sizes.
func bigLetter(n int) []byte {
	head := fmt.Sprintf("From: bert@example.org\r\nSubject: Big %d\r\nMessage-ID: <big-%d@example.org>\r\n\r\n", n, n)
	return []byte(head + strings.Repeat("A line that is long enough to be of use in filling.\r\n", large/52+n) + fmt.Sprintf("%d\r\n", n))
}

// boxes checks what the server has, each message once and byte for byte, with flags and date.
func (r *remote) boxes(want string) {
	r.Helper()
	var out []string
	for _, name := range []string{"Archive", "INBOX", "Work"} {
		_, err := r.c.Select(name, nil).Wait()
		r.must(err)
		section := &goimap.FetchItemBodySection{Peek: true}
		list, err := r.c.Fetch(goimap.SeqSet{{Start: 1, Stop: 0}}, &goimap.FetchOptions{Flags: true, InternalDate: true, BodySection: []*goimap.FetchItemBodySection{section}}).Collect()
		if n := r.c.Mailbox().NumMessages; n > 0 {
			r.must(err)
		} else {
			list = nil
		}
		var has []string
		for _, m := range list {
			body := m.FindBodySection(section)
			digit := string(body[max(0, len(body)-3)])
			if !bytes.Equal(body, bigLetter(int(digit[0]-'0'))) {
				r.Errorf("%s: message %s is not as it was", name, digit)
			}
			if !m.InternalDate.Equal(came()) || !slices.Contains(m.Flags, "Blue") || !slices.Contains(m.Flags, goimap.FlagFlagged) {
				r.Errorf("%s: message %s has date %s and flags %q", name, digit, m.InternalDate, m.Flags)
			}
			if slices.Contains(m.Flags, goimap.FlagDeleted) {
				continue
			}
			if slices.Contains(m.Flags, goimap.FlagSeen) {
				digit += "r"
			}
			has = append(has, digit)
		}
		slices.Sort(has)
		out = append(out, name+":"+strings.Join(has, ""))
	}
	if got := strings.Join(out, " "); got != want {
		r.Errorf("the server has %q, want %q", got, want)
	}
}

// homeBoxes checks what the hub has.
func (r *remote) homeBoxes(want string) {
	r.Helper()
	var out []string
	for _, name := range []string{"Archive", "Inbox", "Work"} {
		var has []string
		for _, rec := range r.records(r.coll("anna", name)) {
			title := rec.Title
			at := strings.Index(title, "Big ")
			digit := title[at+4 : at+5]
			if mail.FlagsOf(rec.Attrs).Seen {
				digit += "r"
			}
			has = append(has, digit)
		}
		slices.Sort(has)
		out = append(out, name+":"+strings.Join(has, ""))
	}
	if got := strings.Join(out, " "); got != want {
		r.Errorf("the hub has %q, want %q", got, want)
	}
}

// move moves a message at home as a phone does. read: it is read by then.
func (r *remote) move(n int, from, to string, read bool) {
	r.Helper()
	src, dst := r.coll("anna", from), r.coll("anna", to)
	for _, rec := range r.records(src) {
		if !strings.Contains(rec.Title, fmt.Sprintf("Big %d", n)) {
			continue
		}
		f := mail.FlagsOf(rec.Attrs)
		f.Seen = f.Seen || read
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, Record: tandem.Record{Meta: tandem.Meta{Attrs: f.Attrs()}}}, From: rec.Number, FromSeq: rec.Seq, Take: true}
		w.Digest, w.Title, w.Index = rec.Digest, rec.Title, rec.Index
		w.ID = tandem.ID(fmt.Sprintf("moved-%d-%d", n, dst.Seq))
		out, err := r.store.Home.Write(r.Context(), dst.ID, store.Author{User: "anna", Via: "eas"}, []store.HomeWrite{w})
		r.must(err)
		if out[0].Status != tandem.Applied {
			r.Fatalf("moving: %s (%v)", out[0].Status, out[0].Err)
		}
		return
	}
	r.Fatalf("%s has no message %d", from, n)
}

// bytesOf is what goes over the line to the server and from it meanwhile.
func (r *remote) bytesOf(do func()) (sent, told int64) {
	s, t := r.proxy.Sent(), r.proxy.Told()
	do()
	return r.proxy.Sent() - s, r.proxy.Told() - t
}

// few is less than any of the messages.
const few = 100 << 10

// TestCarry: what is moved at home is moved at the server, without its body; flags that came meanwhile on either side are kept.
func TestCarry(t *testing.T) {
	const basic = "IMAP4rev1 ENABLE IDLE LITERAL+ NAMESPACE"
	for name, conf := range map[string]mailkit.Config{"usual": {}, "without MOVE": {Capabilities: basic + " UIDPLUS CONDSTORE"}, "without CONDSTORE": {Capabilities: basic + " UIDPLUS MOVE"}, "without UIDPLUS": {Capabilities: basic + " MOVE"}} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, conf, 5)
			r.move(0, "Inbox", "Archive", false)
			r.move(1, "Inbox", "Archive", true)
			r.move(2, "Inbox", "Work", false)
			r.move(2, "Work", "Archive", false) // on at once
			sent, told := r.bytesOf(r.sync)
			switch {
			case name == "without UIDPLUS":
				if sent < 3*large {
					t.Errorf("%d bytes went to a server that does not say what it made", sent)
				}
			case sent > few:
				t.Errorf("%d bytes went to the server", sent)
			case name != "without MOVE" && told > few: // there the old one is kept in history before it is deleted
				t.Errorf("%d bytes came from the server", told)
			}
			r.boxes("Archive:01r2 INBOX:34 Work:")
			r.homeBoxes("Archive:01r2 Inbox:34 Work:")
			sent, told = r.bytesOf(func() { r.quiet(); r.quiet() })
			if sent > few || told > few {
				t.Errorf("nothing happened, and %d bytes went to the server and %d came", sent, told)
			}
			r.move(0, "Archive", "Inbox", false)
			r.move(3, "Inbox", "Work", false)
			r.sync()
			r.boxes("Archive:1r2 INBOX:04 Work:3")
			r.homeBoxes("Archive:1r2 Inbox:04 Work:3")
		})
	}
}

// TestCarryMeanwhile: what another program did to a message meanwhile is lost nowhere, and nothing is doubled.
func TestCarryMeanwhile(t *testing.T) {
	r := newRemote(t, mailkit.Config{}, 5)
	for n := range 4 {
		r.move(n, "Inbox", "Archive", false)
	}
	_, err := r.c.Select("INBOX", nil).Wait()
	r.must(err)
	uid := func(n uint32) goimap.UIDSet { return goimap.UIDSetNum(goimap.UID(n)) }
	r.must(r.c.Store(uid(1), &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: []goimap.Flag{goimap.FlagSeen}}, nil).Close())
	_, err = r.c.Move(uid(2), "Archive").Wait()
	r.must(err)
	_, err = r.c.Move(uid(3), "Work").Wait()
	r.must(err)
	r.must(r.c.Store(uid(4), &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: []goimap.Flag{goimap.FlagDeleted}}, nil).Close())
	r.must(r.c.UIDExpunge(uid(4)).Close())
	sent, _ := r.bytesOf(r.sync)
	// Message 1 went where the phone put it; 2 was put elsewhere by each, and 3 was deleted by one and put elsewhere by the other: both are where the phone put them, too.
	if sent < large || sent > 3*large {
		t.Errorf("%d bytes went to the server", sent)
	}
	r.sync()
	r.boxes("Archive:0r123 INBOX:4 Work:2")
	r.homeBoxes("Archive:0r123 Inbox:4 Work:2")
	r.quiet()
}

// TestCarryCut: the connection breaks at each step of a move, the answers to all of them get lost, and in the end each message is where it was moved to, once.
func TestCarryCut(t *testing.T) {
	for name, fault := range map[string]func(p *mailkit.Proxy){
		"before it reaches the server": func(p *mailkit.Proxy) { p.Cut(true, 10, "UID MOVE") },
		"the answer is lost":           func(p *mailkit.Proxy) { p.Deafen("UID MOVE") },
		"within the answer":            func(p *mailkit.Proxy) { p.Cut(false, 12, "UID MOVE") },
		"after the answer":             func(p *mailkit.Proxy) { p.Cut(false, 120, "UID MOVE") },
		"looking at what it made":      func(p *mailkit.Proxy) { p.Cut(false, 400, "UID MOVE") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRemote(t, mailkit.Config{}, 3)
			r.move(0, "Inbox", "Archive", false)
			r.move(1, "Inbox", "Archive", true)
			fault(r.proxy)
			_ = r.trySync() // the fault may end it
			if !r.proxy.Heal() {
				t.Error("there was no fault")
			}
			for range 3 {
				r.sync()
			}
			r.boxes("Archive:01r INBOX:2 Work:")
			r.homeBoxes("Archive:01r Inbox:2 Work:")
		})
	}
}

// TestCarryCrash: a hub that dies between what the server did and its record of that doubles nothing, and neither does an upload that nobody heard of.
func TestCarryCrash(t *testing.T) {
	t.Run("moved and not recorded", func(t *testing.T) {
		r := newRemote(t, mailkit.Config{}, 2)
		r.move(0, "Inbox", "Archive", false)
		_, err := r.c.Select("INBOX", nil).Wait()
		r.must(err)
		_, err = r.c.Move(goimap.UIDSetNum(1), "Archive").Wait()
		r.must(err)
		sent, _ := r.bytesOf(r.sync)
		if sent > few {
			t.Errorf("%d bytes went to the server", sent)
		}
		r.sync()
		r.boxes("Archive:0 INBOX:1 Work:")
		r.homeBoxes("Archive:0 Inbox:1 Work:")
	})
	t.Run("copied and not recorded", func(t *testing.T) {
		r := newRemote(t, mailkit.Config{}, 2)
		r.move(0, "Inbox", "Archive", false)
		_, err := r.c.Select("INBOX", nil).Wait()
		r.must(err)
		_, err = r.c.Copy(goimap.UIDSetNum(1), "Archive").Wait()
		r.must(err)
		sent, _ := r.bytesOf(r.sync)
		if sent > few {
			t.Errorf("%d bytes went to the server", sent)
		}
		r.sync()
		r.boxes("Archive:0 INBOX:1 Work:")
		r.homeBoxes("Archive:0 Inbox:1 Work:")
	})
}

// TestCarryPutBack: a message that was moved at home, was moved at the server for that, and is put back there by another program before the hub looks again, is where that program put it. It is not taken for the one
// that home has deleted.
func TestCarryPutBack(t *testing.T) {
	carry := func(r *remote) {
		list, err := r.hub.Folders(t.Context(), "work")
		r.must(err)
		for _, f := range list {
			if f.Path == "INBOX" {
				r.must(r.hub.carryItem(t.Context(), f.Item))
			}
		}
	}
	for name, conf := range map[string]mailkit.Config{"usual": {}, "without MOVE": {Capabilities: "IMAP4rev1 ENABLE IDLE LITERAL+ NAMESPACE UIDPLUS CONDSTORE"}} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, conf, 2)
			r.move(0, "Inbox", "Archive", false)
			carry(r)
			_, err := r.c.Select("Archive", nil).Wait()
			r.must(err)
			if name == "without MOVE" {
				_, err = r.c.Copy(goimap.UIDSetNum(1), "INBOX").Wait()
				r.must(err)
				r.must(r.c.Store(goimap.UIDSetNum(1), &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: []goimap.Flag{goimap.FlagDeleted}}, nil).Close())
				r.must(r.c.UIDExpunge(goimap.UIDSetNum(1)).Close())
			} else {
				_, err = r.c.Move(goimap.UIDSetNum(1), "INBOX").Wait()
				r.must(err)
			}
			for range 3 {
				r.sync()
			}
			r.boxes("Archive: INBOX:01 Work:")
			r.homeBoxes("Archive: Inbox:01 Work:")
			r.quiet()
		})
	}
}

// TestCarryRules: a message is not taken out of a folder whose item says that nothing goes there, or that does not run now.
func TestCarryRules(t *testing.T) {
	for name, do := range map[string]func(r *remote, item string) error{
		"one way": func(r *remote, item string) error {
			_, err := r.hub.SetItem(r.Context(), item, map[string]string{"direction": "b-to-a"})
			return err
		},
		"disabled": func(r *remote, item string) error { return r.hub.EnableItem(r.Context(), item, false) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(t, mailkit.Config{}, 2)
			list, err := r.hub.Folders(t.Context(), "work")
			r.must(err)
			for _, f := range list {
				if f.Path == "INBOX" {
					r.must(do(r, f.Item))
				}
			}
			r.move(0, "Inbox", "Archive", false)
			r.sync()
			r.boxes("Archive:0 INBOX:01 Work:")
		})
	}
}

// TestLooksInParts: after the first sync of a large mailbox, home lists all that this run wrote; none of it is kept, and what happened since is found among it.
func TestLooksInParts(t *testing.T) {
	p := newPost(t)
	p.tree("work", ".A", ".B")
	p.deliver("work/.A", lookAtOnce+20, "a")
	p.begin("work", "anna")
	items, err := p.hub.selectItems(t.Context(), nil)
	p.must(err)
	look := func() (gone, came int) {
		for _, it := range items {
			if !strings.HasSuffix(it.Sub, "A") {
				continue
			}
			pair, _, err := p.hub.pairOf(t.Context(), it)
			p.must(err)
			x := &leg{item: it, home: p.coll("anna", "A"), pair: pair}
			if ok, err := p.hub.lookHome(t.Context(), x); err != nil || !ok {
				t.Fatal(ok, err)
			}
			return len(x.gone), len(x.came)
		}
		t.Fatal("no such item")
		return 0, 0
	}
	if gone, came := look(); gone != 0 || came != 0 {
		t.Errorf("the first sync: %d are gone and %d came", gone, came)
	}
	a, b := p.coll("anna", "A"), p.coll("anna", "B")
	p.write(a, "new", mail.Flags{})
	recs := p.records(a)
	for _, rec := range []store.HomeRecord{recs[0], recs[lookAtOnce-1]} {
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: rec.ID}, From: rec.Number, FromSeq: rec.Seq, Take: true}
		w.Digest, w.Title, w.Index = rec.Digest, rec.Title, rec.Index
		out, err := p.store.Home.Write(t.Context(), b.ID, store.Author{User: "anna", Via: "eas"}, []store.HomeWrite{w})
		p.must(err)
		if out[0].Status != tandem.Applied {
			t.Fatal(out[0])
		}
	}
	if gone, came := look(); gone != 2 || came != 1 {
		t.Errorf("%d are gone and %d came, want 2 and 1", gone, came)
	}
}

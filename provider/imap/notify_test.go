package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
	"tandem/test/mailkit"
)

// never is a registry whose replicas look by themselves so seldom that only news have them look.
func never() (*provider.Registry, *accounts) {
	s := &accounts{open: map[string]*account{}, seen: map[string]*glances{}, now: time.Now, poll: 24 * time.Hour}
	return provider.NewRegistry(s.declare(true), s.declare(false)), s
}

// TestNotify: on one connection the server tells of all folders for which there is no connection of their own, also after the line broke.
func TestNotify(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	c := raw(t, s.IMAP, "anna")
	proxy := mailkit.NewProxy(t, s.IMAP)
	reg, all := never()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var hints []<-chan tandem.Hint
	name := func(n int) string { return fmt.Sprintf("Box%d", n) }
	for n := range maxListens + 3 { // before anybody looks, for all share what is seen
		mailkit.MakeFolder(t, c, name(n))
		put(t, c, name(n), letterOf(n, 1, 0))
	}
	for n := range maxListens + 3 {
		o, err := tryOpen(ctx, reg, "imap://anna@"+proxy.Addr+"/"+name(n))
		must(t, err)
		defer o.Close()
		ch, err := o.Watch(ctx)
		must(t, err)
		hints = append(hints, ch)
	}
	hear := func(n int, what string) {
		t.Helper()
		if _, ok := <-hints[n]; !ok {
			t.Fatalf("%s: no hint of %s", name(n), what)
		}
	}
	for n := maxListens; n < len(hints); n++ {
		hear(n, "how it is")
	}
	last := len(hints) - 1
	put(t, c, name(last), letterOf(100, 1, 0))
	hear(last, "a new message")
	_, err := c.Select(name(last-1), nil).Wait()
	must(t, err)
	flag(t, c, 1, imap.StoreFlagsAdd, imap.FlagSeen)
	hear(last-1, "a flag")
	flag(t, c, 1, imap.StoreFlagsAdd, imap.FlagDeleted)
	hear(last-1, "a mark")
	must(t, c.Expunge().Close())
	must(t, c.Unselect().Wait())
	hear(last-1, "a message that is gone")
	if n := len(hints[last-2]); n != 0 {
		t.Errorf("%d hints of a folder in which nothing happened", n)
	}
	proxy.CutAll()
	put(t, c, name(last), letterOf(101, 1, 0))
	hear(last, "what came while the line was broken")
	put(t, c, name(last), letterOf(102, 1, 0))
	hear(last, "what came afterwards")
	cancel()
	for _, ch := range hints {
		for range ch {
		}
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, a := range all.open {
		a.mu.Lock()
		if a.crier != nil {
			t.Error("somebody still waits for news")
		}
		a.mu.Unlock()
	}
}

// TestInboxHeard: a server that tells of one folder on each connection tells of the inbox, however many others are waited for already.
func TestInboxHeard(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{Capabilities: "IMAP4rev1 ENABLE IDLE LITERAL+ NAMESPACE CONDSTORE UIDPLUS"})
	c := raw(t, s.IMAP, "anna")
	reg, accs := never()
	ctx, cancel := context.WithCancel(t.Context())
	watch := func(mailbox string) <-chan tandem.Hint {
		t.Helper()
		o, err := tryOpen(ctx, reg, "imap://anna@"+s.IMAP+"/"+mailbox)
		must(t, err)
		t.Cleanup(func() { o.Close() })
		hints, err := o.Watch(ctx)
		must(t, err)
		return hints
	}
	var all []<-chan tandem.Hint
	for n := range maxListens + 2 {
		mailkit.MakeFolder(t, c, fmt.Sprintf("Box%d", n))
		all = append(all, watch(fmt.Sprintf("Box%d", n)))
	}
	all = append(all, watch("INBOX"))
	listening := heard(accs)
	if !slices.Contains(listening, "INBOX") || len(listening) != maxListens {
		t.Errorf("the server tells of %q", listening)
	}
	cancel()
	for _, ch := range all {
		for range ch {
		}
	}
}

// heard are the mailboxes in which a connection waits for news.
func heard(s *accounts) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.open {
		a.mu.Lock()
		for _, name := range a.ears {
			out = append(out, name)
		}
		a.mu.Unlock()
	}
	return out
}

// TestNotifyWithout: a server that cannot tell of all folders, or does not want to, is asked once, and looked at from time to time.
func TestNotifyWithout(t *testing.T) {
	const caps = "IMAP4rev1 CONDSTORE UIDPLUS LIST-EXTENDED LIST-STATUS"
	for name, c := range map[string]struct{ caps, answer string }{"refuses the password": {caps + " NOTIFY", "!"}, "cannot": {caps, ""}, "will not": {caps + " NOTIFY", "% NO not here\r\n"}, "does not know": {caps + " NOTIFY", "% BAD what?\r\n"}} {
		in := "% NO [AUTHENTICATIONFAILED] no\r\n"
		if c.answer != "!" {
			in = "% OK [CAPABILITY " + c.caps + "] in\r\n"
		}
		addr := script(t, map[string]string{"LOGIN": in, "CAPABILITY": "* CAPABILITY " + c.caps + "\r\n% OK done\r\n", "NOTIFY": c.answer})
		_, s := never()
		place, err := provider.NewRegistry(s.declare(false)).ParsePlace("imap://anna@" + addr + "/")
		must(t, err)
		p, err := parse(false, place, env())
		must(t, err)
		a, err := s.use(p)
		must(t, err)
		if (&crier{a: a}).hear(t.Context()) {
			t.Errorf("%s: it is asked again", name)
		}
		news, end := a.hark()
		_, end2 := a.hark()
		end()
		end2()
		if len(news) != 0 || a.crier != nil {
			t.Errorf("%s: %d news", name, len(news))
		}
		a.release()
	}
}

// TestNotifyFolders: what somebody else does to the folders is hinted at, and what happens in them is not.
func TestNotifyFolders(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	c := raw(t, s.IMAP, "anna")
	proxy := mailkit.NewProxy(t, s.IMAP)
	reg, _ := never()
	place, err := reg.ParsePlace("imap://anna@" + proxy.Addr + "/")
	must(t, err)
	p, err := reg.Provider("imap")
	must(t, err)
	fs, err := p.Folders(t.Context(), place, env())
	must(t, err)
	defer fs.(*folders).Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hints, err := fs.(provider.FolderWatcher).WatchFolders(ctx)
	must(t, err)
	// seen lists the folders after each hint, until there is one that is wanted.
	seen := func(what string, is func(names []string) bool) {
		t.Helper()
		for range hints {
			if is(inShort(listed(t, reg, "imap://anna@"+proxy.Addr+"/"))) {
				return
			}
		}
		t.Fatalf("no hint of %s", what)
	}
	has := func(name string) func([]string) bool {
		return func(names []string) bool {
			return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, name) })
		}
	}
	<-hints // how it is
	mailkit.MakeFolder(t, c, "Größe")
	seen("a new folder", has("Größe"))
	put(t, c, "Größe", letterOf(1, 1, 0))
	must(t, c.Rename("Größe", "Länge", nil).Wait())
	seen("a new name", has("Länge"))
	proxy.CutAll()
	must(t, c.Delete("Länge").Wait())
	seen("a folder that is gone", func(names []string) bool { return !has("Länge")(names) })
	cancel()
	for range hints {
	}
}

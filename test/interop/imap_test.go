package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem/internal/need"
	"tandem/test/hubkit"
	"tandem/test/mailkit"
)

// account is a user of a mail server, seen by another mail program.
type account struct {
	*testing.T
	*imapclient.Client
	s *mailkit.Server
}

func newAccount(t *testing.T, s *mailkit.Server) *account {
	t.Helper()
	c, err := imapclient.DialInsecure(s.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	a := &account{t, c, s}
	a.must(c.Login("anna", mailkit.Password).Wait())
	return a
}

func (a *account) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *account) put(mailbox, body string, flags ...imap.Flag) {
	a.Helper()
	cmd := a.Append(mailbox, int64(len(body)), &imap.AppendOptions{Flags: flags})
	_, err := cmd.Write([]byte(body))
	a.must(err)
	a.must(cmd.Close())
	_, err = cmd.Wait()
	a.must(err)
}

// all is what is in a mailbox: subjects and flags, sorted.
func (a *account) all(mailbox string) []string {
	a.Helper()
	_, err := a.Select(mailbox, nil).Wait()
	a.must(err)
	var out []string
	msgs, err := a.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{Flags: true, Envelope: true}).Collect()
	a.must(err)
	for _, m := range msgs {
		if slices.Contains(m.Flags, imap.FlagDeleted) {
			continue
		}
		line := m.Envelope.Subject
		if slices.Contains(m.Flags, imap.FlagSeen) {
			line += " read"
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

// bodies are the messages in the open mailbox.
func (a *account) bodies() (out []string) {
	a.Helper()
	section := &imap.FetchItemBodySection{Peek: true}
	msgs, err := a.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{Flags: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	a.must(err)
	for _, m := range msgs {
		if !slices.Contains(m.Flags, imap.FlagDeleted) {
			out = append(out, string(m.FindBodySection(section)))
		}
	}
	return out
}

func message(subject string) string {
	return fmt.Sprintf("From: anna@example.org\r\nSubject: %s\r\nMessage-ID: <%s@example.org>\r\n\r\n%s\r\n", subject, strings.ReplaceAll(subject, " ", "-"), strings.Repeat("Some text.\r\n", 600))
}

// inMaildir is what is in a Maildir, as all tells it.
func inMaildir(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for _, sub := range []string{"cur", "new"} {
		files, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(dir, sub, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(data), "Subject: ")
			line, _, _ := strings.Cut(strings.ReplaceAll(rest, "\r", ""), "\n")
			if _, info, ok := strings.Cut(f.Name(), ":2,"); ok && strings.Contains(info, "S") {
				line += " read"
			}
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}

func writeMaildir(t *testing.T, dir, name, body string) {
	t.Helper()
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "cur", name), []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

// find is the file of a message.
func find(t *testing.T, dir, subject string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil && strings.Contains(string(data), "Subject: "+subject+"\r") || err == nil && strings.Contains(string(data), "Subject: "+subject+"\n") {
			return f
		}
	}
	t.Fatalf("no %q in %s", subject, dir)
	return ""
}

// syncMail runs the program on a Maildir and a mailbox. What it says is for the log; how it ends hangs on the fault.
func syncMail(t *testing.T, data, dir, place string, options ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), hubkit.Program(t), "sync", "--data", data, "maildir:"+dir, place+"?password-from=env:MAIL_PASSWORD"+strings.Join(options, ""))
	cmd.Env = append(os.Environ(), "MAIL_PASSWORD="+mailkit.Password)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// However the line breaks while messages are added, flagged and removed on both sides: afterwards both hold the same, nothing twice and nothing less.
func TestMailFaults(t *testing.T) {
	t.Parallel()
	s := mailkit.Dovecot(t, mailkit.Config{})
	a := newAccount(t, s)
	proxy := mailkit.NewProxy(t, s.IMAP)
	faults := map[string]func(){"none": func() {}}
	for _, cmd := range []string{" APPEND ", " UID STORE ", " UID EXPUNGE "} {
		name := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(cmd), " ", "-"))
		faults["deaf-"+name] = func() { proxy.Deafen(cmd) }
		for _, n := range []int64{0, 20, 60, 200, 5000, 7300} {
			faults[fmt.Sprintf("cut-%s-%d", name, n)] = func() { proxy.Cut(true, n, cmd) }
			if n < 100 {
				faults[fmt.Sprintf("answer-%s-%d", name, n)] = func() { proxy.Cut(false, n, cmd) }
			}
		}
	}
	for _, n := range []int64{10, 300, 1000, 9000, 20000} {
		faults[fmt.Sprintf("cut-fetch-%d", n)] = func() { proxy.Cut(false, n, "BODY.PEEK[]") }
	}
	testMailFaults(t, a, proxy, "", faults)
}

// The same over connections that are compressed, where what is said cannot be seen from outside: they break after so many bytes.
func TestMailFaultsCompressed(t *testing.T) {
	t.Parallel()
	s := mailkit.Dovecot(t, mailkit.Config{Lines: "protocol imap {\n  mail_plugins = imap_zlib\n}\n"})
	a := newAccount(t, s)
	proxy := mailkit.NewProxy(t, s.IMAP)
	faults := map[string]func(){}
	for n := int64(0); n < 900; n += 10 + n/3 {
		faults[fmt.Sprintf("cut-%d", n)] = func() { proxy.Cut(true, n, "COMPRESS DEFLATE\r") }
		faults[fmt.Sprintf("answer-%d", n)] = func() { proxy.Cut(false, n, "COMPRESS DEFLATE\r") }
	}
	testMailFaults(t, a, proxy, "&compress=yes", faults)
}

func testMailFaults(t *testing.T, a *account, proxy *mailkit.Proxy, options string, faults map[string]func()) {
	blown := 0
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			a.T = t
			dir, data := filepath.Join(t.TempDir(), "Mail"), t.TempDir()
			mailkit.MakeFolder(a.T, a.Client, name)
			place := "imap://anna@" + proxy.Addr + "/" + name
			for n := range 4 {
				writeMaildir(t, dir, fmt.Sprintf("1700000000.%d.host:2,", n), message(fmt.Sprintf("here %d", n)))
				a.put(name, message(fmt.Sprintf("there %d", n)))
			}
			if out, err := syncMail(t, data, dir, place, options); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for n := 4; n < 8; n++ {
				writeMaildir(t, dir, fmt.Sprintf("1700000000.%d.host:2,", n), message(fmt.Sprintf("here %d", n)))
				a.put(name, message(fmt.Sprintf("there %d", n)), imap.FlagSeen)
			}
			file := find(t, dir, "there 0")
			if err := os.Rename(file, strings.SplitN(strings.Replace(file, "/new/", "/cur/", 1), ":2,", 2)[0]+":2,S"); err != nil {
				t.Fatal(err)
			}
			for _, x := range []string{"there 1", "here 1"} {
				if err := os.Remove(find(t, dir, x)); err != nil {
					t.Fatal(err)
				}
			}
			fault()
			out, err := syncMail(t, data, dir, place, options)
			if proxy.Heal() {
				blown++
			}
			t.Logf("with the fault: %v\n%s", err, out)
			for range 2 {
				if out, err = syncMail(t, data, dir, place, options); err != nil {
					t.Logf("after it: %v\n%s", err, out)
				}
			}
			if err != nil {
				t.Error(err)
			}
			want := []string{"here 0", "here 2", "here 3", "here 4", "here 5", "here 6", "here 7", "there 0 read", "there 2", "there 3", "there 4 read", "there 5 read", "there 6 read", "there 7 read"}
			if got := inMaildir(t, dir); !slices.Equal(got, want) {
				t.Errorf("the folder holds %q", got)
			}
			if got := a.all(name); !slices.Equal(got, want) {
				t.Errorf("the mailbox holds %q", got)
			}
		})
	}
	if blown < len(faults)*2/3 {
		t.Errorf("%d of %d faults came about", blown, len(faults))
	}
}

// A flag that was set at the server, or here, goes to the other side without the message: what travels does not hang on its size.
func TestMailFlagsAlone(t *testing.T) {
	t.Parallel()
	s := mailkit.Dovecot(t, mailkit.Config{})
	a := newAccount(t, s)
	proxy := mailkit.NewProxy(t, s.IMAP)
	dir, data, place := filepath.Join(t.TempDir(), "Mail"), t.TempDir(), "imap://anna@"+proxy.Addr+"/INBOX"
	writeMaildir(t, dir, "1700000000.0.host:2,", message("here")+strings.Repeat("It is long.\r\n", 100000))
	a.put("INBOX", message("there")+strings.Repeat("It is long.\r\n", 100000))
	run := func() {
		t.Helper()
		if out, err := syncMail(t, data, dir, place); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	run()
	run()
	before := proxy.Sent() + proxy.Told()
	_, err := a.Select("INBOX", nil).Wait()
	a.must(err)
	a.must(a.Store(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close())
	a.must(a.Unselect().Wait())
	run()
	if got := inMaildir(t, dir); !slices.Equal(got, []string{"here read", "there read"}) {
		t.Errorf("the folder holds %q", got)
	}
	for _, subject := range []string{"here", "there"} {
		file := find(t, dir, subject)
		a.must(os.Rename(file, strings.TrimSuffix(file, "S")))
	}
	run()
	if got := a.all("INBOX"); !slices.Equal(got, []string{"here", "there"}) {
		t.Errorf("the mailbox holds %q", got)
	}
	if n := proxy.Sent() + proxy.Told() - before; n > 100<<10 {
		t.Errorf("%d bytes went over the line for flags", n)
	}
}

// A server that lost its indexes counts its messages anew. They are paired again by what they hold: none is lost, none comes twice, and what was done on either side meanwhile is kept.
func TestMailCountedAnew(t *testing.T) {
	t.Parallel()
	s := mailkit.Dovecot(t, mailkit.Config{})
	a := newAccount(t, s)
	dir, data := filepath.Join(t.TempDir(), "Mail"), t.TempDir()
	place := "imap://anna@" + s.IMAP + "/INBOX"
	writeMaildir(t, dir, "1700000000.0.host:2,", message("here"))
	for n := range 20 {
		a.put("INBOX", message(fmt.Sprintf("there %02d", n)))
	}
	if out, err := syncMail(t, data, dir, place); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a.put("INBOX", message("new there"))
	writeMaildir(t, dir, "1700000000.2.host:2,", message("new here"))
	was, err := a.Select("INBOX", nil).Wait()
	a.must(err)
	a.Close()
	s.Stop()
	left, err := filepath.Glob(filepath.Join(s.Home("anna"), "mail", "dovecot*"))
	a.must(err)
	for _, name := range left {
		a.must(os.RemoveAll(name))
	}
	s.Start()
	a = newAccount(t, s)
	now, err := a.Select("INBOX", nil).Wait()
	a.must(err)
	if now.UIDValidity == was.UIDValidity {
		t.Skip("the server still counts as before")
	}
	for range 2 {
		if out, err := syncMail(t, data, dir, place); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	want := []string{"here", "new here", "new there"}
	for n := range 20 {
		want = append(want, fmt.Sprintf("there %02d", n))
	}
	if got := inMaildir(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder holds %q", got)
	}
	if got := a.all("INBOX"); !slices.Equal(got, want) {
		t.Errorf("the mailbox holds %q", got)
	}
}

// mbsync and Tandem on one account: what either does the other sees once.
func TestMbsync(t *testing.T) {
	t.Parallel()
	mbsync := need.Program(t, "mbsync", "isync")
	s := mailkit.Dovecot(t, mailkit.Config{})
	a := newAccount(t, s)
	base, data := t.TempDir(), t.TempDir()
	host, port, _ := strings.Cut(s.IMAP, ":")
	theirs, ours := filepath.Join(base, "theirs"), filepath.Join(base, "ours")
	conf := filepath.Join(base, "mbsyncrc")
	text := fmt.Sprintf("IMAPAccount a\nHost %s\nPort %s\nUser anna\nPass \"%s\"\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath %s/\nInbox %s\n\n"+
		"Channel c\nFar :far:INBOX\nNear :near:\nCreate Both\nExpunge Both\nSyncState *\n", host, port, mailkit.Password, base, theirs)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func() {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), mbsync, "-c", conf, "c").CombinedOutput(); err != nil {
			t.Fatalf("mbsync: %v\n%s", err, out)
		}
		if out, err := syncMail(t, data, ours, "imap://anna@"+s.IMAP+"/INBOX"); err != nil {
			t.Fatalf("tandem: %v\n%s", err, out)
		}
		if out, err := exec.CommandContext(t.Context(), mbsync, "-c", conf, "c").CombinedOutput(); err != nil {
			t.Fatalf("mbsync: %v\n%s", err, out)
		}
	}
	alike := func(want ...string) {
		t.Helper()
		for name, got := range map[string][]string{"the server": a.all("INBOX"), "mbsync": inMaildir(t, theirs), "tandem": inMaildir(t, ours)} {
			if !slices.Equal(got, want) {
				t.Errorf("%s has %q, want %q", name, got, want)
			}
		}
	}
	a.put("INBOX", message("one"))
	a.put("INBOX", message("two"), imap.FlagSeen)
	writeMaildir(t, ours, "1700000000.1.host:2,", message("three"))
	run()
	alike("one", "three", "two read")
	writeMaildir(t, theirs, "1700000000.2.host:2,S", message("four"))
	if err := os.Remove(find(t, ours, "one")); err != nil {
		t.Fatal(err)
	}
	run()
	alike("four read", "three", "two read")
	run()
	alike("four read", "three", "two read")
}

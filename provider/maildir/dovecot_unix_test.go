//go:build unix

package maildir

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem"
	"tandem/internal/need"
	"tandem/kind/mail"
)

// nobody is who Dovecot runs as where the test is root, since it does not serve mail as root.
const nobody = 65534

// imap is a session with Dovecot on a Maildir: its imap process, without a server.
type imap struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
	tag int
}

// openTo makes a folder that Dovecot may use, too.
func openTo(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("", "maildir-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	dir := filepath.Join(home, "Maildir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		for _, d := range []string{home, dir} {
			if err := os.Chown(d, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func dovecot(t *testing.T, dir string) *imap {
	t.Helper()
	need.Program(t, "dovecot", "dovecot-imapd")
	program := "/usr/lib/dovecot/imap"
	if _, err := os.Stat(program); err != nil {
		if program = "/usr/libexec/dovecot/imap"; !isFile(program) {
			need.Missing(t, "Dovecot's program imap, from the Debian package dovecot-imapd")
		}
	}
	home := filepath.Dir(dir)
	conf := filepath.Join(home, "dovecot.conf")
	text := fmt.Sprintf("mail_location = maildir:%s\nbase_dir = %s/run\nstate_dir = %s/run\nfirst_valid_uid = 0\nfirst_valid_gid = 0\nssl = no\nmail_fsync = never\nnamespace inbox {\n  inbox = yes\n}\n", dir, home, home)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "-c", conf)
	cmd.Env, cmd.Dir, cmd.Stderr = append(os.Environ(), "USER=nobody", "HOME="+home), home, &log
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("skipped: Dovecot's imap does not start here: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // how it ended is in the log
		if text := log.String(); strings.Contains(text, "Error:") || strings.Contains(text, "Panic:") || strings.Contains(text, "Warning:") {
			t.Errorf("Dovecot says: %s", text)
		}
	})
	c := &imap{t: t, in: in, out: bufio.NewReader(out)}
	if line, err := c.out.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* PREAUTH") {
		in.Close()
		_ = cmd.Wait()
		t.Skipf("skipped: Dovecot's imap does not work here: %s%s", line, log.String())
	}
	return c
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// do sends a command and returns what came before its end, which must be OK.
func (c *imap) do(format string, args ...any) string {
	c.t.Helper()
	c.tag++
	tag := fmt.Sprintf("t%d", c.tag)
	if _, err := fmt.Fprintf(c.in, tag+" "+format+"\r\n", args...); err != nil {
		c.t.Fatal(err)
	}
	var all strings.Builder
	for {
		line, err := c.out.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%v after %q", err, all.String())
		}
		if end, ok := strings.CutPrefix(line, tag+" "); ok {
			if !strings.HasPrefix(end, "OK") {
				c.t.Fatalf(format+": "+end, args...)
			}
			return all.String()
		}
		all.WriteString(line)
	}
}

func (c *imap) shows(format string, want ...string) {
	c.t.Helper()
	got := c.do("%s", format)
	for _, w := range want {
		if !strings.Contains(got, w) {
			c.t.Errorf("%s: %q lacks %q", format, got, w)
		}
	}
}

func TestDovecot(t *testing.T) {
	b := &box{T: t, dir: openTo(t)}
	b.open()
	c := dovecot(t, b.dir)
	at := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
	o := b.must(create("Subject: one\nFrom: a@example.org\n\nGrüße\n", mail.Flags{Seen: true, Answered: true, Keywords: []string{"Work"}, Received: at.Unix()}))
	fresh := b.must(create("Subject: two\r\n\r\nx\r\n", mail.Flags{Received: at.Unix() + 1}))
	c.do("SELECT INBOX")
	c.shows("UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])", `\Answered \Seen`, "Work", "29-Feb-2024", "Subject: one", "Subject: two", "RFC822.SIZE 19", "RFC822.SIZE 46")

	// Dovecot moved the new message to cur, which is no change, and changes flags and keywords.
	if got := b.list()[fresh.ID]; got.Version != fresh.Version {
		t.Errorf("looked at by Dovecot it has version %q, had %q", got.Version, fresh.Version)
	}
	uid := 2
	if strings.Contains(c.do("UID SEARCH SUBJECT two"), "SEARCH 1") {
		uid = 1
	}
	c.do(`UID STORE %d FLAGS (\Flagged $Forwarded Neu)`, uid)
	f := b.flags(fresh.ID)
	if f.Seen || !f.Flagged || !slices.Equal(f.Keywords, []string{"$Forwarded", "Neu"}) {
		t.Errorf("flags that Dovecot set: %+v", f)
	}
	// Ours reach it, with keywords of both.
	got := b.list()[fresh.ID]
	b.must(setAttrs(tandem.Outcome{ID: fresh.ID, Meta: got.Meta}, mail.Flags{Seen: true, Forwarded: true, Keywords: []string{"Neu", "Third"}}))
	c.shows("NOOP")
	c.shows(fmt.Sprintf("UID FETCH %d (FLAGS)", uid), `\Seen`, "Neu", "Third")

	// A message that is replaced is another one to Dovecot.
	got = b.list()[o.ID]
	next := b.must(tandem.Write{Op: tandem.Update, ID: o.ID, If: got.Version, Record: create("Subject: ONE\nFrom: a@example.org\n\nGRÜßE\n", mail.Flags{Draft: true}).Record})
	c.do("NOOP")
	c.shows("UID FETCH 3 (FLAGS BODY.PEEK[TEXT])", `\Draft`, "GR")
	b.must(tandem.Write{Op: tandem.Delete, ID: next.ID, If: next.Version})
	c.do("NOOP")
	if left := c.do("UID SEARCH ALL"); strings.Contains(left, " 3") {
		t.Errorf("deleted, and still there: %q", left)
	}
	// What Dovecot stores is listed; what it expunges is gone.
	c.do("UID COPY %d INBOX", uid)
	if got := b.list(); len(got) != 2 {
		t.Errorf("%d messages after a copy", len(got))
	}
	c.do(`STORE 1:* +FLAGS (\Deleted)`)
	if got := b.list(); len(got) != 2 {
		t.Errorf("%d messages while they wait to be expunged", len(got))
	}
	c.do("EXPUNGE")
	if got := b.list(); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
}

// TestDovecotAtOnce has Dovecot and the replica change flags of the same messages at the same time. In the end both show the same.
func TestDovecotAtOnce(t *testing.T) {
	b := &box{T: t, dir: openTo(t)}
	b.open()
	var writes []tandem.Write
	const n = 60
	for i := range n {
		writes = append(writes, create(fmt.Sprintf("Subject: %d\n\nx\n", i), mail.Flags{Received: 1_700_000_000 + int64(i)}))
	}
	out, err := b.Apply(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	c := dovecot(t, b.dir)
	c.do("SELECT INBOX")
	var all sync.WaitGroup
	all.Go(func() {
		for round := range 12 {
			sign := []string{"+", "-"}[round%2]
			c.do(`STORE %d:%d %sFLAGS (\Flagged Word%d)`, 1+round, n-round, sign, round/2%3)
			c.do("NOOP")
		}
		c.do(`STORE 1:* +FLAGS (\Flagged)`)
	})
	applied := 0
	for round := range 12 {
		listed := b.list()
		if len(listed) != n {
			t.Errorf("%d of %d messages are listed", len(listed), n)
		}
		var writes []tandem.Write
		for _, o := range out {
			f := mail.FlagsOf(listed[o.ID].Attrs)
			f.Seen = round%2 == 0
			writes = append(writes, tandem.Write{Op: tandem.SetAttrs, ID: o.ID, If: listed[o.ID].Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: f.Attrs()}}})
		}
		outs, err := b.Apply(t.Context(), writes)
		if err != nil {
			t.Error(err)
		}
		for _, o := range outs {
			switch o.Status {
			case tandem.Applied:
				applied++
			case tandem.PreconditionFailed:
			default:
				t.Errorf("%s (%v)", o.Status, o.Err)
			}
		}
	}
	all.Wait()
	if applied == 0 {
		t.Error("no change of ours came through")
	}
	listed := b.list()
	seen := 0
	for _, o := range out {
		f := mail.FlagsOf(listed[o.ID].Attrs)
		if !f.Flagged {
			t.Errorf("%q is not flagged", o.ID)
		}
		if f.Seen {
			seen++
		}
	}
	c.do("NOOP")
	if got := strings.Fields(strings.TrimPrefix(c.do("SEARCH SEEN"), "* SEARCH")); len(got) != seen {
		t.Errorf("Dovecot shows %d messages as read, the files %d", len(got), seen)
	}
}

func TestDovecotFolders(t *testing.T) {
	dir := openTo(t)
	if err := makeMaildir(dir, dir); err != nil {
		t.Fatal(err)
	}
	tree := &Tree{root: dir}
	made, err := tree.Create(t.Context(), "Entwürfe/Größe", "")
	if err != nil {
		t.Fatal(err)
	}
	c := dovecot(t, dir)
	c.shows(`LIST "" *`, "Entw&APw-rfe.Gr&APYA3w-e")
	c.do(`RENAME "Entw&APw-rfe.Gr&APYA3w-e" Archive.Old`)
	c.do("CREATE Sent")
	if got := folders(t, dir); !slices.Equal(got, []string{"INBOX (inbox)", "Archive/Old", "Sent (sent)"}) {
		t.Errorf("folders %q", got)
	}
	if f := mustFind(t, dir, "Archive/Old"); f.Stable != made.Stable {
		t.Errorf("renamed by Dovecot, it is %q, was %q", f.Stable, made.Stable)
	}
	if err := tree.Delete(t.Context(), mustFind(t, dir, "Archive/Old")); err != nil {
		t.Fatal(err)
	}
	if got := dovecot(t, dir).do(`LIST "" *`); strings.Contains(got, "Old") || !strings.Contains(got, "Sent") {
		t.Errorf("Dovecot lists %q", got)
	}
}

// TestMbsync lets mbsync keep the folder in step with another Maildir. It writes numbers into names, which changes no id.
func TestMbsync(t *testing.T) {
	mbsync := need.Program(t, "mbsync", "isync")
	b := newBox(t)
	home := t.TempDir()
	far := filepath.Join(home, "far")
	conf := filepath.Join(home, "mbsyncrc")
	text := fmt.Sprintf("FSync no\nMaildirStore far\nInbox %s\nPath %s/more/\n\nMaildirStore near\nInbox %s\nPath %s/near/\n\nChannel x\nFar :far:\nNear :near:\nCreate Both\nExpunge Both\nSyncState *\n", far, home, b.dir, home)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"more", "near"} {
		if err := os.Mkdir(filepath.Join(home, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := func() {
		t.Helper()
		cmd := exec.Command(mbsync, "-c", conf, "-q", "x")
		cmd.Env = append(os.Environ(), "HOME="+home)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("mbsync: %v\n%s", err, out)
		}
	}
	o := b.must(create("Subject: one\n\nx\n", mail.Flags{Flagged: true, Received: 1_700_000_000}))
	run()
	if got := b.list()[o.ID]; got.Version != o.Version {
		t.Errorf("numbered by mbsync as %q, it has version %q, had %q", b.files("cur"), got.Version, o.Version)
	}
	f, err := Open(t.Context(), far)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fb := &box{T: t, dir: far, Opened: f}
	there := fb.list()
	if len(there) != 1 {
		t.Fatalf("there are %v", there)
	}
	for id, c := range there {
		fb.must(setAttrs(tandem.Outcome{ID: id, Meta: c.Meta}, mail.Flags{Seen: true, Flagged: true, Received: 1_700_000_000}))
	}
	run()
	if f := b.flags(o.ID); !f.Seen || !f.Flagged {
		t.Errorf("flags that mbsync brought: %+v", f)
	}
	got := b.list()[o.ID]
	b.must(tandem.Write{Op: tandem.Delete, ID: o.ID, If: got.Version})
	run()
	if there := fb.list(); len(there) != 0 {
		t.Errorf("deleted, and still there: %v", there)
	}
}

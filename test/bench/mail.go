package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem/test/mailkit"
)

// bystander lets a server that is made for tests run for a measurement.
type bystander struct {
	testing.TB // nil: what is not below is not called
	ends       []func()
}

type stopped struct{ why string }

func (*bystander) Helper()                   {}
func (*bystander) Context() context.Context  { return context.Background() }
func (b *bystander) Cleanup(f func())        { b.ends = append(b.ends, f) }
func (*bystander) Fatal(args ...any)         { panic(stopped{fmt.Sprint(args...)}) }
func (*bystander) Fatalf(f string, a ...any) { panic(stopped{fmt.Sprintf(f, a...)}) }
func (*bystander) Skipf(f string, a ...any)  { panic(stopped{fmt.Sprintf(f, a...)}) }

func (b *bystander) end() {
	for i := len(b.ends) - 1; i >= 0; i-- {
		b.ends[i]()
	}
}

// mail: a mailbox of 5,000 messages of about 8 KiB at a real server, to a Maildir, against mbsync; and to the hub, with mbsync's figures for the Maildir beside it.
func mail(c config) (rows []row, err error) {
	host := &bystander{}
	defer host.end()
	defer func() {
		if s, ok := recover().(stopped); ok {
			err = fmt.Errorf("%s", s.why)
		}
	}()
	if !(tool{args: []string{"mbsync"}}).available() || !(tool{args: []string{"dovecot"}}).available() {
		fmt.Fprintln(os.Stderr, "left out: mbsync or dovecot is not installed")
		return nil, nil
	}
	var b book
	for round := range min(c.rounds, 3) {
		for _, name := range []string{"tandem", "mbsync"} {
			if round%2 == 1 {
				name = map[string]string{"tandem": "mbsync", "mbsync": "tandem"}[name]
			}
			s := mailkit.Dovecot(host, mailkit.Config{})
			if err := fillMailbox(s.IMAP, int(5000*c.scale)); err != nil {
				return nil, err
			}
			if err := mailRound(c, &b, s, name, filepath.Join(c.dir, fmt.Sprintf("mail-%s-%d", name, round))); err != nil {
				return nil, err
			}
			if name == "tandem" {
				if err := unflag(s.IMAP); err != nil {
					return nil, err
				}
				if err := mailHub(c, &b, s, filepath.Join(c.dir, fmt.Sprintf("mail-hub-%d", round))); err != nil {
					return nil, err
				}
			}
			s.Stop()
		}
	}
	return b.rows(), nil
}

func mailRound(c config, b *book, s *mailkit.Server, name, base string) error {
	if err := os.MkdirAll(base, 0o755); err != nil {
		return err
	}
	dir := filepath.Join(base, "Mail")
	at, port, _ := strings.Cut(s.IMAP, ":")
	conf := filepath.Join(base, "mbsyncrc")
	text := fmt.Sprintf("IMAPAccount a\nHost %s\nPort %s\nUser anna\nPass \"%s\"\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath %s/\nInbox %s\n\n"+
		"Channel c\nFar :far:INBOX\nNear :near:\nCreate Near\nExpunge Both\nSyncState *\n", at, port, mailkit.Password, base, dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	t := tool{name: name, args: []string{"mbsync", "-q", "-c", conf, "c"}}
	if name == "tandem" {
		for _, sub := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
				return err
			}
		}
		t.args = []string{c.tandem, "sync", "--data", filepath.Join(base, "data"), "imap://anna@" + s.IMAP + "/INBOX?password-from=env:BENCH_PASSWORD", "maildir:" + dir}
		t.env = []string{"BENCH_PASSWORD=" + mailkit.Password}
	}
	for _, step := range []struct {
		name   string
		before func() error
	}{{"first sync", nil}, {"no change", nil}, {"1 % flagged", func() error { return flagSome(s.IMAP) }}, {"1 % answered here", func() error { return answerSome(dir) }}} {
		if step.before != nil {
			if err := step.before(); err != nil {
				return err
			}
		}
		f, err := t.once()
		if err != nil {
			return err
		}
		b.add("mail: "+step.name+" of 5000 messages", name, f)
		if name == "mbsync" {
			b.add("mail: "+step.name+" of 5000 messages, in the hub", name, f) // it has no other store
		}
	}
	flagged, err := filepath.Glob(filepath.Join(dir, "*", "*:2,F*"))
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*:2,*"))
	if want := int(5000 * c.scale); err == nil && (len(files) != want || len(flagged) != (want+99)/100) {
		err = fmt.Errorf("%s has %d messages, %d of them flagged", name, len(files), len(flagged))
	}
	if err == nil {
		err = answered(s.IMAP, len(flagged))
	}
	return err
}

// answerSome marks as answered what is flagged in a Maildir.
func answerSome(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "cur", "*:2,FS"))
	for _, f := range files {
		if err := os.Rename(f, strings.TrimSuffix(f, "FS")+"FRS"); err != nil {
			return err
		}
	}
	return err
}

// answered checks that so many messages at the server are.
func answered(addr string, want int) error {
	cl, err := mailClient(addr)
	if err != nil {
		return err
	}
	defer cl.Close()
	if _, err := cl.Select("INBOX", nil).Wait(); err != nil {
		return err
	}
	found, err := cl.Search(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagAnswered}}, nil).Wait()
	if err == nil && len(found.AllSeqNums()) != want {
		err = fmt.Errorf("%d messages are answered at the server, want %d", len(found.AllSeqNums()), want)
	}
	return err
}

// mailHub is the way from the server to the hub and back: the mailbox is paired with a mail folder of the hub, and with it a second mailbox, which gets all of it.
func mailHub(c config, b *book, s *mailkit.Server, base string) error {
	if err := os.MkdirAll(base, 0o755); err != nil {
		return err
	}
	password := filepath.Join(base, "password")
	if err := os.WriteFile(password, []byte(mailkit.Password), 0o600); err != nil {
		return err
	}
	run := func(scenario string, args ...string) error {
		t := tool{name: "tandem", args: append([]string{c.tandem}, append(args, "--data", filepath.Join(base, "data"))...), env: []string{"BENCH_PASSWORD=" + mailkit.Password}}
		f, err := t.once()
		if err == nil && scenario != "" {
			b.add(scenario, "tandem", f)
		}
		return err
	}
	at := func(box string) string {
		return "imap://anna@" + s.IMAP + "/" + box + "?password-from=env:BENCH_PASSWORD"
	}
	cl, err := mailClient(s.IMAP)
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := cl.Create("Copy", nil).Wait(); err != nil {
		return err
	}
	for _, step := range [][]string{{"", "user", "add", "anna", "--password-file", password}, {"", "item", "add", "post", at("INBOX"), "--name", "in"}, {"", "item", "add", "post", at("Copy"), "--name", "out"},
		{"mail: first sync of 5000 messages, in the hub", "sync", "in"}, {"mail: no change of 5000 messages, in the hub", "sync", "in"}, {"mail: the hub to an empty mailbox, 5000 messages", "sync", "out"}} {
		if err := run(step[0], step[1:]...); err != nil {
			return err
		}
	}
	if err := flagSome(s.IMAP); err != nil {
		return err
	}
	if err := run("mail: 1 % flagged of 5000 messages, in the hub", "sync", "in"); err != nil {
		return err
	}
	return run("mail: 1 % flagged of 5000 messages, from the hub", "sync", "out")
}

func mailClient(addr string) (*imapclient.Client, error) {
	cl, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		return nil, err
	}
	return cl, cl.Login("anna", mailkit.Password).Wait()
}

// fillMailbox puts messages into the inbox.
func fillMailbox(addr string, n int) error {
	cl, err := mailClient(addr)
	if err != nil {
		return err
	}
	defer cl.Close()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		var m bytes.Buffer
		fmt.Fprintf(&m, "From: Anna <anna@example.org>\r\nTo: bert@example.org\r\nSubject: Letter %d\r\nMessage-ID: <%d@example.org>\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
			i, i, at.Add(time.Duration(i)*time.Minute).Format(time.RFC1123Z))
		for line := 0; m.Len() < 8<<10; line++ {
			fmt.Fprintf(&m, "Line %d of letter %d says nothing that was not said in the one before it.\r\n", line, i)
		}
		cmd := cl.Append("INBOX", int64(m.Len()), &imap.AppendOptions{Time: at.Add(time.Duration(i) * time.Minute), Flags: []imap.Flag{imap.FlagSeen}})
		if _, err := cmd.Write(m.Bytes()); err != nil {
			return err
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		if _, err := cmd.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// unflag takes the flags of all messages in the inbox.
func unflag(addr string) error {
	cl, err := mailClient(addr)
	if err != nil {
		return err
	}
	defer cl.Close()
	if _, err := cl.Select("INBOX", nil).Wait(); err != nil {
		return err
	}
	return cl.Store(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.StoreFlags{Op: imap.StoreFlagsDel, Silent: true, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close()
}

// flagSome flags each hundredth message.
func flagSome(addr string) error {
	cl, err := mailClient(addr)
	if err != nil {
		return err
	}
	defer cl.Close()
	box, err := cl.Select("INBOX", nil).Wait()
	if err != nil {
		return err
	}
	var set imap.SeqSet
	for n := uint32(1); n <= box.NumMessages; n += 100 {
		set.AddNum(n)
	}
	return cl.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close()
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem/test/mailkit"
)

// mailLarge shows the peak of a mailbox of 500,000 messages, and of one message of 200 MiB, both at a real server and kept in step with the hub. There is no peer for these, only a limit.
func mailLarge(c config) (rows []row, err error) {
	host := &bystander{}
	defer host.end()
	defer func() {
		if s, ok := recover().(stopped); ok {
			err = fmt.Errorf("%s", s.why)
		}
	}()
	if !(tool{args: []string{"dovecot"}}).available() {
		fmt.Fprintln(os.Stderr, "left out: dovecot is not installed")
		return nil, nil
	}
	var b book
	base := filepath.Join(c.dir, "mail-large")
	defer os.RemoveAll(base)
	if err := manyMessages(c, &b, host, filepath.Join(base, "many")); err != nil {
		return nil, err
	}
	if err := oneLarge(c, &b, host, filepath.Join(base, "one")); err != nil {
		return nil, err
	}
	return b.rows(), nil
}

// mailRunner runs the program on a hub of its own, and notes what it takes. Its items are the pairs of a name and a mailbox.
func mailRunner(c config, b *book, s *mailkit.Server, base string, items ...[2]string) (func(scenario string, args ...string) error, error) {
	if err := os.MkdirAll(base, 0o755); err != nil {
		return nil, err
	}
	password := filepath.Join(base, "password")
	if err := os.WriteFile(password, []byte(mailkit.Password), 0o600); err != nil {
		return nil, err
	}
	run := func(scenario string, args ...string) error {
		t := tool{name: "tandem", args: append([]string{c.tandem}, append(args, "--data", filepath.Join(base, "data"))...), env: []string{"BENCH_PASSWORD=" + mailkit.Password}}
		f, err := t.once()
		if err == nil && scenario != "" {
			b.add(scenario, "tandem", f)
		}
		return err
	}
	err := run("", "user", "add", "anna", "--password-file", password)
	for _, it := range items {
		err = errors.Join(err, run("", "item", "add", "post", "imap://anna@"+s.IMAP+"/"+it[1]+"?password-from=env:BENCH_PASSWORD", "--name", it[0]))
	}
	return run, err
}

func manyMessages(c config, b *book, host *bystander, base string) error {
	count := int(500000 * c.scale)
	s := mailkit.Dovecot(host, mailkit.Config{Mail: "mbox:~/mail:INBOX=~/inbox"})
	if err := os.MkdirAll(s.Home("anna"), 0o777); err != nil {
		return err
	}
	if err := os.Chmod(s.Home("anna"), 0o777); err != nil { // the server runs as another user
		return err
	}
	if err := writeMbox(filepath.Join(s.Home("anna"), "inbox"), count); err != nil {
		return err
	}
	cl, err := mailClient(s.IMAP)
	if err != nil {
		return err
	}
	defer cl.Close()
	if box, err := cl.Select("INBOX", nil).Wait(); err != nil || int(box.NumMessages) != count {
		return fmt.Errorf("the server has %+v, want %d messages, %w", box, count, err)
	}
	if err := cl.Unselect().Wait(); err != nil {
		return err
	}
	run, err := mailRunner(c, b, s, base, [2]string{"in", "INBOX"})
	if err != nil {
		return err
	}
	of := fmt.Sprintf("mail: %d messages, ", count)
	for _, step := range [][]string{{of + "listed for a preview", "sync", "in", "--preview"}, {of + "first sync, in the hub", "sync", "in"}, {of + "no change", "sync", "in"}} {
		if err := run(step[0], step[1:]...); err != nil {
			return err
		}
	}
	if err := flagSome(s.IMAP); err != nil {
		return err
	}
	return run(of+"1 % flagged", "sync", "in")
}

// writeMbox writes so many small messages into one file.
func writeMbox(path string, count int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range count {
		when := at.Add(time.Duration(i) * time.Minute)
		fmt.Fprintf(w, "From anna@example.org %s\nFrom: Anna <anna@example.org>\nTo: bert@example.org\nSubject: Letter %d\nMessage-ID: <%d@example.org>\nDate: %s\n\nA short letter, number %d.\n\n",
			when.Format(time.ANSIC), i, i, when.Format(time.RFC1123Z), i)
	}
	return errors.Join(w.Flush(), os.Chmod(path, 0o666), f.Close())
}

func oneLarge(c config, b *book, host *bystander, base string) error {
	s := mailkit.Dovecot(host, mailkit.Config{})
	cl, err := mailClient(s.IMAP)
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := cl.Create("Copy", nil).Wait(); err != nil {
		return err
	}
	size := int64(200 * c.scale * (1 << 20))
	head := "From: anna@example.org\r\nSubject: large\r\nMessage-ID: <large@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=film\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	line := strings.Repeat("QUJD", 19) + "\r\n"
	lines := (size - int64(len(head))) / int64(len(line))
	cmd := cl.Append("INBOX", int64(len(head))+lines*int64(len(line)), &imap.AppendOptions{})
	w := bufio.NewWriterSize(cmd, 1<<20)
	_, err = io.WriteString(w, head)
	for i := int64(0); i < lines && err == nil; i++ {
		_, err = io.WriteString(w, line)
	}
	if err = errors.Join(err, w.Flush(), cmd.Close()); err != nil {
		return err
	}
	if _, err := cmd.Wait(); err != nil {
		return err
	}
	run, err := mailRunner(c, b, s, base, [2]string{"in", "INBOX"}, [2]string{"out", "Copy"})
	if err != nil {
		return err
	}
	of := fmt.Sprintf("mail: a message of %d MiB, ", size>>20)
	if err := errors.Join(run(of+"from the server to the hub", "sync", "in"), run(of+"from the hub to a server", "sync", "out")); err != nil {
		return err
	}
	return arrived(s, size)
}

// arrived makes sure that the large message is where it was copied to.
func arrived(s *mailkit.Server, least int64) error {
	cl, err := mailClient(s.IMAP)
	if err != nil {
		return err
	}
	defer cl.Close()
	if _, err := cl.Select("Copy", nil).Wait(); err != nil {
		return err
	}
	all, err := cl.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{RFC822Size: true}).Collect()
	if err == nil && (len(all) != 1 || all[0].RFC822Size < least*9/10) {
		err = fmt.Errorf("the copy is not there: %+v", all)
	}
	return err
}

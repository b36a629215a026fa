package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// mailPhones times mail on its way to phones: from its delivery to the answers of phones that wait, and a phone's first look at a full inbox; and shows what memory a
// very large message takes on its way in and out.
func mailPhones(c config) ([]row, error) {
	users, each := 100, max(int(10*c.scale), 1)
	h, apps, err := newHub(c, "mail-phones", users+1)
	if err != nil {
		return nil, err
	}
	h.lmtp = filepath.Join(c.dir, "lmtp")
	h.more = []string{"--lmtp", "unix:" + h.lmtp, "--mail-domain", "example.org", "--mail-max", "300MiB"}
	if err := h.startCalm(); err != nil {
		return nil, err
	}
	push, err := h.mailPush(users, each, apps)
	if err != nil {
		return nil, errors.Join(err, h.stop())
	}
	first, err := h.mailFirst(users, int(5000*c.scale), apps[users])
	if err != nil {
		return nil, errors.Join(err, h.stop())
	}
	large, err := h.mailLarge(users, int64(200*c.scale)<<20, apps[users])
	return slices.Concat(push, first, large), errors.Join(err, h.stop())
}

// mailer is a connection by which mail is delivered. RFC 2033
type mailer struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
}

func (h *hub) mailer() (*mailer, error) {
	conn, err := net.Dial("unix", h.lmtp)
	if err != nil {
		return nil, err
	}
	m := &mailer{conn, bufio.NewReader(conn), bufio.NewWriterSize(conn, 256<<10)}
	if err := m.expect("220"); err != nil {
		return nil, err
	}
	return m, m.say("250", "LHLO bench.test")
}

// expect reads an answer.
func (m *mailer) expect(code string) error {
	for {
		line, err := m.in.ReadString('\n')
		switch {
		case err != nil:
			return err
		case !strings.HasPrefix(line, code):
			return fmt.Errorf("the hub answers %q", line)
		case len(line) > 3 && line[3] == ' ':
			return nil
		}
	}
}

func (m *mailer) say(code, line string) error {
	if _, err := m.out.WriteString(line + "\r\n"); err != nil {
		return err
	}
	if err := m.out.Flush(); err != nil {
		return err
	}
	return m.expect(code)
}

// deliver hands over a message, and returns the moment before its last byte went out.
func (m *mailer) deliver(to string, message io.Reader) (last time.Time, err error) {
	for _, step := range [][2]string{{"250", "MAIL FROM:<zoe@example.net>"}, {"250", "RCPT TO:<" + to + ">"}, {"354", "DATA"}} {
		if err := m.say(step[0], step[1]); err != nil {
			return last, err
		}
	}
	if _, err := io.Copy(m.out, message); err != nil {
		return last, err
	}
	if err := m.out.Flush(); err != nil {
		return last, err
	}
	last = time.Now()
	return last, m.say("250", ".")
}

func benchLetter(n int) io.Reader {
	return strings.NewReader(fmt.Sprintf("From: Zoe <zoe@example.net>\r\nTo: you@example.org\r\nSubject: Letter %d\r\nMessage-ID: <%d@bench>\r\nDate: Wed, 20 May 2026 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", n, n) +
		strings.Repeat("What I wanted to tell you is this and that, at some length.\r\n", 50))
}

// mailPush lets phones wait on their inboxes, and times how long a message takes from its delivery to each phone of its user.
func (h *hub) mailPush(users, each int, apps []string) ([]row, error) {
	ctx := context.Background()
	m, err := h.mailer()
	if err != nil {
		return nil, err
	}
	defer m.conn.Close()
	answers := make(chan heard, users*each)
	var again retries
	for u := range users {
		if _, err := m.deliver(fmt.Sprintf("user%d@example.org", u), benchLetter(u)); err != nil {
			return nil, err
		}
		for i := range each {
			p := h.phone(u, apps[u], fmt.Sprintf("u%dp%d", u, i))
			if err := p.FolderSync(ctx); err != nil {
				return nil, err
			}
			if err := p.Sync(ctx, p.FolderOf(2)); err != nil {
				return nil, err
			}
			go func() {
				err := again.wait(ctx, func() (string, error) {
					status, _, err := p.Ping(ctx, 3000, p.FolderOf(2))
					return status, err
				})
				answers <- heard{u, time.Now(), err}
			}()
		}
	}
	if err := h.caughtUp(users*each, answers); err != nil {
		return nil, errors.Join(err, again.report())
	}
	var took []time.Duration
	for u := range users {
		start, err := m.deliver(fmt.Sprintf("user%d@example.org", u), benchLetter(1000+u))
		if err != nil {
			return nil, err
		}
		for range each {
			a := <-answers
			if a.err != nil || a.user != u {
				return nil, fmt.Errorf("a phone of user %d heard of mail for user %d: %w", a.user, u, a.err)
			}
			took = append(took, a.at.Sub(start))
		}
	}
	if err := again.report(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	fmt.Fprintf(os.Stderr, "   delivery to answer: median %v, 99th percentile %v, last %v\n", p50, p99, took[len(took)-1])
	full, err := h.spent()
	name := fmt.Sprintf("mail: %d phones wait, delivery by LMTP to answer", users*each)
	return []row{{scenario: name + ", median", tool: "tandem", figures: figures{wall: p50, peak: full.peak}}, {scenario: name + ", 99th percentile", tool: "tandem", figures: figures{wall: p99, peak: full.peak}}}, err
}

// mailFirst fills an inbox and times the first sync of a phone.
func (h *hub) mailFirst(user, count int, app string) ([]row, error) {
	ctx := context.Background()
	m, err := h.mailer()
	if err != nil {
		return nil, err
	}
	defer m.conn.Close()
	begin := time.Now()
	for n := range count {
		if _, err := m.deliver(fmt.Sprintf("user%d@example.org", user), benchLetter(n)); err != nil {
			return nil, err
		}
	}
	fill := time.Since(begin)
	fmt.Fprintf(os.Stderr, "   %d messages delivered, one after another, in %v\n", count, fill)
	p := h.phone(user, app, "first")
	if err := p.FolderSync(ctx); err != nil {
		return nil, err
	}
	p.Window = 100
	before, err := h.spent()
	if err != nil {
		return nil, err
	}
	begin = time.Now()
	if err := p.Sync(ctx, p.FolderOf(2)); err != nil {
		return nil, err
	}
	wall := time.Since(begin)
	after, err := h.spent()
	if n := len(p.Stores[p.FolderOf(2)].Items); n != count {
		return nil, fmt.Errorf("the phone has %d messages of %d", n, count)
	}
	fmt.Fprintf(os.Stderr, "   first sync of %d messages: %v\n", count, wall)
	return []row{{scenario: fmt.Sprintf("mail: delivery of %d messages by LMTP, one after another, each durable", count), tool: "tandem", figures: figures{wall: fill, peak: before.peak}},
		{scenario: fmt.Sprintf("mail: first sync of %d messages, WindowSize 100", count), tool: "tandem",
			figures: figures{wall: wall, user: after.user - before.user, system: after.system - before.system, peak: after.peak}}}, err
}

// mailLarge delivers a message with a very large file, and fetches the file in ranges.
func (h *hub) mailLarge(user int, size int64, app string) ([]row, error) {
	ctx := context.Background()
	before, err := h.spent()
	if err != nil {
		return nil, err
	}
	m, err := h.mailer()
	if err != nil {
		return nil, err
	}
	defer m.conn.Close()
	head := "From: zoe@example.net\r\nSubject: Large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee there\r\n--b\r\nContent-Type: application/x-large; name=large.bin\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=large.bin\r\n\r\n"
	line := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 57))) + "\r\n"
	begin := time.Now()
	if _, err := m.deliver(fmt.Sprintf("user%d@example.org", user), io.MultiReader(strings.NewReader(head), io.LimitReader(&repeated{text: line}, size/int64(len(line))*int64(len(line))), strings.NewReader("--b--\r\n"))); err != nil {
		return nil, err
	}
	in, err := h.spent()
	if err != nil {
		return nil, err
	}
	took := time.Since(begin)
	p := h.phone(user, app, "first-large")
	if err := p.FolderSync(ctx); err != nil {
		return nil, err
	}
	p.Window = 512
	if err := p.Sync(ctx, p.FolderOf(2)); err != nil {
		return nil, err
	}
	file := ""
	for _, it := range p.Stores[p.FolderOf(2)].Items {
		for _, e := range it.Data {
			if a := e.Child(wbxml.AirSyncBaseAttachment); a != nil {
				file = a.Get(wbxml.AirSyncBaseFileReference)
			}
		}
	}
	begin = time.Now()
	got, err := fetchRanges(ctx, p, file, size/int64(len(line))*57, 8<<20)
	if err != nil {
		return nil, err
	}
	if want := size / int64(len(line)) * 57; got != want {
		return nil, fmt.Errorf("%d bytes of the file came, want %d", got, want)
	}
	out, err := h.spent()
	fmt.Fprintf(os.Stderr, "   %d MiB in %v, out in ranges in %v (%d bytes); memory %.1f MiB before, %.1f after delivery, %.1f after the fetch\n", size>>20, took, time.Since(begin), got,
		float64(before.peak)/1024, float64(in.peak)/1024, float64(out.peak)/1024)
	return []row{{scenario: fmt.Sprintf("mail: a message of %d MiB delivered by LMTP", size>>20), tool: "tandem", figures: figures{wall: took, user: in.user - before.user, system: in.system - before.system, peak: in.peak}},
		{scenario: "mail: its file fetched by a phone in ranges of 8 MiB", tool: "tandem", figures: figures{wall: time.Since(begin), user: out.user - in.user, system: out.system - in.system, peak: out.peak}}}, err
}

// repeated is a text again and again.
type repeated struct {
	text string
	at   int
}

// Read implements io.Reader.
func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

// fetchRanges fetches a file in ranges, and returns how much came.
func fetchRanges(ctx context.Context, p *easclient.Phone, file string, size, step int64) (got int64, err error) {
	for at := int64(0); at < size; at += step {
		doc := wbxml.New(wbxml.ItemOperationsItemOperations, wbxml.New(wbxml.ItemOperationsFetch, wbxml.Text(wbxml.ItemOperationsStore, "Mailbox"), wbxml.Text(wbxml.AirSyncBaseFileReference, file),
			wbxml.New(wbxml.ItemOperationsOptions, wbxml.Text(wbxml.ItemOperationsRange, strconv.FormatInt(at, 10)+"-"+strconv.FormatInt(min(at+step, size)-1, 10)))))
		a, err := p.Do(ctx, "ItemOperations", doc)
		if err != nil {
			return got, err
		}
		props := a.Doc.Child(wbxml.ItemOperationsResponse).Child(wbxml.ItemOperationsFetch).Child(wbxml.ItemOperationsProperties)
		data := props.Get(wbxml.ItemOperationsData)
		if data == "" {
			return got, fmt.Errorf("nothing came at %d: status %s", at, a.Status())
		}
		got += int64(base64.StdEncoding.DecodedLen(len(data)) - strings.Count(data[len(data)-2:], "="))
	}
	return got, nil
}

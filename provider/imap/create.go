package imap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/kind/mail"
	"tandem/wire/mime"
)

// letter is a body that is to be written, with what had to be known of it before.
type letter struct {
	body   tandem.Body
	size   int64 // with lines that end in CR LF
	digest tandem.Digest
	id     string // Message-ID, "" where there is none
	zero   bool   // it holds a zero byte, which IMAP cannot carry. RFC 9051 4.3
}

// measure reads a body once.
func measure(body tandem.Body) (*letter, error) {
	in, err := body.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	head := &capped{left: 64 << 10}
	count := &counter{}
	tee := io.TeeReader(in, io.MultiWriter(head, count))
	sum, err := mail.Handler{}.DigestReader(tee)
	if err != nil {
		return nil, err
	}
	if n := body.Size(); n >= 0 && n != count.raw {
		return nil, &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: "message", Err: errors.New("it is not as long as it said")}
	}
	return &letter{body: body, size: count.n, digest: sum, id: messageID(head.Bytes()), zero: count.zero}, nil
}

// messageID reads the Message-ID of the beginning of a message.
func messageID(head []byte) string {
	root, err := mime.Scan(bytes.NewReader(head), mime.Limits{})
	if err != nil {
		return ""
	}
	for _, id := range root.Header.IDs("Message-ID") {
		return id
	}
	return ""
}

// capped keeps the beginning of what is written.
type capped struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	n := min(c.left, len(p))
	c.left -= n
	c.Buffer.Write(p[:n])
	return len(p), nil
}

// counter counts bytes as they will be with lines that end in CR LF.
type counter struct {
	raw, n int64
	last   byte
	zero   bool
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	c.raw += int64(len(p))
	c.n += int64(len(p))
	c.zero = c.zero || bytes.IndexByte(p, 0) >= 0
	for at := 0; ; {
		i := bytes.IndexByte(p[at:], '\n')
		if i < 0 {
			break
		}
		at += i
		before := c.last
		if at > 0 {
			before = p[at-1]
		}
		if before != '\r' {
			c.n++
		}
		at++
	}
	if len(p) > 0 {
		c.last = p[len(p)-1]
	}
	return len(p), nil
}

// crlf writes a body with lines that end in CR LF, which some servers insist on; to the kind mail all line ends are the same.
type crlf struct {
	to   *bufio.Writer
	last byte
}

// Write implements io.Writer.
func (c *crlf) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			c.last = p[len(p)-1]
			_, err := c.to.Write(p)
			return n, err
		}
		if i > 0 {
			c.last = p[i-1]
		}
		if _, err := c.to.Write(p[:i]); err != nil {
			return 0, err
		}
		if c.last != '\r' {
			if err := c.to.WriteByte('\r'); err != nil {
				return 0, err
			}
		}
		if err := c.to.WriteByte('\n'); err != nil {
			return 0, err
		}
		c.last = '\n'
		p = p[i+1:]
	}
	return n, nil
}

// pending is a message that is on its way.
type pending struct {
	i      int
	letter *letter
	cmd    *imapclient.AppendCommand
	flags  []imap.Flag
}

// create adds messages. The next is sent before the server's answer to the one before is waited for.
func (w *writer) create(ctx context.Context, idx []int) error {
	f := &flight{w: w}
	defer f.land()
	for _, i := range idx {
		letter := w.letter(i)
		if letter == nil {
			continue
		}
		if err := f.claim(ctx, letter.digest); err != nil {
			return err
		}
		p, err := w.prepare(ctx, i, letter)
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		if w.joins(p) {
			err = f.gather(ctx, p)
		} else if err = f.sendGroup(ctx); err == nil {
			err = f.send(ctx, p)
		}
		if err != nil {
			return err
		}
	}
	if err := f.settleAll(ctx); err != nil {
		return err
	}
	return w.asListed(ctx, idx)
}

// flight are the messages of one writer that are on their way. While one is, no other that holds the same is looked for or sent, on this connection or another one of the
// replica: what is found at the server then is not taken for both.
type flight struct {
	w       *writer
	waiting []*pending
	group   group           // to be sent in one command
	missing []*pending      // made, and the server does not say as what
	held    []tandem.Digest // claimed
}

// claim waits until nothing that holds the same is on its way.
func (f *flight) claim(ctx context.Context, sum tandem.Digest) error {
	r := f.w.r
	for {
		r.mu.Lock()
		busy := r.flying[sum]
		if busy == nil {
			r.flying[sum] = make(chan struct{})
			f.held = append(f.held, sum)
		}
		r.mu.Unlock()
		if busy == nil {
			return nil
		}
		// Who waits holds nothing that another waits for.
		if err := f.settleAll(ctx); err != nil {
			return err
		}
		f.land()
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// land gives up what was claimed.
func (f *flight) land() {
	r := f.w.r
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sum := range f.held {
		close(r.flying[sum])
		delete(r.flying, sum)
	}
	f.held = nil
}

// send sends a message by itself. The one before it is heard of then.
func (f *flight) send(ctx context.Context, p *pending) error {
	if err := f.w.send(ctx, p); err != nil {
		return err
	}
	if f.waiting = append(f.waiting, p); len(f.waiting) > 1 {
		return f.settle(ctx)
	}
	return nil
}

// settle hears what became of the message that was sent first.
func (f *flight) settle(ctx context.Context) error {
	w, p := f.w, f.waiting[0]
	f.waiting = f.waiting[1:]
	u, err := w.answer(ctx, p)
	switch {
	case err != nil:
		return err
	case u != 0:
		w.made(p, u)
	case w.out[p.i].Status == tandem.Maybe:
		f.missing = append(f.missing, p)
	}
	return nil
}

// made notes as what a message was made.
func (w *writer) made(p *pending, u imap.UID) {
	w.out[p.i] = tandem.Outcome{Status: tandem.Applied, ID: idOf(u), Meta: (&state{flags: p.flags, size: p.letter.size}).meta()}
	w.r.own(u, w.writes[p.i].Marker)
}

func (f *flight) settleAll(ctx context.Context) error {
	if err := f.sendGroup(ctx); err != nil {
		return err
	}
	for len(f.waiting) > 0 {
		if err := f.settle(ctx); err != nil {
			return err
		}
	}
	list := f.missing
	f.missing = nil
	return f.w.recognise(ctx, list)
}

// letter reads what is to be sent. nil: it cannot be, and the outcome says why.
func (w *writer) letter(i int) *letter {
	x, o := &w.writes[i], &w.out[i]
	invalid := func(kind tandem.ErrorKind, why string) {
		fail(o, tandem.Rejected, &tandem.Error{Kind: kind, Op: "add message to", Thing: w.r.name, Err: errors.New(why)})
	}
	if x.Record.Body == nil {
		invalid(tandem.Invalid, "it has no body")
		return nil
	}
	large := fmt.Sprintf("it is larger than the %d bytes that the server takes", w.r.limit)
	if x.Record.Body.Size() > w.r.limit {
		invalid(tandem.TooLarge, large)
		return nil
	}
	letter, err := measure(x.Record.Body)
	switch {
	case err != nil:
		fail(o, tandem.RetryAfter, err)
		return nil
	case letter.size > w.r.limit:
		invalid(tandem.TooLarge, large)
		return nil
	case letter.zero:
		invalid(tandem.Invalid, "it holds a zero byte, which IMAP cannot carry")
		return nil
	}
	return letter
}

// prepare makes ready what is to be sent. nil: it is there already. Answers get lost, and who lost one may come again: what nobody was told of may be this very message.
func (w *writer) prepare(ctx context.Context, i int, letter *letter) (*pending, error) {
	x, o := &w.writes[i], &w.out[i]
	look, flags := w.known, w.b.flagsFor(x.Record.Attrs)
	if w.hide {
		look, flags = w.leftover, append(flags, imap.FlagDeleted)
	}
	m, err := look(ctx, letter, x.Marker)
	if err != nil {
		return nil, err
	}
	if m != nil {
		w.r.own(m.uid, x.Marker)
		*o = tandem.Outcome{Status: tandem.Applied, ID: idOf(m.uid), Meta: m.meta()}
		if w.hide {
			return nil, nil
		}
		return nil, w.adopt(ctx, o, m, flags)
	}
	w.r.remember(x.Marker)
	return &pending{i: i, letter: letter, flags: flags}, nil
}

// adopt gives a message that was found the flags that it was to be made with, since what made it may have been a move that left it as it was. Further flags stay: they are not in
// the outcome, so that the next listing tells of them.
func (w *writer) adopt(ctx context.Context, o *tandem.Outcome, m *message, flags []imap.Flag) error {
	if keyOf(m.flags) == keyOf(flags) {
		return nil
	}
	if plus := without(flags, m.flags); len(plus) > 0 {
		set := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: plus}
		if err := w.l.do(ctx, func() error { return w.l.Client.Store(uids{{m.uid, m.uid}}.set(), set, nil).Close() }); err != nil {
			if refusal(err) == nil {
				return err
			}
			return nil // it is as it is
		}
	}
	o.Meta = (&state{flags: flags, date: m.date, size: m.size}).meta()
	w.found = append(w.found, m.uid)
	return nil
}

// send gives a message to the server, up to the last byte.
func (w *writer) send(ctx context.Context, p *pending) error {
	x, o := &w.writes[p.i], &w.out[p.i]
	opt := &imap.AppendOptions{Flags: p.flags, Time: receivedAt(x)}
	in, err := x.Record.Body.Open()
	if err != nil {
		fail(o, tandem.RetryAfter, err)
		return err
	}
	defer in.Close()
	var src io.Reader = in
	if x.Progress != nil {
		src = io.TeeReader(in, progress(x.Progress))
	}
	return w.l.do(ctx, func() error {
		p.cmd = w.l.Client.Append(w.r.name, p.letter.size, opt)
		body := &sized{r: src}
		buf := bufio.NewWriterSize(p.cmd, 32<<10)
		_, err := io.Copy(&crlf{to: buf}, body)
		if err == nil {
			o.Err = errUnanswered // from here on the server may have all of it
			err = buf.Flush()
		}
		if body.err != nil {
			fail(o, tandem.RetryAfter, body.err)
			w.l.wire.fail(body.err) // half a message is none
		}
		if cerr := p.cmd.Close(); err == nil {
			err = cerr
		}
		if refusal(err) != nil {
			return nil // it is told by the answer
		}
		return err
	})
}

// receivedAt is when a message was received, the zero time where that is not known.
func receivedAt(x *tandem.Write) time.Time {
	if at := mail.FlagsOf(x.Record.Attrs).Received; at > 0 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}

// sized notes errors of reading, which are not the connection's.
type sized struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (s *sized) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

type progress func(int64)

// Write implements io.Writer.
func (f progress) Write(p []byte) (int, error) {
	f(int64(len(p)))
	return len(p), nil
}

// answer waits for what the server says of a message. 0: it made one and does not say which, or it made none, and the outcome says why.
func (w *writer) answer(ctx context.Context, p *pending) (imap.UID, error) {
	var data *imap.AppendData
	err := w.l.do(ctx, func() (err error) {
		data, err = p.cmd.Wait()
		return err
	})
	if refusal(err) != nil {
		err = explain("add message to", w.r.name, err)
		fail(&w.out[p.i], refused(err), err)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if data.UID != 0 && data.UIDValidity == w.b.validity {
		return data.UID, nil
	}
	return 0, nil
}

// own notes that a message was made here.
func (r *replica) own(u imap.UID, m tandem.Marker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mine.add(u)
	if m != "" {
		r.made[m] = u
	}
}

// recognise finds the messages that were made without a word about which they are.
func (w *writer) recognise(ctx context.Context, list []*pending) error {
	if len(list) == 0 {
		return nil
	}
	w.looked = false
	for _, p := range list {
		m, err := w.known(ctx, p.letter, w.writes[p.i].Marker)
		if err != nil {
			return err
		}
		if m != nil {
			w.r.own(m.uid, w.writes[p.i].Marker)
			w.out[p.i] = tandem.Outcome{Status: tandem.Applied, ID: idOf(m.uid), Meta: m.meta()}
		} else {
			w.out[p.i].Err = &tandem.Error{Kind: tandem.Transient, Op: "add message to", Thing: w.r.name, Err: errors.New("the server says that it was added, and does not have it")}
		}
	}
	return nil
}

// asListed completes the outcomes with what the server makes of the messages.
func (w *writer) asListed(ctx context.Context, idx []int) error {
	var of uids
	for _, i := range idx {
		if u, ok := number(w.out[i].ID); ok && w.out[i].Status == tandem.Applied && !slices.Contains(w.found, u) {
			of.add(u)
		}
	}
	now, err := w.l.states(ctx, of, false)
	if err != nil {
		return err
	}
	for _, i := range idx {
		if u, ok := number(w.out[i].ID); ok && w.out[i].Status == tandem.Applied && now[u] != nil {
			w.out[i].Meta = now[u].meta()
		}
	}
	return nil
}

package imap

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

	"tandem"
)

// Small messages go out several in one command, where the server takes that (MULTIAPPEND, RFC 3502) and bytes that it did not call for (LITERAL+, RFC 7888): it then makes or refuses all of them
// at once, and Dovecot takes a quarter of the time for it. The library does not know the command; it goes out below it.

// What one command carries at most, and in it one message. What is larger goes alone, as it is read.
const (
	groupMost  = 50
	groupBytes = 1 << 20
	groupedMax = 128 << 10
)

// group are messages that are to go out in one command, and what it says of them.
type group struct {
	list []*pending
	text bytes.Buffer
}

// joins tells whether a message can go out with others.
func (w *writer) joins(p *pending) bool {
	if w.hide || !w.r.plus || !w.l.caps.Has(imap.CapMultiAppend) || !w.l.caps.Has(imap.CapLiteralPlus) || p.letter.size > groupedMax {
		return false
	}
	for _, f := range p.flags {
		if !isAtom(strings.TrimPrefix(string(f), `\`)) {
			return false
		}
	}
	_, ok := quoted(w.r.name)
	return ok
}

// isAtom tells whether a text needs no quotes. RFC 9051 9, atom
func isAtom(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`(){%*"\]`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// quoted is the name of a mailbox as a command has it; false for one that takes more than quotes.
func quoted(name string) (string, bool) {
	for i := range len(name) {
		if name[i] < ' ' || name[i] >= 0x7f || strings.IndexByte(`"\&`, name[i]) >= 0 {
			return "", false
		}
	}
	return `"` + name + `"`, true
}

// gather has a message go out with others, and sends them when they are enough. A body that cannot be read is left out, and its outcome says why.
func (f *flight) gather(ctx context.Context, p *pending) error {
	w, g := f.w, &f.group
	x, was := &w.writes[p.i], g.text.Len()
	if len(p.flags) > 0 {
		fmt.Fprintf(&g.text, " %s", flagList(p.flags))
	}
	if at := receivedAt(x); !at.IsZero() {
		fmt.Fprintf(&g.text, ` "%s"`, at.Format("_2-Jan-2006 15:04:05 -0700"))
	}
	fmt.Fprintf(&g.text, " {%d+}\r\n", p.letter.size)
	body := g.text.Len()
	err := copyBody(&g.text, x, p.letter.size)
	if n := int64(g.text.Len() - body); err == nil && n != p.letter.size {
		err = &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: "message", Err: fmt.Errorf("it had %d bytes and has %d", p.letter.size, n)}
	}
	if err != nil {
		g.text.Truncate(was)
		fail(&w.out[p.i], tandem.RetryAfter, err)
		return nil
	}
	if g.list = append(g.list, p); len(g.list) >= groupMost || g.text.Len() >= groupBytes {
		return f.sendGroup(ctx)
	}
	return nil
}

func flagList(flags []imap.Flag) string {
	list := make([]string, len(flags))
	for i, f := range flags {
		list[i] = string(f)
	}
	return "(" + strings.Join(list, " ") + ")"
}

// copyBody writes the body of a write as it goes over the line, and of one that grew meanwhile no more than tells that.
func copyBody(to io.Writer, x *tandem.Write, size int64) error {
	in, err := x.Record.Body.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	buf := bufio.NewWriter(to)
	if _, err := io.Copy(&crlf{to: buf}, io.LimitReader(in, size+1)); err != nil {
		return err
	}
	return buf.Flush()
}

// sendGroup sends what was gathered, and hears what became of it.
func (f *flight) sendGroup(ctx context.Context) error {
	w, list := f.w, f.group.list
	if len(list) == 0 {
		return nil
	}
	for len(f.waiting) > 0 { // nothing else may be on its way
		if err := f.settle(ctx); err != nil {
			return err
		}
	}
	name, _ := quoted(w.r.name) // it can be: see joins
	command := append([]byte(askTag+"APPEND "+name), f.group.text.Bytes()...)
	f.group = group{}
	for _, p := range list {
		w.out[p.i].Err = errUnanswered // from here on the server may have all of it
	}
	var said string
	err := w.l.do(ctx, func() (err error) {
		said, err = w.l.deflater.await(false, func() error {
			_, err := w.l.wire.Write(append(command, "\r\n"...))
			return err
		})
		return err
	})
	switch no := refusal(err); {
	case no != nil && len(list) == 1 && no.Type == imap.StatusResponseTypeBad: // it does not mean what it says that it can
		w.out[list[0].i].Err = nil
		return f.send(ctx, list[0])
	case no != nil && len(list) == 1:
		err = explain("add message to", w.r.name, err)
		fail(&w.out[list[0].i], refused(err), err)
		return nil
	case no != nil:
		return f.oneByOne(ctx, list)
	case err != nil:
		return err
	}
	made := appended(said, w.b.validity, len(list))
	for i, p := range list {
		if tell := w.writes[p.i].Progress; tell != nil {
			tell(p.letter.size)
		}
		if made == nil {
			f.missing = append(f.missing, p)
			continue
		}
		w.made(p, made[i])
	}
	return nil
}

// oneByOne sends messages of which a server refused one or another: none of them was made, and each hears for itself why not. RFC 3502 6.3.11
func (f *flight) oneByOne(ctx context.Context, list []*pending) error {
	w := f.w
	w.looked = false
	for _, p := range list {
		w.out[p.i].Err = nil
	}
	for _, p := range list {
		p, err := w.prepare(ctx, p.i, p.letter)
		if err == nil && p != nil {
			err = f.gather(ctx, p)
		}
		if err == nil {
			err = f.sendGroup(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// appended reads as what messages were made, in their order; nil where the answer does not tell that. RFC 4315 3, APPENDUID
func appended(said string, validity uint32, n int) []imap.UID {
	code, _, ok := strings.Cut(said, "]")
	words := strings.Fields(code)
	if !ok || len(words) != 3 || !strings.EqualFold(words[0], "[APPENDUID") || words[1] != strconv.FormatUint(uint64(validity), 10) {
		return nil
	}
	var made []imap.UID
	seen := map[imap.UID]bool{}
	for part := range strings.SplitSeq(words[2], ",") {
		low, high, isRange := strings.Cut(part, ":")
		if !isRange {
			high = low
		}
		from, ok1 := number(tandem.ID(low))
		to, ok2 := number(tandem.ID(high))
		if !ok1 || !ok2 || to < from || int64(to-from) >= int64(n-len(made)) {
			return nil
		}
		for u := from; ; u++ {
			if seen[u] {
				return nil
			}
			seen[u] = true
			if made = append(made, u); u == to {
				break
			}
		}
	}
	if len(made) != n {
		return nil
	}
	return made
}

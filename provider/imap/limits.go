package imap

import (
	"bytes"
	"errors"
	"fmt"

	"tandem"
)

const (
	maxLine  = 64 << 20 // bytes of an answer that names messages, without bodies: it is held in memory
	maxOther = 4 << 20  // of any other answer
	maxText  = 1 << 20  // of one text in an answer that is no body
	maxFound = 100_000  // folders in an account
	maxMore  = 1 << 17  // answers to one question beyond two for each message
)

// limits looks at what a server says as it arrives, before anything of it is kept: no answer may ask for more memory than it can be worth. Bodies are no part of that, for they are read as a stream.
// RFC 9051 4.3, 7
type limits struct {
	head    []byte // the beginning of the answer
	tail    []byte // the last bytes of the line
	spent   int64  // bytes of the answer so far
	literal int64  // bytes of a literal that are to come
	body    bool   // it is a body
	within  bool   // the line goes on after a literal
	answers int64  // that are over
}

const (
	headLen = 40
	tailLen = 64
)

// see takes the next bytes. An error is what the server must not do.
func (x *limits) see(p []byte) error {
	for len(p) > 0 {
		if x.literal > 0 {
			n := min(x.literal, int64(len(p)))
			x.literal -= n
			if !x.body {
				x.spent += n
			}
			if p = p[n:]; x.spent > x.most() {
				return x.tooLong()
			}
			continue
		}
		n := bytes.IndexByte(p, '\n') + 1
		line := p
		if n > 0 {
			line = p[:n]
		}
		p = p[len(line):]
		if room := headLen - len(x.head); room > 0 && !x.within {
			x.head = append(x.head, line[:min(room, len(line))]...)
		}
		x.tail = append(x.tail, line[max(0, len(line)-tailLen):]...)
		x.tail = append(x.tail[:0], x.tail[max(0, len(x.tail)-tailLen):]...)
		if x.spent += int64(len(line)); x.spent > x.most() {
			return x.tooLong()
		}
		if n > 0 {
			if err := x.endOfLine(); err != nil {
				return err
			}
		}
	}
	return nil
}

// endOfLine finds out whether the answer is over or goes on with a literal.
func (x *limits) endOfLine() error {
	size, before, ok := literalAt(x.tail)
	if !ok || x.status() {
		x.head, x.tail, x.spent, x.within = x.head[:0], x.tail[:0], 0, false
		x.answers++
		return nil
	}
	x.literal, x.within, x.tail = size, true, append(x.tail[:0], '"') // nothing that is looked for begins before a literal and goes on behind it
	x.body = x.name() == "FETCH" && (before == ']' || before == '>')
	if !x.body && size > maxText {
		return hostile(fmt.Errorf("it announces a text of %d bytes where it may tell a name, in its answer %s", size, x.name()))
	}
	return nil
}

// literalAt reads the announcement of a literal at the end of a line, and what stands before it. RFC 9051 4.3
func literalAt(line []byte) (size int64, before byte, ok bool) {
	line = bytes.TrimRight(line, "\r\n")
	i := bytes.LastIndexByte(line, '{')
	if i < 0 || line[len(line)-1] != '}' {
		return 0, 0, false
	}
	digits := bytes.TrimSuffix(line[i+1:len(line)-1], []byte("+"))
	for _, c := range digits {
		if c < '0' || c > '9' || size > 1<<60 {
			return 0, 0, false
		}
		size = size*10 + int64(c-'0')
	}
	if rest := bytes.TrimRight(line[:i], " "); len(rest) > 0 {
		before = rest[len(rest)-1]
	}
	return size, before, len(digits) > 0
}

// name is what the answer is: FETCH, LIST, OK.
func (x *limits) name() string {
	f := bytes.Fields(x.head)
	switch {
	case len(f) > 2 && len(f[1]) > 0 && f[1][0] >= '0' && f[1][0] <= '9':
		return string(bytes.ToUpper(f[2]))
	case len(f) > 1:
		return string(bytes.ToUpper(f[1]))
	}
	return ""
}

// status tells whether the answer says how it went: its text is for people, whatever it looks like.
func (x *limits) status() bool {
	switch x.name() {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return len(x.head) > 0 && x.head[0] == '+'
}

func (x *limits) most() int64 {
	if x.spent <= maxOther {
		return maxOther
	}
	switch x.name() {
	case "SEARCH", "ESEARCH", "OK": // the last with COPYUID
		return maxLine
	}
	return maxOther
}

func (x *limits) tooLong() error {
	return hostile(fmt.Errorf("its answer %s has no end after %d bytes", x.name(), x.spent))
}

func hostile(why error) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "understand", Thing: "the mail server", Err: why, Remedy: "check that it is the right server, and ask whoever runs it"}
}

// errMore says that what a server says has no end.
var errMore = errors.New("it goes on and on, and does not come to an end of its answer")

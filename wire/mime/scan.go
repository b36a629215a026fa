package mime

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
)

// Limits bound what is kept of a message. Zero values stand for the defaults. Beyond them a message is still read to its end: what is too much is left out
// of the tree and stays in the part around it.
type Limits struct {
	Header int // bytes kept of one part's header; default 256 KiB
	Fields int // fields kept of one header; default 1,000
	Parts  int // parts of the message; default 1,000
	Depth  int // of nesting; default 20
}

func (l Limits) filled() Limits {
	if l.Header == 0 {
		l.Header = 256 << 10
	}
	if l.Fields == 0 {
		l.Fields = 1000
	}
	if l.Parts == 0 {
		l.Parts = 1000
	}
	if l.Depth == 0 {
		l.Depth = 20
	}
	return l
}

// Part is a message or a part of one. Offsets count bytes of the whole message.
type Part struct {
	Header Header

	Type     string            // "text/plain", in lower case; what the standard says where the header says nothing
	Params   map[string]string // of the type, names in lower case, decoded
	Encoding string            // "base64", "quoted-printable", "7bit", …, in lower case; "" for none

	Disposition string // "attachment", "inline" or ""
	Name        string // the file's name, decoded
	ID          string // Content-ID without brackets

	Path  string // "" for the message, then "1", "1.2" as IMAP counts. RFC 3501 6.4.5
	Start int64  // where the header begins
	Body  int64  // where the body begins
	End   int64  // behind the body's last byte
	Lines int64  // line ends in the body

	Parts []*Part // of a multipart; the one message in a message/rfc822
}

// Size is the length of the body as it is in the message, in bytes.
func (p *Part) Size() int64 { return p.End - p.Body }

// Multipart reports whether the part is made of others.
func (p *Part) Multipart() bool { return strings.HasPrefix(p.Type, "multipart/") }

// Walk calls visit for the part and all below, in order, until it returns false.
func (p *Part) Walk(visit func(*Part) bool) bool {
	if !visit(p) {
		return false
	}
	for _, c := range p.Parts {
		if !c.Walk(visit) {
			return false
		}
	}
	return true
}

// Find is the part at a path, or nil.
func (p *Part) Find(path string) (found *Part) {
	p.Walk(func(c *Part) bool {
		if c.Path == path {
			found = c
		}
		return found == nil
	})
	return found
}

// lineMax is how much of a line is looked at at once.
const lineMax = 16 << 10

// level is a part that is being read.
type level struct {
	part     *Part
	boundary string // of a multipart
	over     bool   // its closing boundary was seen
	digest   bool   // multipart/digest
}

type scanner struct {
	in    *bufio.Reader
	lim   Limits
	off   int64 // of the next byte to read
	stack []level
	count int

	// The line read last: its first bytes, where it begins, whether it is the beginning of a line and whether its end is in it; and how many bytes the line
	// end before it took, which belong to a boundary that follows. RFC 2046 5.1.1
	line  []byte
	at    int64
	fresh bool
	whole bool
	brk   int64
}

// Scan finds out how a message is built. An error is the reader's; the tree is what was read until then. A reader that tells how much is left, as one of bytes does, gets a buffer no larger than that.
func Scan(r io.Reader, lim Limits) (*Part, error) {
	size := lineMax
	if left, ok := r.(interface{ Len() int }); ok {
		size = min(size, left.Len()+1)
	}
	s := &scanner{in: bufio.NewReaderSize(r, size), lim: lim.filled(), whole: true}
	root := &Part{}
	err := s.message(root)
	s.close(0, s.off)
	if err == io.EOF {
		err = nil
	}
	return root, err
}

// next reads the next line, or as much of it as is looked at at once.
func (s *scanner) next() error {
	s.fresh = s.whole
	if s.whole {
		s.brk = lineEnd(s.line)
	}
	line, err := s.in.ReadSlice('\n')
	s.line, s.at = line, s.off
	s.off += int64(len(line))
	s.whole = err == nil
	if err == bufio.ErrBufferFull || err == io.EOF && len(line) > 0 {
		return nil
	}
	return err
}

func lineEnd(line []byte) int64 {
	if bytes.HasSuffix(line, []byte("\r\n")) {
		return 2
	}
	if bytes.HasSuffix(line, []byte("\n")) {
		return 1
	}
	return 0
}

// message reads the message to its end. Parts are opened and closed as their boundaries come.
func (s *scanner) message(root *Part) error {
	s.count = 1
	if err := s.open(root, "text/plain"); err != nil {
		return err
	}
	for {
		if err := s.next(); err != nil {
			return err
		}
		if s.fresh {
			if again, err := s.boundary(); again || err != nil {
				if err != nil {
					return err
				}
				continue
			}
		}
		if s.whole {
			s.lines()
		}
	}
}

// lines counts a line end in every open part.
func (s *scanner) lines() {
	for i := range s.stack {
		s.stack[i].part.Lines++
	}
}

// boundary looks whether the line is a boundary of an open multipart, the innermost first, and acts on it.
func (s *scanner) boundary() (bool, error) {
	if !bytes.HasPrefix(s.line, []byte("--")) {
		return false, nil
	}
	text := string(bytes.TrimRight(s.line[2:], " \t\r\n"))
	for i := len(s.stack) - 1; i >= 0; i-- {
		l := &s.stack[i]
		if l.boundary == "" || l.over || !strings.HasPrefix(text, l.boundary) {
			continue
		}
		switch text[len(l.boundary):] {
		case "":
			s.close(i+1, s.at-s.brk)
			return true, s.begin(i)
		case "--":
			s.close(i+1, s.at-s.brk)
			s.stack[i].over = true
			if s.whole {
				s.lines()
			}
			return true, nil
		}
	}
	return false, nil
}

// begin opens the next part of the multipart at a level. Beyond the limit of parts, no further ones are told apart.
func (s *scanner) begin(i int) error {
	if s.whole {
		s.lines()
	}
	l := &s.stack[i]
	if s.count >= s.lim.Parts {
		return nil
	}
	s.count++
	p := &Part{Path: sub(l.part.Path, len(l.part.Parts)+1)}
	l.part.Parts = append(l.part.Parts, p)
	standard := "text/plain"
	if l.digest { // RFC 2046 5.1.5
		standard = "message/rfc822"
	}
	return s.open(p, standard)
}

func sub(path string, n int) string {
	if path == "" {
		return strconv.Itoa(n)
	}
	return path + "." + strconv.Itoa(n)
}

// close ends the parts from a level on.
func (s *scanner) close(from int, end int64) {
	for i := len(s.stack) - 1; i >= from; i-- {
		p := s.stack[i].part
		end = max(end, p.Body)
		p.End = end
		if end < s.at && p.Lines > 0 { // the line end before a boundary is the boundary's
			p.Lines--
		}
	}
	s.stack = s.stack[:min(from, len(s.stack))]
}

// open reads a part's header and, for a message within, that one's.
func (s *scanner) open(p *Part, standard string) error {
	p.Start = s.off
	again, err := s.header(p)
	p.describe(standard)
	p.Body = s.off
	if again {
		p.Body = s.at
	}
	l := level{part: p, digest: p.Type == "multipart/digest"}
	if p.Multipart() && len(s.stack) < s.lim.Depth {
		l.boundary = strings.TrimRight(p.Params["boundary"], " \t")
	}
	s.stack = append(s.stack, l)
	if err != nil {
		return err
	}
	if again { // the line that ended the header belongs to the body
		if done, err := s.boundary(); done || err != nil {
			return err
		}
		if s.whole {
			s.lines()
		}
		return nil
	}
	if p.Type == "message/rfc822" && len(s.stack) < s.lim.Depth && s.count < s.lim.Parts && (p.Encoding == "" || p.Encoding == "7bit" || p.Encoding == "8bit" || p.Encoding == "binary") {
		s.count++
		in := &Part{Path: sub(p.Path, 1)}
		p.Parts = []*Part{in}
		return s.open(in, "text/plain")
	}
	return nil
}

// header reads fields up to the empty line. again says that the last line read is no part of the header.
func (s *scanner) header(p *Part) (again bool, err error) {
	size, first := 0, true
	var field []byte // unfolded so far
	keep := func() {
		if field != nil && len(p.Header) < s.lim.Fields {
			if name, val, ok := bytes.Cut(field, []byte(":")); ok {
				p.Header = append(p.Header, Field{Name: string(bytes.TrimSpace(name)), Value: string(bytes.TrimSpace(val))})
			}
		}
		field = nil
	}
	defer keep()
	for {
		if err := s.next(); err != nil {
			return false, err
		}
		line := bytes.TrimRight(s.line, "\r\n")
		if !s.fresh { // the rest of a long line
			if size += len(line); size <= s.lim.Header && field != nil {
				field = append(field, line...)
			}
			continue
		}
		switch {
		case len(line) == 0:
			if s.whole {
				for i := range s.stack {
					s.stack[i].part.Lines++
				}
			}
			return false, nil
		case line[0] == ' ' || line[0] == '\t':
			if len(bytes.TrimSpace(line)) == 0 && field == nil { // an empty line that is not quite empty
				return false, nil
			}
			if size += len(line); size <= s.lim.Header && field != nil {
				field = append(field, line...)
			}
		case first && bytes.HasPrefix(line, []byte("From ")): // the separator of a mailbox file
		case !named(line):
			return true, nil
		default:
			keep()
			if size += len(line); size <= s.lim.Header {
				field = append([]byte(nil), line...)
			}
		}
		first = false
		if s.whole {
			s.lines()
		}
	}
}

// named reports whether a line begins with a field's name. RFC 5322 2.2; white space before the colon is obsolete, and still met.
func named(line []byte) bool {
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return false
	}
	name := bytes.TrimRight(line[:i], " \t")
	if len(name) == 0 {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// describe reads what the header says of the part.
func (p *Part) describe(standard string) {
	t := structured(p.Header.Get("Content-Type"))
	p.Type, p.Params = t.main, t.params
	if !strings.Contains(p.Type, "/") {
		switch {
		case p.Type == "text":
			p.Type = "text/plain"
		case p.Type == "": // RFC 2045 5.2
			p.Type = standard
		default:
			p.Type = "application/octet-stream"
		}
	}
	d := structured(p.Header.Get("Content-Disposition"))
	p.Disposition = d.main
	p.Encoding = strings.ToLower(strings.Trim(p.Header.Get("Content-Transfer-Encoding"), " \t;"))
	if p.Name = d.params["filename"]; p.Name == "" {
		p.Name = p.Params["name"]
	}
	p.ID = strings.Trim(p.Header.Get("Content-ID"), " \t<>")
}

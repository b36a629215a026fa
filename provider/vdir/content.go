package vdir

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/wire/contentline"
)

// span is a stretch of a file's bytes.
type span struct{ from, to int }

func (s span) of(data []byte) []byte { return data[s.from:s.to] }

// part is a component of a file that is, or belongs to, a record.
type part struct {
	name string // in capitals: "VCARD", "VEVENT"
	uid  string // unescaped; of a VTIMEZONE its TZID; "" where there is none
	at   span   // from BEGIN to the end of the END line
	in   int    // which VCALENDAR it is in, -1: none
}

// outline is the structure of a file: enough to tell its records apart, found in one pass that looks only at the
// lines that begin and end components and at UIDs.
type outline struct {
	parts     []part
	calendars []span // iCalendar: the VCALENDARs
}

// kindOf tells the kind of the records that components of a name make.
func kindOf(component string) tandem.Kind {
	switch component {
	case "VCARD":
		return tandem.Contact
	case "VEVENT":
		return tandem.Event
	case "VTODO":
		return tandem.Task
	case "VJOURNAL":
		return tandem.Note
	}
	return ""
}

// identifies is the property that tells one component of a name from another.
func identifies(component string) string {
	if component == "VTIMEZONE" {
		return "TZID"
	}
	return "UID"
}

// tornError says where a file's structure breaks.
type tornError struct {
	line, column int
	text         string
}

func (e *tornError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.text)
}

// scanner walks the physical lines of a file.
type scanner struct {
	data []byte
	at   int // start of the current line
	next int // start of the line after it
	line int // number of the current line
}

// step goes to the next line and returns it without its ending.
func (s *scanner) step() ([]byte, bool) {
	s.at = s.next
	if s.at >= len(s.data) {
		return nil, false
	}
	s.line++
	end := bytes.IndexByte(s.data[s.at:], '\n')
	if end < 0 {
		s.next = len(s.data)
		return bytes.TrimSuffix(s.data[s.at:], []byte("\r")), true
	}
	s.next = s.at + end + 1
	return bytes.TrimSuffix(s.data[s.at:s.at+end], []byte("\r")), true
}

func (s *scanner) torn(column int, format string, args ...any) error {
	return &tornError{s.line, column, fmt.Sprintf(format, args...)}
}

// cutFold is bytes.CutPrefix that ignores the case of ASCII letters.
func cutFold(line []byte, prefix string) (string, bool) {
	if len(line) < len(prefix) || !strings.EqualFold(string(line[:len(prefix)]), prefix) {
		return "", false
	}
	return strings.TrimSpace(string(line[len(prefix):])), true
}

// outlineOf reads the structure of a file.
func outlineOf(data []byte) (*outline, error) {
	o := &outline{}
	s := &scanner{data: data}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		s.next = 3 // a byte order mark
	}
	type open struct {
		name string
		from int
		line int
	}
	var stack []open
	var uid string
	base := 1 // depth of records: 1 for cards, 2 within a calendar
	for line, ok := s.step(); ok; line, ok = s.step() {
		if len(line) == 0 {
			continue
		}
		switch line[0] {
		case 'B', 'b':
			name, is := cutFold(line, "BEGIN:")
			if !is {
				continue
			}
			name = strings.ToUpper(name)
			if len(stack) == 0 {
				base = 1
				if name == "VCALENDAR" {
					base = 2
				}
			}
			if stack = append(stack, open{name, s.at, s.line}); len(stack) == base {
				uid = ""
			}
		case 'E', 'e':
			name, is := cutFold(line, "END:")
			if !is {
				continue
			}
			if len(stack) == 0 {
				return nil, s.torn(1, "END:%s closes nothing", name)
			}
			top := stack[len(stack)-1]
			if !strings.EqualFold(name, top.name) {
				return nil, s.torn(1, "END:%s where the %s of line %d is open", name, top.name, top.line)
			}
			if len(stack) == base {
				p := part{top.name, uid, span{top.from, s.next}, -1}
				if base == 2 {
					p.in = len(o.calendars)
				}
				o.parts = append(o.parts, p)
			} else if len(stack) == 1 {
				o.calendars = append(o.calendars, span{top.from, s.next})
			}
			stack = stack[:len(stack)-1]
		case 'U', 'u', 'T', 't':
			if len(stack) == base && uid == "" {
				uid = s.value(line, identifies(stack[base-1].name))
			}
		}
	}
	switch {
	case len(stack) > 0:
		top := stack[len(stack)-1]
		return nil, s.torn(1, "the file ends within the %s that begins on line %d", top.name, top.line)
	case len(o.parts) == 0 && len(o.calendars) == 0 && len(bytes.TrimSpace(data)) == 0:
		return nil, &tornError{1, 1, "the file is empty"}
	case len(o.parts) == 0 && len(o.calendars) == 0:
		return nil, &tornError{1, 1, "there is no BEGIN:VCARD or BEGIN:VCALENDAR in it"}
	}
	return o, nil
}

// fits tells whether a file of this structure can have this ending.
func (o *outline) fits(ext string) error {
	if ext == ".ics" && len(o.calendars) == 0 {
		return &tornError{1, 1, "there is no BEGIN:VCALENDAR in it"}
	}
	if ext == ".vcf" && !slices.ContainsFunc(o.parts, func(p part) bool { return p.name == "VCARD" }) {
		return &tornError{1, 1, "there is no BEGIN:VCARD in it"}
	}
	return nil
}

// value reads the value of a line of the given property with the lines it is folded over, or "" if it is of another.
func (s *scanner) value(line []byte, property string) string {
	n := len(property)
	if len(line) <= n || !strings.EqualFold(string(line[:n]), property) || (line[n] != ':' && line[n] != ';') {
		return ""
	}
	whole := string(line)
	for s.next < len(s.data) && (s.data[s.next] == ' ' || s.data[s.next] == '\t') {
		more, _ := s.step()
		whole += string(more[1:])
	}
	quoted := false
	for i, c := range []byte(whole) {
		if c == '"' {
			quoted = !quoted
		}
		if c == ':' && !quoted {
			return strings.TrimSpace(contentline.UnescapeText(whole[i+1:]))
		}
	}
	return ""
}

// torn makes the error of a record's file out of what is wrong with its content.
func torn(path string, err error) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "read", Thing: path, Err: err,
		Remedy: "mend the file, or put back an older copy; until then it is left as it is here and elsewhere"}
}

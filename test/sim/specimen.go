package sim

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tandem"
)

// token marks one thing that one person wrote. It occurs in bodies as "tokN." and nowhere else.
type token int

func (t token) String() string { return "tok" + strconv.Itoa(int(t)) + "." }

var tokenPattern = regexp.MustCompile(`tok(\d+)\.`)

// tokensIn finds the tokens of a body, in order.
func tokensIn(body []byte) []token {
	var all []token
	for _, m := range tokenPattern.FindAllSubmatch(body, -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err == nil {
			all = append(all, token(n))
		}
	}
	return all
}

// specimen makes and edits bodies of one kind the way a foreign program would: by its own means, not with the code
// under test.
type specimen struct {
	kind   tandem.Kind
	ext    string
	head   string   // up to the first field; %s is the UID
	fields []string // property names with parameters, each carrying one token
	list   string   // a property that may occur many times, one token each
	tail   string
}

var specimens = []specimen{
	{tandem.Contact, ".vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\n", []string{"FN", "TITLE", "ORG", "NICKNAME", "X-HOUSE-PET"}, "EMAIL;TYPE=INTERNET", "END:VCARD\r\n"},
	{tandem.Event, ".ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//sim//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260301T100000Z\r\nDTEND:20260301T110000Z\r\n",
		[]string{"SUMMARY", "LOCATION", "X-ROOM-KEY"}, "ATTENDEE;CN=Somebody", "END:VEVENT\r\nEND:VCALENDAR\r\n"},
	{tandem.Task, ".ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//sim//EN\r\nBEGIN:VTODO\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n",
		[]string{"SUMMARY", "LOCATION", "X-SHOP"}, "ATTENDEE;CN=Somebody", "END:VTODO\r\nEND:VCALENDAR\r\n"},
	{tandem.Note, ".ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//sim//EN\r\nBEGIN:VJOURNAL\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n",
		[]string{"SUMMARY", "X-PAPER"}, "ATTENDEE;CN=Somebody", "END:VJOURNAL\r\nEND:VCALENDAR\r\n"},
	{kind: tandem.File},
}

// value wraps a token the way a property wants it.
func value(property string, t token) string {
	if strings.HasPrefix(property, "ATTENDEE") {
		return "mailto:" + t.String() + "@example.org"
	}
	if strings.HasPrefix(property, "EMAIL") {
		return t.String() + "@example.org"
	}
	return "a " + t.String()
}

// create makes a body whose first field carries the token. A file's body is nothing but the token.
func (s specimen) create(uid string, t token) []byte {
	if s.kind == tandem.File {
		return []byte("file " + t.String() + "\n")
	}
	return []byte(fmt.Sprintf(s.head, uid) + s.fields[0] + ":" + value(s.fields[0], t) + "\r\n" + s.tail)
}

// set replaces or adds field number n and returns the tokens it replaced: of a field that holds several values, a merge may
// have kept more than one. Of several lines the oldest is replaced, in whatever order a merge has put them.
func (s specimen) set(body []byte, n int, t token) ([]byte, []token) {
	if s.kind == tandem.File {
		return s.create("", t), tokensIn(body)
	}
	name := s.fields[n%len(s.fields)]
	line := name + ":" + value(name, t) + "\r\n"
	text := string(body)
	oldest, until := -1, 0
	for at, end := 0, 0; end < len(text); at = end {
		end = at + strings.Index(text[at:]+"\r\n", "\r\n") + 2
		if !strings.HasPrefix(text[at:], name+":") {
			continue
		}
		if oldest < 0 || slices.Min(append(tokensIn([]byte(text[at:end])), math.MaxInt)) < slices.Min(append(tokensIn([]byte(text[oldest:until])), math.MaxInt)) {
			oldest, until = at, end
		}
	}
	if oldest < 0 {
		return s.insert(text, line), nil
	}
	return []byte(text[:oldest] + line + text[until:]), tokensIn([]byte(text[oldest:until]))
}

// add appends a list element carrying the token.
func (s specimen) add(body []byte, t token) []byte {
	if s.kind == tandem.File {
		return body
	}
	return s.insert(string(body), s.list+":"+value(s.list, t)+"\r\n")
}

func (s specimen) insert(text, line string) []byte {
	at := strings.Index(text, "\r\n"+strings.TrimSuffix(s.tail, "\r\n"))
	if at < 0 { // never for bodies made here and merged by field; keep the body as it is rather than tearing it
		return []byte(text)
	}
	return []byte(text[:at+2] + line + text[at+2:])
}

// whole reports whether a body is one that the specimen could have made or merged from its own.
func (s specimen) whole(body []byte) bool {
	text := string(body)
	if s.kind == tandem.File {
		return regexp.MustCompile(`^file tok\d+\.\n$`).MatchString(text)
	}
	return strings.HasPrefix(text, "BEGIN:") && strings.HasSuffix(text, s.tail) && strings.Count(text, "\nUID:") == 1
}

// uidOf reads the UID line, "" for files.
func (s specimen) uidOf(body []byte) string {
	_, after, ok := strings.Cut(string(body), "\nUID:")
	if !ok {
		return ""
	}
	uid, _, _ := strings.Cut(after, "\r\n")
	return uid
}

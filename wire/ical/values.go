package ical

import (
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"tandem/wire/contentline"
)

// Text is the decoded value of a TEXT property, RFC 5545 3.3.11; the quoted-printable of vCalendar 1.0 is undone.
func Text(l *contentline.Line) string {
	return contentline.UnescapeText(Raw(l))
}

// Raw is the value with the quoted-printable of vCalendar 1.0 undone, still escaped.
func Raw(l *contentline.Line) string {
	v := l.Value()
	if !l.Quoted() {
		return v
	}
	data, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(v)))
	if err != nil {
		return v
	}
	v = strings.ReplaceAll(string(data), "\r\n", "\n")
	if !utf8.ValidString(v) { // the only other character set that was common then
		runes := make([]rune, len(v))
		for i := range len(v) {
			runes[i] = rune(v[i])
		}
		v = string(runes)
	}
	return v
}

// TextList is the decoded value of a list of texts (CATEGORIES, RESOURCES).
func TextList(l *contentline.Line) []string {
	var out []string
	for part := range contentline.SplitText(Raw(l), ',') {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, contentline.UnescapeText(part))
		}
	}
	return out
}

// TimeOf reads a property that holds one DATE or DATE-TIME.
func TimeOf(l *contentline.Line) (Time, error) {
	tzid, _ := l.Param("TZID")
	return ParseTime(l.Value(), tzid)
}

// Periods reads a property that holds a list of DATE, DATE-TIME or PERIOD values (EXDATE, RDATE). Elements that make no
// sense are left out and reported by err, the last of them.
func Periods(l *contentline.Line) (list []Period, err error) {
	tzid, _ := l.Param("TZID")
	for part := range strings.FieldsFuncSeq(l.Value(), func(r rune) bool { return r == ',' || r == ';' }) {
		p, bad := ParsePeriod(part, tzid)
		if bad != nil {
			err = bad
			continue
		}
		list = append(list, p)
	}
	return list, err
}

// Address is the address of an ATTENDEE or ORGANIZER, RFC 5545 3.3.3: a mail address in lower case without "mailto:",
// or any other URI as it stands.
func Address(l *contentline.Line) string {
	v := strings.TrimSpace(l.Value())
	if len(v) >= 7 && strings.EqualFold(v[:7], "mailto:") {
		return strings.ToLower(strings.TrimSpace(v[7:]))
	}
	if strings.Contains(v, "@") && !strings.Contains(v, ":") {
		return strings.ToLower(v)
	}
	return v
}

// Name is an ATTENDEE's or ORGANIZER's name for people: CN, else the address.
func Name(l *contentline.Line) string {
	if cn, ok := l.Param("CN"); ok && strings.TrimSpace(cn) != "" {
		return strings.TrimSpace(cn)
	}
	return Address(l)
}

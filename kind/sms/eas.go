package sms

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/mail"
	"tandem/wire/wbxml"
)

// View is how Exchange ActiveSync sees text messages: the SMS class, MS-ASMS 2.2. The zero value is ready for use.
type View struct{ mail mail.View }

var (
	_ eas.View     = View{}
	_ eas.Recorder = View{}
)

// Class implements eas.View. MS-ASCMD 2.2.3.27.6
func (View) Class() string { return "SMS" }

// Get implements eas.View.
func (v View) Get(data []byte, o eas.Options) ([]*wbxml.Element, error) {
	return v.GetRecord(eas.Record{Body: tandem.Bytes(data)}, o)
}

// shown are the elements of a message of mail that a text message has, too.
var shown = []wbxml.Tag{wbxml.EmailSubject, wbxml.EmailImportance, wbxml.EmailRead, wbxml.AirSyncBaseAttachments, wbxml.AirSyncBaseBody, wbxml.EmailInternetCPID,
	wbxml.EmailFlag, wbxml.EmailCategories}

// GetRecord implements eas.Recorder: mostly as mail, with people as phones write them.
func (v View) GetRecord(r eas.Record, o eas.Options) ([]*wbxml.Element, error) {
	m, err := Parse(r.Body)
	if err != nil {
		return nil, err
	}
	o.Bodies, o.Part, o.MIME = plain(o.Bodies), nil, 0
	all, err := v.mail.GetRecord(r, o)
	if err != nil {
		return nil, err
	}
	var out []*wbxml.Element
	if s := writeParties(m.To); s != "" {
		out = append(out, wbxml.Text(wbxml.EmailTo, s))
	}
	if s := writeParties(m.From); s != "" {
		out = append(out, wbxml.Text(wbxml.EmailFrom, s))
	}
	if at := eas.FormatTime(time.UnixMilli(m.Date)); m.Date != 0 && at != "" {
		out = append(out, wbxml.Text(wbxml.EmailDateReceived, at))
	}
	for _, e := range all {
		if slices.Contains(shown, e.Tag) {
			out = append(out, e)
		}
	}
	if o.Version >= eas.V140 {
		id := conversation(m)
		out = append(out, wbxml.Opaque(wbxml.Email2ConversationId, id[:]), wbxml.Opaque(wbxml.Email2ConversationIndex, conversationIndex(id, m.Date)))
	}
	return out, nil
}

// plain is what a client prefers, as far as it is about plain text, which is all that a text message has. MS-ASMS 2.2.1
func plain(all []eas.BodyPreference) []eas.BodyPreference {
	for _, p := range all {
		if p.Type == eas.Plain {
			return []eas.BodyPreference{p}
		}
	}
	p := eas.BodyPreference{Type: eas.Plain, Truncation: -1}
	if len(all) > 0 && all[0].Type != eas.MIME {
		p.Truncation = all[0].Truncation
	}
	return []eas.BodyPreference{p}
}

// conversation is the same for all messages with the same people.
func conversation(m *Message) (id [16]byte) {
	var keys []string
	for _, p := range slices.Concat(m.From, m.To) {
		if n := Normal(p.Number); !slices.Contains(keys, n) {
			keys = append(keys, n)
		}
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte("sms " + strings.Join(keys, "\n")))
	copy(id[:], sum[:])
	return id
}

// conversationIndex is the header of MS-OXOMSG 2.2.1.3: a time in units of 2^16 · 100 ns since 1601, and the conversation.
func conversationIndex(id [16]byte, ms int64) []byte {
	const epoch = 11_644_473_600_000 // between 1601 and 1970, ms
	t := uint64(0)
	if ms > -epoch && ms < 1<<50 {
		t = uint64(ms+epoch) * 10_000
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], t)
	out := append([]byte{1}, b[1:6]...)
	return append(out, id[:]...)
}

// listMax is the length that the schema allows for a list of people.
const listMax = 32768

// writeParties writes people as phones do: "Anna" [MOBILE:+4917012345].
func writeParties(list []Party) string {
	var b strings.Builder
	for _, p := range list {
		s := "[MOBILE:" + strings.NewReplacer("[", "", "]", "").Replace(p.Number) + "]"
		if p.Name != "" {
			s = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Name) + `" ` + s
		}
		if b.Len()+len(s)+2 > listMax {
			break
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s)
	}
	return eas.Clean(b.String())
}

// readParties reads people: with a number in brackets, in angle brackets or alone, separated by commas or semicolons.
func readParties(s string) (out []Party) {
	for _, item := range splitList(s) {
		p := Party{Number: item}
		if i, j := strings.LastIndexByte(item, '['), strings.LastIndexByte(item, ']'); i >= 0 && j > i {
			p.Name, p.Number = item[:i], item[i+1:j]
		} else if i, j := strings.LastIndexByte(item, '<'), strings.LastIndexByte(item, '>'); i >= 0 && j > i {
			p.Name, p.Number = item[:i], item[i+1:j]
		}
		if len(p.Number) >= 7 && strings.EqualFold(p.Number[:7], "mobile:") {
			p.Number = p.Number[7:]
		}
		p.Number = number(strings.TrimSpace(p.Number))
		p.Name = strings.TrimSpace(p.Name)
		if n := len(p.Name); n >= 2 && p.Name[0] == '"' && p.Name[n-1] == '"' {
			p.Name = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(p.Name[1 : n-1])
		}
		if p.Number != "" {
			out = append(out, p)
		}
	}
	return out
}

// splitList cuts a list at commas and semicolons that are not within quotes or brackets.
func splitList(s string) (out []string) {
	quoted, depth, from := false, 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '<':
			depth++
		case c == ']' || c == '>':
			depth = max(depth-1, 0)
		case (c == ',' || c == ';') && depth == 0:
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	out = append(out, strings.TrimSpace(s[from:]))
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// Put implements eas.View: a message that came to a phone, or that it sent. Text messages do not change, so there is no body.
func (v View) Put(_ []byte, data []*wbxml.Element, o eas.Put) (eas.Result, error) {
	m := &Message{Date: o.Now * 1000}
	for _, e := range data {
		switch e.Tag {
		case wbxml.EmailTo:
			m.To = readParties(e.String())
		case wbxml.EmailFrom:
			m.From = readParties(e.String())
		case wbxml.EmailSubject:
			m.Subject = e.String()
		case wbxml.EmailDateReceived:
			if t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(e.String())); err == nil { // phones know thousandths
				m.Date = t.UnixMilli()
			} else if t, err := eas.ParseTime(e.String()); err == nil {
				m.Date = t.UnixMilli()
			}
		case wbxml.AirSyncBaseBody:
			m.Text = e.Get(wbxml.AirSyncBaseData)
		}
	}
	if len(m.From)+len(m.To) == 0 && m.Text == "" {
		return eas.Result{}, tandem.Errorf(tandem.Invalid, "a text message without people and text")
	}
	body, err := tandem.ReadBody(m.Body(), 4*MaxText)
	if err != nil {
		return eas.Result{}, err
	}
	attrs, err := v.PutAttrs(eas.Record{}, data, o)
	return eas.Result{Body: body, Attrs: attrs}, err
}

// GetChange implements eas.Recorder.
func (v View) GetChange(r eas.Record, was *tandem.Attrs, o eas.Options) []*wbxml.Element {
	return slices.DeleteFunc(v.mail.GetChange(r, was, o), func(e *wbxml.Element) bool { return !slices.Contains(shown, e.Tag) })
}

// PutAttrs implements eas.Recorder.
func (v View) PutAttrs(r eas.Record, data []*wbxml.Element, o eas.Put) (tandem.Attrs, error) {
	out, err := v.mail.PutAttrs(r, data, o)
	if box := r.Attrs.Get(Box); box != "" {
		out = out.With(Box, box)
	}
	return out, err
}

// AttachmentOf implements eas.Recorder.
func (v View) AttachmentOf(r eas.Record, n int) (eas.Enclosure, error) {
	return v.mail.AttachmentOf(r, n)
}

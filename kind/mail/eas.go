package mail

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/event"
	"tandem/kind/recur"
	"tandem/wire/mime"
	"tandem/wire/wbxml"
)

// View is how Exchange ActiveSync sees messages: the Email class, MS-ASEMAIL. The zero value is ready for use; with Zones set, time zones are loaded once and not
// anew for every invitation.
type View struct{ Zones *recur.Zones }

var (
	_ eas.View     = View{}
	_ eas.Recorder = View{}
)

// Class implements eas.View.
func (View) Class() string { return "Email" }

// Get implements eas.View: a message that nobody did anything to.
func (v View) Get(data []byte, o eas.Options) ([]*wbxml.Element, error) {
	return v.GetRecord(eas.Record{Body: tandem.Bytes(data)}, o)
}

// envelope is a record's envelope: the one that is kept, or one made of the body.
func envelope(r eas.Record) (*Envelope, error) {
	if e, ok := ParseEnvelope(r.Sketch); ok {
		return e, nil
	}
	e, _, _, err := Read(r.Body)
	return e, err
}

// GetRecord implements eas.Recorder. The elements come in Exchange's order.
func (v View) GetRecord(r eas.Record, o eas.Options) ([]*wbxml.Element, error) {
	e, err := envelope(r)
	if err != nil {
		return nil, err
	}
	e.look(r.Body, v.Zones, o.Zone)
	f := FlagsOf(r.Attrs)
	var out []*wbxml.Element
	text := func(tag wbxml.Tag, s string) {
		if s != "" {
			out = append(out, wbxml.Text(tag, eas.Clean(s)))
		}
	}
	text(wbxml.EmailTo, list(e.To))
	text(wbxml.EmailCc, list(e.Cc))
	text(wbxml.EmailFrom, list(e.From))
	text(wbxml.EmailSubject, e.Subject)
	text(wbxml.EmailReplyTo, joinList(e.ReplyTo, "; ")) // MS-ASEMAIL_R711
	received := f.Received
	if received == 0 {
		received = e.Arrived
	}
	text(wbxml.EmailDateReceived, eas.FormatTime(time.Unix(received, 0)))
	text(wbxml.EmailDisplayTo, display(e.To))
	text(wbxml.EmailThreadTopic, e.Topic)
	out = append(out, wbxml.Text(wbxml.EmailImportance, strconv.Itoa(e.Urgency+1)), flag(wbxml.EmailRead, f.Seen))
	if a := attachments(e, o); a != nil {
		out = append(out, a)
	}
	shown, native, err := v.text(r, e, o)
	if err != nil {
		return nil, err
	}
	out = append(append(out, shown...), wbxml.Text(wbxml.EmailMessageClass, e.messageClass()))
	if m := v.meeting(r, e, o); m != nil {
		out = append(out, m)
	}
	out = append(out, wbxml.Text(wbxml.EmailInternetCPID, e.codePage()), showFlag(f))
	content := "urn:content-classes:message"
	if e.Class == Meeting {
		content = "urn:content-classes:calendarmessage"
	}
	out = append(out, wbxml.Text(wbxml.EmailContentClass, content))
	if native != nil {
		out = append(out, native)
	}
	if c := categories(f); c != nil {
		out = append(out, c)
	} else if o.Version >= eas.V140 { // MS-ASEMAIL_R318
		out = append(out, wbxml.Empty(wbxml.EmailCategories))
	}
	return append(out, e.later(f, o)...), nil
}

// later are the elements that 12.1 does not know.
func (e *Envelope) later(f Flags, o eas.Options) []*wbxml.Element {
	if o.Version < eas.V140 {
		return nil
	}
	conversation := e.Conversation()
	out := []*wbxml.Element{wbxml.Opaque(wbxml.Email2ConversationId, conversation[:]), wbxml.Opaque(wbxml.Email2ConversationIndex, e.ConversationIndex())}
	if verb, at := lastVerb(f); verb != "" {
		out = append(out, wbxml.Text(wbxml.Email2LastVerbExecuted, verb))
		if at != "" {
			out = append(out, wbxml.Text(wbxml.Email2LastVerbExecutionTime, at))
		}
	}
	if f.Bcc {
		out = append(out, flag(wbxml.Email2ReceivedAsBcc, true))
	}
	if s := list(e.Sender); s != "" && s != list(e.From) {
		out = append(out, wbxml.Text(wbxml.Email2Sender, eas.Clean(s)))
	}
	if o.Version >= eas.V160 {
		if b := list(e.Bcc); b != "" && len(b) <= 1024 {
			out = append(out, wbxml.Text(wbxml.Email2Bcc, eas.Clean(b)))
		}
		out = append(out, flag(wbxml.Email2IsDraft, f.Draft))
	}
	return out
}

// lastVerb is what was done with a message last, and when, as far as that is known. MS-ASEMAIL 2.2.2.43, 2.2.2.44
func lastVerb(f Flags) (verb, at string) {
	verb, when, _ := strings.Cut(f.Verb, " ")
	if t, err := strconv.ParseInt(when, 10, 64); err == nil && (verb == "3" && f.Forwarded || verb != "3" && f.Answered) {
		return verb, eas.FormatTime(time.Unix(t, 0))
	}
	switch { // by a program that knows only that
	case f.Forwarded:
		return "3", ""
	case f.Answered:
		return "1", ""
	}
	return "", ""
}

// codePages are the numbers of encodings that messages say they are in. MS-ASEMAIL 2.2.2.40
var codePages = map[string]string{"utf-8": "65001", "utf8": "65001", "us-ascii": "20127", "ascii": "20127", "iso-8859-1": "28591", "iso-8859-2": "28592", "iso-8859-5": "28595", "iso-8859-7": "28597",
	"iso-8859-9": "28599", "iso-8859-15": "28605", "windows-1250": "1250", "windows-1251": "1251", "windows-1252": "1252", "windows-1253": "1253", "windows-1254": "1254", "windows-1255": "1255",
	"windows-1256": "1256", "koi8-r": "20866", "gb2312": "936", "gbk": "936", "gb18030": "54936", "big5": "950", "shift_jis": "932", "iso-2022-jp": "50220", "euc-jp": "51932", "euc-kr": "51949"}

// codePage is the number of the encoding in which the message came; what the client gets is UTF-8 in any case.
func (e *Envelope) codePage() string {
	for _, s := range append(e.Plain[:len(e.Plain):len(e.Plain)], e.HTML...) {
		if n := codePages[strings.ToLower(strings.TrimSpace(s.Charset))]; n != "" {
			return n
		}
	}
	return "65001"
}

func flag(tag wbxml.Tag, on bool) *wbxml.Element {
	if on {
		return wbxml.Text(tag, "1")
	}
	return wbxml.Text(tag, "0")
}

// listMax is the length that the schema allows for a list of addresses.
const listMax = 32768

// list writes addresses as a header has them, but in clear.
func list(all []mime.Address) string { return joinList(all, ", ") }

// joinList is list with a separator.
func joinList(all []mime.Address, between string) string {
	var b strings.Builder
	for _, a := range all {
		s := a.Email
		switch {
		case a.Name != "" && a.Email != "":
			s = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `" <` + a.Email + ">"
		case a.Email == "":
			s = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `"`
		}
		if b.Len()+len(s)+2 > listMax {
			break
		}
		if b.Len() > 0 {
			b.WriteString(between)
		}
		b.WriteString(s)
	}
	return b.String()
}

// AddressList writes people as the protocol has them: one text, separated by commas. MS-ASEMAIL 2.2.2.18
func AddressList(all []mime.Address) string { return eas.Clean(list(all)) }

// display are the names of people, for lists. MS-ASEMAIL 2.2.2.29
func display(all []mime.Address) string {
	var names []string
	for _, a := range all {
		if a.Name != "" {
			names = append(names, a.Name)
		} else {
			names = append(names, a.Email)
		}
	}
	return clip(strings.Join(names, ";"), listMax)
}

// messageClass is Exchange's name for the sort of a message. MS-ASEMAIL 2.2.2.49
func (e *Envelope) messageClass() string {
	switch e.Class {
	case Signed:
		return "IPM.Note.SMIME.MultipartSigned"
	case Opaque:
		return "IPM.Note.SMIME"
	case Report:
		return e.reportClass()
	case Meeting:
		return e.meetingClass()
	}
	return "IPM.Note"
}

// attachments lists the files. MS-ASAIRS 2.2.2.7
func attachments(e *Envelope, o eas.Options) *wbxml.Element {
	if o.Attachment == nil || len(e.Files) == 0 {
		return nil
	}
	out := wbxml.Empty(wbxml.AirSyncBaseAttachments)
	for i, f := range e.Files {
		method := "1"
		if f.Type == "message/rfc822" {
			method = "5"
		}
		a := wbxml.New(wbxml.AirSyncBaseAttachment, wbxml.Text(wbxml.AirSyncBaseDisplayName, eas.Clean(f.Name)), wbxml.Text(wbxml.AirSyncBaseFileReference, o.Attachment(i)),
			wbxml.Text(wbxml.AirSyncBaseMethod, method), wbxml.Text(wbxml.AirSyncBaseEstimatedDataSize, strconv.FormatInt(f.Size, 10)))
		if f.ID != "" {
			a.Add(wbxml.Text(wbxml.AirSyncBaseContentId, eas.Clean(f.ID)))
		}
		if f.Place != "" {
			a.Add(wbxml.Text(wbxml.AirSyncBaseContentLocation, eas.Clean(f.Place)))
		}
		if f.Inline {
			a.Add(wbxml.Text(wbxml.AirSyncBaseIsInline, "1"))
		}
		out.Add(a)
	}
	return out
}

// AttachmentOf implements eas.Recorder.
func (View) AttachmentOf(r eas.Record, n int) (eas.Enclosure, error) {
	e, err := envelope(r)
	if err != nil {
		return eas.Enclosure{}, err
	}
	if n < 0 || n >= len(e.Files) {
		return eas.Enclosure{}, &tandem.Error{Kind: tandem.NotFound, Op: "open attachment", Thing: strconv.Itoa(n)}
	}
	f := e.Files[n]
	if f.In != nil {
		return eas.Enclosure{Media: f.Type, Raw: func(off int64) (io.ReadCloser, error) { return f.from(r.Body, off) }}, nil
	}
	return eas.Enclosure{Media: f.Type, Encoding: f.Encoding, Raw: func(off int64) (io.ReadCloser, error) {
		return window(r.Body, f.Body+off, max(f.End-f.Body-off, 0))
	}}, nil
}

// GetChange implements eas.Recorder: of a message that the client has, only what people do to it changes, and only what did is told. MS-ASEMAIL 3.2.5.4.1
func (v View) GetChange(r eas.Record, was *tandem.Attrs, o eas.Options) []*wbxml.Element {
	now, before := marks(FlagsOf(r.Attrs), o), []*wbxml.Element(nil)
	if was != nil {
		before = marks(FlagsOf(*was), o)
	}
	var out []*wbxml.Element
	for i, e := range now {
		if i >= len(before) || !same(e, before[i]) {
			out = append(out, e)
		}
	}
	if before != nil && len(out) == 0 {
		out = now[:1] // something that phones are not shown; a change that says nothing is none
	}
	return slices.DeleteFunc(out, func(e *wbxml.Element) bool { return e.Tag == wbxml.Email2LastVerbExecuted && e.Text == "" })
}

// marks are what people do to a message, always in the same places.
func marks(f Flags, o eas.Options) []*wbxml.Element {
	out := []*wbxml.Element{flag(wbxml.EmailRead, f.Seen), showFlag(f)}
	if o.Version < eas.V140 {
		return out
	}
	c := categories(f)
	if c == nil { // MS-ASEMAIL 2.2.2.16: an empty one takes them away
		c = wbxml.Empty(wbxml.EmailCategories)
	}
	verb, at := lastVerb(f)
	out = append(out, c, wbxml.Text(wbxml.Email2LastVerbExecuted, verb))
	if at != "" {
		out = append(out, wbxml.Text(wbxml.Email2LastVerbExecutionTime, at))
	}
	return out
}

// same reports whether two elements say the same.
func same(a, b *wbxml.Element) bool {
	return a.Tag == b.Tag && a.Text == b.Text && bytes.Equal(a.Data, b.Data) && slices.EqualFunc(a.Children, b.Children, same)
}

// categories are keywords that a person sees: those that begin with $ or a backslash are signs between programs. RFC 5788
func categories(f Flags) *wbxml.Element {
	var out *wbxml.Element
	for _, k := range f.Keywords {
		if k[0] == '$' || k[0] == '\\' {
			continue
		}
		if out == nil {
			out = wbxml.Empty(wbxml.EmailCategories)
		}
		if len(out.Children) < 300 {
			out.Add(wbxml.Text(wbxml.EmailCategory, eas.Clean(k)))
		}
	}
	return out
}

// PutAttrs implements eas.Recorder. What the client does not send stays. MS-ASEMAIL 3.1.5.1
func (View) PutAttrs(r eas.Record, data []*wbxml.Element, o eas.Put) (tandem.Attrs, error) {
	f := FlagsOf(r.Attrs)
	for _, e := range data {
		switch e.Tag {
		case wbxml.Email2ConversationId, wbxml.Email2ReceivedAsBcc, wbxml.Email2Sender, wbxml.Email2UmCallerID, wbxml.Email2UmUserNotes:
			// MS-ASEMAIL_R347, R648, R723, R817, R835
			return "", &tandem.Error{Kind: tandem.Invalid, Op: "change message", Thing: e.Tag.Name(), Err: errors.New("it is the server's to set")}
		case wbxml.EmailRead:
			on, err := eas.ParseBool(e.String())
			if err != nil {
				return "", err
			}
			f.Seen = on
		case wbxml.EmailFlag:
			if err := putFlag(&f, e); err != nil {
				return "", err
			}
		case wbxml.EmailCategories:
			var kept []string
			for _, k := range f.Keywords {
				if k[0] == '$' || k[0] == '\\' {
					kept = append(kept, k)
				}
			}
			for _, c := range e.Children {
				if s := oneLine(c.String()); s != "" && s[0] != '$' && s[0] != '\\' {
					kept = append(kept, clip(s, 200))
				}
			}
			f.Keywords = kept
		}
	}
	return f.Attrs(), nil
}

// meeting shows an invitation, or an answer to one. MS-ASEMAIL 2.2.2.48
func (v View) meeting(r eas.Record, e *Envelope, o eas.Options) *wbxml.Element {
	if e.invited.data == nil {
		return nil
	}
	o.Attachment = nil
	shown, err := event.View{Zones: v.Zones}.Get(e.invited.data, o)
	if err != nil {
		return nil // it is shown as a message with a file
	}
	return e.meetingRequest(shown, o)
}

var errFlag = errors.New("no flag has this value")

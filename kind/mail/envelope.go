package mail

import (
	"encoding/json"
	"strings"

	"tandem/wire/mime"
)

// Envelope is what lists, phones and searches want to know of a message. It is made once, when the message is stored, and kept beside it
// (tandem.Index.Sketch).
type Envelope struct {
	Format int `json:"v"` // of this value: envelopes of an older one are made anew

	MessageID  string   `json:"id,omitempty"`
	InReplyTo  []string `json:"re,omitempty"`
	References []string `json:"refs,omitempty"`

	Subject string         `json:"subject,omitempty"`
	From    []mime.Address `json:"from,omitempty"`
	Sender  []mime.Address `json:"sender,omitempty"`
	ReplyTo []mime.Address `json:"replyTo,omitempty"`
	To      []mime.Address `json:"to,omitempty"`
	Cc      []mime.Address `json:"cc,omitempty"`
	Bcc     []mime.Address `json:"bcc,omitempty"`
	Date    int64          `json:"date,omitempty"`    // as its sender says, Unix seconds; 0: it does not
	Arrived int64          `json:"arrived,omitempty"` // as the last server says (Received), else Date
	Urgency int            `json:"urgency,omitempty"` // -1 low, 0 normal, 1 high
	Thread  string         `json:"thread,omitempty"`  // Thread-Index, Thread-Topic: see Conversation
	Topic   string         `json:"topic,omitempty"`   // the subject without "Re:" and the like
	ListID  string         `json:"list,omitempty"`    // of a mailing list
	Auto    bool           `json:"auto,omitempty"`    // made by a program: no answer while away, RFC 3834
	Receipt string         `json:"receipt,omitempty"` // Disposition-Notification-To
	Class   Class          `json:"class,omitempty"`   //
	Method  string         `json:"method,omitempty"`  // of an invitation: "REQUEST"
	Outcome string         `json:"outcome,omitempty"` // of a report: "failed"
	Preview string         `json:"preview,omitempty"` // the beginning of the text
	Size    int64          `json:"size"`              // of the message in bytes
	Plain   []Section      `json:"plain,omitempty"`   // the text, where it is plain
	HTML    []Section      `json:"html,omitempty"`    // the text, where it is HTML
	Event   *Section       `json:"event,omitempty"`   // the iCalendar object of an invitation
	Files   []File         `json:"files,omitempty"`   // attachments, pictures within the text among them
	Header  int64          `json:"header"`            // length of the header
	Note    string         `json:"note,omitempty"`    // what is odd about it, for people
	Broken  bool           `json:"broken,omitempty"`  // no header at all
	Checked *Checked       `json:"checked,omitempty"` // what the reader's servers found out about the sender

	invited invitation // not kept: it is read of the body where it is shown
	packs   []pack     // not kept: parts that hold texts and files
}

// Class is the sort of a message beyond plain mail.
type Class string

// The classes. MS-ASEMAIL 2.2.2.49
const (
	Plain     Class = ""
	Signed    Class = "signed"    // multipart/signed: readable by everybody
	Opaque    Class = "opaque"    // S/MIME, signed or encrypted so that only software for it can read
	Encrypted Class = "encrypted" // PGP/MIME
	Meeting   Class = "meeting"   // an invitation, an answer to one, or a cancellation
	Report    Class = "report"    // a delivery or disposition report
)

// Section is a piece of text within the message.
type Section struct {
	Path     string `json:"p,omitempty"`
	Start    int64  `json:"s"` // of the part's header
	Body     int64  `json:"b"`
	End      int64  `json:"e"`
	Encoding string `json:"enc,omitempty"`
	Charset  string `json:"cs,omitempty"`
	Flowed   bool   `json:"fl,omitempty"` // format=flowed, RFC 3676
	DelSp    bool   `json:"ds,omitempty"` // DelSp=yes
	In       *Inner `json:"w,omitempty"`  // it is a piece of what the part holds when decoded
}

// Inner is a piece of a decoded part.
type Inner struct {
	Off int64 `json:"o"`
	Len int64 `json:"l"`
	RTF bool  `json:"rtf,omitempty"` // compressed RTF, MS-OXRTFCP
	Msg bool  `json:"msg,omitempty"` // a message in the format of winmail.dat, which is opened as one of the internet
}

// File is an attachment.
type File struct {
	Section
	Type   string `json:"t"`
	Name   string `json:"n,omitempty"`
	ID     string `json:"id,omitempty"`  // Content-ID
	Place  string `json:"loc,omitempty"` // Content-Location
	Inline bool   `json:"in,omitempty"`  // shown within the text
	Size   int64  `json:"sz"`            // decoded, estimated from the encoding
}

// Format is the current Envelope.Format, which is raised when more is found in messages, or what they are found by changes.
const Format = 4

// Marshal is the form in which an envelope is kept.
func (e *Envelope) Marshal() []byte {
	b, err := json.Marshal(e)
	if err != nil {
		return nil // cannot be: all of it is text and numbers
	}
	return b
}

// ParseEnvelope reads what Marshal wrote. ok is false for nothing and for what an older program wrote: then it is to be made anew.
func ParseEnvelope(sketch []byte) (e *Envelope, ok bool) {
	e = &Envelope{}
	if len(sketch) == 0 || json.Unmarshal(sketch, e) != nil || e.Format != Format {
		return nil, false
	}
	return e, true
}

// part makes the mime.Part that a section is, so that it can be decoded.
func (s Section) part() *mime.Part {
	return &mime.Part{Encoding: s.Encoding, Params: map[string]string{"charset": s.Charset}, Start: s.Start, Body: s.Body, End: s.End}
}

// header fills in what the header tells.
func (e *Envelope) header(h mime.Header) {
	first := func(ids []string) string {
		if len(ids) > 0 {
			return ids[0]
		}
		return ""
	}
	e.MessageID = clip(first(h.IDs("Message-ID")), 998)
	e.InReplyTo, e.References = few(h.IDs("In-Reply-To")), few(h.IDs("References"))
	e.Subject = clip(oneLine(h.Text("Subject")), 2000)
	for name, list := range map[string]*[]mime.Address{"From": &e.From, "Sender": &e.Sender, "Reply-To": &e.ReplyTo, "To": &e.To, "Cc": &e.Cc, "Bcc": &e.Bcc} {
		*list = people(h.Addresses(name))
	}
	if t, ok := h.Date("Date"); ok {
		e.Date = t.Unix()
	}
	e.Arrived = e.Date
	if r := h.Get("Received"); r != "" {
		if i := strings.LastIndexByte(r, ';'); i >= 0 {
			if t, ok := mime.ParseDate(r[i+1:]); ok {
				e.Arrived = t.Unix()
			}
		}
	}
	e.Urgency = urgency(h)
	e.Topic = clip(Topic(e.Subject), 2000)
	e.Thread = clip(strings.Join(strings.Fields(h.Get("Thread-Index")), ""), 2000)
	e.ListID = clip(h.Text("List-Id"), 500)
	auto := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted")))
	precedence := strings.ToLower(h.Get("Precedence"))
	e.Auto = auto != "" && auto != "no" || precedence == "bulk" || precedence == "list" || precedence == "junk" || h.Has("List-Id") || h.Has("List-Unsubscribe") || h.Has("X-Auto-Response-Suppress")
	e.Receipt = clip(h.Get("Disposition-Notification-To"), 500)
	e.Checked = checked(h)
	e.Broken = len(h) == 0
}

// urgency reads the three headers that programs use. MS-ASEMAIL 2.2.2.38
func urgency(h mime.Header) int {
	for _, v := range []string{h.Get("Importance"), h.Get("X-MSMail-Priority"), h.Get("Priority")} {
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "high", "urgent":
			return 1
		case "low", "non-urgent":
			return -1
		}
	}
	if p := strings.TrimSpace(h.Get("X-Priority")); p != "" {
		switch p[0] {
		case '1', '2':
			return 1
		case '4', '5':
			return -1
		}
	}
	return 0
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// oneLine replaces control characters, which no list can show.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
}

// few bounds a list of ids: the first, by which conversations are known, and the latest.
func few(ids []string) []string {
	for i := range ids {
		ids[i] = clip(ids[i], 998)
	}
	if len(ids) <= 50 {
		return ids
	}
	return append(ids[:1:1], ids[len(ids)-49:]...)
}

// people bounds a list of addresses: the body has them all.
func people(list []mime.Address) []mime.Address {
	list = list[:min(len(list), 500)]
	for i := range list {
		list[i] = mime.Address{Name: clip(oneLine(list[i].Name), 500), Email: clip(oneLine(list[i].Email), 500)}
	}
	return list
}

// Topic is a subject without the marks of answers and forwards that mail programs put before it.
func Topic(subject string) string {
	s := strings.TrimSpace(subject)
	for {
		mark, rest, ok := strings.Cut(s, ":")
		if !ok {
			return s
		}
		mark = strings.ToLower(strings.TrimSpace(mark))
		if i := strings.IndexByte(mark, '['); i > 0 && strings.HasSuffix(mark, "]") { // "Re[2]"
			mark = mark[:i]
		}
		switch mark {
		case "re", "aw", "sv", "vs", "antw", "fw", "fwd", "wg", "tr", "rv", "r", "i", "odp", "ynt", "回复", "答复", "转发", "res", "enc":
			s = strings.TrimSpace(rest)
		default:
			return s
		}
	}
}

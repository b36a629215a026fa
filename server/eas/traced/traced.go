// Package traced writes down what phones and the hub say to each other (partner/trace), so that it can be read and shown: documents as XML, without what people wrote. What a text says is left out
// unless its element is known to carry nothing of a person: keys, numbers, statuses, settings of the protocol.
package traced

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"tandem/partner/trace"
	"tandem/server/eas"
	"tandem/wire/wbxml"
)

// Watch notes what devices of which there is a trace in the book ask and are answered.
func Watch(b *trace.Book, now func() time.Time) eas.Watch {
	return func(a eas.Asked) func(eas.Answered) {
		if !b.On(a.User, a.DeviceID) {
			return nil
		}
		e := trace.Exchange{When: now().UnixMilli(), Command: a.Command, Version: a.Version.String(), Head: head(a.Header), Asked: document(a.Body)}
		switch {
		case a.Refused != 0:
			e.Note = fmt.Sprintf("the request makes no sense: status %d", a.Refused)
		case a.Raw > 0:
			e.Note = fmt.Sprintf("the request is a message of %d bytes", a.Raw)
		}
		user, device := a.User, a.DeviceID
		return func(a eas.Answered) {
			e.HTTP, e.Took, e.Waited = a.Code, a.Took.Milliseconds(), a.Waited
			switch {
			case a.Err != nil:
				e.Note = join(e.Note, "it could not be served; the hub's log says why")
			case a.Response == nil:
			case a.Response.Content != nil:
				e.Note = join(e.Note, fmt.Sprintf("the answer is a file of %d bytes", a.Response.Content.Size()))
			default:
				e.Answered = answer(a.Response.Body)
				if n := len(a.Response.Parts); n > 0 {
					e.Note = join(e.Note, fmt.Sprintf("%d parts follow the answer", n))
				}
			}
			b.Add(user, device, e)
		}
	}
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// harmless are the headers that tell nothing of a person.
var harmless = [...]string{"Accept-Encoding", "Accept-Language", "Content-Encoding", "Content-Length", "Content-Type", "Ms-Asacceptmultipart", "Ms-Asprotocolversion", "User-Agent", "X-Ms-Policykey"}

func head(h http.Header) (out []string) {
	for _, name := range harmless {
		if v := h.Get(name); v != "" {
			if len(v) > 200 {
				v = v[:200]
			}
			out = append(out, name+": "+strings.Map(printable, v))
		}
	}
	return out
}

func printable(c rune) rune {
	if c < ' ' || c > '~' {
		return '?'
	}
	return c
}

// maxAnswer is the size in bytes of the largest answer that is written down.
const maxAnswer = 4 << 20

// answer writes an answer down. It is encoded first: parts of it may be there as bytes only.
func answer(e *wbxml.Element) string {
	if e == nil {
		return ""
	}
	body, err := wbxml.Marshal(e)
	if err != nil {
		return ""
	}
	if len(body) > maxAnswer {
		return fmt.Sprintf("<!-- %d bytes -->\n", len(body))
	}
	whole, _, err := wbxml.Unmarshal(body, wbxml.Limits{Bytes: maxAnswer})
	if err != nil {
		return ""
	}
	return document(whole)
}

// document writes an element down without what people wrote.
func document(e *wbxml.Element) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	if err := wbxml.ToXML(&b, Redact(e)); err != nil {
		return "<!-- it cannot be written as XML -->\n"
	}
	return b.String()
}

// Redact is a document with every text replaced that may be a person's: by how long it was.
func Redact(e *wbxml.Element) *wbxml.Element {
	out := &wbxml.Element{Tag: e.Tag}
	switch n := len(e.Content()); {
	case n == 0:
	case shown(e):
		out.Text, out.Data = e.Text, e.Data
	case n == 1:
		out.Text = "[1 byte]"
	default:
		out.Text = fmt.Sprintf("[%d bytes]", n)
	}
	for _, c := range e.Children {
		out.Children = append(out.Children, Redact(c))
	}
	return out
}

// longest is the length in bytes of the longest text that is shown: keys and numbers are shorter.
const longest = 100

// shown reports whether the text of an element may be shown.
func shown(e *wbxml.Element) bool {
	text := e.String()
	name := e.Tag.Name()
	if len(text) > longest || e.Data != nil || strings.Contains(name, "Password") {
		return false
	}
	switch e.Tag.Page() {
	case wbxml.AirSync, wbxml.Ping, wbxml.Move, wbxml.GetItemEstimate:
		return true
	case wbxml.FolderHierarchy:
		return name != "DisplayName"
	case wbxml.Provision:
		return name != "Data" && !strings.Contains(name, "Application")
	}
	return name == "Status" || number(text) || has(e.Tag)
}

// number reports whether a text is a number of at most two digits: a status, a flag, a choice.
func number(text string) bool {
	if len(text) > 2 {
		return false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// known are elements of other pages that carry nothing of a person.
const known = ` AirSyncBase:Type AirSyncBase:TruncationSize AirSyncBase:EstimatedDataSize AirSyncBase:ContentType AirSyncBase:FileReference AirSyncBase:InstanceId
 ItemOperations:Store ItemOperations:Range ItemOperations:Total ItemOperations:Version ItemOperations:Part
 Search:Name Search:Range Search:Total Find:Range Find:Total
 ComposeMail:ClientId ComposeMail:FolderId ComposeMail:ItemId ComposeMail:InstanceId
 MeetingResponse:CollectionId MeetingResponse:RequestId MeetingResponse:CalendarId MeetingResponse:InstanceId MeetingResponse:UserResponse
 Settings:OS Settings:OSLanguage Settings:UserAgent Settings:Model Settings:StartTime Settings:EndTime Settings:BodyType
 Email:MessageClass Email:ContentClass Email:DateReceived Calendar:StartTime Calendar:EndTime Calendar:DtStamp Calendar:Until
 Tasks:StartDate Tasks:DueDate ResolveRecipients:StartTime ResolveRecipients:EndTime `

func has(t wbxml.Tag) bool {
	return strings.Contains(strings.ReplaceAll(known, "\n", " "), " "+t.String()+" ")
}

// Package attach changes calendar objects as the requests for managed attachments ask for: the part of RFC 8607 that is a function of bodies. Where the
// bytes of attachments are kept, and who may read them, is the door's.
package attach

import (
	"mime"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/davxml"
	"tandem/wire/ical"
)

// Action is what a POST to a calendar object asks for. RFC 8607 3.3.1
type Action string

// The actions.
const (
	Add    Action = "attachment-add"
	Update Action = "attachment-update"
	Remove Action = "attachment-remove"
)

// Request is the query of such a POST.
type Request struct {
	Action    Action
	RIDs      []string // the instances: "M" for the series, else as RECURRENCE-ID has it; nil: all that are written down
	ManagedID string   // Update, Remove
}

// Attachment is what is attached.
type Attachment struct {
	ManagedID string
	Href      string // where it can be read
	Type      string // media type, "" if not known
	Name      string // "" if not known
	Size      int64
}

// Limits bound attachments. A zero field means no limit. RFC 8607 6.2, 6.3
type Limits struct {
	Size  int64 // bytes of one
	Count int   // of one calendar object
}

const maxRIDs = 1000

func refuse(name, text string) error {
	c := davxml.Fail(403, davxml.C(name))
	c.Text = text
	return c
}

// ParseQuery reads the query of a POST to a calendar object. Its errors are conditions: valid-action, valid-rid, valid-managed-id. RFC 8607 3.3, 3.11
func ParseQuery(q url.Values) (*Request, error) {
	r := &Request{Action: Action(q.Get("action")), ManagedID: q.Get("managed-id")}
	switch r.Action {
	case Add, Update, Remove:
	default:
		return nil, refuse("valid-action", "action is attachment-add, attachment-update or attachment-remove")
	}
	if q.Has("rid") {
		if r.Action == Update {
			return nil, refuse("valid-rid", "attachment-update is for all instances")
		}
		r.RIDs = strings.Split(q.Get("rid"), ",")
		if len(r.RIDs) > maxRIDs || slices.Contains(r.RIDs, "") {
			return nil, refuse("valid-rid", "rid names no instance, or too many")
		}
	}
	if r.Action == Add && q.Has("managed-id") || r.Action != Add && r.ManagedID == "" {
		return nil, refuse("valid-managed-id", "managed-id belongs to attachment-update and attachment-remove")
	}
	return r, nil
}

// Describe reads the media type and name of an attachment from the headers Content-Type and Content-Disposition. The name is the last part of a path.
func Describe(contentType, disposition string) (media, name string) {
	if m, _, err := mime.ParseMediaType(contentType); err == nil {
		media = m
	}
	if _, params, err := mime.ParseMediaType(disposition); err == nil {
		name = path.Base(strings.ReplaceAll(params["filename"], `\`, "/"))
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if name == "." || name == "/" || name == ".." {
		name = ""
	}
	return media, name
}

// CheckSize refuses an attachment of too many bytes: max-attachment-size. RFC 8607 3.11
func (l Limits) CheckSize(size int64) error {
	if l.Size > 0 && size > l.Size {
		return refuse("max-attachment-size", "an attachment has at most "+strconv.FormatInt(l.Size, 10)+" bytes")
	}
	return nil
}

// IDs are the managed ids that a calendar object names, each once, in order. An object that cannot be read is an error of the reader's.
func IDs(body []byte) ([]string, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, err
	}
	var out []string
	for cal := range doc.Components() {
		for c := range cal.Children() {
			for l := range c.All("ATTACH") {
				if id, ok := l.Param("MANAGED-ID"); ok && id != "" && !slices.Contains(out, id) {
					out = append(out, id)
				}
			}
		}
	}
	return out, nil
}

// Links are the managed ids that a calendar object names, with where each can be read.
func Links(body []byte) (map[string]string, error) {
	doc, err := ical.Parse(body)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for cal := range doc.Components() {
		for c := range cal.Children() {
			for l := range c.All("ATTACH") {
				if id, ok := l.Param("MANAGED-ID"); ok && id != "" {
					out[id] = strings.TrimSpace(l.Value())
				}
			}
		}
	}
	return out, nil
}

// Apply gives the calendar object after a request. For Add and Update, a is the attachment; one that is updated may have got another managed id. Errors are
// conditions: valid-rid, valid-managed-id, max-attachment-size, max-attachments-per-resource, valid-calendar-data.
func (r *Request) Apply(body []byte, a Attachment, lim Limits, zones *recur.Zones) ([]byte, error) {
	if err := lim.CheckSize(a.Size); r.Action != Remove && err != nil {
		return nil, err
	}
	ob, err := open(body, zones)
	if err != nil {
		return nil, err
	}
	ids, err := IDs(body)
	if err != nil {
		return nil, err
	}
	if r.Action != Add && !slices.Contains(ids, r.ManagedID) {
		return nil, refuse("valid-managed-id", "the calendar object has no attachment "+r.ManagedID)
	}
	if r.Action == Add && lim.Count > 0 && len(ids) >= lim.Count {
		return nil, refuse("max-attachments-per-resource", "a calendar object has at most "+strconv.Itoa(lim.Count)+" attachments")
	}
	parts, err := ob.targets(r.RIDs)
	if err != nil {
		return nil, err
	}
	found := false
	for _, c := range parts {
		switch r.Action {
		case Add:
			found = true
			l := contentline.NewLine("ATTACH", a.Href)
			a.describe(l)
			c.Add(contentline.Item{Line: l})
		case Update:
			found = a.replace(c, r.ManagedID) || found
		case Remove:
			found = remove(c, r.ManagedID) || found
		}
	}
	if !found {
		return nil, refuse("valid-managed-id", "the instance has no attachment "+r.ManagedID)
	}
	return ob.doc.Bytes(), nil
}

// describe gives an ATTACH its parameters. RFC 8607 4
func (a Attachment) describe(l *contentline.Line) {
	set := func(name, value string) {
		if value == "" {
			l.DelParam(name)
			return
		}
		l.SetParam(name, value)
	}
	set("MANAGED-ID", a.ManagedID)
	set("FMTTYPE", a.Type)
	set("SIZE", strconv.FormatInt(a.Size, 10))
	set("FILENAME", a.Name)
}

func (a Attachment) replace(c *contentline.Component, id string) (found bool) {
	for l := range c.All("ATTACH") {
		if has, _ := l.Param("MANAGED-ID"); has == id {
			l.SetValue(a.Href)
			a.describe(l)
			found = true
		}
	}
	return found
}

func remove(c *contentline.Component, id string) (found bool) {
	c.Items = slices.DeleteFunc(c.Items, func(it contentline.Item) bool {
		if it.Line == nil || !it.Line.Is("ATTACH") {
			return false
		}
		has, _ := it.Line.Param("MANAGED-ID")
		found = found || has == id
		return has == id
	})
	return found
}

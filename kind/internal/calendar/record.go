// Package calendar is what the kinds event, task and note have in common: a record is one calendar object (RFC 5545)
// that holds one series, which is all the components of one sort with the same UID.
//
// What a record means is a set of elements (see elems.go), from which both the digest and the merge are made, so that
// the two agree on what is a change.
package calendar

import (
	"fmt"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
)

// Handler does the work of kind.Handler for one sort of component.
type Handler struct {
	Of        tandem.Kind
	Component string       // "VEVENT"
	Zones     *recur.Zones // shared memory of zones; nil: none
}

// record is an opened body.
type record struct {
	h     Handler
	doc   *contentline.Document
	cal   *contentline.Component
	uid   string
	keys  []string // of parts, in the order of the body
	parts map[string]*contentline.Component
	find  recur.Finder
	twice map[string]int // how often a key came up that should be there once
}

func (h Handler) invalid(err error) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read " + string(h.Of), Err: err}
}

// open parses a body.
func (h Handler) open(body []byte) (*record, error) { return h.read(ical.Parse(body)) }

// read finds the record in a calendar object.
func (h Handler) read(doc *contentline.Document, err error) (*record, error) {
	if err != nil {
		return nil, h.invalid(err)
	}
	zones := h.Zones
	if zones == nil {
		zones = &recur.Zones{}
	}
	r := &record{h: h, doc: doc, parts: map[string]*contentline.Component{}}
	for c := range doc.Components() {
		if !c.Is("VCALENDAR") {
			continue
		}
		if r.cal != nil {
			return nil, h.invalid(at(c, "a second calendar object"))
		}
		r.cal = c
	}
	r.find = zones.In(r.cal)
	first := true
	for c := range r.cal.Children() {
		if !ical.IsRecord(c) {
			continue
		}
		uid := ical.UID(c)
		if !first && (uid != r.uid || uid == "") {
			return nil, h.invalid(at(c, fmt.Sprintf("a second record, with UID %q beside %q", uid, r.uid)))
		}
		r.uid, first = uid, false
		if c.Is(h.Component) {
			key := r.key(c)
			r.keys = append(r.keys, key)
			r.parts[key] = c
		}
	}
	if len(r.keys) == 0 {
		return nil, h.invalid(at(r.cal, "no "+h.Component))
	}
	return r, nil
}

func at(c *contentline.Component, msg string) error {
	return &contentline.Error{Line: c.Begin.Num(), Column: 1, Msg: msg}
}

// key names a component within its series: "" is the series itself, an override is known by the instant it replaces,
// whichever zone that is written in.
func (r *record) key(c *contentline.Component) string {
	key := ""
	if l := c.Get("RECURRENCE-ID"); l != nil && r.uid != "" { // without a UID there is no series to be part of
		t, err := ical.TimeOf(l)
		switch zone := recur.Zone(nil); {
		case err != nil:
			key = "?" + l.Value()
		case t.Form == ical.UTC:
			key = "@" + strconv.FormatInt(t.Wall, 10)
		case t.Form == ical.Zoned:
			if zone = r.find(t.TZID); zone != nil {
				key = "@" + strconv.FormatInt(zone.Instant(t.Wall), 10)
				break
			}
			key = t.TZID + ":" + t.String()
		default:
			key = ":" + t.String()
		}
		if scope, ok := l.Param("RANGE"); ok {
			key += "+" + strings.ToUpper(scope)
		}
	}
	if _, taken := r.parts[key]; !taken {
		return key
	}
	if r.twice == nil {
		r.twice = map[string]int{}
	}
	r.twice[key]++
	return key + "#" + strconv.Itoa(r.twice[key]+1) // nonsense, but nothing of it may be lost
}

// components lists the series and its overrides.
func (r *record) components() []*contentline.Component {
	out := make([]*contentline.Component, len(r.keys))
	for i, k := range r.keys {
		out[i] = r.parts[k]
	}
	return out
}

// main is the component that stands for the record in a list.
func (r *record) main() *contentline.Component {
	if c := r.parts[""]; c != nil {
		return c
	}
	return r.parts[r.keys[0]]
}

// WithUID implements kind.Renamer.
func (h Handler) WithUID(body []byte, uid string) ([]byte, error) {
	r, err := h.open(body)
	if err != nil {
		return nil, err
	}
	r.setUID(uid)
	return r.doc.Bytes(), nil
}

func (r *record) setUID(uid string) {
	for c := range r.cal.Children() {
		if ical.IsRecord(c) {
			setUID(c, uid)
		}
	}
}

func setUID(c *contentline.Component, uid string) {
	if ical.UID(c) != uid {
		c.Set("UID", contentline.EscapeText(uid))
	}
}

var _ kind.Renamer = Handler{}

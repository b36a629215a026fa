package note

import (
	"fmt"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/wbxml"
)

// View is what Exchange ActiveSync sees of a note, MS-ASNOTE. The zero value is ready for use.
type View struct{}

var _ eas.View = View{}

const (
	component   = "VJOURNAL"
	stickyNote  = "IPM.StickyNote"
	messageProp = "X-TANDEM-MESSAGE-CLASS" // of a note that is of a class of its own
)

// Class implements eas.View.
func (View) Class() string { return "Notes" }

// Get implements eas.View.
func (View) Get(data []byte, o eas.Options) ([]*wbxml.Element, error) {
	ob, err := calview.Open(data, component)
	if err != nil {
		return nil, err
	}
	c := ob.Main
	text, native := body.Show(calview.Description(c), o)
	out := []*wbxml.Element{text}
	if s := calview.Text(c, "SUMMARY"); s != "" {
		out = append(out, wbxml.Text(wbxml.NotesSubject, s))
	}
	out = append(out, wbxml.Text(wbxml.NotesMessageClass, messageClass(c)))
	at, ok := calview.Changed(c)
	if !ok {
		at = o.Now
	}
	if s := eas.FormatCompact(time.Unix(at, 0)); s != "" { // MS-ASNOTE_R53, MS-ASNOTE_R125
		out = append(out, wbxml.Text(wbxml.NotesLastModifiedDate, s))
	}
	if e := calview.ShowCategories(c, wbxml.NotesCategories, wbxml.NotesCategory); e != nil {
		out = append(out, e)
	}
	return append(out, native), nil
}

func messageClass(c *contentline.Component) string {
	if s := calview.Text(c, messageProp); isNoteClass(s) {
		return s
	}
	return stickyNote
}

// isNoteClass reports a class that a note may have, MS-ASNOTE_R57.
func isNoteClass(s string) bool { return s == stickyNote || strings.HasPrefix(s, stickyNote+".") }

// Put implements eas.View.
func (View) Put(data []byte, in []*wbxml.Element, o eas.Put) (eas.Result, error) {
	ob := calview.New(component, o.UID, o.Now)
	if data != nil {
		var err error
		if ob, err = calview.Open(data, component); err != nil {
			return eas.Result{}, err
		}
	}
	c, before := ob.Main, string(ob.Doc.Bytes())
	if e := calview.Find(in, wbxml.NotesMessageClass); e != nil {
		class := calview.Line(e.String())
		if !isNoteClass(class) { // MS-ASNOTE_R119
			return eas.Result{}, &tandem.Error{Kind: tandem.Invalid, Op: "write note", Thing: "MessageClass " + class,
				Err: fmt.Errorf("a note is %s or %[1]s.*", stickyNote)}
		}
		if class != messageClass(c) {
			if class == stickyNote {
				c.RemoveAll(messageProp)
			} else {
				calview.SetText(c, messageProp, class)
			}
		}
	}
	// MS-ASNOTE_R10003: a subject that is missing stays.
	if e := calview.Find(in, wbxml.NotesSubject); e != nil && calview.Line(e.String()) != calview.Text(c, "SUMMARY") {
		calview.SetText(c, "SUMMARY", calview.Line(e.String()))
	}
	// MS-ASNOTE_R112: categories that are missing go. Nothing at all is no change of a note.
	if e := calview.Find(in, wbxml.NotesCategories); e != nil || len(in) > 0 {
		calview.PutCategories(c, e, wbxml.NotesCategory)
	}
	var r eas.Result
	if note := calview.PutDescription(c, in, o.Options); note != "" { // MS-ASNOTE_R113: a body that is missing stays
		r.Notes = append(r.Notes, note)
	}
	for _, e := range in {
		if e != nil && e.Tag.Page() != wbxml.Notes && e.Tag.Page() != wbxml.AirSyncBase {
			r.Notes = append(r.Notes, "element "+e.Tag.String()+" is none of a note's, left out")
		}
	}
	if data != nil && string(ob.Doc.Bytes()) == before {
		r.Body = data
		return r, nil
	}
	calview.Stamp(c, o.Now) // MS-ASNOTE_R209: the server knows when
	r.Body = ob.Doc.Bytes()
	return r, nil
}

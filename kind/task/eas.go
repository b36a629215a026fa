package task

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/kind/internal/calview"
	"tandem/kind/recur"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// View is what Exchange ActiveSync sees of a task, MS-ASTASK. The zero value is ready for use; with Zones set, time zones are loaded once
// and not anew for every record.
type View struct{ Zones *recur.Zones }

var (
	_ eas.View     = View{}
	_ eas.Finisher = View{}
)

// Properties of ours, for what iCalendar has no property for.
const (
	importanceProp = "X-TANDEM-IMPORTANCE"  // beyond the three levels there are
	regenerateProp = "X-TANDEM-REGENERATE"  // MS-ASTASK 2.2.2.21
	deadRuleProp   = "X-TANDEM-DEAD-RRULE"  // the rule of an instance that recurs no more, MS-ASTASK 2.2.2.11
	ordinalProp    = "X-TANDEM-ORDINAL"     // MS-ASTASK 2.2.2.19
	subOrdinalProp = "X-TANDEM-SUB-ORDINAL" // MS-ASTASK 2.2.2.28
)

// Class implements eas.View.
func (View) Class() string { return "Tasks" }

// sheet is a task that is looked at or edited.
type sheet struct {
	ob      *calview.Object
	c       *contentline.Component
	find    recur.Finder
	user    recur.Zone // the user's
	o       eas.Options
	managed func(wbxml.Tag) bool
	notes   []string
}

func (v View) sheet(ob *calview.Object, o eas.Options) *sheet {
	zones, loc := v.Zones, o.Zone
	if zones == nil {
		zones = &recur.Zones{}
	}
	if loc == nil {
		loc = time.UTC
	}
	return &sheet{ob: ob, c: ob.Main, find: zones.In(ob.Cal), user: recur.Location(loc), o: o}
}

// Get implements eas.View.
func (v View) Get(data []byte, o eas.Options) ([]*wbxml.Element, error) {
	ob, err := calview.Open(data, "VTODO")
	if err != nil {
		return nil, err
	}
	s := v.sheet(ob, o)
	text, native := body.Show(calview.Description(s.c), o)
	out := []*wbxml.Element{text}
	add := func(e *wbxml.Element) {
		if e != nil {
			out = append(out, e)
		}
	}
	if v := calview.Text(s.c, "SUMMARY"); v != "" {
		add(wbxml.Text(wbxml.TasksSubject, v))
	}
	add(wbxml.Text(wbxml.TasksImportance, strconv.Itoa(s.importance())))
	out = append(out, s.showDates()...)
	add(calview.ShowCategories(s.c, wbxml.TasksCategories, wbxml.TasksCategory))
	if r, ok := s.recurrence(); ok {
		add(taskTags.Element(r, o))
	}
	done := s.done()
	add(wbxml.Text(wbxml.TasksComplete, bit(done)))
	if done { // MS-ASTASK_R124
		add(wbxml.Text(wbxml.TasksDateCompleted, calview.ShowTime(s.completed())))
	}
	add(wbxml.Text(wbxml.TasksSensitivity, strconv.Itoa(s.sensitivity())))
	at, set := s.reminder()
	add(wbxml.Text(wbxml.TasksReminderSet, bit(set)))
	if set {
		add(wbxml.Text(wbxml.TasksReminderTime, calview.ShowTime(at)))
	}
	if l := s.c.Get(ordinalProp); l != nil {
		if t, err := ical.TimeOf(l); err == nil && calview.ShowTime(t.Wall) != "" {
			add(wbxml.Text(wbxml.TasksOrdinalDate, calview.ShowTime(t.Wall)))
		}
	}
	if v := calview.Text(s.c, subOrdinalProp); v != "" {
		add(wbxml.Text(wbxml.TasksSubOrdinalDate, v))
	}
	return append(out, native), nil
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// Finished implements eas.Finisher: what is done or called off.
func (View) Finished(data []byte) bool {
	ob, err := calview.Open(data, "VTODO")
	if err != nil {
		return false
	}
	return (&sheet{c: ob.Main}).done() || calview.Word(ob.Main, "STATUS") == "CANCELLED"
}

// Put implements eas.View.
func (v View) Put(data []byte, in []*wbxml.Element, o eas.Put) (eas.Result, error) {
	ob := calview.New("VTODO", o.UID, o.Now)
	if data != nil {
		var err error
		if ob, err = calview.Open(data, "VTODO"); err != nil {
			return eas.Result{}, err
		}
	}
	s := v.sheet(ob, o.Options)
	if s.managed = o.Managed; data == nil {
		s.managed = nil
	}
	before := string(ob.Doc.Bytes())
	if err := s.put(in); err != nil {
		return eas.Result{}, err
	}
	if data != nil && string(ob.Doc.Bytes()) == before {
		return eas.Result{Body: data, Notes: s.notes}, nil
	}
	calview.Stamp(s.c, o.Now)
	return eas.Result{Body: ob.Doc.Bytes(), Notes: s.notes}, nil
}

func (s *sheet) put(in []*wbxml.Element) error {
	for _, step := range []func([]*wbxml.Element) error{s.putTexts, s.putImportance, s.putSensitivity, s.putDates, s.putRecurrence, s.putComplete,
		s.putReminder, s.putOrdinals} {
		if err := step(in); err != nil {
			return err
		}
	}
	for _, e := range in {
		if e != nil && e.Tag.Page() != wbxml.Tasks && e.Tag.Page() != wbxml.AirSyncBase {
			s.notes = append(s.notes, "element "+e.Tag.String()+" is none of a task's, left out")
		}
	}
	return nil
}

// sent is the text of an element, and whether the client said anything: what it manages and leaves out is empty (MS-ASCMD_R5912).
func (s *sheet) sent(in []*wbxml.Element, tag wbxml.Tag) (string, bool) {
	if e := calview.Find(in, tag); e != nil {
		return calview.Line(e.String()), true
	}
	return "", s.managed != nil && s.managed(tag)
}

func (s *sheet) putTexts(in []*wbxml.Element) error {
	if v, ok := s.sent(in, wbxml.TasksSubject); ok && v != calview.Text(s.c, "SUMMARY") {
		calview.SetText(s.c, "SUMMARY", v)
	}
	if _, ok := s.sent(in, wbxml.TasksCategories); ok { // MS-ASTASK_R436
		calview.PutCategories(s.c, calview.Find(in, wbxml.TasksCategories), wbxml.TasksCategory)
	}
	if note := calview.PutDescription(s.c, in, s.o); note != "" {
		s.notes = append(s.notes, note)
	}
	return nil
}

// importance is 0 for low, 1 for normal and 2 for high (MS-ASTASK 2.2.2.14), by priority (RFC 5545 3.8.1.9), or what else a client made it.
func (s *sheet) importance() int {
	if n, err := eas.ParseInt(calview.Word(s.c, importanceProp), 3, 255); err == nil {
		return n
	}
	switch n, err := strconv.Atoi(calview.Word(s.c, "PRIORITY")); {
	case err != nil || n <= 0 || n == 5 || n > 9:
		return 1
	case n < 5:
		return 2
	}
	return 0
}

func (s *sheet) putImportance(in []*wbxml.Element) error {
	e := calview.Find(in, wbxml.TasksImportance)
	if e == nil || strings.TrimSpace(e.String()) == "" {
		return nil // MS-ASTASK_R369
	}
	n, err := eas.ParseInt(e.String(), 0, 255)
	if err != nil || n == s.importance() {
		return err
	}
	s.c.RemoveAll(importanceProp)
	if n > 2 { // MS-ASTASK_R550
		calview.Set(s.c, importanceProp, strconv.Itoa(n))
		n = 1
	}
	calview.Set(s.c, "PRIORITY", [...]string{"9", "5", "1"}[n])
	return nil
}

// classes are the values of CLASS by sensitivity, MS-ASTASK 2.2.2.24. Personal, which iCalendar does not have, is a class of Outlook's:
// whoever does not know it must take it for private (RFC 5545 3.8.1.3).
var classes = [...]string{"PUBLIC", "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"}

func (s *sheet) sensitivity() int {
	v := calview.Word(s.c, "CLASS")
	for i, c := range classes {
		if v == c {
			return i
		}
	}
	if v == "" {
		return 0
	}
	return 2
}

func (s *sheet) putSensitivity(in []*wbxml.Element) error {
	v, ok := s.sent(in, wbxml.TasksSensitivity)
	if !ok {
		return nil
	}
	n := 0
	if v != "" {
		var err error
		if n, err = eas.ParseInt(v, 0, 3); err != nil { // MS-ASTASK_R259
			return err
		}
	}
	if n != s.sensitivity() {
		calview.Set(s.c, "CLASS", classes[n])
	}
	return nil
}

// done reports whether the task is done (RFC 5545 3.8.1.11, 3.8.2.1, 3.8.1.8).
func (s *sheet) done() bool {
	if status := calview.Word(s.c, "STATUS"); status != "" {
		return status == "COMPLETED"
	}
	return s.c.Get("COMPLETED") != nil || calview.Word(s.c, "PERCENT-COMPLETE") == "100"
}

// completed is when a task was done: as it says, else when it was last changed.
func (s *sheet) completed() int64 {
	if l := s.c.Get("COMPLETED"); l != nil {
		if t, err := ical.TimeOf(l); err == nil && calview.ShowTime(s.instant(t)) != "" {
			return s.instant(t)
		}
	}
	if at, ok := calview.Changed(s.c); ok && calview.ShowTime(at) != "" {
		return at
	}
	return s.o.Now
}

func (s *sheet) putComplete(in []*wbxml.Element) error {
	e := calview.Find(in, wbxml.TasksComplete)
	if e == nil {
		return nil
	}
	done, err := eas.ParseBool(e.String()) // MS-ASTASK_R119
	if err != nil {
		return err
	}
	if !done {
		if s.done() {
			s.c.RemoveAll("COMPLETED")
			s.c.RemoveAll("PERCENT-COMPLETE")
			calview.Set(s.c, "STATUS", "NEEDS-ACTION")
		}
		return nil
	}
	at, was := s.o.Now, s.done()
	if was {
		at = s.completed()
	}
	if v, _ := s.sent(in, wbxml.TasksDateCompleted); v != "" {
		t, err := eas.ParseTime(v)
		if err != nil {
			return err
		}
		at = t.Unix()
	}
	if was && at == s.completed() {
		return nil
	}
	calview.SetTime(s.c, "COMPLETED", ical.Time{Wall: at, Form: ical.UTC})
	calview.Set(s.c, "STATUS", "COMPLETED")
	calview.Set(s.c, "PERCENT-COMPLETE", "100")
	return nil
}

func (s *sheet) putOrdinals(in []*wbxml.Element) error {
	if v, ok := s.sent(in, wbxml.TasksOrdinalDate); ok {
		old := ""
		if l := s.c.Get(ordinalProp); l != nil {
			old = l.Value()
		}
		text := ""
		if v != "" {
			t, err := eas.ParseTime(v)
			if err != nil {
				return err
			}
			text = eas.FormatCompact(t)
		}
		if text != old {
			calview.SetText(s.c, ordinalProp, text)
		}
	}
	if v, ok := s.sent(in, wbxml.TasksSubOrdinalDate); ok && v != calview.Text(s.c, subOrdinalProp) {
		calview.SetText(s.c, subOrdinalProp, v)
	}
	return nil
}

func invalid(thing, msg string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "write task", Thing: thing, Err: fmt.Errorf("%s", msg)}
}

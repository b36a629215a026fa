package recurrence

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem/kind/eas"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// Tags are the elements of one class's recurrence.
type Tags struct {
	Recurrence, Type, Until, Occurrences, Interval                wbxml.Tag
	DayOfWeek, DayOfMonth, WeekOfMonth, MonthOfYear, CalendarType wbxml.Tag
	IsLeapMonth, FirstDayOfWeek                                   wbxml.Tag
	Start, Regenerate, DeadOccur                                  wbxml.Tag // 0: the class has none

	// Limit is the most that Occurrences can hold.
	Limit int
	// Compact tells that Until is written as Compact DateTime.
	Compact bool
	// EveryDay tells that DayOfWeek is written for the type Daily too (MS-ASCAL_R204111).
	EveryDay bool
}

// CalendarTags are the elements of MS-ASCAL.
func CalendarTags() Tags {
	return Tags{
		Recurrence: wbxml.CalendarRecurrence, Type: wbxml.CalendarType, Until: wbxml.CalendarUntil, Occurrences: wbxml.CalendarOccurrences,
		Interval: wbxml.CalendarInterval, DayOfWeek: wbxml.CalendarDayOfWeek, DayOfMonth: wbxml.CalendarDayOfMonth,
		WeekOfMonth: wbxml.CalendarWeekOfMonth, MonthOfYear: wbxml.CalendarMonthOfYear, CalendarType: wbxml.CalendarCalendarType,
		IsLeapMonth: wbxml.CalendarIsLeapMonth, FirstDayOfWeek: wbxml.CalendarFirstDayOfWeek,
		Limit: 999, Compact: true, EveryDay: true,
	}
}

// TaskTags are the elements of MS-ASTASK.
func TaskTags() Tags {
	return Tags{
		Recurrence: wbxml.TasksRecurrence, Type: wbxml.TasksType, Until: wbxml.TasksUntil, Occurrences: wbxml.TasksOccurrences,
		Interval: wbxml.TasksInterval, DayOfWeek: wbxml.TasksDayOfWeek, DayOfMonth: wbxml.TasksDayOfMonth,
		WeekOfMonth: wbxml.TasksWeekOfMonth, MonthOfYear: wbxml.TasksMonthOfYear, CalendarType: wbxml.TasksCalendarType,
		IsLeapMonth: wbxml.TasksIsLeapMonth, FirstDayOfWeek: wbxml.TasksFirstDayOfWeek,
		Start: wbxml.TasksStart, Regenerate: wbxml.TasksRegenerate, DeadOccur: wbxml.TasksDeadOccur,
		Limit: 255,
	}
}

// Element writes a pattern. Times are written as they are, marked UTC: the view has put them into the terms of its class.
func (t Tags) Element(r Recurrence, o eas.Options) *wbxml.Element {
	e := wbxml.New(t.Recurrence)
	num := func(tag wbxml.Tag, n int) { e.Add(wbxml.Text(tag, strconv.Itoa(n))) }
	num(t.Type, int(r.Type))
	if t.Start != 0 && !r.Start.IsZero() {
		e.Add(t.time(t.Start, r.Start))
	}
	switch {
	case r.Occurrences > 0:
		num(t.Occurrences, r.Occurrences)
	case !r.Shown(o).Until.IsZero():
		e.Add(t.time(t.Until, r.Until))
	}
	num(t.Interval, max(r.Interval, 1))
	nth := r.Type == MonthlyNth || r.Type == YearlyNth
	byDate := r.Type == Monthly || r.Type == Yearly
	switch {
	case r.DayOfWeek != 0 && !byDate:
		num(t.DayOfWeek, r.DayOfWeek)
	case r.Type == Daily && t.EveryDay:
		num(t.DayOfWeek, AllDays)
	}
	if nth {
		num(t.WeekOfMonth, r.WeekOfMonth)
	}
	if byDate {
		num(t.DayOfMonth, r.DayOfMonth)
	}
	if r.Type == Yearly || r.Type == YearlyNth {
		num(t.MonthOfYear, r.MonthOfYear)
	}
	if r.Regenerate && t.Regenerate != 0 {
		num(t.Regenerate, 1)
	}
	if r.DeadOccur && t.DeadOccur != 0 {
		num(t.DeadOccur, 1)
	}
	if (nth || byDate) && o.Version >= eas.V140 {
		num(t.CalendarType, 1) // MS-ASCAL_R143, MS-ASTASK_R82
	}
	if r.Type == Weekly && o.Version >= eas.V141 {
		num(t.FirstDayOfWeek, max(r.FirstDayOfWeek, 0)) // MS-ASTASK_R167
	}
	return e
}

// Shown is the pattern as the client gets to see it: without an end that it cannot bear (field note 12).
func (r Recurrence) Shown(o eas.Options) Recurrence {
	if year, _, _ := ical.Civil(r.Until.Day()); o.Quirks.NoLateUntil && year >= 2037 {
		r.Until = ical.Time{}
	}
	return r
}

func (t Tags) time(tag wbxml.Tag, v ical.Time) *wbxml.Element {
	s := eas.FormatWall(v.Wall)
	if t.Compact {
		s = eas.FormatCompact(time.Unix(v.Wall, 0))
	}
	if s == "" {
		return nil
	}
	return wbxml.Text(tag, s)
}

// Read reads a Recurrence element; nil where there is none or it is empty, which takes a recurrence away (MS-ASCAL_R2180002). Times come
// as the client wrote them, of the form UTC. What contradicts itself is an error of kind Invalid: the client gets status 6.
func (t Tags) Read(e *wbxml.Element) (*Recurrence, error) {
	if e == nil || len(e.Children) == 0 {
		return nil, nil
	}
	if e.Child(t.Type) == nil { // MS-ASTASK_R289
		return nil, invalid("", "no Type")
	}
	r := &Recurrence{FirstDayOfWeek: -1}
	if err := t.readNumbers(e, r); err != nil {
		return nil, err
	}
	if err := t.readCalendarType(e, r); err != nil {
		return nil, err
	}
	for tag, to := range map[wbxml.Tag]*ical.Time{t.Until: &r.Until, t.Start: &r.Start} {
		if s := strings.TrimSpace(e.Get(tag)); tag != 0 && s != "" {
			at, err := eas.ParseTime(s)
			if err != nil {
				return nil, err
			}
			*to = ical.Time{Wall: at.Unix(), Form: ical.UTC}
		}
	}
	return r, nil
}

func (t Tags) readNumbers(e *wbxml.Element, r *Recurrence) error {
	n := func(tag wbxml.Tag, low, high, absent int) (int, error) {
		if c := e.Child(tag); tag == 0 || c == nil || strings.TrimSpace(c.String()) == "" {
			return absent, nil
		}
		return eas.ParseInt(e.Get(tag), low, high)
	}
	kind, err := eas.ParseInt(e.Get(t.Type), 0, 6)
	if err != nil || kind == 4 {
		return invalid("Type "+e.Get(t.Type), "no such type of recurrence")
	}
	r.Type = Type(kind)
	var regenerate, dead, leap int // a leap month is one of calendars that are not supported
	for _, f := range []struct {
		tag               wbxml.Tag
		low, high, absent int
		to                *int
		types             string // the types that may have it
	}{
		{t.Interval, 0, maxInterval, 1, &r.Interval, "012356"},
		{t.Occurrences, 0, 65535, 0, &r.Occurrences, "012356"},
		{t.DayOfWeek, 1, AllDays, 0, &r.DayOfWeek, "0136"},        // MS-ASTASK_R532
		{t.DayOfMonth, 1, 31, 0, &r.DayOfMonth, "25"},             // MS-ASTASK_R132
		{t.WeekOfMonth, 1, 5, 0, &r.WeekOfMonth, "36"},            // MS-ASTASK_R320
		{t.MonthOfYear, 1, 12, 0, &r.MonthOfYear, "56"},           //
		{t.FirstDayOfWeek, 0, 6, -1, &r.FirstDayOfWeek, "012356"}, // MS-ASTASK_R171
		{t.IsLeapMonth, 0, 1, 0, &leap, "012356"},
		{t.Regenerate, 0, 1, 0, &regenerate, "012356"}, //
		{t.DeadOccur, 0, 255, 0, &dead, "012356"},      // MS-ASTASK_R156
	} {
		v, err := n(f.tag, f.low, f.high, f.absent)
		if err != nil {
			return err
		}
		if v != f.absent && !strings.Contains(f.types, strconv.Itoa(kind)) {
			return invalid(f.tag.String(), fmt.Sprintf("it does not belong to the type %d", kind))
		}
		*f.to = v
	}
	r.Regenerate, r.DeadOccur = regenerate != 0, dead != 0
	return nil
}

// readCalendarType refuses calendars whose months are not ours: the rule would mean other days. Those that only count years otherwise
// are the same to a recurrence. MS-ASTASK 2.2.2.4
func (t Tags) readCalendarType(e *wbxml.Element, r *Recurrence) error {
	s := strings.TrimSpace(e.Get(t.CalendarType))
	if s == "" {
		return nil
	}
	n, err := eas.ParseInt(s, 0, 23)
	if err != nil {
		return err
	}
	switch r.Type {
	case Daily, Weekly:
		return invalid("CalendarType "+s, fmt.Sprintf("it does not belong to the type %d", r.Type)) // MS-ASTASK_R81
	}
	switch n {
	case 0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12:
		return nil
	}
	return invalid("CalendarType "+s, "recurrences in this calendar are not supported")
}

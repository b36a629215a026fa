package kql

import (
	"strings"
	"time"
)

// Message is what restrictions look at.
type Message struct {
	From, To, Cc, Bcc, Subject string
	Files                      []string // names of attachments
	Received, Sent             int64    // Unix seconds
	Read, Flagged              bool
	Importance                 int // -1, 0, 1
	Categories                 []string
}

// Match reports whether the restrictions of a clause hold for a message. Its words are left to the full-text index. now and zone say what "today" is.
func (c Clause) Match(m Message, now time.Time) bool {
	for _, p := range c.Props {
		if p.match(m, now) == p.Not {
			return false
		}
	}
	return true
}

func (p Prop) match(m Message, now time.Time) bool {
	text := func(s string) bool { return Has(s, p.Value) != (p.Op == "<>") }
	switch p.Name {
	case "from":
		return text(m.From)
	case "to":
		return text(m.To)
	case "cc":
		return text(m.Cc)
	case "bcc":
		return text(m.Bcc)
	case "recipients":
		return text(m.To + " " + m.Cc + " " + m.Bcc)
	case "participants":
		return text(m.From + " " + m.To + " " + m.Cc + " " + m.Bcc)
	case "subject":
		return text(m.Subject)
	case "attachment":
		return text(strings.Join(m.Files, " "))
	case "category":
		return text(strings.Join(m.Categories, " "))
	case "hasattachment":
		return p.truth(len(m.Files) > 0)
	case "has": // as people write it: has:attachment
		return !strings.HasPrefix(strings.ToLower(p.Value), "attach") || len(m.Files) > 0
	case "isread":
		return p.truth(m.Read)
	case "isflagged":
		return p.truth(m.Flagged)
	case "importance":
		return text([]string{"low", "normal", "high"}[m.Importance+1])
	case "received":
		return p.when(m.Received, now)
	case "sent":
		return p.when(m.Sent, now)
	}
	return true // kind: all are mail
}

// truth compares with "true", "yes" and "1", or their opposites.
func (p Prop) truth(is bool) bool {
	want := true
	switch strings.ToLower(p.Value) {
	case "false", "no", "0":
		want = false
	}
	return (is == want) != (p.Op == "<>")
}

// when compares a time with a day, a span of days "a..b", or a name for one. What is no day holds for all.
func (p Prop) when(t int64, now time.Time) bool {
	first, last, span := strings.Cut(p.Value, "..")
	from, to, ok := days(first, now)
	if !ok {
		return true
	}
	if span {
		var until time.Time
		if _, until, ok = days(last, now); !ok {
			return true
		}
		to = until
	}
	switch a, b := from.Unix(), to.Unix(); p.Op {
	case "<":
		return t < a
	case "<=":
		return t < b
	case ">":
		return t >= b
	case ">=":
		return t >= a
	case "<>":
		return t < a || t >= b
	default:
		return a <= t && t < b
	}
}

// days are the bounds of what names a day or several, in the zone of now. MS-KQL 2.2.9.3
func days(s string, now time.Time) (from, to time.Time, ok bool) {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "today":
		return today, today.AddDate(0, 0, 1), true
	case "yesterday":
		return today.AddDate(0, 0, -1), today, true
	case "this week":
		monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
		return monday, monday.AddDate(0, 0, 7), true
	case "this month":
		first := today.AddDate(0, 0, 1-today.Day())
		return first, first.AddDate(0, 1, 0), true
	case "this year":
		first := time.Date(now.Year(), 1, 1, 0, 0, 0, 0, now.Location())
		return first, first.AddDate(1, 0, 0), true
	}
	for _, layout := range []string{"2006-01-02", "1/2/2006", "01/02/2006"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, t.AddDate(0, 0, 1), true
		}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, t.Add(time.Second), true
		}
	}
	return from, to, false
}

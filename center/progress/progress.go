// Package progress is how far syncs have come: the rules by which whoever syncs an item reports it, and a board that
// shows all of them, wherever they were begun.
//
// The rules are those of ISyncMgrSyncCallback (syncmgr.h). Rows are values, and what may follow what is a function;
// Board keeps the sessions that are going on.
package progress

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"tandem"
)

// What may be said, in characters. syncmgr.h: MAX_SYNCMGR_ID, MAX_SYNCMGR_NAME, MAX_SYNCMGR_PROGRESSTEXT.
const (
	MaxID   = 64
	MaxName = 128
	MaxText = 260
)

// Status is how far an item is in a session. syncmgr.h: SYNCMGR_PROGRESS_STATUS.
type Status uint8

// The states. Waiting is ours: nothing was reported yet.
const (
	Waiting Status = iota
	Updating
	Indeterminate // going on, and nobody knows how far
	Succeeded
	Failed
	Cancelled
	Disconnected // the place could not be reached
)

func statusNames() []string {
	return []string{"waiting", "updating", "indeterminate", "succeeded", "failed", "cancelled", "disconnected"}
}

func (s Status) String() string {
	if names := statusNames(); int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// MarshalText writes what String writes.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusNames(), string(text))
	if i < 0 {
		return tandem.Errorf(tandem.Invalid, "%q is no status", text)
	}
	*s = Status(i)
	return nil
}

// Over reports whether nothing but Failed may be reported any more.
func (s Status) Over() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Going reports whether the item is being worked on, or will be.
func (s Status) Going() bool { return s == Waiting || s == Updating || s == Indeterminate }

// Answer is what a reporter is told: whether to go on. syncmgr.h: SYNCMGR_CANCEL_REQUEST.
type Answer uint8

// The answers.
const (
	GoOn       Answer = iota // SYNCMGR_CR_NONE
	CancelItem               // leave this item
	CancelAll                // leave all items of the session
)

func (a Answer) String() string {
	switch a {
	case CancelItem:
		return "cancel item"
	case CancelAll:
		return "cancel all"
	}
	return "go on"
}

// MarshalText writes what String writes.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (a *Answer) UnmarshalText(text []byte) error {
	for _, x := range []Answer{GoOn, CancelItem, CancelAll} {
		if x.String() == string(text) {
			*a = x
			return nil
		}
	}
	return tandem.Errorf(tandem.Invalid, "%q is no answer", text)
}

// Report is one report about one item.
type Report struct {
	Item      string
	Status    Status
	Text      string // what is going on, for people; cut after MaxText characters
	Step, Max int    // Updating: how far; elsewhere not looked at
}

// Row is where an item is in a session.
type Row struct {
	Status Status `json:"status"`
	Text   string `json:"text,omitempty"`
	Step   int    `json:"step,omitempty"`
	Max    int    `json:"max,omitempty"`
}

// Next is where the item is after a report. After Succeeded, Failed and Cancelled only Failed is allowed; anything else is
// Denied, and the item has failed. A report that makes no sense is Invalid and changes nothing.
func (r Row) Next(rep Report) (Row, error) {
	if rep.Status == Waiting || rep.Status > Disconnected {
		return r, invalid(rep.Item, errors.New("this status cannot be reported"))
	}
	if rep.Status == Updating && (rep.Step < 0 || rep.Max < 0 || rep.Step > rep.Max) {
		return r, invalid(rep.Item, fmt.Errorf("step %d of %d", rep.Step, rep.Max))
	}
	if r.Status.Over() && rep.Status != Failed {
		was := r.Status
		r.Status, r.Text = Failed, fmt.Sprintf("it was reported %s after %s", rep.Status, was)
		return r, &tandem.Error{Kind: tandem.Denied, Op: "report progress of", Thing: rep.Item, Err: fmt.Errorf("%s after %s", rep.Status, was),
			Remedy: "report nothing after the end but a failure"}
	}
	next := Row{Status: rep.Status, Text: Cut(rep.Text, MaxText)}
	if rep.Status == Updating {
		next.Step, next.Max = rep.Step, rep.Max
	}
	return next, nil
}

func invalid(item string, err error) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "report progress of", Thing: item, Err: err}
}

// Combine is what is shown of an item that is in several sessions at the same time: that it is going on, and nothing of how
// far. Of sessions that are over the last one counts.
func Combine(rows []Row) Row {
	var out Row
	going := 0
	for _, r := range rows {
		if r.Status == Updating || r.Status == Indeterminate {
			if going++; going == 1 {
				out = r
			}
		}
	}
	switch {
	case going > 1:
		return Row{Status: Indeterminate, Text: out.Text}
	case going == 1:
		return out
	case len(rows) > 0:
		return rows[len(rows)-1]
	}
	return out
}

// Cut shortens a text to at most n characters.
func Cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// CheckID refuses an id that is empty or too long.
func CheckID(what, id string) error { return check(what+" id", id, MaxID) }

// CheckName refuses a name that is empty or too long.
func CheckName(what, name string) error { return check(what+" name", name, MaxName) }

func check(what, text string, most int) error {
	if n := utf8.RuneCountInString(text); n == 0 || n > most {
		return &tandem.Error{Kind: tandem.Invalid, Op: "read " + what, Thing: Cut(text, most), Err: fmt.Errorf("it has %d characters; 1 to %d are allowed", n, most)}
	}
	return nil
}

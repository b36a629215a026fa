package mail

import (
	"net/url"
	"slices"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// flagElements are what a flag may say, in the order in which it is shown; names are those under which they are kept. MS-ASEMAIL 2.2.2.34
var flagElements = []struct {
	tag  wbxml.Tag
	name string
}{
	{wbxml.TasksSubject, "subject"}, {wbxml.EmailStatus, "status"}, {wbxml.EmailFlagType, "type"}, {wbxml.TasksDateCompleted, "completed"}, {wbxml.EmailCompleteTime, "completeTime"},
	{wbxml.TasksStartDate, "start"}, {wbxml.TasksDueDate, "due"}, {wbxml.TasksUtcStartDate, "utcStart"}, {wbxml.TasksUtcDueDate, "utcDue"}, {wbxml.TasksReminderSet, "reminderSet"},
	{wbxml.TasksReminderTime, "reminderTime"}, {wbxml.TasksOrdinalDate, "ordinal"}, {wbxml.TasksSubOrdinalDate, "subOrdinal"},
}

// showFlag shows a flag; empty where there is none.
func showFlag(f Flags) *wbxml.Element {
	out := wbxml.Empty(wbxml.EmailFlag)
	said, err := url.ParseQuery(f.Task)
	if err != nil || len(said) == 0 {
		if f.Flagged { // by a program that knows only that
			out.Add(wbxml.Text(wbxml.EmailStatus, "2"), wbxml.Text(wbxml.EmailFlagType, "Flag for follow up"))
		}
		return out
	}
	if active := said.Get("status") == "2"; active != f.Flagged { // changed elsewhere since
		if !f.Flagged {
			return out
		}
		said.Set("status", "2")
		said.Del("completed")
		said.Del("completeTime")
	}
	for _, e := range flagElements {
		if v := said.Get(e.name); v != "" {
			out.Add(wbxml.Text(e.tag, eas.Clean(v)))
		}
	}
	return out
}

// putFlag takes a flag: an empty one takes it away, Status 1 is done, 2 is set. MS-ASEMAIL 2.2.2.34, 2.2.2.65
func putFlag(f *Flags, e *wbxml.Element) error {
	if len(e.Children) == 0 {
		f.Flagged, f.Task = false, ""
		return nil
	}
	said := url.Values{}
	for _, c := range e.Children {
		i := slices.IndexFunc(flagElements, func(x struct {
			tag  wbxml.Tag
			name string
		}) bool {
			return x.tag == c.Tag
		})
		if v := strings.TrimSpace(c.String()); i >= 0 && v != "" {
			said.Set(flagElements[i].name, clip(oneLine(v), 1000))
		}
	}
	switch said.Get("status") {
	case "0":
		f.Flagged, f.Task = false, ""
		return nil
	case "1":
		f.Flagged = false
	case "2":
		f.Flagged = true
	default: // MS-ASEMAIL 2.2.2.65: it must be there
		return &tandem.Error{Kind: tandem.Invalid, Op: "set flag", Thing: "Status " + said.Get("status"), Err: errFlag}
	}
	f.Task = said.Encode()
	return nil
}

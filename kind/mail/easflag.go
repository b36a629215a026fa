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
		if said.Get("completed") == "" || said.Get("completeTime") == "" { // MS-ASEMAIL_R86, R87, R92
			return wrongFlag("without the time it was completed")
		}
		f.Flagged = false
	case "2":
		f.Flagged = true
	default: // MS-ASEMAIL 2.2.2.65: it must be there
		return &tandem.Error{Kind: tandem.Invalid, Op: "set flag", Thing: "Status " + said.Get("status"), Err: errFlag}
	}
	if err := sound(said); err != nil {
		return err
	}
	f.Task = said.Encode()
	return nil
}

// sound reports what is wrong about the dates of a flag: of its start and its end, here and in UTC, all or none are there, in their order, and a reminder has a time.
// MS-ASEMAIL 2.2.2.31, 2.2.2.72, 2.2.2.64
func sound(said url.Values) error {
	n := 0
	for _, name := range []string{"start", "due", "utcStart", "utcDue"} {
		if said.Get(name) != "" {
			n++
		}
	}
	if n != 0 && n != 4 {
		return wrongFlag("with some of its dates only")
	}
	for _, pair := range [][2]string{{"start", "due"}, {"utcStart", "utcDue"}} {
		from, err1 := eas.ParseTime(said.Get(pair[0]))
		to, err2 := eas.ParseTime(said.Get(pair[1]))
		if n != 0 && (err1 != nil || err2 != nil || to.Before(from)) {
			return wrongFlag("due before it starts")
		}
	}
	if said.Get("reminderSet") == "1" && said.Get("reminderTime") == "" {
		return wrongFlag("reminding at no time")
	}
	return nil
}

func wrongFlag(how string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "set flag", Thing: how, Err: errFlag}
}

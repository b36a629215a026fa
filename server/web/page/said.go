package page

import (
	"net/url"
	"strings"
	"unicode"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/server/web/page/words"
	"tandem/store"
)

// event is a line of the results log as a page shows it.
type event struct {
	store.Event
	Look look
	Code string
	To   string // where to go from here, as a page; "": nowhere

	// What the line is about, as pages; "": none.
	ItemTo, RunTo, RecordTo string
	Links                   []eventLink // where else
}

// eventLink is a page to which a line of the log leads.
type eventLink struct{ To, Text string }

func eventOf(w words.Words, e store.Event) event {
	e.Remedy = center.NextStep(e)
	out := event{Event: e, Look: look{"plain", "ok", w.T("Information")}}
	switch e.Level {
	case store.Warning:
		out.Look = look{"late", "warn", w.T("Warning")}
	case store.Error:
		out.Look = look{"bad", "fail", w.T("Error")}
	}
	out.Code, out.To = codeOf(e), linkOf(e)
	if id, ok := strings.CutPrefix(e.Link, center.LinkDevice+"/"); ok && ofPhone(e.Item) { // what a phone syncs has an id that says nothing to people
		out.ItemTo, out.Item = devicePath(e.User, id), e.LinkText
	}
	return out
}

// ofPhone reports whether an item is one that a phone syncs. No other can be called so.
func ofPhone(item string) bool { return strings.HasPrefix(item, center.LinkDevice+"/") }

// linkOf is the page to which a line of the log leads: a conflict, the conflicts or the question of an item, or an address. SC-44
func linkOf(e store.Event) string {
	sort, name, _ := strings.Cut(e.Link, "/")
	switch sort {
	case "conflict":
		return "/conflicts/" + url.PathEscape(name)
	case "conflicts", "question":
		return "/conflicts?" + url.Values{"item": {name}}.Encode()
	case "item":
		return "/items/" + url.PathEscape(name)
	case "https:", "http:":
		return e.Link
	}
	return ""
}

// within is a line of the log on the page of its item, which needs no link to that.
func within(w words.Words, e store.Event) event {
	out := eventOf(w, e)
	out.link(w, func(string) bool { return true })
	out.ItemTo = ""
	return out
}

// link fills in the pages to which a line of the log leads: what it tells of is a link itself, and all else is one by name. known reports whether an item is one of the
// Center.
func (e *event) link(w words.Words, known func(item string) bool) {
	if strings.HasPrefix(e.Link, center.LinkDevice+"/") {
		return // it is linked
	}
	seen := map[string]bool{}
	for _, l := range center.LinksOf(e.Event) {
		to, at := "", (*string)(nil)
		switch l.Sort {
		case center.LinkItem:
			if known(l.Name) {
				to = itemPath(l.Name)
			}
			if l.Name == e.Item {
				at = &e.ItemTo
			}
		case center.LinkDevice:
			if e.User != "" {
				to, at = devicePath(e.User, l.Name), &e.ItemTo
			}
		case center.LinkRun:
			if known(e.Item) {
				to, at = itemPath(e.Item)+"/runs/"+url.PathEscape(strings.TrimPrefix(l.Name, "s")), &e.RunTo
			}
		case center.LinkRecord:
			to, at = "/history?"+url.Values{"q": {l.Name}}.Encode(), &e.RecordTo
		case center.LinkConflict, center.LinkConflicts, center.LinkQuestion:
			to = linkOf(store.Event{Link: l.Sort + "/" + l.Name})
		case center.LinkAddress:
			to = l.Name
		case center.LinkCode:
			to = codesPath + "#" + url.PathEscape(l.Name)
		}
		switch {
		case to == "" || seen[to]:
		case at != nil:
			*at = to
		default:
			e.Links = append(e.Links, eventLink{to, capital(w.Say(l.Text))})
		}
		seen[to] = true
	}
}

// capital is a text as a sentence begins.
func capital(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

// itemWords say what a line of the log is about, where that is no sync item.
func itemWords(w words.Words, item string) string {
	for prefix, text := range map[string]string{"device ": w.T("device %s", ""), "eas:": w.T("device %s", ""), "mail of ": w.T("mail of %s", "")} {
		if rest, ok := strings.CutPrefix(item, prefix); ok && rest != "" {
			return text + rest
		}
	}
	switch sort, _, _ := strings.Cut(item, ":"); {
	case sort == item:
	case sort == "web":
		return w.T("Logging in")
	case sort == "api":
		return w.T("API")
	}
	return item
}

// opWords say what was done to a version that history keeps.
func opWords(w words.Words, op tandem.Op) string {
	switch op {
	case tandem.Delete:
		return w.T("deleted")
	case tandem.Move:
		return w.T("renamed")
	case tandem.Create:
		return w.T("created")
	}
	return w.T("overwritten")
}

// opIcon is the drawing that goes with it.
func opIcon(op tandem.Op) string {
	switch op {
	case tandem.Delete:
		return "gone"
	case tandem.Move:
		return "here"
	case tandem.Create:
		return "add"
	}
	return "pen"
}

// settingWords name a setting of an item, and say what it is for.
func settingWords(w words.Words, k center.ItemKey) (label, help string) {
	switch k.Name {
	case "mode":
		return w.T("When"), w.T("Whether it runs by itself whenever something changes on either side, or only when you say so and at the times below.")
	case "schedule":
		return w.T("Times and conditions"), w.T("Runs besides, and when not to run: `at 02:30 on mon-fri`, `every 15m; not on battery`, or five cron fields. Empty: none.")
	case "policy":
		return w.T("Conflicts"), w.T("What becomes of a record that was changed on both sides in the same field.")
	case "direction":
		return w.T("Direction"), w.T("Which way changes travel.")
	case "delete-vs-change":
		return w.T("Deleted here, changed there"), w.T("What survives when one side deleted what the other changed.")
	case "first":
		return w.T("First sync"), w.T("How two sides that both hold records meet the first time.")
	case "merge":
		return w.T("Merge by field"), w.T("Changes to different fields of one record are put together. Off: the rule for conflicts decides.")
	case "guard":
		return w.T("Guard"), w.T("Holds a run that would delete or overwrite much, until you have looked at it.")
	}
	return k.Name, k.Help
}

// choiceWords say what a word of a setting means.
func choiceWords(w words.Words, key, word string) string {
	switch key + " " + word {
	case "mode continuous":
		return w.T("By itself, whenever something changes")
	case "mode scheduled":
		return w.T("Only at the times and events below")
	case "mode connection":
		return w.T("Whenever the other side can be reached again")
	case "mode manual":
		return w.T("Only when I say so")
	case "policy ask":
		return w.T("Ask me")
	case "policy newest":
		return w.T("The newest version wins")
	case "policy a":
		return w.T("The version of this hub wins")
	case "policy b":
		return w.T("The version of the partner wins")
	case "policy both":
		return w.T("Keep both, side by side")
	case "policy kind", "delete-vs-change kind":
		return w.T("As set for this kind of records")
	case "direction both":
		return w.T("Both ways")
	case "direction a-to-b":
		return w.T("From this hub to the partner only")
	case "direction b-to-a":
		return w.T("From the partner to this hub only")
	case "direction mirror-a-to-b":
		return w.T("The partner becomes a copy of this hub")
	case "direction mirror-b-to-a":
		return w.T("This hub becomes a copy of the partner")
	case "delete-vs-change change":
		return w.T("The change")
	case "delete-vs-change delete":
		return w.T("The deletion")
	case "delete-vs-change ask":
		return w.T("Ask me")
	case "first combine":
		return w.T("Combine: both hold everything afterwards")
	case "first replace-a":
		return w.T("Replace what this hub holds")
	case "first replace-b":
		return w.T("Replace what the partner holds")
	case "first ask":
		return w.T("Do not sync; ask first")
	case "merge on", "guard on":
		return w.T("On")
	case "merge off", "guard off":
		return w.T("Off")
	}
	return word
}

// resultWords say how a run ended.
func resultWords(w words.Words, result string) look {
	switch result {
	case "ok":
		return look{"good", "ok", w.T("In step")}
	case "conflicts":
		return look{"late", "split", w.T("Conflicts wait")}
	case "held":
		return look{"late", "warn", w.T("Held by the guard")}
	case "failed":
		return look{"bad", "fail", w.T("Failed")}
	case "cancelled":
		return look{"off", "stop", w.T("Stopped")}
	}
	return look{"busy", "sync", w.T("Running")}
}

// optionWords name an option of a place. What is not known here is said as its provider calls it.
func optionWords(w words.Words, name string) string {
	switch name {
	case "user":
		return w.T("User name")
	case "password":
		return w.T("Password")
	case "password-from":
		return w.T("Password from elsewhere")
	case "kind":
		return w.T("What it holds")
	case "read-only":
		return w.T("Read only")
	case "ignore":
		return w.T("Leave out")
	case "max-size":
		return w.T("Largest size")
	case "login":
		return w.T("Way to log in")
	case "collection":
		return w.T("Collection")
	case "days":
		return w.T("Days")
	case "connections":
		return w.T("Connections")
	case "also":
		return w.T("Days besides")
	case "compress":
		return w.T("Compression")
	case "ca":
		return w.T("Certificates")
	case "pin":
		return w.T("Fingerprint")
	case "proxy":
		return w.T("Proxy")
	case "trash":
		return w.T("Trash")
	case "client-id":
		return w.T("Client id (OAuth)")
	case "client-secret":
		return w.T("Client secret (OAuth)")
	case "oauth-device":
		return w.T("Device address (OAuth)")
	case "oauth-authorize":
		return w.T("Consent address (OAuth)")
	case "oauth-token":
		return w.T("Token address (OAuth)")
	case "oauth-scope":
		return w.T("Scope (OAuth)")
	}
	text := strings.ReplaceAll(name, "-", " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// optionChoice says a value that an option can have.
func optionChoice(w words.Words, option, value string) string {
	switch {
	case option == "kind":
		return kindName(w, tandem.Kind(value))
	case option == "login" && value == "auto":
		return w.T("by itself")
	}
	return value
}

// totals say what is done to one side.
func totals(w words.Words, t engine.Totals) string {
	var out []string
	add := func(n int, one, many string) {
		if n > 0 {
			out = append(out, w.N(n, one, many))
		}
	}
	add(t.Creates, "%s created", "%s created")
	add(t.Updates, "%s updated", "%s updated")
	add(t.Attrs, "%s with other properties", "%s with other properties")
	add(t.Moves, "%s renamed", "%s renamed")
	add(t.Deletes, "%s deleted", "%s deleted")
	if len(out) == 0 {
		return w.T("nothing")
	}
	return strings.Join(out, ", ")
}

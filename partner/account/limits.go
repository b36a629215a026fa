package account

import (
	"errors"
	"slices"
	"strings"

	"tandem"
	"tandem/store"
)

// Door is a way into the hub for programs that log in by name and password.
type Door string

// The doors. Pages need API, too: they do what it does.
const (
	Phones    Door = "phones"    // ActiveSync
	Calendars Door = "calendars" // CalDAV and CardDAV
	Files     Door = "files"     // WebDAV
	API       Door = "api"
)

// Doors are all doors.
func Doors() []Door { return []Door{Phones, Calendars, Files, API} }

// Limits are what an app password is for.
type Limits struct {
	Doors    []Door // the doors that it opens; none: all
	ReadOnly bool   // it changes nothing, and opens no door to phones, which cannot but write
}

// LimitsOf are those of a login.
func LimitsOf(l store.Login) Limits {
	out := Limits{ReadOnly: l.ReadOnly}
	for name := range strings.SplitSeq(l.Only, ",") {
		if name != "" {
			out.Doors = append(out.Doors, Door(name))
		}
	}
	return out
}

// put notes limits in a login. Invalid.
func (l Limits) put(in *store.Login) error {
	bad := func(text, remedy string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "add app password", Thing: in.Label, Err: errors.New(text), Remedy: remedy}
	}
	var names []string
	for _, d := range Doors() {
		if slices.Contains(l.Doors, d) {
			names = append(names, string(d))
		}
	}
	for _, d := range l.Doors {
		if !slices.Contains(Doors(), d) {
			return bad("there is no door "+string(d), "name some of phones, calendars, files and api")
		}
	}
	if l.ReadOnly && slices.Equal(l.Doors, []Door{Phones}) {
		return bad("phones cannot but write", "leave out that it only reads, or name other doors")
	}
	if len(names) < len(Doors()) {
		in.Only = strings.Join(names, ",")
	}
	in.ReadOnly = l.ReadOnly
	return nil
}

// Use is what somebody who logs in is about to do.
type Use struct {
	Doors  []Door // at any of these doors
	Writes bool
}

// errBeyond is the cause of an error about a password that is right, and not for this.
var errBeyond = errors.New("this app password is not for that")

// Beyond reports whether an error says that a password is right, and not for what it was used for.
func Beyond(err error) bool { return errors.Is(err, errBeyond) }

// beyond is the error of a login that is not for a use; what says to whom and why, for a log.
type beyond struct{ text string }

func (b *beyond) Error() string { return b.text }
func (b *beyond) Unwrap() error { return errBeyond }

// may reports whether a login is for a use. Denied, and Beyond.
func may(u store.User, l store.Login, use Use) error {
	lim := LimitsOf(l)
	no := func(why string) error {
		return &tandem.Error{Kind: tandem.Denied, Op: "log in", Thing: u.Name, Err: &beyond{"the app password " + l.Label + " " + why}, Remedy: "make another one for this on the pages, or with `tandem user app-password add`"}
	}
	if len(lim.Doors) > 0 && !slices.ContainsFunc(use.Doors, func(d Door) bool { return slices.Contains(lim.Doors, d) }) {
		return no("is for " + strings.ReplaceAll(l.Only, ",", ", ") + " only")
	}
	if lim.ReadOnly && use.Writes {
		return no("only reads")
	}
	return nil
}

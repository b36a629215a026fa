package props

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"tandem"
	"tandem/kind/recur"
	meetings "tandem/partner/schedule"
	"tandem/server/dav/calquery"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// notHere refuses a property that means nothing for the resource.
func notHere() error { return davxml.Failf(http.StatusForbidden, "the property means nothing here") }

// maxName is the number of characters of the longest name of a collection.
const maxName = 256

// CleanName is a name of a collection as it is kept, "" where it cannot be one.
func CleanName(s string) string {
	if s = clean(s); utf8.RuneCountInString(s) > maxName {
		return ""
	}
	return s
}

// clean makes text of a property fit to be shown.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// setDisplayName names a collection, for its owner as phones show it, for others in their own list. Names of records are in their paths.
func setDisplayName(p *patch, e *davxml.Element) error {
	if p.res.Sort == proto.Member {
		if err := p.mayWrite(); err != nil {
			return err
		}
		if !p.res.Tree() {
			return p.keep(davxml.D("displayname"), e)
		}
		return protected()
	}
	name := clean(e.Chars())
	if e != nil && name == "" || utf8.RuneCountInString(name) > maxName {
		return davxml.Failf(http.StatusConflict, "a name has 1 to %d characters", maxName)
	}
	if !p.res.Reach.Owned {
		setIn(p.own(), "name", name)
		return nil
	}
	c := p.collection()
	switch {
	case e == nil && !p.res.Tree():
		return davxml.Failf(http.StatusConflict, "a collection keeps a name")
	case name == c.Name:
		delete(c.Props, "title")
	default:
		setIn(c.Props, "title", name)
	}
	return nil
}

func setIn(m map[string]string, key, value string) {
	if value == "" {
		delete(m, key)
	} else {
		m[key] = value
	}
}

// setCollectionProp sets the color or the order: the owner's, or one's own of what somebody else shares.
func setCollectionProp(b proto.Branch, prop string) func(p *patch, e *davxml.Element) error {
	return func(p *patch, e *davxml.Element) error {
		if !isCollection(p.res, b) {
			return notHere()
		}
		value := clean(e.Chars())
		if len(value) > 100 {
			return davxml.Failf(http.StatusConflict, "the value is too long")
		}
		if p.res.Reach.Owned {
			setIn(p.collection().Props, prop, value)
		} else {
			setIn(p.own(), prop, value)
		}
		return nil
	}
}

// setDescription is RFC 4791 5.2.1, RFC 6352 6.2.1.
func setDescription(b proto.Branch) func(p *patch, e *davxml.Element) error {
	return func(p *patch, e *davxml.Element) error {
		if !isCollection(p.res, b) {
			return notHere()
		}
		if err := p.mayWrite(); err != nil {
			return err
		}
		value := clean(e.Chars())
		if len(value) > 16<<10 {
			return davxml.Failf(http.StatusInsufficientStorage, "the description is too long")
		}
		setIn(p.collection().Props, propDescription, value)
		return nil
	}
}

// setKept keeps a property of a calendar as it is.
func setKept(p *patch, e *davxml.Element) error {
	return keepCalendar(p, davxml.C("calendar-availability"), e)
}

// keepCalendar keeps a property that only calendars have.
func keepCalendar(p *patch, name davxml.Name, e *davxml.Element) error {
	if !isCollection(p.res, proto.Calendars) {
		return notHere()
	}
	if err := p.mayWrite(); err != nil {
		return err
	}
	return p.keep(name, e)
}

// setTimezone is RFC 4791 5.2.2: an iCalendar object with one VTIMEZONE.
func setTimezone(p *patch, e *davxml.Element) error {
	if e != nil && !hasZone(e.Chars()) {
		return davxml.Fail(http.StatusForbidden, davxml.C("valid-calendar-data"))
	}
	return keepCalendar(p, davxml.C("calendar-timezone"), e)
}

// hasZone reports whether text is a calendar object with one time zone.
func hasZone(text string) bool {
	_, err := calquery.ParseZone([]byte(text), nil)
	return err == nil
}

// setTimezoneID is RFC 7809 5.2.
func setTimezoneID(p *patch, e *davxml.Element) error {
	if e != nil && (&recur.Zones{}).Find(e.Value()) == nil {
		return davxml.Fail(http.StatusForbidden, davxml.C("valid-timezone"))
	}
	return keepCalendar(p, davxml.C("calendar-timezone-id"), e)
}

// setTransparency is RFC 6638 9.1.
func setTransparency(p *patch, e *davxml.Element) error {
	if !isCollection(p.res, proto.Calendars) || p.res.Reach.Kind != tandem.Event {
		return notHere()
	}
	if err := p.mayWrite(); err != nil {
		return err
	}
	value := ""
	switch {
	case e.Has(davxml.C("transparent")):
		value = meetings.Transparent
	case e != nil && !e.Has(davxml.C("opaque")):
		return davxml.Failf(http.StatusConflict, "a calendar is opaque or transparent")
	}
	setIn(p.collection().Props, meetings.PropTransp, value)
	return nil
}

// setDefaultCalendar is RFC 6638 9.2.
func setDefaultCalendar(p *patch, e *davxml.Element) error {
	if p.res.Sort != proto.Collection || p.res.Reach.Kind != tandem.Invitation {
		return notHere()
	}
	refused := davxml.Fail(http.StatusForbidden, davxml.C("valid-schedule-default-calendar-URL"))
	list, err := p.svc.Tree.Collections(p.ctx, p.res.User, proto.Calendars)
	if err != nil {
		return err
	}
	want := e.Get(davxml.D("href"))
	for _, c := range list {
		if c.Reach.Kind == tandem.Event && c.Reach.Owned && strings.HasSuffix(want, c.Href()) {
			p.calendar = c.Reach.ID
			return nil
		}
	}
	return refused
}

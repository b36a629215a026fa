package props

import (
	"strconv"
	"time"

	"tandem"
	meetings "tandem/partner/schedule"
	"tandem/server/dav/attach"
	"tandem/server/dav/cardquery"
	"tandem/server/dav/check"
	"tandem/server/dav/collation"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// homeSet is RFC 4791 6.2.1, RFC 6352 7.1.1. The homes of others are nobody's business.
func homeSet(name davxml.Name, b proto.Branch) func(q *query, res *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		if res.Sort != proto.Principal || res.User != q.req.User.Name {
			return nil
		}
		return hrefs(name, proto.HomeHref(b, res.User))
	}
}

// scheduleBox is RFC 6638 2.1.1, 2.2.1.
func scheduleBox(name davxml.Name, segment string) func(q *query, res *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		if res.Sort != proto.Principal || res.User != q.req.User.Name {
			return nil
		}
		return hrefs(name, proto.HomeHref(proto.Calendars, res.User)+segment+"/")
	}
}

// userAddresses is RFC 6638 2.4.1.
func userAddresses(q *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Principal {
		return nil
	}
	e := davxml.New(davxml.C("calendar-user-address-set"))
	if a := proto.Address(q.user(res.User)); a != "" {
		e.Add(davxml.Href("mailto:"+a).With("preferred", "1"))
	}
	return e.Add(davxml.Href(res.Href()))
}

// userType is RFC 6638 2.4.2.
func userType(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Principal {
		return nil
	}
	return davxml.NewText(davxml.C("calendar-user-type"), "INDIVIDUAL")
}

// emailAddresses is what Apple's clients look for.
func emailAddresses(q *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Principal {
		return nil
	}
	e := davxml.New(davxml.S("email-address-set"))
	if a := proto.Address(q.user(res.User)); a != "" {
		e.Add(davxml.NewText(davxml.S("email-address"), a))
	}
	return e
}

// The properties of a collection that phones and people see, too.
const (
	propColor       = "color"
	propOrder       = "order"
	propDescription = "description"
)

// collectionProp is one that the collection itself keeps.
func collectionProp(b proto.Branch, prop string, name davxml.Name) func(q *query, res *proto.Resource) *davxml.Element {
	return func(_ *query, res *proto.Resource) *davxml.Element {
		if v := res.Reach.Collection.Props[prop]; isCollection(res, b) && v != "" {
			return davxml.NewText(name, v)
		}
		return nil
	}
}

// calendarDescription is RFC 4791 5.2.1.
func calendarDescription(q *query, res *proto.Resource) *davxml.Element {
	return collectionProp(proto.Calendars, propDescription, davxml.C("calendar-description"))(q, res)
}

// addressbookDescription is RFC 6352 6.2.1.
func addressbookDescription(q *query, res *proto.Resource) *davxml.Element {
	return collectionProp(proto.Contacts, propDescription, davxml.A("addressbook-description"))(q, res)
}

// keptOn is a property that a client may set on collections, and that means something to the hub, too.
func keptOn(b proto.Branch, name davxml.Name) func(q *query, res *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		if !isCollection(res, b) {
			return nil
		}
		return q.deadNamed(res, name)
	}
}

// calendar reports whether a resource is a calendar and no inbox.
func calendar(res *proto.Resource) bool {
	return isCollection(res, proto.Calendars) && res.Reach.Kind != tandem.Invitation
}

func component(name string) *davxml.Element { return davxml.New(davxml.C("comp")).With("name", name) }

// inboxComponents are what may be in an inbox.
var inboxComponents = []string{"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"}

// components is RFC 4791 5.2.3.
func components(_ *query, res *proto.Resource) *davxml.Element {
	e := davxml.New(davxml.C("supported-calendar-component-set"))
	switch {
	case calendar(res):
		return e.Add(component(proto.Component(res.Reach.Kind)))
	case isCollection(res, proto.Calendars):
		for _, c := range inboxComponents {
			e.Add(component(c))
		}
		return e
	}
	return nil
}

// componentSets is what a home says of the calendars that may be made in it: one sort of component each.
func componentSets(_ *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Home || res.Branch != proto.Calendars {
		return nil
	}
	e := davxml.New(davxml.C("supported-calendar-component-sets"))
	for _, c := range inboxComponents[:3] {
		e.Add(davxml.New(davxml.C("supported-calendar-component-set"), component(c)))
	}
	return e
}

// calendarData is RFC 4791 5.2.4.
func calendarData(_ *query, res *proto.Resource) *davxml.Element {
	if !isCollection(res, proto.Calendars) {
		return nil
	}
	return davxml.New(davxml.C("supported-calendar-data"), davxml.New(davxml.C("calendar-data")).With("content-type", "text/calendar").With("version", "2.0"))
}

// addressData is RFC 6352 6.2.2.
func addressData(_ *query, res *proto.Resource) *davxml.Element {
	if !isCollection(res, proto.Contacts) {
		return nil
	}
	return davxml.New(davxml.A("supported-address-data"), cardquery.Types()...)
}

// collations is RFC 4791 7.5.1, RFC 6352 8.3.1.
func collations(b proto.Branch, name, one davxml.Name) func(q *query, res *proto.Resource) *davxml.Element {
	return func(_ *query, res *proto.Resource) *davxml.Element {
		if !isCollection(res, b) {
			return nil
		}
		e := davxml.New(name)
		for _, c := range collation.Names() {
			e.Add(davxml.NewText(one, c))
		}
		return e
	}
}

// maxSize is RFC 6352 6.2.3.
func maxSize(name davxml.Name) func(q *query, res *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		if !isCollection(res, proto.Contacts) || q.Limits.Size == 0 {
			return nil
		}
		return davxml.NewText(name, number64(q.Limits.Size))
	}
}

// limit is one of RFC 4791 5.2.5 to 5.2.9, where there is one.
func limit(name davxml.Name, of func(check.Limits) string) func(q *query, res *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		text := of(q.Limits)
		if !isCollection(res, proto.Calendars) || text == "" {
			return nil
		}
		return davxml.NewText(name, text)
	}
}

// attachmentLimit is RFC 8607 6.2, 6.3.
func attachmentLimit(name davxml.Name, of func(attach.Limits) int64) func(q *query, res *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		if !calendar(res) || of(q.Attached) == 0 {
			return nil
		}
		return davxml.NewText(name, number64(of(q.Attached)))
	}
}

func number64(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// dateTime is a time in UTC as iCalendar writes it.
func dateTime(at int64) string {
	if at == 0 {
		return ""
	}
	return time.Unix(at, 0).UTC().Format("20060102T150405Z")
}

// transparency is RFC 6638 9.1. It is the collection's own, for the hub itself looks at it when somebody asks when its owner is busy.
func transparency(_ *query, res *proto.Resource) *davxml.Element {
	if !calendar(res) || res.Reach.Kind != tandem.Event {
		return nil
	}
	value := "opaque"
	if res.Reach.Collection.Props[meetings.PropTransp] == meetings.Transparent {
		value = meetings.Transparent
	}
	return davxml.New(davxml.C("schedule-calendar-transp"), davxml.New(davxml.C(value)))
}

// defaultCalendar is RFC 6638 9.2: where invitations are put.
func defaultCalendar(q *query, res *proto.Resource) *davxml.Element {
	if res.Sort != proto.Collection || res.Reach.Kind != tandem.Invitation {
		return nil
	}
	e := davxml.New(davxml.C("schedule-default-calendar-URL"))
	col, err := q.Meet.Meetings.DefaultCalendar(q.ctx, q.user(res.User))
	var list []*proto.Resource
	if err == nil {
		list, err = q.Tree.Collections(q.ctx, res.User, proto.Calendars)
	}
	if err != nil {
		q.err = err
		return nil
	}
	for _, c := range list {
		if c.Reach.ID == col.ID {
			e.Add(davxml.Href(c.Href()))
		}
	}
	return e
}

// scheduleTag is RFC 6638 3.2.10.
func scheduleTag(q *query, res *proto.Resource) *davxml.Element {
	if !isFile(res) || res.Reach.Kind != tandem.Event {
		return nil
	}
	rec := res.Record
	if rec.Body == nil { // listed without it
		for full, err := range q.Home.Get(q.ctx, res.Reach.ID, []tandem.ID{rec.ID}) {
			if q.err = err; err != nil {
				return nil
			}
			rec = &full
		}
	}
	if rec.Body == nil {
		return nil
	}
	data, err := tandem.ReadBody(rec.Body, proto.MaxRecord)
	if err != nil {
		return nil
	}
	if tag := q.Meet.Tag(q.ctx, q.req, res, data); tag != "" {
		return davxml.NewText(davxml.C("schedule-tag"), tag)
	}
	return nil
}

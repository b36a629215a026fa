package props

import (
	"tandem/server/dav/attach"
	"tandem/server/dav/check"
	"tandem/server/dav/proto"
	"tandem/wire/davxml"
)

// live is a property that is computed.
type live struct {
	name  davxml.Name
	all   bool                                                // given to clients that ask for all: RFC 4918 14.2 spares them those of later documents
	own   bool                                                // of users, who are no resources of the store (isPerson): kept with the user
	kept  bool                                                // kept in the store under its name, as a dead one is
	value func(q *query, res *proto.Resource) *davxml.Element // nil where it is not there
	set   func(p *patch, e *davxml.Element) error             // nil: protected; e is nil to remove it
}

// table lists the live properties.
var table = []live{
	// RFC 4918 15
	{name: davxml.D("resourcetype"), all: true, value: resourceType},
	{name: davxml.D("displayname"), all: true, value: displayName, set: setDisplayName},
	{name: davxml.D("creationdate"), all: true, value: creationDate},
	{name: davxml.D("getcontenttype"), all: true, value: contentType},
	{name: davxml.D("getcontentlength"), all: true, value: contentLength},
	{name: davxml.D("getetag"), all: true, value: etag},
	{name: davxml.D("getlastmodified"), all: true, value: lastModified},
	{name: davxml.D("lockdiscovery"), all: true, value: lockDiscovery},
	{name: davxml.D("supportedlock"), all: true, value: supportedLock},
	// RFC 3253 3.1.5, RFC 6578 4, RFC 5842 3, RFC 5995 3.2.1, RFC 4331
	{name: davxml.D("supported-report-set"), value: supportedReports},
	{name: davxml.D("sync-token"), value: syncToken},
	{name: davxml.D("resource-id"), value: resourceID},
	{name: davxml.D("parent-set"), value: parentSet},
	{name: davxml.D("add-member"), value: addMember},
	{name: davxml.D("quota-available-bytes"), value: quota(davxml.D("quota-available-bytes"), func(s *Service) func() (int64, error) { return s.Free })},
	{name: davxml.D("quota-used-bytes"), value: quota(davxml.D("quota-used-bytes"), func(s *Service) func() (int64, error) { return s.Used })},
	{name: davxml.S("getctag"), value: ctag},
	// RFC 3744 4, 5; RFC 5397
	{name: davxml.D("current-user-principal"), value: currentUser},
	{name: davxml.D("current-user-privilege-set"), value: privileges},
	{name: davxml.D("supported-privilege-set"), value: supportedPrivileges},
	{name: davxml.D("owner"), value: owner},
	{name: davxml.D("acl"), value: acl},
	{name: davxml.D("acl-restrictions"), value: aclRestrictions},
	{name: davxml.D("principal-collection-set"), value: principalCollections},
	{name: davxml.D("principal-URL"), value: principalURL},
	{name: davxml.D("alternate-URI-set"), value: alternateURIs},
	{name: davxml.D("group-membership"), value: groupMembership},
	// RFC 4791, RFC 6352, RFC 6638 on principals
	{name: davxml.C("calendar-home-set"), value: homeSet(davxml.C("calendar-home-set"), proto.Calendars)},
	{name: davxml.A("addressbook-home-set"), value: homeSet(davxml.A("addressbook-home-set"), proto.Contacts)},
	{name: davxml.C("calendar-user-address-set"), value: userAddresses},
	{name: davxml.C("calendar-user-type"), value: userType},
	{name: davxml.C("schedule-inbox-URL"), value: scheduleBox(davxml.C("schedule-inbox-URL"), "inbox")},
	{name: davxml.C("schedule-outbox-URL"), value: scheduleBox(davxml.C("schedule-outbox-URL"), "outbox")},
	{name: davxml.S("email-address-set"), value: emailAddresses},
	{name: davxml.A("principal-address"), own: true, value: ownCard(davxml.A("principal-address")), set: setOwnCard},
	{name: davxml.S("me-card"), own: true, value: ownCard(davxml.S("me-card")), set: setOwnCard},
	// RFC 4791 5.2, RFC 6638 9, RFC 7953 7.2.4, RFC 7809 5.2 on calendars
	{name: davxml.C("calendar-description"), value: calendarDescription, set: setDescription(proto.Calendars)},
	{name: davxml.C("calendar-timezone"), kept: true, value: keptOn(proto.Calendars, davxml.C("calendar-timezone")), set: setTimezone},
	{name: davxml.C("calendar-timezone-id"), kept: true, value: keptOn(proto.Calendars, davxml.C("calendar-timezone-id")), set: setTimezoneID},
	{name: davxml.C("supported-calendar-component-set"), value: components},
	{name: davxml.C("supported-calendar-component-sets"), value: componentSets},
	{name: davxml.C("supported-calendar-data"), value: calendarData},
	{name: davxml.C("supported-collation-set"), value: collations(proto.Calendars, davxml.C("supported-collation-set"), davxml.C("supported-collation"))},
	{name: davxml.C("max-resource-size"), value: limit(davxml.C("max-resource-size"), func(l check.Limits) string { return number64(l.Size) })},
	{name: davxml.C("max-instances"), value: limit(davxml.C("max-instances"), func(l check.Limits) string { return number64(int64(l.Instances)) })},
	{name: davxml.C("max-attendees-per-instance"), value: limit(davxml.C("max-attendees-per-instance"), func(l check.Limits) string { return number64(int64(l.Attendees)) })},
	{name: davxml.C("min-date-time"), value: limit(davxml.C("min-date-time"), func(l check.Limits) string { return dateTime(l.MinDate) })},
	{name: davxml.C("max-date-time"), value: limit(davxml.C("max-date-time"), func(l check.Limits) string { return dateTime(l.MaxDate) })},
	{name: davxml.C("max-attachment-size"), value: attachmentLimit(davxml.C("max-attachment-size"), func(l attach.Limits) int64 { return l.Size })},
	{name: davxml.C("max-attachments-per-resource"), value: attachmentLimit(davxml.C("max-attachments-per-resource"), func(l attach.Limits) int64 { return int64(l.Count) })},
	{name: davxml.C("schedule-calendar-transp"), value: transparency, set: setTransparency},
	{name: davxml.C("schedule-default-calendar-URL"), value: defaultCalendar, set: setDefaultCalendar},
	{name: davxml.C("schedule-tag"), value: scheduleTag},
	{name: davxml.C("calendar-availability"), kept: true, value: keptOn(proto.Calendars, davxml.C("calendar-availability")), set: setKept},
	{name: davxml.Name{Space: davxml.Apple, Local: "calendar-color"}, value: collectionProp(proto.Calendars, "color", davxml.Name{Space: davxml.Apple, Local: "calendar-color"}), set: setCollectionProp(proto.Calendars, "color")},
	{name: davxml.Name{Space: davxml.Apple, Local: "calendar-order"}, value: collectionProp(proto.Calendars, "order", davxml.Name{Space: davxml.Apple, Local: "calendar-order"}), set: setCollectionProp(proto.Calendars, "order")},
	// of files
	{name: executableName, all: true, value: executable, set: setExecutable},
	{name: modifiedName, value: windowsModified, set: setWindowsModified},
	// RFC 6352 6.2, 8.3 on address books
	{name: davxml.A("addressbook-description"), value: addressbookDescription, set: setDescription(proto.Contacts)},
	{name: davxml.A("supported-address-data"), value: addressData},
	{name: davxml.A("supported-collation-set"), value: collations(proto.Contacts, davxml.A("supported-collation-set"), davxml.A("supported-collation"))},
	{name: davxml.A("max-resource-size"), value: maxSize(davxml.A("max-resource-size"))},
	{name: davxml.A("max-image-size"), value: maxSize(davxml.A("max-image-size"))},
}

// byName finds live properties; it never changes.
var byName = func() map[davxml.Name]*live {
	m := make(map[davxml.Name]*live, len(table))
	for i := range table {
		m[table[i].name] = &table[i]
	}
	return m
}()

func liveNamed(n davxml.Name) *live { return byName[n] }

// isCollection reports whether a resource is a home collection of a branch.
func isCollection(res *proto.Resource, b proto.Branch) bool {
	return res.Sort == proto.Collection && res.Branch == b
}

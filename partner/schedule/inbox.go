package schedule

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"tandem"
	"tandem/kind/event/itip"
	"tandem/partner/access"
	"tandem/store"
)

// The properties of collections that matter here.
const (
	PropRole     = "role"   // "inbox": the collection is a user's inbox
	PropHref     = "href"   // the segment that desktops see in paths
	PropTransp   = "transp" // "transparent": what is in the calendar takes no time of its owner (RFC 6638 9.1)
	Inbox        = "inbox"  // value of PropRole and PropHref
	Transparent  = "transparent"
	PropCalendar = "calendar" // property of a user: the number of the default calendar (RFC 6638 9.2)
)

// Inbox is the collection of the messages that reached a user. It is made on first use.
func (s *Service) Inbox(ctx context.Context, u store.User) (tandem.Collection, error) {
	for range 2 {
		all, err := s.Home.Collections(ctx, u.Name)
		if err != nil {
			return tandem.Collection{}, err
		}
		for _, c := range all {
			if c.Kind == tandem.Invitation && c.Props[PropRole] == Inbox {
				return c, nil
			}
		}
		c, err := s.Home.PutCollection(ctx, tandem.Collection{User: u.Name, Kind: tandem.Invitation, Name: Inbox, Props: map[string]string{PropRole: Inbox, PropHref: Inbox}})
		if !tandem.IsKind(err, tandem.Exists) { // made by another at the same time
			return c, err
		}
	}
	return tandem.Collection{}, &tandem.Error{Kind: tandem.Exists, Op: "make inbox", Thing: u.Name, Remedy: "rename the collection of invitations that is called inbox"}
}

// The inbox of somebody whose programs never empty it keeps the latest messages.
const (
	inboxMost = 1000
	inboxDrop = 200
)

// file puts a message into the inbox. One that is in it stays.
func (s *Service) file(ctx context.Context, from, to store.User, m itip.Message) error {
	c, err := s.Inbox(ctx, to)
	if err != nil {
		return err
	}
	if _, err := s.put(ctx, c, from, store.HomeWrite{Write: tandem.Write{Op: tandem.Create, ID: messageID(m)}}, m.Body); err != nil {
		return err
	}
	live, _, err := s.Lookup.Count(ctx, c.ID, 0)
	if err != nil || live <= inboxMost {
		return err
	}
	recs, _, err := s.Home.Since(ctx, c.ID, 0, 0)
	if err != nil {
		return err
	}
	var writes []store.HomeWrite
	for _, r := range recs {
		if !r.Deleted && len(writes) < inboxDrop {
			writes = append(writes, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: r.ID, If: r.Version}})
		}
	}
	_, err = s.Home.Write(ctx, c.ID, store.Author{User: to.Name, Via: via}, writes)
	return err
}

// calendars are a user's own collections of events that may be written to, in the order in which they were made.
func (s *Service) calendars(ctx context.Context, user string) ([]tandem.Collection, error) {
	all, err := s.Home.Collections(ctx, user)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(c tandem.Collection) bool { return c.Kind != tandem.Event || c.Props[access.ReadOnly] == "1" })
	slices.SortFunc(all, func(a, b tandem.Collection) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// DefaultCalendar is where new invitations go: the calendar that the user's property PropCalendar names, else the first one; it is made if there is none.
func (s *Service) DefaultCalendar(ctx context.Context, u store.User) (tandem.Collection, error) {
	all, err := s.calendars(ctx, u.Name)
	if err != nil {
		return tandem.Collection{}, err
	}
	if id, err := strconv.ParseInt(u.Props.Get(PropCalendar), 10, 64); err == nil {
		for _, c := range all {
			if c.ID == id {
				return c, nil
			}
		}
	}
	if len(all) > 0 {
		return all[0], nil
	}
	for _, name := range []string{"calendar", "invitations"} { // the first may be a subscription
		c, err := s.Home.PutCollection(ctx, tandem.Collection{User: u.Name, Kind: tandem.Event, Name: name})
		if !tandem.IsKind(err, tandem.Exists) {
			return c, err
		}
		if all, err = s.calendars(ctx, u.Name); err != nil || len(all) > 0 {
			return first(all), err
		}
	}
	return tandem.Collection{}, &tandem.Error{Kind: tandem.Exists, Op: "make calendar", Thing: u.Name, Remedy: "give the user a calendar that can be written to"}
}

func first(all []tandem.Collection) tandem.Collection {
	if len(all) == 0 {
		return tandem.Collection{}
	}
	return all[0]
}

// SetDefaultCalendar makes one of a user's calendars the default. NotFound if it is none that may be written to.
func (s *Service) SetDefaultCalendar(ctx context.Context, u store.User, collection int64) error {
	all, err := s.calendars(ctx, u.Name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(c tandem.Collection) bool { return c.ID == collection }) {
		return &tandem.Error{Kind: tandem.NotFound, Op: "set default calendar", Thing: strconv.FormatInt(collection, 10), Remedy: "name a calendar of the user that can be written to"}
	}
	return s.Accounts.SetProps(ctx, u.Name, map[string]string{PropCalendar: strconv.FormatInt(collection, 10)})
}

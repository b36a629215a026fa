package props

import (
	"context"
	"slices"
	"strings"

	"tandem"
	"tandem/partner/schedule"
	"tandem/server/dav/proto"
)

// A user's principal and homes are no collections of the store. What the user's programs leave there is kept with the inbox, which every user has, under names with the
// home before them. macOS gives up on an account that refuses its default alarms on the home of the calendars (https://github.com/sabre-io/dav/issues/935).

// isHome reports whether a resource is the user's own principal or one of the homes.
func isHome(res *proto.Resource, user string) bool {
	return (res.Sort == proto.Principal || res.Sort == proto.Home) && res.User == user && user != "" && res.Public == ""
}

// homeKey stands before the names of what is kept for a home.
func homeKey(res *proto.Resource) string {
	if res.Sort == proto.Principal {
		return "@principal"
	}
	return "@" + string(res.Branch)
}

// loadHome reads what is kept for a home, if the resource is one.
func (q *query) loadHome(res *proto.Resource) error {
	if !isHome(res, q.req.User.Name) || q.homes[homeKey(res)] != nil {
		return nil
	}
	all, err := q.Home.Collections(q.ctx, res.User)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(c tandem.Collection) bool {
		return c.Kind == tandem.Invitation && c.Props[schedule.PropRole] == schedule.Inbox
	})
	if at < 0 {
		return nil
	}
	kept, err := q.Props.Properties(q.ctx, all[at].ID, 0)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for name, value := range kept[0] {
		if rest, ok := strings.CutPrefix(name, homeKey(res)); ok {
			values[rest] = value
		}
	}
	if q.homes == nil {
		q.homes = map[string]map[string]string{}
	}
	q.homes[homeKey(res)] = values
	return nil
}

// writeHome is writeDead for a home.
func (p *patch) writeHome() (back func(context.Context) error, err error) {
	owner, err := p.svc.Accounts.User(p.ctx, p.res.User)
	if err != nil {
		return nil, err
	}
	inbox, err := p.svc.Meet.Meetings.Inbox(p.ctx, owner)
	if err != nil {
		return nil, err
	}
	all, err := p.svc.Props.Properties(p.ctx, inbox.ID, 0)
	if err != nil {
		return nil, err
	}
	was, now := map[string]string{}, map[string]string{}
	for name, value := range p.dead {
		name = homeKey(p.res) + name
		was[name], now[name] = all[0][name], value
	}
	return func(ctx context.Context) error { return p.svc.Props.SetProperties(ctx, inbox.ID, 0, was) }, p.svc.Props.SetProperties(p.ctx, inbox.ID, 0, now)
}

package notify

import (
	"context"

	"tandem/partner/account"
	"tandem/store"
)

// note writes down which causes began and which were solved since the last look.
func (s *Service) note(ctx context.Context, seen Seen, users []store.User) error {
	have, err := s.cfg.Notices.Notices(ctx, "")
	if err != nil {
		return err
	}
	began, solved := changes(seen, have, users, s.cfg.Now().Unix())
	if len(began)+len(solved) == 0 {
		return nil
	}
	c := store.NoticeChange{Add: began}
	for _, n := range solved {
		c.Solved = append(c.Solved, n.ID)
	}
	if s.cfg.Told != nil {
		if c.Deliveries, err = s.cfg.Told(ctx, began, solved); err != nil {
			return err
		}
	}
	if err := s.cfg.Notices.ChangeNotices(ctx, c); err != nil {
		return err
	}
	if len(c.Deliveries) > 0 {
		s.cfg.Queued()
	}
	if len(c.Solved) > 0 {
		for _, ch := range s.cfg.Channels {
			ch.Solved(c.Solved)
		}
	}
	return nil
}

// changes compares how things stand with what is open.
func changes(seen Seen, have []store.Notice, users []store.User, now int64) (began, solved []store.Notice) {
	type key struct{ user, key string }
	open, there := map[key]bool{}, map[key]bool{}
	for _, n := range have {
		open[key{n.User, n.Key}] = true
	}
	for _, c := range seen.Causes {
		for _, user := range audience(c, users) {
			k := key{user, c.Key}
			if !there[k] && !open[k] {
				began = append(began, store.Notice{User: user, Key: c.Key, Sort: c.Sort, Item: c.Item, Code: c.Code, Title: c.Title, Text: c.Text, Link: c.Link, Since: now})
			}
			there[k] = true
		}
	}
	for _, n := range have {
		if !there[key{n.User, n.Key}] && (seen.Unsure == nil || !seen.Unsure(n)) {
			solved = append(solved, n)
		}
	}
	return began, solved
}

// audience are the users whom a cause needs. Where nobody administers the hub, everybody does.
func audience(c Cause, users []store.User) (names []string) {
	for _, u := range users {
		if c.User == u.Name || c.User == "" && account.IsAdmin(u) {
			names = append(names, u.Name)
		}
	}
	if len(names) == 0 && c.User == "" {
		for _, u := range users {
			names = append(names, u.Name)
		}
	}
	return names
}

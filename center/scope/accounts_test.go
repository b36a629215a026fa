package scope

import (
	"context"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/store"
	"tandem/store/sqlite"
)

// accountsHub is a hub with an account of anna's and partners of both.
type accountsHub struct {
	center.Service
	asked []string
}

func (h *accountsHub) ListPartners(context.Context) ([]store.Partner, error) {
	return []store.Partner{{Name: "work", User: "anna"}, {Name: "club", User: "ben"}, {Name: "hub"}}, nil
}

func (h *accountsHub) ListItems(context.Context) ([]store.Item, error) {
	return []store.Item{{Name: "work-inbox", User: "anna", Partner: "work", Mode: store.OfAccount}, {Name: "hub-inbox", User: "ben", Partner: "hub", Mode: store.OfAccount}}, nil
}

func (h *accountsHub) FollowFolders(_ context.Context, f center.Follow) error {
	h.asked = append(h.asked, "follow "+f.Partner+" for "+f.User)
	return nil
}

func (h *accountsHub) Folders(context.Context, string) ([]center.FolderStatus, error) {
	h.asked = append(h.asked, "folders")
	return nil, nil
}

func (h *accountsHub) AnswerFolders(context.Context, string, bool) error {
	h.asked = append(h.asked, "answer")
	return nil
}

func (h *accountsHub) UnfollowFolders(context.Context, string) error {
	h.asked = append(h.asked, "stop")
	return nil
}

// TestAccounts: one's own account is one's own, and those of others are not there, for administrators neither.
func TestAccounts(t *testing.T) {
	ctx := t.Context()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for _, c := range []struct {
		who     Who
		partner string
		follow  bool // may make an account of it
		reach   bool // may look at it and decide
	}{
		{Who{User: "anna"}, "work", true, true},
		{Who{User: "ben"}, "work", false, false},
		{Who{User: "ben"}, "club", true, false},
		{Who{User: "ben"}, "hub", false, false},
		{Who{User: "anna", Admin: true}, "hub", true, false},
		{Who{User: "ben", Admin: true}, "hub", true, true},
		{Who{User: "anna"}, "none", false, false},
	} {
		hub := &accountsHub{}
		s := New(Config{Hub: hub, Store: st, Now: time.Now}, c.who)
		check := func(what string, err error, may bool) {
			t.Helper()
			if may != (err == nil) || !may && !tandem.IsKind(err, tandem.NotFound) {
				t.Errorf("%+v, %s %s: %v", c.who, what, c.partner, err)
			}
		}
		check("follow", s.FollowFolders(ctx, center.Follow{Partner: c.partner}), c.follow)
		if c.follow && hub.asked[0] != "follow "+c.partner+" for "+c.who.User {
			t.Errorf("asked %q", hub.asked)
		}
		hub.asked = nil
		_, err := s.Folders(ctx, c.partner)
		check("folders of", err, c.reach)
		check("answer", s.AnswerFolders(ctx, c.partner, true), c.reach)
		check("stop", s.UnfollowFolders(ctx, c.partner), c.reach)
		if c.reach != (len(hub.asked) == 3) {
			t.Errorf("%+v, %s: the hub was asked %q", c.who, c.partner, hub.asked)
		}
		check("follow for somebody else", s.FollowFolders(ctx, center.Follow{Partner: c.partner, User: "carla"}), false)
	}
}

package center

import (
	"testing"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/store"
	"tandem/store/sqlite"
)

// sharers is a hub with the users anna and ben.
func sharers(t *testing.T) (*Hub, *store.Store) {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	accounts, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	all := kinds.Kinds()
	h := New(Config{Store: st, Accounts: accounts, Devices: device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events}),
		Kind: func(k tandem.Kind) (kind.Handler, bool) { handler, ok := all[k]; return handler, ok }})
	t.Cleanup(func() { h.Close() })
	for _, name := range []string{"anna", "ben"} {
		if _, err := h.AddUser(t.Context(), store.User{Name: name}, "correct horse"); err != nil {
			t.Fatal(err)
		}
	}
	return h, st
}

// collectionOf finds a collection in a user's list.
func collectionOf(t *testing.T, h *Hub, user, name string) (CollectionStatus, bool) {
	t.Helper()
	list, err := h.ListCollections(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.Collection.Name == name {
			return s, true
		}
	}
	return CollectionStatus{}, false
}

func TestSharing(t *testing.T) {
	h, st := sharers(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kind := func(err error, want tandem.ErrorKind) {
		t.Helper()
		if !tandem.IsKind(err, want) {
			t.Fatalf("error %v, want kind %q", err, want)
		}
	}
	c, err := h.AddCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Event, Name: "family", Props: map[string]string{"color": "#00ff00"}})
	must(err)
	_, err = h.AddCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Event, Name: "family"})
	kind(err, tandem.Exists)
	_, err = h.AddCollection(ctx, tandem.Collection{User: "anna", Kind: "nonsense", Name: "x"})
	kind(err, tandem.Invalid)
	_, err = h.AddCollection(ctx, tandem.Collection{User: "nobody", Kind: tandem.Event, Name: "x"})
	kind(err, tandem.NotFound)
	_, err = h.AddCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Event})
	kind(err, tandem.Invalid)

	_, err = h.ShareCollection(ctx, c.ID, "ben", true)
	must(err)
	_, err = h.ShareCollection(ctx, c.ID, "nobody", true)
	kind(err, tandem.NotFound)
	_, err = h.ShareCollection(ctx, 9999, "ben", true)
	kind(err, tandem.NotFound)
	link, err := h.LinkCollection(ctx, c.ID, "website")
	must(err)
	if link.Secret == "" || link.Share.Token != "" || link.Share.Label != "website" {
		t.Errorf("link %+v", link)
	}
	if r, err := h.access().ByLink(ctx, link.Secret); err != nil || r.ID != c.ID {
		t.Errorf("the link leads to %+v, %v", r, err)
	}
	out, err := st.Home.Write(ctx, c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: "x"}}})
	if err != nil || out[0].Status != tandem.Applied {
		t.Fatalf("%+v, %v", out, err)
	}
	s, ok := collectionOf(t, h, "", "family")
	if !ok || s.Right != "own" || s.Records != 1 || len(s.Users) != 1 || s.Users[0].With != "ben" || !s.Users[0].Write || len(s.Links) != 1 || s.Links[0].Token != "" {
		t.Errorf("anna's: %+v", s)
	}
	s, ok = collectionOf(t, h, "ben", "family (anna)")
	if !ok || s.Right != "write" || s.Records != 1 || len(s.Users)+len(s.Links) != 0 || s.Collection.User != "anna" {
		t.Errorf("ben's: %+v", s)
	}
	if _, err := h.ListCollections(ctx, "nobody"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("nobody's: %v", err)
	}

	must(h.HideCollection(ctx, c.ID, "ben", true))
	if s, _ = collectionOf(t, h, "ben", "family (anna)"); !s.Hidden {
		t.Errorf("hidden: %+v", s)
	}
	must(h.HideCollection(ctx, c.ID, "ben", false))
	kind(h.HideCollection(ctx, c.ID, "nobody", true), tandem.NotFound)
	kind(h.HideCollection(ctx, c.ID, "anna", true), tandem.Denied)

	renamed, err := h.RenameCollection(ctx, c.ID, "household")
	must(err)
	if renamed.Name != "household" || renamed.Props["color"] == "" {
		t.Errorf("renamed %+v", renamed)
	}
	_, err = h.RenameCollection(ctx, c.ID, "calendar")
	kind(err, tandem.Exists)
	_, err = h.RenameCollection(ctx, c.ID, "")
	kind(err, tandem.Invalid)

	must(h.UnshareCollection(ctx, c.ID, "ben", 0))
	kind(h.UnshareCollection(ctx, c.ID, "ben", 0), tandem.NotFound)
	must(h.UnshareCollection(ctx, c.ID, "", link.Share.ID))
	kind(h.UnshareCollection(ctx, c.ID, "", link.Share.ID), tandem.NotFound)
	if s, _ := collectionOf(t, h, "", "household"); len(s.Users)+len(s.Links) != 0 {
		t.Errorf("still shared: %+v", s)
	}
	kind(h.RemoveCollection(ctx, c.ID, false), tandem.Held)
	must(h.RemoveCollection(ctx, c.ID, true))
	kind(h.RemoveCollection(ctx, c.ID, true), tandem.NotFound)
}

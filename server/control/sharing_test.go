package control

import (
	"reflect"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestSharingSurvivesTheWay asks a hub about collections directly and over the socket, and compares.
func TestSharingSurvivesTheWay(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	accounts, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	all := kinds.Kinds()
	direct := center.New(center.Config{Store: st, Accounts: accounts, Kind: func(k tandem.Kind) (kind.Handler, bool) { handler, ok := all[k]; return handler, ok }})
	defer direct.Close()
	c, stop := serve(t, &hub{Service: direct}, t.TempDir())
	ctx := t.Context()
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for _, name := range []string{"anna", "ben"} {
		ok("AddUser", st.Accounts.AddUser(ctx, store.User{Name: name}))
	}
	col, err := c.AddCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Event, Name: "family", Props: map[string]string{"color": "red"}})
	ok("AddCollection", err)
	if col.ID == 0 || col.User != "anna" || col.Props["color"] != "red" || col.Identity.Store == "" {
		t.Errorf("AddCollection: %+v", col)
	}
	sh, err := c.ShareCollection(ctx, col.ID, "ben", true)
	ok("ShareCollection", err)
	if sh.With != "ben" || !sh.Write {
		t.Errorf("ShareCollection: %+v", sh)
	}
	link, err := c.LinkCollection(ctx, col.ID, "site")
	ok("LinkCollection", err)
	if len(link.Secret) != 32 || link.Share.Label != "site" {
		t.Errorf("LinkCollection: %+v", link)
	}
	ok("HideCollection", c.HideCollection(ctx, col.ID, "ben", true))
	for _, user := range []string{"", "anna", "ben"} {
		got, err := c.ListCollections(ctx, user)
		want, wantErr := direct.ListCollections(ctx, user)
		if err != nil || wantErr != nil || len(got) != 1 || !reflect.DeepEqual(got, want) || got[0].Hidden != (user == "ben") {
			t.Errorf("ListCollections(%q) over the socket: %+v, %v; directly: %+v, %v", user, got, err, want, wantErr)
		}
	}
	renamed, err := c.RenameCollection(ctx, col.ID, "household")
	ok("RenameCollection", err)
	if renamed.Name != "household" {
		t.Errorf("RenameCollection: %+v", renamed)
	}
	ok("UnshareCollection", c.UnshareCollection(ctx, col.ID, "ben", 0))
	ok("UnshareCollection", c.UnshareCollection(ctx, col.ID, "", link.Share.ID))
	if err := c.UnshareCollection(ctx, col.ID, "ben", 0); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("UnshareCollection again: %v", err)
	}
	if _, err := st.Home.Write(ctx, col.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: "x"}}}); err != nil {
		t.Fatal(err)
	}
	if err := c.RemoveCollection(ctx, col.ID, false); !tandem.IsKind(err, tandem.Held) {
		t.Errorf("RemoveCollection: %v", err)
	}
	ok("RemoveCollection", c.RemoveCollection(ctx, col.ID, true))
	if err := stop(); err != nil {
		t.Error(err)
	}
}

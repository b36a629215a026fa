package access_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/partner/access"
	"tandem/store"
	"tandem/store/sqlite"
)

// kit is a service on a store in memory, with the users anna, ben and carl.
type kit struct {
	*testing.T
	*access.Service
	ctx context.Context
	st  *store.Store
}

func newKit(t *testing.T) *kit {
	t.Helper()
	t.Parallel()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	k := &kit{T: t, ctx: t.Context(), st: st}
	k.Service = &access.Service{Home: st.Home, Shares: st.Shares, Now: func() time.Time { return time.Unix(1000, 0) }}
	for _, name := range []string{"anna", "ben", "carl"} {
		k.must(st.Accounts.AddUser(k.ctx, store.User{Name: name}))
	}
	return k
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) kind(err error, kind tandem.ErrorKind) {
	k.Helper()
	if !tandem.IsKind(err, kind) {
		k.Fatalf("error %v, want kind %q", err, kind)
	}
}

// add makes a collection and returns its number.
func (k *kit) add(user string, kind tandem.Kind, name string, props ...string) int64 {
	k.Helper()
	p := map[string]string{}
	for i := 0; i < len(props); i += 2 {
		p[props[i]] = props[i+1]
	}
	c, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: user, Kind: kind, Name: name, Props: p})
	k.must(err)
	return c.ID
}

func (k *kit) share(user string, id int64, with string, write bool) {
	k.Helper()
	_, err := k.Share(k.ctx, user, id, with, write)
	k.must(err)
}

func (k *kit) find(user string, id int64) access.Reach {
	k.Helper()
	r, err := k.Find(k.ctx, user, id)
	k.must(err)
	return r
}

// sees checks what a user can reach, as "kind name right".
func (k *kit) sees(user string, want ...string) {
	k.Helper()
	list, err := k.Reachable(k.ctx, user)
	k.must(err)
	var got []string
	for _, r := range list {
		got = append(got, fmt.Sprintf("%s %s %s", r.Kind, r.Name, r.Right))
		if r.Owned != (r.User == user) || r.Owned == (r.Share.ID != 0) {
			k.Errorf("%s of %s: owned %v, share %d", r.Name, r.User, r.Owned, r.Share.ID)
		}
		again := k.find(user, r.ID)
		if again.Name != r.Name || again.Right != r.Right {
			k.Errorf("found as %q with %s, listed as %q with %s", again.Name, again.Right, r.Name, r.Right)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		k.Fatalf("%s sees\n%s\nwant\n%s", user, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReachable(t *testing.T) {
	k := newKit(t)
	family := k.add("anna", tandem.Contact, "Family")
	cal := k.add("anna", tandem.Event, "Family")
	secret := k.add("anna", tandem.Event, "Secret")
	k.add("ben", tandem.Contact, "Own")
	k.sees("ben", "contact Own own")
	k.share("anna", family, "Ben", false)
	k.share("anna", cal, "ben", true)
	k.sees("ben", "contact Own own", "contact Family (anna) read", "event Family (anna) write")
	k.sees("anna", "contact Family own", "event Family own", "event Secret own")
	k.sees("carl")
	k.sees("")
	_, err := k.Find(k.ctx, "ben", secret)
	k.kind(err, tandem.NotFound)
	if r := k.find("BEN", family); r.User != "anna" || r.ID != family {
		t.Errorf("found %+v", r)
	}
}

// TestNames: what is shared gets a name that nothing else has, and the own names stay.
func TestNames(t *testing.T) {
	k := newKit(t)
	a := k.add("anna", tandem.Event, "Family")
	a2 := k.add("anna", tandem.Event, "x", "title", "Family")
	c := k.add("carl", tandem.Event, "Family")
	tasks := k.add("anna", tandem.Task, "Family")
	k.add("ben", tandem.Event, "family (anna)")
	k.add("ben", tandem.Event, "Family (anna) 2")
	for _, x := range []struct {
		user string
		id   int64
	}{{"anna", a}, {"carl", c}, {"anna", a2}, {"anna", tasks}} {
		k.share(x.user, x.id, "ben", false)
	}
	own := []string{"event Family (anna) 2 own", "event family (anna) own"}
	k.sees("ben", append(own, "event Family (anna) 3 read", "event Family (carl) read", "event Family (anna) 4 read", "task Family (anna) read")...)
	for _, id := range []int64{a, c, a2} {
		_, err := k.Change(k.ctx, "ben", id, map[string]string{"name": "Ours"})
		k.must(err)
	}
	k.sees("ben", append(own, "event Ours read", "event Ours 2 read", "event Ours 3 read", "task Family (anna) read")...)
	if r := k.find("ben", a2); r.Props["title"] != "" {
		t.Errorf("the owner's title is in the way of %q: %v", r.Name, r.Props)
	}
}

// TestRights goes through what a right is limited by.
func TestRights(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct {
		name                  string
		readonly, write       bool
		owner, sharee, linked access.Right
	}{
		{"to look", false, false, access.Own, access.Read, access.Read},
		{"to write", false, true, access.Own, access.Write, access.Read},
		{"a subscription", true, true, access.Read, access.Read, access.Read},
	} {
		var props []string
		if c.readonly {
			props = []string{access.ReadOnly, "1"}
		}
		id := k.add("anna", tandem.Event, c.name, props...)
		k.share("anna", id, "ben", c.write)
		secret, _, err := k.Link(k.ctx, "anna", id, "")
		k.must(err)
		link, err := k.ByLink(k.ctx, secret)
		k.must(err)
		if o, s := k.find("anna", id), k.find("ben", id); o.Right != c.owner || s.Right != c.sharee || link.Right != c.linked || !o.Owned || s.Owned || link.Owned {
			t.Errorf("%s: owner %s, sharee %s, link %s", c.name, o.Right, s.Right, link.Right)
		}
		// Nobody gets more by claiming it of a share.
		_, err = k.Change(k.ctx, "ben", id, map[string]string{access.ReadOnly: ""})
		k.kind(err, tandem.Denied)
	}
	if access.Own <= access.Write || access.Write <= access.Read || access.Read <= access.None {
		t.Error("a greater right is not greater")
	}
}

// TestStrangers: whatever is asked about a collection that a user cannot reach, the answer is the one for a collection that does not exist.
func TestStrangers(t *testing.T) {
	k := newKit(t)
	id := k.add("anna", tandem.Event, "Secret")
	_, link, err := k.Link(k.ctx, "anna", id, "site")
	k.must(err)
	k.share("anna", id, "ben", true)
	asks := map[string]func(user string, id int64) error{
		"find":    func(user string, id int64) error { _, err := k.Find(k.ctx, user, id); return err },
		"share":   func(user string, id int64) error { _, err := k.Share(k.ctx, user, id, user, true); return err },
		"unshare": func(user string, id int64) error { return k.Unshare(k.ctx, user, id, "ben") },
		"leave":   func(user string, id int64) error { return k.Unshare(k.ctx, user, id, user) },
		"users":   func(user string, id int64) error { _, err := k.Users(k.ctx, user, id); return err },
		"link":    func(user string, id int64) error { _, _, err := k.Link(k.ctx, user, id, ""); return err },
		"links":   func(user string, id int64) error { _, err := k.Links(k.ctx, user, id); return err },
		"unlink":  func(user string, id int64) error { return k.Unlink(k.ctx, user, id, link.ID) },
		"hide":    func(user string, id int64) error { return k.Hide(k.ctx, user, id, true) },
		"change": func(user string, id int64) error {
			_, err := k.Change(k.ctx, user, id, map[string]string{"name": "x"})
			return err
		},
	}
	const none = 987654
	for name, ask := range asks {
		for _, user := range []string{"carl", "nobody", ""} {
			secret, missing := ask(user, id), ask(user, none)
			if !tandem.IsKind(secret, tandem.NotFound) || strings.ReplaceAll(fmt.Sprint(secret), fmt.Sprint(id), "#") != strings.ReplaceAll(fmt.Sprint(missing), fmt.Sprint(none), "#") {
				t.Errorf("%s by %q: %v; of one that does not exist: %v", name, user, secret, missing)
			}
		}
	}
	// One who may write is still not the owner: Denied, for the existence is no secret.
	for _, name := range []string{"share", "users", "link", "links", "unlink"} {
		if err := asks[name]("ben", id); !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "anna") {
			t.Errorf("%s by ben: %v", name, err)
		}
	}
	k.sees("ben", "event Secret (anna) write")
}

func TestShare(t *testing.T) {
	k := newKit(t)
	id := k.add("anna", tandem.Event, "Family")
	k.share("anna", id, "ben", false)
	first := k.find("ben", id).Share
	_, err := k.Change(k.ctx, "ben", id, map[string]string{"color": "blue"})
	k.must(err)
	k.share("anna", id, "ben", true)
	k.share("ANNA", id, "BEN", true)
	if sh := k.find("ben", id).Share; sh.ID != first.ID || !sh.Write || sh.Props["color"] != "blue" || sh.Added != 1000 {
		t.Errorf("shared again: %+v", sh)
	}
	for with, kind := range map[string]tandem.ErrorKind{"nobody": tandem.NotFound, "": tandem.Invalid, "anna": tandem.Invalid} {
		if _, err := k.Share(k.ctx, "anna", id, with, false); !tandem.IsKind(err, kind) {
			t.Errorf("with %q: %v, want kind %q", with, err, kind)
		}
	}
	users, err := k.Users(k.ctx, "anna", id)
	k.must(err)
	if len(users) != 1 || users[0].With != "ben" {
		t.Errorf("shared with %+v", users)
	}

	k.kind(k.Unshare(k.ctx, "anna", id, "carl"), tandem.NotFound)
	k.kind(k.Unshare(k.ctx, "anna", id, "anna"), tandem.NotFound)
	k.kind(k.Unshare(k.ctx, "anna", id, ""), tandem.NotFound)
	k.must(k.Unshare(k.ctx, "anna", id, "Ben"))
	k.sees("ben")
	k.share("anna", id, "ben", false)
	k.share("anna", id, "carl", false)
	k.kind(k.Unshare(k.ctx, "ben", id, "carl"), tandem.Denied)
	k.must(k.Unshare(k.ctx, "ben", id, "ben")) // on one's own
	k.sees("ben")
	k.sees("carl", "event Family (anna) read")
}

// TestShareRace: however many share one collection with one user at once, it is shared once, and nobody hears of the others.
func TestShareRace(t *testing.T) {
	k := newKit(t)
	id := k.add("anna", tandem.Event, "Family")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if _, err := k.Share(k.ctx, "anna", id, "ben", i%2 == 0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if users, err := k.Users(k.ctx, "anna", id); err != nil || len(users) != 1 {
		t.Errorf("%+v, %v", users, err)
	}
}

func TestHide(t *testing.T) {
	k := newKit(t)
	id := k.add("anna", tandem.Event, "Family")
	k.share("anna", id, "ben", true)
	for range 2 {
		k.must(k.Hide(k.ctx, "ben", id, true))
		k.sees("ben")
		if r := k.find("ben", id); r.Right != access.Write || !r.Share.Hidden {
			t.Fatalf("hidden: %+v", r)
		}
	}
	if all, err := k.All(k.ctx, "ben"); err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	k.must(k.Hide(k.ctx, "ben", id, false))
	k.sees("ben", "event Family (anna) write")
	k.kind(k.Hide(k.ctx, "anna", id, true), tandem.Denied)
}

// TestChange: what a sharee changes is the sharee's own.
func TestChange(t *testing.T) {
	k := newKit(t)
	id := k.add("anna", tandem.Event, "Family", "color", "red", "description", "all of us", "title", "Fam")
	k.share("anna", id, "ben", true)
	k.share("anna", id, "carl", false)
	r, err := k.Change(k.ctx, "ben", id, map[string]string{"name": "Ours", "color": "blue", "order": "3"})
	k.must(err)
	want := map[string]string{"color": "blue", "order": "3", "description": "all of us"}
	if r.Name != "Ours" || !maps.Equal(r.Props, want) {
		t.Fatalf("ben's: %q, %v", r.Name, r.Props)
	}
	r = k.find("carl", id)
	if r.Name != "Fam (anna)" || r.Props["color"] != "red" || r.Props["order"] != "" {
		t.Fatalf("carl's: %q, %v", r.Name, r.Props)
	}
	_, err = k.Change(k.ctx, "ben", id, map[string]string{"description": "x"})
	k.kind(err, tandem.Denied)
	r, err = k.Change(k.ctx, "ben", id, map[string]string{"name": "", "color": ""})
	k.must(err)
	if r.Name != "Fam (anna)" || r.Props["color"] != "red" || r.Props["order"] != "3" {
		t.Fatalf("ben's, taken back: %q, %v", r.Name, r.Props)
	}

	r, err = k.Change(k.ctx, "anna", id, map[string]string{"name": "All", "color": "", "x": "y"})
	k.must(err)
	if r.Name != "All" || r.Props["title"] != "" || r.Props["color"] != "" || r.Props["x"] != "y" || r.Props["description"] == "" {
		t.Fatalf("anna's: %q, %v", r.Name, r.Props)
	}
	k.sees("carl", "event All (anna) read")
	k.add("anna", tandem.Event, "Other")
	_, err = k.Change(k.ctx, "anna", id, map[string]string{"name": "Other"})
	k.kind(err, tandem.Exists)
}

func TestLinks(t *testing.T) {
	k := newKit(t)
	id, other := k.add("anna", tandem.Event, "Family"), k.add("anna", tandem.Event, "Other")
	secret, link, err := k.Link(k.ctx, "anna", id, "website")
	k.must(err)
	second, _, err := k.Link(k.ctx, "anna", id, "")
	k.must(err)
	if len(secret) != 32 || secret == second || strings.Contains(fmt.Sprint(link), secret) || strings.Trim(secret, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Fatalf("secrets %q, %q, link %+v", secret, second, link)
	}
	k.share("anna", id, "ben", true)
	links, err := k.Links(k.ctx, "anna", id)
	k.must(err)
	if len(links) != 2 || links[0].Label != "website" || links[0].Added != 1000 || links[0].With != "" {
		t.Fatalf("links %+v", links)
	}
	for _, s := range []string{secret, strings.ToUpper(secret)} {
		r, err := k.ByLink(k.ctx, s)
		k.must(err)
		if r.ID != id || r.Name != "Family" || r.Right != access.Read || r.Owned || r.Share.ID != link.ID {
			t.Fatalf("by link: %+v", r)
		}
	}
	for _, bad := range []string{"", "x", secret[1:], secret + "a", strings.Repeat("a", 32), secret + "\n", link.Token, secret[:31] + "=", secret[:31] + "é"} {
		_, err := k.ByLink(k.ctx, bad)
		if !tandem.IsKind(err, tandem.NotFound) || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	k.kind(k.Unlink(k.ctx, "anna", other, link.ID), tandem.NotFound) // of another collection
	k.kind(k.Unlink(k.ctx, "anna", id, k.find("ben", id).Share.ID), tandem.NotFound)
	k.must(k.Unlink(k.ctx, "anna", id, link.ID))
	k.kind(k.Unlink(k.ctx, "anna", id, link.ID), tandem.NotFound)
	_, err = k.ByLink(k.ctx, secret)
	k.kind(err, tandem.NotFound)
	_, err = k.ByLink(k.ctx, second)
	k.must(err)
}

// TestNoChance: without random numbers there is no link.
func TestNoChance(t *testing.T) {
	k := newKit(t)
	id := k.add("anna", tandem.Event, "Family")
	k.Random = bytes.NewReader([]byte("too short"))
	if secret, _, err := k.Link(k.ctx, "anna", id, ""); err == nil || secret != "" {
		t.Errorf("secret %q, %v", secret, err)
	}
	if links, err := k.Links(k.ctx, "anna", id); err != nil || len(links) != 0 {
		t.Errorf("%+v, %v", links, err)
	}
}

// TestStoreFails: a store that cannot be read never makes a collection look absent.
func TestStoreFails(t *testing.T) {
	k := newKit(t)
	id := k.add("anna", tandem.Event, "Family")
	secret, _, err := k.Link(k.ctx, "anna", id, "")
	k.must(err)
	k.must(k.st.Close())
	_, find := k.Find(k.ctx, "anna", id)
	_, list := k.Reachable(k.ctx, "anna")
	_, link := k.ByLink(k.ctx, secret)
	for what, err := range map[string]error{"find": find, "list": list, "link": link} {
		if err == nil || tandem.IsKind(err, tandem.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

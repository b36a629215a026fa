package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

func runShares(t *testing.T, run runner) {
	run(t, "Put", testPutShare)
	run(t, "Change", testChangeShare)
	run(t, "Links", testLinks)
	run(t, "Of", testShareOf)
	run(t, "Refused", testSharesRefused)
	run(t, "GoWithCollection", testSharesGoWithCollection)
	run(t, "GoWithUser", testSharesGoWithUser)
	run(t, "Wakeups", testShareWakeups)
	run(t, "WakeupsCoalesce", testShareWakeupsCoalesce)
}

func (k *kit) share(s store.Share) store.Share {
	k.Helper()
	out, err := k.st.Shares.PutShare(k.ctx, s)
	k.must(err)
	return out
}

// shareText is everything that a share says, for comparing.
func shareText(s store.Share) string {
	return fmt.Sprintf("%d of %d with %q token %q label %q write %v hidden %v props %v added %d", s.ID, s.Collection, s.With, s.Token, s.Label, s.Write, s.Hidden, s.Props, s.Added)
}

func shareTexts(list []store.Share) (out []string) {
	for _, s := range list {
		out = append(out, shareText(s))
	}
	return out
}

func (k *kit) wantShares(what string, got []store.Share, err error, want ...store.Share) {
	k.Helper()
	k.must(err)
	if a, b := shareTexts(got), shareTexts(want); !slices.Equal(a, b) {
		k.Fatalf("%s: %s\nwant %s", what, strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
}

func testPutShare(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	k.user("zoe")
	k.user("ben")
	in := store.Share{Collection: c.ID, With: "Zoe", Write: true, Label: "x", Props: map[string]string{"name": "Ann's", "color": "#ff0000"}, Added: 17}
	zoe := k.share(in)
	in.ID, in.With = zoe.ID, "zoe"
	if zoe.ID == 0 || shareText(zoe) != shareText(in) {
		k.Fatalf("added %s, want %s", shareText(zoe), shareText(in))
	}
	ben := k.share(store.Share{Collection: c.ID, With: "ben", Hidden: true})
	more := k.share(store.Share{Collection: other.ID, With: "zoe"})

	list, err := k.st.Shares.SharesOf(k.ctx, c.ID)
	k.wantShares("by name", list, err, ben, zoe)
	list, err = k.st.Shares.SharedWith(k.ctx, "ZOE")
	k.wantShares("with zoe", list, err, zoe, more)
	list, err = k.st.Shares.SharedWith(k.ctx, "ann")
	k.wantShares("with the owner", list, err)
	list, err = k.st.Shares.SharesOf(k.ctx, 9999)
	k.wantShares("of nothing", list, err)

	k.must(k.st.Shares.RemoveShare(k.ctx, zoe.ID))
	k.wantKind(k.st.Shares.RemoveShare(k.ctx, zoe.ID), tandem.NotFound)
	again := k.share(store.Share{Collection: c.ID, With: "zoe"})
	if again.ID <= more.ID || again.Write || len(again.Props) != 0 {
		k.Fatalf("shared again: %s", shareText(again))
	}
}

func testChangeShare(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	k.user("zoe")
	k.user("ben")
	s := k.share(store.Share{Collection: c.ID, With: "zoe", Props: map[string]string{"name": "a", "order": "1"}, Added: 5})
	got := k.share(store.Share{ID: s.ID, Collection: other.ID, With: "ben", Write: true, Hidden: true, Label: "l", Props: map[string]string{"name": "b"}, Added: 99})
	want := s
	want.Write, want.Hidden, want.Label, want.Props = true, true, "l", map[string]string{"name": "b"}
	if shareText(got) != shareText(want) {
		k.Fatalf("changed to %s\nwant %s: whom and what a share is for never changes", shareText(got), shareText(want))
	}
	got = k.share(store.Share{ID: s.ID})
	if got.Write || got.Hidden || got.Label != "" || len(got.Props) != 0 || got.With != "zoe" {
		k.Fatalf("emptied to %s", shareText(got))
	}
	_, err := k.st.Shares.PutShare(k.ctx, store.Share{ID: 9999, Collection: c.ID, With: "ben"})
	k.wantKind(err, tandem.NotFound)
}

func testLinks(k *kit) {
	c := k.collection(tandem.Event)
	k.user("zoe")
	one := k.share(store.Share{Collection: c.ID, Token: strings.Repeat("ab", 32), Label: "website"})
	user := k.share(store.Share{Collection: c.ID, With: "zoe"})
	two := k.share(store.Share{Collection: c.ID, Token: strings.Repeat("cd", 32), Label: "website"})
	list, err := k.st.Shares.SharesOf(k.ctx, c.ID)
	k.wantShares("users, then links", list, err, user, one, two)
	got, err := k.st.Shares.ShareByToken(k.ctx, two.Token)
	k.wantShares("by token", []store.Share{got}, err, two)
	for _, token := range []string{"", "ab", strings.Repeat("AB", 32)} {
		_, err = k.st.Shares.ShareByToken(k.ctx, token)
		k.wantKind(err, tandem.NotFound)
	}
	_, err = k.st.Shares.PutShare(k.ctx, store.Share{Collection: c.ID, Token: one.Token})
	k.wantKind(err, tandem.Exists)
	_, err = k.st.Shares.PutShare(k.ctx, store.Share{ID: one.ID, Write: true})
	k.wantKind(err, tandem.Invalid)
	if renamed := k.share(store.Share{ID: one.ID, Label: "blog", Token: "other"}); renamed.Label != "blog" || renamed.Token != one.Token {
		k.Fatalf("renamed %s", shareText(renamed))
	}
	k.must(k.st.Shares.RemoveShare(k.ctx, one.ID))
	_, err = k.st.Shares.ShareByToken(k.ctx, one.Token)
	k.wantKind(err, tandem.NotFound)
}

// testShareOf: a share comes with the collection as it is now.
func testShareOf(k *kit) {
	c := k.collection(tandem.Event)
	k.user("zoe")
	s := k.share(store.Share{Collection: c.ID, With: "zoe", Of: tandem.Collection{Name: "nonsense", ID: 77}})
	k.share(store.Share{Collection: c.ID, Token: "t"})
	c.Name, c.Props = "renamed", map[string]string{"color": "blue"}
	_, err := k.st.Home.PutCollection(k.ctx, c)
	k.must(err)
	k.applied(c, put(tandem.Create, "a", "", "x"))
	with, err := k.st.Shares.SharedWith(k.ctx, "zoe")
	k.must(err)
	of, err := k.st.Shares.SharesOf(k.ctx, c.ID)
	k.must(err)
	link, err := k.st.Shares.ShareByToken(k.ctx, "t")
	k.must(err)
	for _, v := range append(append(with, of...), link) {
		if v.Of.ID != c.ID || v.Of.User != "ann" || v.Of.Kind != tandem.Event || v.Of.Name != "renamed" || v.Of.Seq != 1 || v.Of.Identity != c.Identity || !maps.Equal(v.Of.Props, c.Props) {
			k.Errorf("share %d is of %+v, want %+v at 1", v.ID, v.Of, c)
		}
	}
	if s.Of.Name != "c-event" {
		k.Errorf("the new share is of %+v", s.Of)
	}
}

func testSharesRefused(k *kit) {
	c := k.collection(tandem.Contact)
	k.user("zoe")
	k.share(store.Share{Collection: c.ID, With: "zoe"})
	for _, bad := range []struct {
		name string
		s    store.Share
		kind tandem.ErrorKind
	}{
		{"twice", store.Share{Collection: c.ID, With: "zoe", Write: true}, tandem.Exists},
		{"no such user", store.Share{Collection: c.ID, With: "nobody"}, tandem.NotFound},
		{"no such collection", store.Share{Collection: 9999, With: "zoe"}, tandem.NotFound},
		{"with the owner", store.Share{Collection: c.ID, With: "ANN"}, tandem.Invalid},
		{"neither user nor link", store.Share{Collection: c.ID}, tandem.Invalid},
		{"both user and link", store.Share{Collection: c.ID, With: "zoe", Token: "t"}, tandem.Invalid},
		{"a link that may write", store.Share{Collection: c.ID, Token: "t", Write: true}, tandem.Invalid},
	} {
		if _, err := k.st.Shares.PutShare(k.ctx, bad.s); !tandem.IsKind(err, bad.kind) {
			k.Errorf("%s: %v, want kind %q", bad.name, err, bad.kind)
		}
	}
	list, err := k.st.Shares.SharesOf(k.ctx, c.ID)
	k.must(err)
	if len(list) != 1 || list[0].Write {
		k.Fatalf("after what was refused: %v", shareTexts(list))
	}
}

func testSharesGoWithCollection(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	k.user("zoe")
	k.share(store.Share{Collection: c.ID, With: "zoe"})
	k.share(store.Share{Collection: c.ID, Token: "t"})
	kept := k.share(store.Share{Collection: other.ID, With: "zoe"})
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	list, err := k.st.Shares.SharedWith(k.ctx, "zoe")
	k.wantShares("what is left", list, err, kept)
	_, err = k.st.Shares.ShareByToken(k.ctx, "t")
	k.wantKind(err, tandem.NotFound)
}

func testSharesGoWithUser(k *kit) {
	c := k.collection(tandem.Contact)
	k.user("zoe")
	k.user("ben")
	k.share(store.Share{Collection: c.ID, With: "zoe"})
	kept := k.share(store.Share{Collection: c.ID, With: "ben"})
	k.must(k.st.Accounts.RemoveUser(k.ctx, "Zoe"))
	list, err := k.st.Shares.SharesOf(k.ctx, c.ID)
	k.wantShares("what is left", list, err, kept)
	k.user("zoe")
	list, err = k.st.Shares.SharedWith(k.ctx, "zoe")
	k.wantShares("a new user of an old name", list, err)
}

// wakeups reads n wake-ups, as text in order of user.
func wakeups(ch <-chan store.Wakeup, n int) (list []string) {
	for range n {
		list = append(list, fmt.Sprintf("%+v", <-ch))
	}
	slices.Sort(list)
	return list
}

func testShareWakeups(k *kit) {
	c := k.collection(tandem.Contact)
	k.user("zoe")
	k.user("ben")
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	ch := k.st.Home.Subscribe(ctx)
	want := func(what string, seq int64, users ...string) {
		k.Helper()
		var list []string
		for _, u := range users {
			list = append(list, fmt.Sprintf("%+v", store.Wakeup{User: u, Collection: c.ID, Seq: seq, Listed: true}))
		}
		if got := wakeups(ch, len(list)); !slices.Equal(got, list) {
			k.Fatalf("%s: %v, want %v", what, got, list)
		}
	}
	s := k.share(store.Share{Collection: c.ID, With: "zoe"})
	want("shared", 0, "ann", "zoe")
	s.Hidden = true
	k.share(s)
	want("changed", 0, "ann", "zoe")
	link := k.share(store.Share{Collection: c.ID, Token: "t"})
	want("a link", 0, "ann")
	k.share(store.Share{Collection: c.ID, With: "ben"})
	want("shared once more", 0, "ann", "ben")

	// What is refused wakes nobody, and a write wakes with the owner's name only.
	_, err := k.st.Shares.PutShare(k.ctx, store.Share{Collection: c.ID, With: "ben"})
	k.wantKind(err, tandem.Exists)
	k.wantKind(k.st.Shares.RemoveShare(k.ctx, 9999), tandem.NotFound)
	k.applied(c, put(tandem.Create, "a", "", "x"))
	if w := <-ch; w != (store.Wakeup{User: "ann", Collection: c.ID, Seq: 1}) {
		k.Fatalf("a write: %+v", w)
	}
	c.Name = "renamed"
	_, err = k.st.Home.PutCollection(k.ctx, c)
	k.must(err)
	want("renamed", 1, "ann", "ben", "zoe")
	k.must(k.st.Shares.RemoveShare(k.ctx, link.ID))
	want("the link removed", 1, "ann")
	k.must(k.st.Shares.RemoveShare(k.ctx, s.ID))
	want("no longer shared", 1, "ann", "zoe")
	k.must(k.st.Accounts.RemoveUser(k.ctx, "ben"))
	want("the other user removed", 1, "ann", "ben")
	k.share(store.Share{Collection: c.ID, With: "zoe"})
	want("shared again", 1, "ann", "zoe")
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	want("the collection removed", 1, "ann", "zoe")
}

// testShareWakeupsCoalesce: one user's wake-up never swallows another one's.
func testShareWakeupsCoalesce(k *kit) {
	c := k.collection(tandem.Contact)
	users := []string{"ben", "carl", "zoe"}
	for _, u := range users {
		k.user(u)
	}
	ch := k.st.Home.Subscribe(k.ctx) // and sleep
	for _, u := range users {
		k.share(store.Share{Collection: c.ID, With: u})
	}
	for i := range 20 {
		c.Name = fmt.Sprint("name ", i)
		_, err := k.st.Home.PutCollection(k.ctx, c)
		k.must(err)
	}
	k.applied(c, put(tandem.Create, "a", "", "x"))
	told := map[string]int{}
	for len(told) < 4 || told["ann"] == 0 {
		w := <-ch
		if !w.Listed && w.User != "ann" {
			k.Fatalf("wake-up %+v", w)
		}
		told[w.User]++
		if told[w.User] > 2 {
			k.Fatalf("a sleeping listener is told %v times", told)
		}
	}
}

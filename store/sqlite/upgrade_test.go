package sqlite_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestUpgradeFromTwo opens a store as version 2 left it, with records, a tombstone and history.
func TestUpgradeFromTwo(t *testing.T) {
	dir := t.TempDir()
	sqlite.MakeOld(t, dir, 2)
	sum := func(s string) string { return fmt.Sprintf("x'%x'", sha256.Sum256([]byte(s))) }
	db := raw(t, dir)
	for _, q := range []string{
		"INSERT INTO user (name, title) VALUES ('ann', 'Ann')",
		"INSERT INTO collection (owner, kind, name, props, uuid, epoch, seq, floor) VALUES ('ann', 'contact', 'c', '{}', 'u', 'e', 9, 2)",
		"INSERT INTO blob (sum, at, data) VALUES (" + sum("old") + ", 1, CAST('old' AS BLOB)), (" + sum("new") + ", 1, CAST('new' AS BLOB))",
		`INSERT INTO record (row, collection, id, seq, deleted, at, digest, body, size, attrs, modified, title, uid, starts, ends, name, keys) VALUES
			(7, 1, 'anna', 5, 0, 1, x'00', ` + sum("new") + `, 3, '', 0, 'Anna', 'u1', 10, 20, 'Änna Müller', 'anna@example.org'),
			(8, 1, 'zoe', 6, 0, 1, x'00', NULL, 0, '', 0, 'Zoe', '', 0, 0, '', ''), (12, 1, 'gone', 9, 1, 1, NULL, NULL, 0, '', 0, '', '', 0, 0, '', '')`,
		`INSERT INTO past (at, session, pair, collection, place, kind, record, op, who, origin, title, attrs, digest, body, parked, after)
			VALUES (1, 0, 0, 1, 'home:c', 'contact', 'anna', 2, 'ann', 'cli', 'Anna', '', x'00', ` + sum("old") + `, '', '5')`,
	} {
		_, err := db.Exec(q)
		must(t, err)
	}
	must(t, db.Close())

	for range 2 { // the second time, there is nothing left to do
		st, err := sqlite.Open(dir, sqlite.Options{})
		must(t, err)
		afterUpgrade(t, st)
		must(t, st.Close())
		if found, err := sqlite.Check(t.Context(), dir); err != nil || len(found) > 0 {
			t.Fatalf("found %v, %v", found, err)
		}
	}
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	out, err := st.Home.Write(t.Context(), 1, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: "next"}}})
	must(t, err)
	if out[0].Node != "13" {
		t.Fatalf("the next record has number %s, want 13", out[0].Node)
	}
}

func afterUpgrade(t *testing.T, st *store.Store) {
	t.Helper()
	ctx := t.Context()
	u, err := st.Accounts.User(ctx, "ann")
	must(t, err)
	if u != (store.User{Name: "ann", Title: "Ann"}) {
		t.Fatalf("user %+v", u)
	}
	recs, _, err := st.Home.Since(ctx, 1, 3, 0)
	must(t, err)
	var got []string
	for _, r := range recs {
		got = append(got, fmt.Sprint(r.ID, " ", r.Number, " ", r.Seq, " ", r.Born, " ", r.Deleted, " ", r.Title))
	}
	if want := []string{"anna 7 5 5 false Anna", "zoe 8 6 6 false Zoe", "gone 12 9 9 true "}; !slices.Equal(got, want) {
		t.Fatalf("records %q, want %q", got, want)
	}
	live, changed, err := st.Lookup.Count(ctx, 1, 5)
	must(t, err)
	if live != 2 || changed != 2 {
		t.Fatalf("%d live, %d changed", live, changed)
	}
	n := 0
	for r, err := range st.Lookup.Match(ctx, "ann", tandem.Contact, "anna mul", 5) {
		must(t, err)
		if r.ID != "anna" {
			t.Fatalf("found %+v", r)
		}
		n++
	}
	for r, err := range st.Lookup.During(ctx, 1, 0, 11) {
		must(t, err)
		if r.ID != "anna" {
			t.Fatalf("found %+v", r)
		}
		n++
	}
	if n != 2 {
		t.Fatalf("%d of 2 look-ups found it", n)
	}
	if _, err := st.Lookup.At(ctx, 1, 7, 9); err != nil {
		t.Fatal(err)
	}
	past, err := st.History.List(ctx, store.PastFilter{Record: "anna"})
	must(t, err)
	if len(past) != 1 || past[0].After != "5" {
		t.Fatalf("history %+v", past)
	}
}

// TestUpgradeFromFour opens a store as version 4 left it, with a phone, and uses what came with version 5.
func TestUpgradeFromFour(t *testing.T) {
	dir := t.TempDir()
	sqlite.MakeOld(t, dir, 4)
	db := raw(t, dir)
	for _, q := range []string{
		"INSERT INTO user (name, title, props) VALUES ('ann', 'Ann', 'zone=UTC'), ('ben', 'Ben', '')",
		"INSERT INTO collection (owner, kind, name, props, uuid, epoch, seq, live) VALUES ('ann', 'contact', 'c', '{\"color\":\"red\"}', 'u', 'e', 5, 1)",
		`INSERT INTO record (row, collection, id, seq, deleted, at, born, was_born, was_gone, wrote, size, attrs, modified, title, uid, starts, ends, name, keys)
			VALUES (7, 1, 'anna', 5, 0, 1, 5, 0, 0, 5, 0, '', 0, 'Anna', 'u1', 0, 0, '', '')`,
		`INSERT INTO device (owner, id, type, agent, speaks, info, access, reason, offer, policy_key, policy_pending, policy, wipe, wipe_account, added, seen, address)
			VALUES ('ben', 'D', 'iPhone', '', '16.1', '{}', 'allowed', '', '', 1, 0, '', '', 0, 1, 2, '')`,
	} {
		_, err := db.Exec(q)
		must(t, err)
	}
	must(t, db.Close())

	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	ctx := t.Context()
	_, err = st.Shares.PutShare(ctx, store.Share{Collection: 1, With: "ben"})
	must(t, err)
	must(t, st.Props.SetProperties(ctx, 1, 7, map[string]string{"p": "v"}))
	must(t, st.Locks.Lock(ctx, store.Lock{Token: "t", User: "ben", Collection: 1, Until: 20}, 10))
	must(t, st.Close())

	st, err = sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	shares, err := st.Shares.SharedWith(ctx, "ben")
	must(t, err)
	props, err := st.Props.Properties(ctx, 1, 7)
	must(t, err)
	locks, err := st.Locks.Locks(ctx, 1, 10)
	must(t, err)
	if len(shares) != 1 || shares[0].Of.Props["color"] != "red" || props[7]["p"] != "v" || len(locks) != 1 {
		t.Fatalf("shares %+v, properties %v, locks %+v", shares, props, locks)
	}
	if d, err := st.Devices.Device(ctx, "ben", "D"); err != nil || d.Access != store.Allowed {
		t.Fatalf("the phone: %+v, %v", d, err)
	}
	if found, err := sqlite.Check(ctx, dir); err != nil || len(found) > 0 {
		t.Fatalf("found %v, %v", found, err)
	}
}

// TestSoftWrites checks that only what may be lost is written without waiting for the disk: 1 is NORMAL, 2 is FULL.
func TestSoftWrites(t *testing.T) {
	st := openFile(t)
	if durable, soft := sqlite.SoftSync(t, st); durable != 2 || soft != 1 {
		t.Fatalf("durable writes have synchronous=%d, soft ones %d", durable, soft)
	}
	ctx := t.Context()
	must(t, st.Accounts.AddUser(ctx, store.User{Name: "ann"}))
	l, err := st.Logins.PutLogin(ctx, store.Login{User: "ann"})
	must(t, err)
	must(t, st.Logins.UseLogin(ctx, l.ID, 1000, "a"))
	list, err := st.Logins.Logins(ctx, "ann")
	must(t, err)
	if list[0].Used != 1000 {
		t.Fatalf("used at %d", list[0].Used)
	}
}

// TestUpgradeFromSix opens a store as version 6 left it: partners and log lines come to belong to those whose items they are about.
func TestUpgradeFromSix(t *testing.T) {
	dir := t.TempDir()
	sqlite.MakeOld(t, dir, 6)
	db := raw(t, dir)
	for _, q := range []string{
		"INSERT INTO user (name, title) VALUES ('ann', 'Ann'), ('ben', 'Ben')",
		"INSERT INTO collection (owner, kind, name, props, uuid, epoch) VALUES ('ann', 'contact', 'c', '{}', 'u', 'e'), ('ben', 'contact', 'c', '{}', 'v', 'f')",
		"INSERT INTO partner (name, provider, place, title, added) VALUES ('anns', 'x', 'x:1', '', 1), ('both', 'x', 'x:2', '', 1), ('unused', 'x', 'x:3', '', 1)",
		`INSERT INTO item (name, owner, collection, partner, sub, enabled, mode, schedule, rules, added) VALUES ('one', 'ann', 1, 'anns', '', 1, '', '', '', 100),
			('two', 'ann', 1, 'both', '', 1, '', '', '', 1), ('three', 'ben', 2, 'both', '', 1, '', '', '', 1)`,
		"INSERT INTO event (at, session, item, level, text, record, remedy) VALUES (99, 0, 'one', 0, 'of an older item', '', ''), (100, 0, 'one', 0, 'ann', '', ''), (5, 0, 'three', 0, 'ben', '', ''), (6, 0, '', 0, 'hub', '', '')",
	} {
		_, err := db.Exec(q)
		must(t, err)
	}
	must(t, db.Close())
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	partners, err := st.Settings.Partners(t.Context())
	must(t, err)
	var got []string
	for _, p := range partners {
		got = append(got, p.Name+"="+p.User)
	}
	events, err := st.Events.List(t.Context(), 0, "", 0)
	must(t, err)
	for _, e := range events {
		got = append(got, e.Text+"="+e.User)
	}
	if want := []string{"anns=ann", "both=", "unused=", "of an older item=", "ann=ann", "ben=ben", "hub="}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := st.Visits.AddVisit(t.Context(), store.Visit{User: "ann", Until: 1}); err != nil {
		t.Error(err)
	}
	if found, err := sqlite.Check(t.Context(), dir); err != nil || len(found) > 0 {
		t.Fatalf("found %v, %v", found, err)
	}
}

// TestUpgradeFromEight opens a store as version 8 left it: its items run no commands, and nobody is told of anything yet.
func TestUpgradeFromEight(t *testing.T) {
	dir := t.TempDir()
	sqlite.MakeOld(t, dir, 8)
	db := raw(t, dir)
	for _, q := range []string{
		"INSERT INTO user (name, title) VALUES ('ann', 'Ann')",
		"INSERT INTO collection (owner, kind, name, props, uuid, epoch) VALUES ('ann', 'contact', 'c', '{}', 'u', 'e')",
		"INSERT INTO partner (name, provider, place, title, added) VALUES ('p', 'x', 'x:1', '', 1)",
		"INSERT INTO item (name, owner, collection, partner, sub, enabled, mode, schedule, rules, added) VALUES ('one', 'ann', 1, 'p', '', 1, 'manual', '', '', 100)",
	} {
		_, err := db.Exec(q)
		must(t, err)
	}
	must(t, db.Close())
	st, err := sqlite.Open(dir, sqlite.Options{})
	must(t, err)
	defer st.Close()
	items, err := st.Settings.Items(t.Context())
	must(t, err)
	if len(items) != 1 || items[0].Commands != "" || items[0].Added != 100 {
		t.Errorf("%+v", items)
	}
	must(t, st.Notices.ChangeNotices(t.Context(), store.NoticeChange{Add: []store.Notice{{User: "ann", Key: "k", Since: 1}}}))
	if list, err := st.Notices.Notices(t.Context(), "ann"); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if found, err := sqlite.Check(t.Context(), dir); err != nil || len(found) > 0 {
		t.Fatalf("found %v, %v", found, err)
	}
}

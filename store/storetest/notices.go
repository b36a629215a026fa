package storetest

import (
	"reflect"
	"slices"
	"testing"

	"tandem"
	"tandem/store"
)

func runNotices(t *testing.T, run runner) {
	run(t, "Notices", testNotices)
	run(t, "Push", testPush)
	run(t, "Hooks", testHooks)
	run(t, "Deliveries", testDeliveries)
	run(t, "GoAway", testNoticesGoAway)
	run(t, "Commands", testCommands)
}

func (k *kit) keys(user string) (keys []string) {
	k.Helper()
	list, err := k.st.Notices.Notices(k.ctx, user)
	k.must(err)
	for _, n := range list {
		keys = append(keys, n.User+" "+n.Key)
	}
	return keys
}

// testNotices: a cause is there once while it is open, and anew when it came back.
func testNotices(k *kit) {
	k.user("ann")
	k.user("zoe")
	n := store.Notice{User: "Ann", Key: "error/i/denied", Sort: "error", Item: "i", Code: "denied", Title: "I fails", Text: "why", Link: "/items/i", Since: 10}
	again := n
	again.Title, again.Since = "another", 20
	other := store.Notice{User: "zoe", Key: n.Key, Sort: "error", Since: 11}
	nobody := store.Notice{User: "nobody", Key: "x", Since: 11}
	k.must(k.st.Notices.ChangeNotices(k.ctx, store.NoticeChange{Add: []store.Notice{n, again, other, nobody}}))
	if got := k.keys(""); !slices.Equal(got, []string{"ann error/i/denied", "zoe error/i/denied"}) {
		k.Fatalf("%q", got)
	}
	list, err := k.st.Notices.Notices(k.ctx, "ANN")
	k.must(err)
	n.ID, n.User = list[0].ID, "ann"
	if len(list) != 1 || list[0] != n || n.ID == 0 {
		k.Fatalf("%+v, want %+v", list, n)
	}
	k.must(k.st.Notices.ChangeNotices(k.ctx, store.NoticeChange{Telling: []int64{n.ID, 9999}, When: 25}))
	if list, err = k.st.Notices.Notices(k.ctx, "ann"); err != nil || list[0].Told != -25 {
		k.Fatalf("%+v, %v", list, err)
	}
	k.must(k.st.Notices.ChangeNotices(k.ctx, store.NoticeChange{Told: []int64{n.ID, 9999}, When: 30}))
	if list, err = k.st.Notices.Notices(k.ctx, "ann"); err != nil || list[0].Told != 30 {
		k.Fatalf("%+v, %v", list, err)
	}
	// What was solved and comes back within one change is another one.
	k.must(k.st.Notices.ChangeNotices(k.ctx, store.NoticeChange{Solved: []int64{n.ID, 9999}, Add: []store.Notice{again}}))
	if list, err = k.st.Notices.Notices(k.ctx, "ann"); err != nil || len(list) != 1 || list[0].Told != 0 || list[0].ID <= n.ID || list[0].Title != "another" || list[0].Since != 20 {
		k.Fatalf("%+v, %v", list, err)
	}
}

func testPush(k *kit) {
	k.user("ann")
	k.user("zoe")
	p := store.Push{User: "Ann", Endpoint: "https://push.example.org/1", Key: []byte{4, 1}, Auth: []byte{2}, Agent: "Browser", Added: 5}
	got, err := k.st.Notices.AddPush(k.ctx, p)
	k.must(err)
	p.ID, p.User = got.ID, "ann"
	list, err := k.st.Notices.Pushes(k.ctx, "ANN")
	k.must(err)
	if !reflect.DeepEqual(list, []store.Push{p}) || !reflect.DeepEqual(got, p) {
		k.Fatalf("%+v, %+v", list, got)
	}
	// A browser is one person's: whoever subscribes last.
	p.User = "zoe"
	second, err := k.st.Notices.AddPush(k.ctx, p)
	k.must(err)
	if list, err = k.st.Notices.Pushes(k.ctx, ""); err != nil || len(list) != 1 || list[0].User != "zoe" || second.ID <= p.ID {
		k.Fatalf("%+v, %v", list, err)
	}
	_, err = k.st.Notices.AddPush(k.ctx, store.Push{User: "nobody", Endpoint: "x", Key: []byte{}, Auth: []byte{}})
	k.wantKind(err, tandem.NotFound)
	k.must(k.st.Notices.RemovePush(k.ctx, second.ID))
	k.wantKind(k.st.Notices.RemovePush(k.ctx, second.ID), tandem.NotFound)
}

func (k *kit) hook(h store.Hook) store.Hook {
	k.Helper()
	h, err := k.st.Hooks.PutHook(k.ctx, h)
	k.must(err)
	return h
}

func testHooks(k *kit) {
	a := k.hook(store.Hook{User: "Ann", URL: "https://a.example.org/", Events: []string{"run.ended"}, Items: []string{"i"}, Enabled: true, Added: 3})
	b := k.hook(store.Hook{URL: "https://b.example.org/", Events: []string{}, Items: []string{}})
	if a.User != "ann" || a.ID == 0 || a.ID == b.ID {
		k.Fatalf("%+v, %+v", a, b)
	}
	for user, want := range map[string][]store.Hook{"ANN": {a}, "": {b}, "*": {a, b}, "zoe": nil} {
		list, err := k.st.Hooks.Hooks(k.ctx, user)
		k.must(err)
		if !reflect.DeepEqual(list, want) {
			k.Errorf("of %q: %+v, want %+v", user, list, want)
		}
	}
	a.Enabled, a.Events = false, []string{"problem.began", "x"}
	if got := k.hook(a); !reflect.DeepEqual(got, a) {
		k.Errorf("%+v, want %+v", got, a)
	}
	if list, err := k.st.Hooks.Hooks(k.ctx, "ann"); err != nil || !reflect.DeepEqual(list, []store.Hook{a}) {
		k.Errorf("%+v, %v", list, err)
	}
	_, err := k.st.Hooks.PutHook(k.ctx, store.Hook{ID: 999})
	k.wantKind(err, tandem.NotFound)
	k.must(k.st.Hooks.RemoveHook(k.ctx, a.ID))
	k.wantKind(k.st.Hooks.RemoveHook(k.ctx, a.ID), tandem.NotFound)
	if c := k.hook(store.Hook{URL: "https://c.example.org/"}); c.ID <= b.ID {
		k.Errorf("the number %d was given out before", c.ID)
	}
}

// testDeliveries: what a hook is told is there once per key, waits for its time, and is remembered until it is purged.
func testDeliveries(k *kit) {
	a, b := k.hook(store.Hook{URL: "https://a.example.org/"}), k.hook(store.Hook{URL: "https://b.example.org/"})
	d := func(hook int64, key string, next int64) store.Delivery {
		return store.Delivery{Hook: hook, Key: key, Event: "run.ended", Body: []byte(`{"k":"` + key + `"}`), Added: 10, Next: next}
	}
	n, err := k.st.Hooks.Deliver(k.ctx, []store.Delivery{d(a.ID, "1", 20), d(a.ID, "1", 21), d(b.ID, "1", 22), d(999, "1", 1)})
	k.must(err)
	if n != 2 {
		k.Fatalf("%d were added", n)
	}
	k.must(k.st.Notices.ChangeNotices(k.ctx, store.NoticeChange{Deliveries: []store.Delivery{d(a.ID, "2", 40), d(a.ID, "1", 40)}}))
	due, next, err := k.st.Hooks.DueDeliveries(k.ctx, 20, 10)
	k.must(err)
	if len(due) != 1 || due[0].Key != "1" || due[0].Hook != a.ID || due[0].State != store.Waiting || string(due[0].Body) != `{"k":"1"}` || due[0].Added != 10 || next != 22 {
		k.Fatalf("%+v, %d", due, next)
	}
	if due, next, err = k.st.Hooks.DueDeliveries(k.ctx, 50, 2); err != nil || len(due) != 2 || due[1].Hook != b.ID || next != 0 {
		k.Fatalf("%+v, %d, %v", due, next, err)
	}
	one := due[0]
	one.State, one.Next, one.Tries, one.Status, one.Error = store.Waiting, 60, 1, 503, "busy"
	k.must(k.st.Hooks.PutDelivery(k.ctx, one))
	list, err := k.st.Hooks.Deliveries(k.ctx, a.ID, 0)
	k.must(err)
	if len(list) != 2 || list[0].Key != "2" || !reflect.DeepEqual(list[1], one) {
		k.Fatalf("%+v", list)
	}
	if list, err = k.st.Hooks.Deliveries(k.ctx, a.ID, 1); err != nil || len(list) != 1 {
		k.Fatalf("%+v, %v", list, err)
	}
	one.ID = 999
	k.wantKind(k.st.Hooks.PutDelivery(k.ctx, one), tandem.NotFound)
	sent := list[0]
	sent.State, sent.Status = store.Sent, 200
	k.must(k.st.Hooks.PutDelivery(k.ctx, sent))
	if n, err := k.st.Hooks.PurgeDeliveries(k.ctx, 10); err != nil || n != 0 {
		k.Errorf("%d, %v", n, err)
	}
	if n, err := k.st.Hooks.PurgeDeliveries(k.ctx, 11); err != nil || n != 1 { // what waits stays
		k.Errorf("%d, %v", n, err)
	}
	k.must(k.st.Hooks.RemoveHook(k.ctx, a.ID))
	if due, _, err = k.st.Hooks.DueDeliveries(k.ctx, 100, 10); err != nil || len(due) != 1 || due[0].Hook != b.ID {
		k.Fatalf("%+v, %v", due, err)
	}
}

// testNoticesGoAway: with a user goes what they were told, and where.
func testNoticesGoAway(k *kit) {
	k.user("ann")
	k.must(k.st.Notices.ChangeNotices(k.ctx, store.NoticeChange{Add: []store.Notice{{User: "ann", Key: "x"}}}))
	_, err := k.st.Notices.AddPush(k.ctx, store.Push{User: "ann", Endpoint: "e", Key: []byte{1}, Auth: []byte{1}})
	k.must(err)
	h := k.hook(store.Hook{User: "ann", URL: "https://a.example.org/"})
	_, err = k.st.Hooks.Deliver(k.ctx, []store.Delivery{{Hook: h.ID, Key: "1", Body: []byte{}, Next: 1}})
	k.must(err)
	k.must(k.st.Accounts.RemoveUser(k.ctx, "ann"))
	pushes, err := k.st.Notices.Pushes(k.ctx, "")
	k.must(err)
	hooks, err := k.st.Hooks.Hooks(k.ctx, "*")
	k.must(err)
	due, _, err := k.st.Hooks.DueDeliveries(k.ctx, 100, 10)
	k.must(err)
	if len(k.keys(""))+len(pushes)+len(hooks)+len(due) != 0 {
		k.Fatalf("%q, %+v, %+v, %+v", k.keys(""), pushes, hooks, due)
	}
}

func testCommands(k *kit) {
	c := k.collection(tandem.Contact)
	k.must(k.st.Settings.PutPartner(k.ctx, store.Partner{Name: "p", Provider: "x", Place: "x:"}))
	it := store.Item{Name: "i", User: c.User, Collection: c.ID, Partner: "p", Commands: `{"before":"true"}`}
	k.must(k.st.Settings.PutItem(k.ctx, it))
	list, err := k.st.Settings.Items(k.ctx)
	k.must(err)
	if len(list) != 1 || list[0] != it {
		k.Fatalf("%+v", list)
	}
	it.Commands = ""
	k.must(k.st.Settings.PutItem(k.ctx, it))
	if list, err = k.st.Settings.Items(k.ctx); err != nil || list[0] != it {
		k.Fatalf("%+v, %v", list, err)
	}
}

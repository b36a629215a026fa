package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"testing"

	"tandem"
	"tandem/store"
)

func runMail(t *testing.T, run runner) {
	run(t, "Sketches", testSketches)
	run(t, "Search", testSearch)
	run(t, "SearchAfterOneBatch", testSearchAfterOneBatch)
	run(t, "Latest", testLatest)
	run(t, "Kin", testKin)
	run(t, "Queue", testQueue)
	run(t, "QueuedBodiesStay", testQueuedBodiesStay)
	run(t, "Secrets", testSecrets)
}

// message is a write of a message with a text to search in.
func message(op tandem.Op, id tandem.ID, at tandem.Version, text string, when int64) store.HomeWrite {
	w := put(op, id, at, text)
	w.Index = tandem.Index{Start: when, End: when, Text: text, Sketch: []byte("sketch of " + text)}
	return w
}

func (k *kit) sketch(c tandem.Collection, number int64) string {
	k.Helper()
	all, err := k.st.Texts.Sketches(k.ctx, c.ID, number, 9999)
	k.must(err)
	return string(all[number])
}

func (k *kit) search(query string, from, to int64, skip, limit int, in ...tandem.Collection) string {
	k.Helper()
	var ids []int64
	for _, c := range in {
		ids = append(ids, c.ID)
	}
	var out []string
	for r, err := range k.st.Texts.Search(k.ctx, ids, query, from, to, skip, limit) {
		k.must(err)
		body, err := tandem.ReadBody(r.Body, 1<<20)
		k.must(err)
		if len(body) == 0 || r.Kind == "" {
			k.Fatalf("found %+v", r)
		}
		out = append(out, string(r.ID))
	}
	return strings.Join(out, " ")
}

func testSketches(k *kit) {
	c, other := k.collection(tandem.Mail), k.collection(tandem.SMS)
	first := k.applied(c, message(tandem.Create, "a", "", "one", 10))
	n := k.number(c, "a")
	if got := k.sketch(c, n); got != "sketch of one" {
		k.Fatalf("the sketch is %q", got)
	}
	if got := k.sketch(other, n); got != "" {
		k.Fatalf("another collection shows %q", got)
	}
	flags := k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.SetAttrs, ID: "a", If: first.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: "seen=1"}}}})
	if got := k.sketch(c, n); got != "sketch of one" {
		k.Fatalf("after a change of attributes the sketch is %q", got)
	}
	reindex := func(number int64, at tandem.Version, ix tandem.Index) {
		k.Helper()
		k.must(k.st.Texts.Reindex(k.ctx, c.ID, []store.Indexed{{Number: 9999, At: at, Index: ix}, {Number: number, At: at, Index: ix}}))
	}
	match := func(text string) (n int) {
		for _, err := range k.st.Lookup.Match(k.ctx, c.User, tandem.Mail, text, 9) {
			k.must(err)
			n++
		}
		return n
	}
	anew := tandem.Index{Start: 99, End: 99, UID: "other", Name: "Anew", Keys: []string{"key1"}, Sketch: []byte("new"), Text: "another"}
	reindex(n, first.Version, anew)
	if got := k.sketch(c, n); got != "sketch of one" || match("key1") != 0 {
		k.Fatalf("of a version that is gone, the sketch is %q", got)
	}
	reindex(n, flags.Version, anew)
	got := k.get(c, "a")["a"]
	if s := k.sketch(c, n); s != "new" || got.Version != flags.Version || got.Index.End != 10 || got.UID == "other" || got.Index.Name != "Anew" {
		k.Fatalf("made anew, the sketch is %q of %+v", s, got)
	}
	if k.search("another", 0, 0, 0, 9, c) != "a" || k.search("one", 0, 0, 0, 9, c) != "" || match("key1") != 1 || match("anew") != 1 {
		k.Fatal("it is not found by what it is found by now")
	}
	reindex(n, flags.Version, tandem.Index{Name: "Bare"})
	if k.sketch(c, n) != "" || k.search("another", 0, 0, 0, 9, c) != "" || match("key1") != 0 || match("bare") != 1 {
		k.Fatal("what was there before is still there")
	}
	reindex(n, flags.Version, tandem.Index{Sketch: []byte("new")})
	k.wantKind(k.st.Texts.Reindex(k.ctx, 99999, nil), tandem.NotFound)
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "a", If: flags.Version}})
	if got := k.sketch(c, n); got != "" {
		k.Fatalf("of a deleted record the sketch is %q", got)
	}
	reindex(n, flags.Version, tandem.Index{Sketch: []byte("x")})
	if got := k.sketch(c, n); got != "" {
		k.Fatalf("of a deleted record the sketch is %q", got)
	}
}

func testSearch(k *kit) {
	c, d := k.collection(tandem.Mail), k.collection(tandem.SMS)
	for i, text := range []string{"The plan for Müller", "A planetary mülleimer", "No word of it", "plan müller here, for the plan"} {
		k.applied(c, message(tandem.Create, tandem.ID(fmt.Sprint(i)), "", text, int64(10+i)))
	}
	k.applied(d, message(tandem.Create, "sms", "", "the plan again", 99))
	for _, t := range []struct {
		query      string
		from, to   int64
		skip, most int
		want       string
	}{
		{"plan", 0, 0, 0, 10, "3 1 0"},
		{"PLAN muller", 0, 0, 0, 10, "3 0"},
		{`"the plan"`, 0, 0, 0, 10, "3 0"},
		{`"plan the"`, 0, 0, 0, 10, ""},
		{"plan", 11, 13, 0, 10, "1"},
		{"plan", 0, 0, 1, 1, "1"},
		{"", 0, 0, 0, 10, ""},
		{`" * AND ( ^ - "`, 0, 0, 0, 10, ""},
		{`unclosed "plan`, 0, 0, 0, 10, ""},
		{`word "of`, 0, 0, 0, 10, "2"},
	} {
		if got := k.search(t.query, t.from, t.to, t.skip, t.most, c); got != t.want {
			k.Errorf("%s from %d to %d: %q, want %q", t.query, t.from, t.to, got, t.want)
		}
	}
	if got := k.search("plan", 0, 0, 0, 2, c, d); got != "sms 3" {
		k.Errorf("in two collections: %q", got)
	}
	one := k.get(c, "3")["3"]
	two := k.applied(c, message(tandem.Update, "3", one.Version, "other words", 13))
	if got := k.search("plan", 0, 0, 0, 9, c); got != "1 0" {
		k.Errorf("after a change: %q", got)
	}
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Move, ID: "3", To: "moved", If: two.Version}})
	if got := k.search("other", 0, 0, 0, 9, c); got != "moved" {
		k.Errorf("after a move: %q", got)
	}
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "1", If: k.get(c, "1")["1"].Version}})
	if got := k.search("plan", 0, 0, 0, 9, c); got != "0" {
		k.Errorf("after a deletion: %q", got)
	}
	k.must(k.st.Home.RemoveCollection(k.ctx, d.ID))
	if got := k.search("plan", 0, 0, 0, 9, c, d); got != "0" {
		k.Errorf("after a collection was removed: %q", got)
	}
}

// testSearchAfterOneBatch writes the same records several times in one batch: they are found by what they say at its end.
func testSearchAfterOneBatch(k *kit) {
	c := k.collection(tandem.Mail)
	old := k.applied(c, message(tandem.Create, "old", "", "former words", 1))
	gone := k.applied(c, message(tandem.Create, "gone", "", "words that go", 2))
	next := func(n int) tandem.Version { // what the collection's n-th write from here on makes
		at, err := strconv.Atoi(string(gone.Version))
		k.must(err)
		return tandem.Version(strconv.Itoa(at + n))
	}
	remove := func(id tandem.ID, at tandem.Version) store.HomeWrite {
		return store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: id, If: at}}
	}
	for i, o := range k.write(c,
		message(tandem.Create, "stays", "", "words that stay", 10),
		message(tandem.Create, "brief", "", "words of a moment", 11),
		remove("brief", next(2)),
		message(tandem.Create, "again", "", "words before", 12),
		remove("again", next(4)),
		message(tandem.Create, "again", "", "words after", 12),
		message(tandem.Create, "edited", "", "words at first", 13),
		message(tandem.Update, "edited", next(7), "words at last", 13),
		message(tandem.Update, "old", old.Version, "present words", 1),
		remove("gone", gone.Version),
	) {
		if o.Status != tandem.Applied {
			k.Fatalf("write %d: %s, %v", i, o.Status, o.Err)
		}
	}
	for query, want := range map[string]string{"words": "edited again stays old", "moment": "", "before": "", "after": "again", "first": "", "last": "edited", "former": "", "present": "old", "go": ""} {
		if got := k.search(query, 0, 0, 0, 9, c); got != want {
			k.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	bare := message(tandem.Create, "brief", "", "", 14) // in the place of one whose words went with it
	if bare.Index.Text = ""; k.applied(c, bare).ID != "brief" || k.search("moment", 0, 0, 0, 9, c) != "" {
		k.Error("a record without a text is found by that of one before it")
	}
	k.applied(c, remove("stays", k.get(c, "stays")["stays"].Version))
	if got := k.search("stay", 0, 0, 0, 9, c); got != "" {
		k.Errorf("after a deletion: %q", got)
	}
}

func testLatest(k *kit) {
	c, d := k.collection(tandem.Mail), k.collection(tandem.SMS)
	for i := range 4 {
		k.applied(c, message(tandem.Create, tandem.ID(fmt.Sprint(i)), "", "text", int64(10+i)))
	}
	k.applied(d, message(tandem.Create, "sms", "", "text", 12))
	k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: "1", If: k.get(c, "1")["1"].Version}})
	for _, t := range []struct {
		in         []int64
		from, to   int64
		skip, most int
		want       string
	}{
		{[]int64{c.ID}, 0, 0, 0, 9, "3 2 0"},
		{[]int64{c.ID, d.ID}, 0, 0, 0, 9, "3 sms 2 0"},
		{[]int64{d.ID, c.ID}, 0, 0, 1, 2, "sms 2"},
		{[]int64{c.ID}, 12, 13, 0, 9, "2"},
		{[]int64{c.ID}, 0, 12, 0, 9, "0"},
		{[]int64{c.ID}, 0, 0, 5, 9, ""},
		{[]int64{c.ID}, 0, 0, 0, 0, ""},
		{nil, 0, 0, 0, 9, ""},
	} {
		var out []string
		for r, err := range k.st.Texts.Latest(k.ctx, t.in, t.from, t.to, t.skip, t.most) {
			k.must(err)
			if r.Body == nil {
				k.Fatalf("%s has no body", r.ID)
			}
			out = append(out, string(r.ID))
		}
		if got := strings.Join(out, " "); got != t.want {
			k.Errorf("%+v: %q", t, got)
		}
	}
}

func testKin(k *kit) {
	c, d := k.collection(tandem.Mail), k.collection(tandem.SMS)
	put := func(c tandem.Collection, id tandem.ID, end int64, keys ...string) {
		w := message(tandem.Create, id, "", "text", end)
		w.Index.Keys = keys
		k.applied(c, w)
	}
	put(c, "late", 100, "00aa", "zoe@x")
	put(c, "old", 10, "00aa")
	put(c, "older", 5, "ben@x", "00aa")
	put(c, "both", 90, "00aa")
	put(c, "alone", 20, "00bb", "zoe@x")
	put(c, "longer", 20, "00aa1")
	put(c, "timeless", 0, "00aa")
	put(d, "elsewhere", 10, "00aa")
	put(d, "lone", 100, "00bb")
	for _, t := range []struct {
		prefix string
		from   int64
		most   int
		want   string
	}{
		{"00", 95, 9, "both old older"},
		{"00", 50, 9, "old older"},
		{"00", 95, 1, "both"},
		{"00", 95, 0, ""},
		{"00", 7, 9, "older"},
		{"00", 200, 9, ""},
		{"zoe", 95, 9, "alone"},
		{"nobody", 95, 9, ""},
	} {
		recs, err := k.st.Texts.Kin(k.ctx, c.ID, t.prefix, t.from, t.most)
		k.must(err)
		var out []string
		for _, r := range recs {
			out = append(out, string(r.ID))
			if r.Body != nil || r.Number == 0 || r.Kind != tandem.Mail {
				k.Errorf("%+v", r)
			}
		}
		if got := strings.Join(out, " "); got != t.want {
			k.Errorf("%+v: %q", t, got)
		}
	}
	for _, id := range []tandem.ID{"late", "old"} {
		k.applied(c, store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: id, If: k.get(c, id)[id].Version}})
	}
	if recs, err := k.st.Texts.Kin(k.ctx, c.ID, "00", 50, 9); err != nil || len(recs) != 1 || recs[0].ID != "older" {
		k.Errorf("what is deleted counts: %+v, %v", recs, err)
	}
	if recs, err := k.st.Texts.Kin(k.ctx, c.ID, "00", 95, 9); err != nil || len(recs) != 0 {
		k.Errorf("what is deleted counts: %+v, %v", recs, err)
	}
	if _, err := k.st.Texts.Kin(k.ctx, 99999, "00", 95, 9); !tandem.IsKind(err, tandem.NotFound) {
		k.Errorf("of a collection that is not there: %v", err)
	}
}

func testQueue(k *kit) {
	user := k.collection(tandem.Mail).User
	m, added, err := k.st.Queue.Enqueue(k.ctx, store.Outgoing{User: user, Key: "k1", From: "a@x", To: []string{"b@y", "c@z"}}, tandem.Bytes("hello"))
	k.must(err)
	if !added || m.ID == 0 || m.State != store.Waiting || m.Next == 0 {
		k.Fatalf("queued as %+v, %v", m, added)
	}
	again, added, err := k.st.Queue.Enqueue(k.ctx, store.Outgoing{User: user, Key: "k1", From: "a@x", To: []string{"other@y"}}, tandem.Bytes("another"))
	k.must(err)
	if added || again.ID != m.ID || !slices.Equal(again.To, m.To) || again.Body != m.Body {
		k.Fatalf("queued twice: %+v", again)
	}
	if _, _, err := k.st.Queue.Enqueue(k.ctx, store.Outgoing{User: user, Key: "k2", To: []string{"d@y"}, Next: m.Next + 100}, tandem.Bytes("later")); err != nil {
		k.Fatal(err)
	}
	due, next, err := k.st.Queue.Due(k.ctx, m.Next, 10)
	k.must(err)
	if len(due) != 1 || due[0].ID != m.ID || next != m.Next+100 {
		k.Fatalf("due are %+v, then %d", due, next)
	}
	body, err := k.st.Blobs.Get(k.ctx, due[0].Body)
	k.must(err)
	if string(body) != "hello" {
		k.Fatalf("the body is %q", body)
	}
	broken := errors.New("broken")
	if _, err := k.st.Queue.ChangeOutgoing(k.ctx, m.ID, func(m *store.Outgoing) error { m.State = store.Sent; return broken }); !errors.Is(err, broken) {
		k.Fatal(err)
	}
	if due, _, err = k.st.Queue.Due(k.ctx, m.Next, 10); err != nil || len(due) != 1 {
		k.Fatalf("a change that failed was made: %+v, %v", due, err)
	}
	changed, err := k.st.Queue.ChangeOutgoing(k.ctx, m.ID, func(m *store.Outgoing) error {
		m.To, m.State, m.Tries, m.Saved, m.Doubt, m.Refused, m.Reached = nil, store.Sent, 1, true, []string{"b@y", `"c, d"@z`}, []string{"d@y"}, 3
		return nil
	})
	k.must(err)
	if due, _, err = k.st.Queue.Due(k.ctx, m.Next, 10); err != nil || len(due) != 0 || changed.State != store.Sent {
		k.Fatalf("sent, and due: %+v, %v", due, err)
	}
	if _, added, err := k.st.Queue.Enqueue(k.ctx, store.Outgoing{User: user, Key: "k1"}, tandem.Bytes("hello")); err != nil || added {
		k.Fatalf("what was sent is sent again: %v", err)
	}
	list, err := k.st.Queue.Outgoing(k.ctx, user, 10)
	k.must(err)
	if len(list) != 2 || list[0].Key != "k2" || !list[1].Saved || list[0].Doubt != nil || !slices.Equal(list[1].Doubt, []string{"b@y", `"c, d"@z`}) || list[0].Refused != nil || !slices.Equal(list[1].Refused, []string{"d@y"}) || list[1].Reached != 3 {
		k.Fatalf("the queue is %+v", list)
	}
	changed, err = k.st.Queue.ChangeOutgoing(k.ctx, m.ID, func(m *store.Outgoing) error { m.Doubt = []string{}; return nil })
	if list, e := k.st.Queue.Outgoing(k.ctx, user, 10); err != nil || e != nil || list[1].Doubt != nil {
		k.Fatalf("no doubt any more, and %+v, %+v, %v", changed, list, errors.Join(err, e))
	}
	k.must(k.st.Queue.RemoveOutgoing(k.ctx, list[0].ID))
	k.wantKind(k.st.Queue.RemoveOutgoing(k.ctx, list[0].ID), tandem.NotFound)
	_, err = k.st.Queue.ChangeOutgoing(k.ctx, 9999, func(*store.Outgoing) error { return nil })
	k.wantKind(err, tandem.NotFound)
}

// testQueuedBodiesStay: a body that only the queue names is not swept away.
func testQueuedBodiesStay(k *kit) {
	user := k.collection(tandem.Mail).User
	for i, size := range []int{10, 100_000} {
		m, _, err := k.st.Queue.Enqueue(k.ctx, store.Outgoing{User: user, Key: fmt.Sprint(i), To: []string{"b@y"}}, tandem.Bytes(strings.Repeat("x", size)))
		k.must(err)
		_, err = k.st.Blobs.Sweep(k.ctx)
		k.must(err)
		if b, err := k.st.Blobs.Get(k.ctx, m.Body); err != nil || len(b) != size {
			k.Fatalf("%d bytes, %v", len(b), err)
		}
	}
}

func testSecrets(k *kit) {
	_, err := k.st.Secrets.Secret(k.ctx, "a")
	k.wantKind(err, tandem.NotFound)
	k.must(k.st.Secrets.PutSecret(k.ctx, "a", []byte{1, 2}))
	k.must(k.st.Secrets.PutSecret(k.ctx, "a", []byte{3}))
	got, err := k.st.Secrets.Secret(k.ctx, "a")
	k.must(err)
	if len(got) != 1 || got[0] != 3 {
		k.Fatalf("the secret is %v", got)
	}
	k.must(k.st.Secrets.PutSecret(k.ctx, "B", []byte{4}))
	names, err := k.st.Secrets.SecretNames(k.ctx)
	k.must(err)
	if !slices.Equal(names, []string{"B", "a"}) {
		k.Fatalf("names %q", names)
	}
	k.must(k.st.Secrets.PutSecret(k.ctx, "a", nil))
	_, err = k.st.Secrets.Secret(k.ctx, "a")
	k.wantKind(err, tandem.NotFound)
}

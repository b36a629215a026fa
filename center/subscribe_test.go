package center

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/partner/access"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/webcal"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// publisher is a web server with a calendar.
type publisher struct {
	*httptest.Server
	mu   sync.Mutex
	feed string // guarded by mu; "": it is broken
	gets int    // guarded by mu
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method == http.MethodGet {
		p.gets++
	}
	if p.feed == "" {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>maintenance</html>")
		return
	}
	w.Header().Set("Content-Type", "text/calendar")
	_, _ = io.WriteString(w, p.feed)
}

func (p *publisher) publish(summaries ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for i, s := range summaries {
		if s != "" {
			fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:e%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260601T100000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\n", i, s)
		}
	}
	p.feed = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:Holidays\r\n" + b.String() + "END:VCALENDAR\r\n"
}

// subscriber is a hub that can subscribe, with the user anna.
func subscriber(t *testing.T) (*Hub, *store.Store, *publisher) {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Accounts.AddUser(t.Context(), store.User{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	known := kinds.Kinds()
	handler := func(k tandem.Kind) (kind.Handler, bool) { h, ok := known[k]; return h, ok }
	opener := home.Opener{Store: st, Kinds: known, User: "anna"}
	h := New(Config{Store: st, Places: provider.NewRegistry(append(webcal.Providers(), home.Provider())...), Kind: handler, OpenHome: opener.Open, Env: provider.Env{Home: opener, Kind: handler},
		Run: func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			return session.Run(ctx, session.Deps{Store: st}, p, o)
		}})
	t.Cleanup(func() { h.Close() })
	p := &publisher{}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return h, st, p
}

// titles are those of the records of anna's collection of a name.
func titles(t *testing.T, st *store.Store, name string) (string, tandem.Collection) {
	t.Helper()
	list, err := st.Home.Collections(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Name != name {
			continue
		}
		recs, _, err := st.Home.Since(t.Context(), c.ID, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range recs {
			if !r.Deleted {
				out = append(out, strings.TrimSuffix(strings.Fields(r.Title)[0], ","))
			}
		}
		slices.Sort(out)
		return strings.Join(out, " "), c
	}
	return "", tandem.Collection{}
}

// TestSubscribe follows a published calendar over HTTP: records come, change and go; a page instead of the calendar takes nothing away; nobody writes there.
func TestSubscribe(t *testing.T) {
	h, st, p := subscriber(t)
	ctx := t.Context()
	p.publish("Newyear", "Easter", "May")
	it, err := h.AddItem(ctx, NewItem{Home: "holidays", Partner: "webcal:" + p.URL + "/holidays.ics?id=7", Mode: Manual})
	if err != nil {
		t.Fatal(err)
	}
	if rules, err := decodeRules(it.Rules); err != nil || rules.Direction != engine.BToA {
		t.Fatalf("rules %s, %v", it.Rules, err)
	}
	run := func() (failed *Failure) {
		t.Helper()
		if err := h.Sync(ctx, []string{it.Name}, SyncOptions{}, func(n SyncNews) { failed = n.Err }); err != nil {
			t.Fatal(err)
		}
		return failed
	}
	has := func(want string) tandem.Collection {
		t.Helper()
		got, c := titles(t, st, "holidays")
		if got != want {
			t.Fatalf("there is %q, want %q", got, want)
		}
		return c
	}
	for range 2 {
		if f := run(); f != nil {
			t.Fatal(f)
		}
		if c := has("Easter May Newyear"); c.Props[access.ReadOnly] != "1" || c.Kind != tandem.Event {
			t.Fatalf("collection %+v", c)
		}
	}
	p.publish("Newyear", "Eastern", "", "June")
	if f := run(); f != nil {
		t.Fatal(f)
	}
	c := has("Eastern June Newyear")
	p.mu.Lock()
	p.feed = ""
	p.mu.Unlock()
	if f := run(); f == nil || f.Kind != tandem.Unreadable || !strings.Contains(f.Text, "web page") {
		t.Fatalf("a page instead of the calendar: %+v", f)
	}
	has("Eastern June Newyear")
	p.publish("Newyear")
	p.Server.Close()
	if f := run(); f == nil || f.Kind != tandem.Unreadable {
		t.Fatalf("nobody there: %+v", f)
	}
	has("Eastern June Newyear")
	if err := h.RemoveItem(ctx, it.Name); err != nil {
		t.Fatal(err)
	}
	if c = has("Eastern June Newyear"); c.Props[access.ReadOnly] != "" {
		t.Errorf("what nothing fills any longer is still read-only: %+v", c)
	}
}

// TestReadOnlyChoice: what becomes read-only by itself, when asked, and never.
func TestReadOnlyChoice(t *testing.T) {
	h, st, p := subscriber(t)
	p.publish("Newyear")
	ctx := t.Context()
	if _, err := st.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Event, Name: "calendar"}); err != nil {
		t.Fatal(err)
	}
	add := func(home, choice string, d engine.Direction, place string) error {
		_, err := h.AddItem(ctx, NewItem{Home: home, Kind: "event", Partner: place, Mode: Manual, ReadOnly: choice, Rules: RuleWords{Direction: directions()[d]}})
		return err
	}
	feed := func(n int) string { return fmt.Sprintf("webcal:%s/%d.ics", p.URL, n) }
	for i, c := range []struct {
		home, choice string
		direction    engine.Direction
		want         string
	}{
		{"made", "", engine.TwoWay, "1"},
		{"mirror", "", engine.MirrorBToA, "1"},
		{"mine", "no", engine.TwoWay, ""},
		{"calendar", "", engine.TwoWay, ""}, // it was there before
		{"calendar", "yes", engine.TwoWay, "1"},
		{"out", "", engine.AToB, ""}, // nothing will come of it, and nothing is claimed
	} {
		if err := add(c.home, c.choice, c.direction, feed(i)); err != nil {
			t.Fatal(err)
		}
		if _, got := titles(t, st, c.home); got.Props[access.ReadOnly] != c.want {
			t.Errorf("%+v: %+v", c, got.Props)
		}
	}
	if err := add("two-way", "yes", engine.TwoWay, "home:calendar?kind=event"); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "b-to-a") {
		t.Errorf("a collection that others are written from: %v", err)
	}
	if err := add("nonsense", "maybe", engine.TwoWay, feed(1)); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a choice that is none: %v", err)
	}
	// Two items fill it: it stays read-only until both are gone.
	if err := add("made", "", engine.TwoWay, feed(20)); err != nil {
		t.Fatal(err)
	}
	items, err := h.ListItems(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, made := titles(t, st, "made")
	for _, it := range items {
		if it.Collection != made.ID {
			continue
		}
		if _, c := titles(t, st, "made"); c.Props[access.ReadOnly] != "1" {
			t.Error("no longer read-only while an item fills it")
		}
		if err := h.RemoveItem(ctx, it.Name); err != nil {
			t.Fatal(err)
		}
	}
	if _, c := titles(t, st, "made"); c.Props[access.ReadOnly] != "" {
		t.Error("still read-only")
	}
}

// TestPollLeavesAlone: a place that wants to be left alone is, unless somebody asks.
func TestPollLeavesAlone(t *testing.T) {
	h, _, p := subscriber(t)
	p.publish("Newyear")
	it, err := h.AddItem(t.Context(), NewItem{Home: "holidays", Partner: "webcal:" + p.URL + "/holidays.ics"})
	if err != nil {
		t.Fatal(err)
	}
	j, err := h.itemJob(t.Context(), it)
	if err != nil || j.every != time.Hour {
		t.Fatalf("every %s, %v", j.every, err)
	}
	k := newKeeper(h, watched{job: j, item: it}, nil)
	if d, _ := k.untilNext(0); d != time.Hour {
		t.Errorf("looks again after %s", d)
	}
	k.work.job.every = 0
	if d, _ := k.untilNext(0); d != h.cfg.Times.Poll {
		t.Errorf("others after %s", d)
	}
}

// TestOneCollectionOfTexts: an item for text messages is about those that a phone brought, whatever their collection is called; of other kinds a name that is new is another collection.
func TestOneCollectionOfTexts(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	h := New(Config{Store: st})
	for _, name := range []string{"anna", "ben"} {
		if err := st.Accounts.AddUser(t.Context(), store.User{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	made, err := st.Home.PutCollection(t.Context(), tandem.Collection{User: "anna", Kind: tandem.SMS, Name: "Text messages"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user string
		kind tandem.Kind
		same bool
	}{{"anna", tandem.SMS, true}, {"ben", tandem.SMS, false}, {"anna", tandem.Note, false}} {
		got, err := h.homeCollection(t.Context(), NewItem{Home: "texts"}, c.user, c.kind, provider.Features{})
		if err != nil || (got.ID == made.ID) != c.same || got.User != c.user || got.Kind != c.kind {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
}

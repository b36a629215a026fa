package center

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// world is a hub over a store and places in memory, "mem:NAME". Tests run it in a synctest bubble, so that its waits
// cost nothing and can be measured.
type world struct {
	t     *testing.T
	hub   *Hub
	store *store.Store

	mu     sync.Mutex // guards what follows
	places map[string]*memory.Store
	fail   map[string]error // answers of Open
	runs   []SyncNews       // last news of runs that nobody asked for
}

func newWorld(t *testing.T, knobs memory.Knobs, names ...string) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := overStore(st, knobs, names...)
	w.t = t
	return w
}

// overStore is a world over a store that is there.
func overStore(st *store.Store, knobs memory.Knobs, names ...string) *world {
	w := &world{store: st, places: map[string]*memory.Store{}, fail: map[string]error{}}
	for _, n := range names {
		w.places[n] = memory.New(n, knobs)
	}
	known := kinds.Kinds()
	opener := home.Opener{Store: st, Kinds: known}
	w.hub = New(Config{
		Store: st, Places: provider.NewRegistry(w.provider(), home.Provider()),
		Kind: func(k tandem.Kind) (kind.Handler, bool) { h, ok := known[k]; return h, ok },
		OpenHome: func(c tandem.Collection) (*provider.Opened, error) {
			mine := opener
			mine.User = c.User
			return mine.Open(c)
		},
		Env: provider.Env{Home: opener},
		Run: func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			return session.Run(ctx, session.Deps{Store: st}, p, o)
		},
		News: func(n SyncNews) {
			if n.Report != nil || n.Err != nil {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.runs = append(w.runs, n)
			}
		},
	})
	return w
}

// close ends everything, so that a bubble can end.
func (w *world) close() {
	if err := w.hub.Close(); err != nil {
		w.t.Error(err)
	}
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) provider() *provider.Provider {
	return &provider.Provider{Name: "mem", Title: "Memory", Help: "For tests.", Kinds: []tandem.Kind{tandem.Contact, tandem.Event},
		Features: provider.Features{Parks: true},
		Options: []provider.Option{{Name: "kind", Type: "choice", Choices: []string{"contact", "event"}, Help: "what it holds"},
			{Name: "days", Type: "int", Default: "0", Help: "a window"}, {Name: "max-size", Type: "size", Help: "a limit"}, {Name: "ignore", Type: "list", Help: "patterns"}},
		Open: func(_ context.Context, p provider.Place, _ provider.Env) (*provider.Opened, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if err := w.fail[p.Path]; err != nil {
				return nil, err
			}
			s := w.places[p.Path]
			if s == nil {
				return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "open place", Thing: p.Text, Remedy: "make it"}
			}
			o := s.Open()
			if k := p.Options["kind"]; k != "" {
				o.Kind = tandem.Kind(k)
			}
			return o, nil
		}}
}

func (w *world) setFail(name string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail[name] = err
}

func (w *world) news() []SyncNews {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]SyncNews(nil), w.runs...)
}

func card(uid, name string, extra ...string) []byte {
	lines := append([]string{"BEGIN:VCARD", "VERSION:3.0", "UID:" + uid, "FN:" + name, "N:" + name + ";;;;"}, extra...)
	return []byte(strings.Join(append(lines, "END:VCARD", ""), "\r\n"))
}

func (w *world) put(place, id string, body []byte) {
	w.t.Helper()
	if err := w.places[place].Put(tandem.ID(id), body, ""); err != nil {
		w.t.Fatal(err)
	}
}

// names lists the names on the cards of a place, sorted.
func (w *world) names(place string) string {
	w.t.Helper()
	var out []string
	for _, rec := range w.places[place].List() {
		body, err := tandem.ReadBody(rec.Body, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		for line := range strings.Lines(string(body)) {
			if name, ok := strings.CutPrefix(line, "FN:"); ok {
				out = append(out, strings.TrimSpace(name))
			}
		}
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

func (w *world) want(place, names string) {
	w.t.Helper()
	if got := w.names(place); got != names {
		w.t.Errorf("%s holds %q, want %q", place, got, names)
	}
}

func (w *world) add(home, place, name string, change ...func(*NewItem)) store.Item {
	w.t.Helper()
	n := NewItem{Home: home, Partner: "mem:" + place, Name: name}
	for _, f := range change {
		f(&n)
	}
	it, err := w.hub.AddItem(w.t.Context(), n)
	if err != nil {
		w.t.Fatal(err)
	}
	return it
}

func (w *world) start() {
	w.t.Helper()
	if err := w.hub.Start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// syncPlaces runs two places and returns the last news.
func (w *world) syncPlaces(a, b string, opt SyncOptions, change ...func(*Places)) SyncNews {
	w.t.Helper()
	p := Places{A: "mem:" + a, B: "mem:" + b}
	for _, f := range change {
		f(&p)
	}
	var last SyncNews
	if err := w.hub.SyncPlaces(w.t.Context(), p, opt, func(n SyncNews) { last = n }); err != nil {
		w.t.Fatal(err)
	}
	return last
}

func done(n SyncNews) string {
	if n.Err != nil {
		return "error: " + n.Err.Err().Error()
	}
	if n.Report == nil {
		return "nothing"
	}
	out := ""
	for i, t := range n.Report.Done {
		out += fmt.Sprintf("%s +%d ~%d -%d ", tandem.Side(i), t.Creates, t.Updates, t.Deletes)
	}
	if n.Report.Held {
		out += "held"
	}
	return strings.TrimSpace(out)
}

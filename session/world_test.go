package session_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/engine"
	"tandem/kind"
	"tandem/kind/file"
	"tandem/provider/memory"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// card is a kind made for these tests: lines of "key=value", merged by key. The key "uid" is its identity; a body without
// one does not parse.
type card struct{}

var (
	_ kind.Handler = card{}
	_ kind.Renamer = card{}
)

func (card) Kind() tandem.Kind { return tandem.Contact }

func fields(body []byte) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(string(body)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			m[k] = v
		}
	}
	return m
}

func format(m map[string]string) []byte {
	var b bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] != "" {
			fmt.Fprintf(&b, "%s=%s\n", k, m[k])
		}
	}
	return b.Bytes()
}

func (card) Inspect(body []byte) (kind.Info, error) {
	m := fields(body)
	if m["uid"] == "" {
		return kind.Info{}, tandem.Errorf(tandem.Invalid, "no uid in %q", body)
	}
	rev, _ := strconv.ParseInt(m["rev"], 10, 64) // the time of the last change, if it says
	return kind.Info{Digest: sha256.Sum256(format(m)), Index: tandem.Index{UID: m["uid"]}, Summary: tandem.Summary{Title: m["name"]}, Modified: rev}, nil
}

func (card) Merge(base, a, b []byte) (kind.Merged, error) {
	mo, ma, mb := fields(base), fields(a), fields(b)
	out, keys := map[string]string{}, map[string]bool{}
	for _, m := range []map[string]string{mo, ma, mb} {
		for k := range m {
			keys[k] = true
		}
	}
	var res kind.Merged
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		o, va, vb := mo[k], ma[k], mb[k]
		switch {
		case va == vb || vb == o:
			out[k] = va
		case va == o || base == nil && va == "":
			out[k] = vb
		case base == nil && vb == "":
			out[k] = va
		default:
			out[k] = va
			res.Clashes = append(res.Clashes, kind.Clash{Field: k, Base: o, A: va, B: vb})
		}
	}
	res.Body = format(out)
	return res, nil
}

func (card) WithUID(body []byte, uid string) ([]byte, error) {
	m := fields(body)
	m["uid"] = uid
	return format(m), nil
}

// world is two places, a store and a clock.
type world struct {
	t     *testing.T
	side  [2]*memory.Store
	store *store.Store
	kind  kind.Handler
	rules engine.Rules
	scope string
	now   int64
}

// newWorld makes two empty places that keep cards.
func newWorld(t *testing.T, knobs ...func(*memory.Knobs)) *world {
	return makeWorld(t, card{}, memory.Knobs{}, knobs)
}

// newTrees makes two empty trees of files.
func newTrees(t *testing.T, knobs ...func(*memory.Knobs)) *world {
	return makeWorld(t, file.Handler{}, memory.Knobs{Kind: tandem.File, Tree: true, Batch: 1000}, knobs)
}

func makeWorld(t *testing.T, h kind.Handler, k memory.Knobs, knobs []func(*memory.Knobs)) *world {
	t.Helper()
	for _, f := range knobs {
		f(&k)
	}
	w := &world{t: t, kind: h, now: 1_800_000_000}
	w.side = [2]*memory.Store{memory.New("left", k), memory.New("right", k)}
	st, err := sqlite.OpenMemory(sqlite.Options{Now: func() int64 { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	w.store = st
	t.Cleanup(func() { w.store.Close() })
	return w
}

func (w *world) pair() session.Pair {
	a, b := w.side[0].Open(), w.side[1].Open()
	return session.Pair{Key: session.PairKey(w.kind.Kind(), a.Place, b.Place), Name: "left right", A: a, B: b, Kind: w.kind, Rules: w.rules, Scope: w.scope}
}

// try runs a sync.
func (w *world) try(opts ...func(*session.Options)) (*session.Report, error) {
	w.t.Helper()
	return w.tryCtx(context.Background(), opts...)
}

func (w *world) tryCtx(ctx context.Context, opts ...func(*session.Options)) (*session.Report, error) {
	w.t.Helper()
	opt := session.Options{Now: func() int64 { return w.now }, Who: "tester"}
	for _, f := range opts {
		f(&opt)
	}
	p := w.pair()
	defer p.A.Close()
	defer p.B.Close()
	rep, err := session.Run(ctx, session.Deps{Store: w.store}, p, opt)
	if rep == nil {
		w.t.Fatalf("no report beside error %v", err)
	}
	return rep, err
}

// sync runs a sync that must not fail.
func (w *world) sync(opts ...func(*session.Options)) *session.Report {
	w.t.Helper()
	rep, err := w.try(opts...)
	if err != nil {
		w.t.Fatalf("sync: %v", err)
	}
	return rep
}

// put writes a record on one side, as a person would.
func (w *world) put(s tandem.Side, id, body string) {
	w.t.Helper()
	if err := w.side[s].Put(tandem.ID(id), []byte(body), ""); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(s tandem.Side, ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		if !w.side[s].Remove(tandem.ID(id)) {
			w.t.Fatalf("nothing to remove at %s on %s", id, s)
		}
	}
}

// dump is what a side holds, by id; a directory is "/".
func (w *world) dump(s tandem.Side) map[string]string {
	out := map[string]string{}
	for _, rec := range w.side[s].List() {
		if rec.Body == nil {
			out[string(rec.ID)] = "/"
			continue
		}
		body, err := tandem.ReadBody(rec.Body, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		out[string(rec.ID)] = string(body)
	}
	return out
}

// bodies is what a side holds, sorted, ids left out.
func (w *world) bodies(s tandem.Side) []string {
	out := slices.Collect(maps.Values(w.dump(s)))
	sort.Strings(out)
	return out
}

// want checks that both sides hold exactly these bodies.
func (w *world) want(bodies ...string) {
	w.t.Helper()
	sort.Strings(bodies)
	for s := tandem.SideA; s <= tandem.SideB; s++ {
		if got := w.bodies(s); !slices.Equal(got, bodies) {
			w.t.Errorf("side %s holds\n%q\nwant\n%q", s, got, bodies)
		}
	}
}

// wantSide checks what one side holds, by id.
func (w *world) wantSide(s tandem.Side, want map[string]string) {
	w.t.Helper()
	if got := w.dump(s); !maps.Equal(got, want) {
		w.t.Errorf("side %s holds\n%q\nwant\n%q", s, got, want)
	}
}

// print is everything that a run could change: both places with their versions, and the base.
func (w *world) print() string {
	w.t.Helper()
	var b strings.Builder
	for _, s := range w.side {
		for _, rec := range s.List() {
			fmt.Fprintf(&b, "%s %s %s\n", rec.ID, rec.Version, rec.Attrs)
		}
	}
	for _, row := range w.rows() {
		clash, aside := row.Clash, row.Aside
		row.Clash, row.Aside = nil, nil
		fmt.Fprintf(&b, "%+v %+v %+v\n", row, clash, aside)
	}
	return b.String()
}

func (w *world) rows() []tandem.Row {
	w.t.Helper()
	p, err := w.store.Bases.Open(context.Background(), w.pair().Key)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []tandem.Row
	for row, err := range w.store.Bases.Rows(context.Background(), p.ID) {
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

// quiet checks that further runs write nothing, neither to the places nor to the base. The first of them may be recorded,
// to say that trouble is over.
func (w *world) quiet() {
	w.t.Helper()
	before := w.print()
	rep := w.sync()
	if rep.Done != [2]engine.Totals{} {
		w.t.Errorf("a further run did %+v", rep.Done)
	}
	if rep.Session != 0 && len(rep.Problems) == 0 {
		rep = w.sync()
	}
	if rep.Done != [2]engine.Totals{} {
		w.t.Errorf("yet another run did %+v", rep.Done)
	}
	if rep.Session != 0 {
		w.t.Errorf("a further run was recorded as session %d: %v", rep.Session, rep.Problems)
	}
	if after := w.print(); after != before {
		w.t.Errorf("a further run changed\n%s\nto\n%s", before, after)
	}
}

func (w *world) conflicts() []store.Conflict {
	w.t.Helper()
	list, err := w.store.Conflicts.List(context.Background(), 0, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) history() []store.Past {
	w.t.Helper()
	list, err := w.store.History.List(context.Background(), store.PastFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// decide answers the only conflict.
func (w *world) decide(d tandem.Decision, body string) {
	w.t.Helper()
	var text tandem.Bytes
	if body != "" {
		text = tandem.Bytes(body)
	}
	list := w.conflicts()
	if len(list) != 1 {
		w.t.Fatalf("conflicts %+v, want one", list)
	}
	if err := w.store.Conflicts.Decide(context.Background(), list[0].ID, d, text); err != nil {
		w.t.Fatal(err)
	}
}

var errCrash = errors.New("crash")

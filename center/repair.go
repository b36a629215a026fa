package center

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/store"
)

// Repair is something that was left over or leads nowhere.
type Repair struct {
	store.Dangling
	Mended bool   `json:"mended"`
	Error  string `json:"error,omitempty"` // why it could not be

	damaged bool // a body that Verify found
}

// leftAge is how old a file in the making must be to count as left over: no write takes so long.
const leftAge = 24 * time.Hour

// Repair implements Service.
func (h *Hub) Repair(ctx context.Context, mend bool) ([]Repair, error) {
	r := &repairer{Hub: h, mend: mend, out: []Repair{}}
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	// A day more than tidying grants, which may be due just now.
	before := h.cfg.Now().Add(-keepOf(values) - maxStep - 2*day).Unix()
	if err := r.damaged(ctx); err != nil {
		return r.out, err
	}
	if err := r.records(ctx); err != nil { // first: what is fetched may come from history
		return r.out, err
	}
	found, err := h.cfg.Store.Mending.Mend(ctx, before, mend)
	if err != nil {
		return r.out, err
	}
	for _, f := range found {
		r.out = append(r.out, Repair{Dangling: f, Mended: mend})
	}
	for _, part := range []func(context.Context) error{r.bases, r.deviceStates, r.names, r.leftovers, r.ownFiles} {
		if err := part(ctx); err != nil {
			return r.out, err
		}
	}
	if mend {
		r.note(ctx)
	}
	return r.out, nil
}

// repairer looks for what the store alone cannot tell.
type repairer struct {
	*Hub
	mend bool
	out  []Repair
}

// add tells of something, and mends it by do.
func (r *repairer) add(d store.Dangling, do func() error) {
	one := Repair{Dangling: d}
	if r.mend {
		if err := do(); err != nil {
			one.Error = err.Error()
		} else {
			one.Mended = true
		}
	}
	r.out = append(r.out, one)
}

// note writes down what was done.
func (r *repairer) note(ctx context.Context) {
	for _, one := range r.out {
		e := store.Event{When: r.now(), Item: "repair", Text: fmt.Sprintf("mended: %s %s: %s", one.Sort, one.Thing, one.Text)}
		if !one.Mended {
			e.Level, e.Text = store.Warning, fmt.Sprintf("could not be mended: %s %s: %s", one.Sort, one.Thing, one.Error)
		}
		if err := r.cfg.Store.Events.Add(ctx, e); err != nil {
			r.cfg.Log.Error("cannot write to the results log", "error", err)
		}
	}
}

// bases finds those of items that are gone, and cursors that name what their collection never was at.
func (r *repairer) bases(ctx context.Context) error {
	pairs, err := r.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return err
	}
	items, err := r.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	colls, err := r.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, it := range items {
		known[itemKey(it)] = true
	}
	for _, p := range pairs {
		_, item := PairCollection(p.Key)
		switch {
		case r.isBusy(p.Key):
		case item && !known[p.Key]:
			r.add(store.Dangling{Sort: "base", Thing: p.Key, Text: "what both sides of an item agreed on, of one that is gone; versions of its conflicts go to history, and it is removed", Count: p.Rows},
				func() error { return r.dropBase(ctx, p) })
		default:
			if why := brokenCursor(p, colls); why != "" {
				r.add(store.Dangling{Sort: "cursor", Thing: p.Key, Text: why + "; the next run looks at everything", Count: 1}, func() error { return r.forgetCursors(ctx, p) })
			}
		}
	}
	return nil
}

// dropBase removes a base. What its open conflicts hold is kept in history.
func (r *repairer) dropBase(ctx context.Context, p store.Pair) error {
	release, err := r.cfg.Store.Bases.Lease(ctx, p.ID, "repair")
	if err != nil {
		return err
	}
	defer release()
	open, err := r.cfg.Store.Conflicts.List(ctx, p.ID, true)
	if err != nil {
		return err
	}
	var keep []store.Past
	for _, c := range open {
		for _, v := range c.Versions {
			if !v.Deleted && !v.Body.IsZero() {
				keep = append(keep, store.Past{When: r.now(), Pair: p.ID, Place: v.Place, Kind: c.Kind, Record: v.ID, Op: tandem.Delete, Who: "repair", From: "a conflict of an item that is gone",
					Title: v.Title, Attrs: v.Attrs, Digest: v.Digest, Body: v.Body})
			}
		}
	}
	if len(keep) > 0 {
		if err := r.cfg.Store.Bases.Commit(ctx, p.ID, store.Commit{History: keep}); err != nil {
			return err
		}
	}
	return r.cfg.Store.Bases.Remove(ctx, p.ID)
}

// brokenCursor says what is wrong with a cursor into a home collection: "" if nothing is.
func brokenCursor(p store.Pair, colls []tandem.Collection) string {
	for side, id := range p.Identities {
		i := slices.IndexFunc(colls, func(c tandem.Collection) bool { return c.Identity.Store == id.Store })
		if i < 0 || p.Cursors[side] == "" {
			continue
		}
		number, epoch, _ := strings.Cut(string(p.Cursors[side]), "@")
		seq, err := strconv.ParseInt(number, 10, 64)
		switch {
		case err != nil || seq < 0:
			return fmt.Sprintf("the cursor %q into the collection %s cannot be read", p.Cursors[side], colls[i].Name)
		case epoch != colls[i].Identity.Epoch:
			return fmt.Sprintf("the cursor into the collection %s is of another life of it", colls[i].Name)
		case seq > colls[i].Seq:
			return fmt.Sprintf("the cursor into the collection %s is at %d, which is at %d only", colls[i].Name, seq, colls[i].Seq)
		}
	}
	return ""
}

// forgetCursors has the next run of a pair look at everything.
func (r *repairer) forgetCursors(ctx context.Context, p store.Pair) error {
	release, err := r.cfg.Store.Bases.Lease(ctx, p.ID, "repair")
	if err != nil {
		return err
	}
	defer release()
	return r.cfg.Store.Bases.Commit(ctx, p.ID, store.Commit{Cursors: &[2]tandem.Cursor{}})
}

// statePrefix begins the names of what a device was told of a collection, which ends in its number.
const statePrefix = "sync/"

// deviceStates finds what devices were told of collections that are gone.
func (r *repairer) deviceStates(ctx context.Context) error {
	colls, err := r.cfg.Store.Home.Collections(ctx, "")
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, c := range colls {
		there[strconv.FormatInt(c.ID, 10)] = true
	}
	devices, err := r.cfg.Store.Devices.Devices(ctx, "")
	if err != nil {
		return err
	}
	for _, d := range devices {
		written, err := r.cfg.Store.Devices.Written(ctx, d.Number)
		if err != nil {
			return err
		}
		var gone []string
		for _, w := range written {
			if rest, ok := strings.CutPrefix(w.Name, statePrefix); ok {
				// A folder of mail with text messages has two parts, the second one marked behind the number.
				number := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
				if number != "" && !there[number] {
					gone = append(gone, w.Name)
				}
			}
		}
		if len(gone) == 0 {
			continue
		}
		r.add(store.Dangling{Sort: "device state", Thing: d.ID, Text: "what the device was told of collections that are gone; it is removed, and the device is told of what there is", Count: len(gone)},
			func() error { return r.dropStates(ctx, d.Number, gone) })
	}
	return nil
}

func (r *repairer) dropStates(ctx context.Context, device int64, names []string) error {
	docs, err := r.cfg.Store.Devices.State(ctx, device, names...)
	if err != nil {
		return err
	}
	var drop []store.Swap
	for name, data := range docs {
		drop = append(drop, store.Swap{Name: name, Old: data})
	}
	return r.cfg.Store.Devices.SwapState(ctx, device, drop...)
}

// leftovers finds files in the making that a run left in a folder of this computer when it was killed.
func (r *repairer) leftovers(ctx context.Context) error {
	items, err := r.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, it := range items {
		place, err := r.itemPlace(ctx, it)
		if err != nil || !filepath.IsAbs(place.Path) || seen[place.Path] || r.isBusy(itemKey(it)) {
			continue
		}
		seen[place.Path] = true
		n, size, err := leftIn(place.Path, r.cfg.Now().Add(-leftAge))
		if err != nil || n == 0 {
			continue // a place that cannot be reached is told of by the checks
		}
		d := store.Dangling{Sort: "leftover", Thing: place.Path, Text: "files in the making that an interrupted run left; they are removed", Count: n, Bytes: size}
		r.add(d, func() error { return sweepIn(place.Path) })
	}
	return nil
}

// leftIn counts the files in the making in a folder that were last touched before a time.
func leftIn(dir string, before time.Time) (n int, size int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, 0, err
	}
	for _, e := range entries {
		if !atomicfile.IsTemp(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		fi, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return n, size, err
		}
		if fi.ModTime().Before(before) {
			n, size = n+1, size+fi.Size()
		}
	}
	return n, size, nil
}

func sweepIn(dir string) error { return atomicfile.Sweep(dir, leftAge) }

// checkLeft says whether there is something to mend.
func (h *Hub) checkLeft(ctx context.Context) Check {
	c := Check{Name: "left over", Level: "ok", Text: "nothing"}
	list, err := h.Repair(ctx, false)
	if err != nil {
		c.Level, c.Text = "warn", "cannot be told: "+err.Error()
		return c
	}
	var sorts []string
	count := map[string]int{}
	for _, r := range list {
		if r.damaged {
			continue // told of by checkBodies
		}
		c.Parts = append(c.Parts, Part{Name: strings.TrimSpace(r.Sort + " " + r.Thing), Text: r.Text, Count: r.Count, Bytes: r.Bytes})
		if count[r.Sort] == 0 {
			sorts = append(sorts, r.Sort)
		}
		count[r.Sort] += r.Count
	}
	for i, sort := range sorts {
		sorts[i] = fmt.Sprintf("%s: %d", sort, count[sort])
	}
	if len(sorts) > 0 {
		c.Level, c.Text, c.Remedy = "warn", strings.Join(sorts, ", "), "mend it with `tandem doctor --repair`"
	}
	return c
}

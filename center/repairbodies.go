package center

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/store"
)

// verifiedFor is how long what Verify found stands for the check-up or repair that follows it.
const verifiedFor = 10 * time.Minute

// lastVerified is what was found last.
type lastVerified struct {
	mu    sync.Mutex // guards what follows
	when  time.Time
	v     *store.Verified
	fresh bool // nobody has made use of it
}

func (l *lastVerified) set(now time.Time, v *store.Verified, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.when, l.v, l.fresh = now, v, fresh
}

// get is what was found lately, nil if nobody looked; with use it must be fresh, and is so no longer.
func (l *lastVerified) get(now time.Time, use bool) *store.Verified {
	l.mu.Lock()
	defer l.mu.Unlock()
	age := now.Sub(l.when)
	if l.v == nil || age < 0 || age >= verifiedFor || use && !l.fresh {
		return nil
	}
	if use {
		l.fresh = false
	}
	return l.v
}

// Verify implements Service.
func (h *Hub) Verify(ctx context.Context, tell func(store.Verified)) error {
	return h.cfg.Store.Mending.Verify(ctx, func(v store.Verified) {
		if v.Over {
			h.verified.set(h.cfg.Now(), &v, true)
		}
		tell(v)
	})
}

// verifiedNow is what Verify just found for whoever asks next, or else finds now.
func (h *Hub) verifiedNow(ctx context.Context) (store.Verified, error) {
	if v := h.verified.get(h.cfg.Now(), true); v != nil {
		return *v, nil
	}
	var v store.Verified
	err := h.cfg.Store.Mending.Verify(ctx, func(now store.Verified) { v = now })
	if err == nil {
		h.verified.set(h.cfg.Now(), &v, false)
	}
	return v, err
}

// shownDamaged is how many damaged bodies a check-up names one by one.
const shownDamaged = 20

// checkBodies says whether all bodies are what was stored.
func (h *Hub) checkBodies(ctx context.Context) []Check {
	v, err := h.verifiedNow(ctx)
	switch {
	case err != nil:
		return []Check{{Name: "bodies", Level: "fail", Text: err.Error(), Remedy: "check the disk of the data folder"}}
	case len(v.Damaged) == 0:
		return []Check{{Name: "bodies", Level: "ok", Text: fmt.Sprintf("%d are whole", v.Done)}}
	}
	var out []Check
	for _, d := range v.Damaged[:min(len(v.Damaged), shownDamaged)] {
		c := Check{Name: "body of " + usesText(d.Uses), Level: "fail", Text: d.Why, Remedy: "put it aside, and fetch what it said from where it still is, with `tandem doctor --repair`; then check the disk"}
		if !d.Wrong {
			c.Remedy = "check the rights and the disk of the data folder, and look again"
		}
		out = append(out, c)
	}
	if more := len(v.Damaged) + v.More - len(out); more > 0 {
		out = append(out, Check{Name: "bodies", Level: "fail", Text: fmt.Sprintf("%d more are damaged", more), Remedy: "put them aside, and fetch what they said from where it still is, with `tandem doctor --repair`; then check the disk"})
	}
	return out
}

// usesText says whose body it is.
func usesText(uses []string) string {
	const most = 3
	switch {
	case len(uses) == 0:
		return "nothing that people see"
	case len(uses) > most:
		return strings.Join(uses[:most], ", ") + fmt.Sprintf(" and %d more", len(uses)-most)
	}
	return strings.Join(uses, ", ")
}

// damaged finds bodies that are not what was stored, and puts them aside, so that what names them gets them again from where they are, or is told of as without a body. As reading all takes long,
// what is not mended now is told as it was found last.
func (r *repairer) damaged(ctx context.Context) error {
	if !r.mend {
		if v := r.verified.get(r.cfg.Now(), false); v != nil {
			for _, d := range v.Damaged {
				r.out = append(r.out, Repair{Dangling: damagedBody(d), damaged: true})
			}
		}
		return nil
	}
	v, err := r.verifiedNow(ctx)
	if err != nil {
		return err
	}
	r.verified.set(r.cfg.Now(), nil, false)
	for _, d := range v.Damaged {
		one := Repair{Dangling: damagedBody(d)}
		file, err := "", error(nil)
		if d.Wrong {
			file, err = r.cfg.Store.Mending.SetAside(ctx, d.Body)
		} else {
			err = &tandem.Error{Kind: tandem.Unreadable, Op: "read body", Thing: d.Body.String(), Err: errors.New(d.Why), Remedy: "check the rights and the disk of the data folder, and repair again; nothing was changed"}
		}
		switch {
		case err != nil:
			one.Error = err.Error()
		case file == "":
			continue // it was put right meanwhile
		default:
			one.Mended = true
			one.Text += "; the damaged bytes are kept in " + file + ", and what they said is fetched again where it still is"
		}
		r.out = append(r.out, one)
	}
	if v.More > 0 {
		r.out = append(r.out, Repair{Dangling: store.Dangling{Sort: "body", Text: "more bodies are damaged than one repair puts aside", Count: v.More}, Error: "repair again for the rest"})
	}
	return nil
}

func damagedBody(d store.Damaged) store.Dangling {
	return store.Dangling{Sort: "body", Thing: usesText(d.Uses), Text: d.Why, Count: 1, Bytes: d.Size}
}

// valueLost begins the names of the values that say of a collection, by its number, that records of it wait for their bodies.
const valueLost = "lost/"

// waitsForBodies notes whether records of a collection could not get their bodies back.
func (h *Hub) waitsForBodies(ctx context.Context, collection int64, waits bool) error {
	value := ""
	if waits {
		value = "1"
	}
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{valueLost + number(collection): value})
}

// fetchLost gives records that wait for their bodies another chance after a run of their collection: its partner could be reached.
func (h *Hub) fetchLost(ctx context.Context, collection int64) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil || values[valueLost+number(collection)] == "" {
		return // error: the next run tries
	}
	r := &repairer{Hub: h, mend: true}
	if err := r.recordsOf(ctx, collection); err != nil {
		h.cfg.Log.Error("cannot fetch what records said", "collection", collection, "error", err)
		return
	}
	r.out = slices.DeleteFunc(r.out, func(one Repair) bool { return !one.Mended }) // the others were told of when they were found
	r.note(ctx)
}

// lostCollections are the collections with records that wait.
func lostCollections(values map[string]string) (out []int64) {
	for name := range values {
		if rest, ok := strings.CutPrefix(name, valueLost); ok {
			if id, err := strconv.ParseInt(rest, 10, 64); err == nil {
				out = append(out, id)
			}
		}
	}
	return out
}

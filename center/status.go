package center

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/store"
)

// Status implements Service.
func (h *Hub) Status(ctx context.Context, names []string) ([]ItemStatus, error) {
	items, err := h.selectItems(ctx, names)
	if err != nil {
		return nil, err
	}
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	pairOf := map[string]store.Pair{}
	for _, p := range pairs {
		pairOf[p.Key] = p
	}
	rules, err := h.KindRules(ctx)
	if err != nil {
		return nil, err
	}
	unmet, err := h.unmet(ctx)
	if err != nil {
		return nil, err
	}
	paused, err := h.pauses(ctx)
	if err != nil {
		return nil, err
	}
	partners, err := h.cfg.Store.Settings.Partners(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]ItemStatus, 0, len(items))
	for _, it := range items {
		st, err := h.itemStatus(ctx, it, pairOf)
		st.PartnerCalled = it.Partner
		if p, ok := findPartner(partners, it.Partner); ok {
			st.PartnerCalled = p.Call()
		}
		if err == nil {
			st.Rules, _ = InForce(rules, it, st.Kind) // rules that cannot be read are shown as none; running the item says why
		}
		if err != nil {
			return nil, err
		}
		if p, ok := paused[it.Name]; ok {
			st.Paused, st.PausedUntil, st.Next, st.Link = true, p.Until, 0, LinkInactive
		}
		if unmet[it.Name] {
			st.Waits = firstWait(it.Name)
		}
		out = append(out, st)
	}
	return out, nil
}

func (h *Hub) itemStatus(ctx context.Context, it store.Item, pairOf map[string]store.Pair) (ItemStatus, error) {
	st := ItemStatus{Item: it, Running: h.isBusy(itemKey(it)) || h.elsewhere(it.Name)}
	home, err := h.collection(ctx, it)
	if err == nil {
		st.Home, st.Kind = home.Name, home.Kind
	}
	place, err := h.itemPlace(ctx, it)
	if err == nil {
		st.Place = place.Text
	}
	runs, err := h.cfg.Store.Events.Runs(ctx, store.RunFilter{Item: it.Name, Limit: 1})
	if err != nil {
		return st, err
	}
	if len(runs) > 0 && runs[0].Started >= it.Added { // an older one is of another item of this name
		st.Last = &runs[0]
		st.Aside, st.Problems = countsOf(runs[0])
	}
	if p, ok := pairOf[itemKey(it)]; ok {
		open, err := h.cfg.Store.Conflicts.List(ctx, p.ID, true)
		if err != nil {
			return st, err
		}
		st.Conflicts = len(open)
		if err := h.notePending(ctx, &st, home, p); err != nil {
			return st, err
		}
	}
	h.mu.Lock()
	st.Failing = h.failing[it.Name].text
	k := h.keepers[it.Name]
	h.mu.Unlock()
	if k != nil {
		var next time.Time
		st.Watching, next, st.Waits = k.state()
		if !next.IsZero() {
			st.Next = next.Unix()
		}
	}
	h.plannedStatus(ctx, &st, k != nil)
	st.Link = h.linkOf(st, place)
	return st, nil
}

// ByHand implements Service.
func (h *Hub) ByHand(ctx context.Context) ([]PlacesStatus, error) {
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	var out []PlacesStatus
	for _, p := range pairs {
		st := PlacesStatus{Last: p.Last, Rows: p.Rows}
		var ok bool
		if st.Kind, st.A, st.B, ok = placesOf(p.Key); !ok {
			continue
		}
		open, err := h.cfg.Store.Conflicts.List(ctx, p.ID, true)
		if err != nil {
			return nil, err
		}
		st.Conflicts = len(open)
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b PlacesStatus) int { return cmp.Compare(b.Last, a.Last) })
	return out, nil
}

// placesOf is the inverse of session.PairKey; the keys of items read otherwise.
func placesOf(key string) (kind tandem.Kind, a, b string, ok bool) {
	if strings.HasPrefix(key, itemPrefix) {
		return "", "", "", false
	}
	n, err := fmt.Sscanf(key, "%s %q %q", &kind, &a, &b)
	return kind, a, b, n == 3 && err == nil
}

// countsOf reads from a run's detail how many records it left set aside, and how many problems it had.
func countsOf(r store.Run) (aside, problems int) {
	var detail struct{ Aside, Problems int }
	if json.Unmarshal([]byte(r.Detail), &detail) != nil {
		return 0, 0
	}
	return detail.Aside, detail.Problems
}

// Runs implements Service.
func (h *Hub) Runs(ctx context.Context, f store.RunFilter) ([]store.Run, error) {
	return h.cfg.Store.Events.Runs(ctx, f)
}

// Log implements Service.
func (h *Hub) Log(ctx context.Context, after int64, item string, limit int) ([]store.Event, error) {
	if after >= 0 {
		return h.cfg.Store.Events.List(ctx, after, item, limit)
	}
	f := store.EventFilter{Limit: int(-after), Newest: true}
	if item != "" {
		f.Items = []string{item}
	}
	return h.cfg.Store.Results.Find(ctx, f)
}

// FollowLog implements Service.
func (h *Hub) FollowLog(ctx context.Context, after int64, item string, tell func(store.Event)) error {
	news := h.cfg.Store.Events.Subscribe(ctx) // before the first look, so that nothing comes between
	for {
		events, err := h.Log(ctx, after, item, followChunk)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, e := range events {
			tell(e)
			after = e.ID
		}
		after = max(after, 0)
		if len(events) == followChunk {
			continue
		}
		if _, ok := <-news; !ok {
			if ctx.Err() != nil {
				return nil
			}
			return &tandem.Error{Kind: tandem.Gone, Op: "follow log", Err: errors.New("the store was closed")}
		}
	}
}

// followChunk is how many events FollowLog reads at a time.
const followChunk = 1000

// Collections implements Service.
func (h *Hub) Collections(ctx context.Context) ([]tandem.Collection, error) {
	return h.cfg.Store.Home.Collections(ctx, "")
}

// Checks implements Service.
func (h *Hub) Checks(ctx context.Context, user string) ([]Check, error) {
	var out []Check
	if user == "" {
		out = h.checkHub(ctx)
	}
	statuses, err := h.Status(ctx, nil)
	if err != nil {
		return out, err
	}
	for _, st := range statuses {
		if user == "" || strings.EqualFold(st.Item.User, user) { // opening a place takes a while, and may be seen there
			out = append(out, h.checkItem(ctx, st))
		}
	}
	if out, err = h.checkAccounts(ctx, user, out); err != nil || user != "" || h.cfg.Doors == nil {
		return out, err
	}
	return append(out, h.cfg.Doors(ctx)...), nil
}

// checkHub looks at what is nobody's.
func (h *Hub) checkHub(ctx context.Context) []Check {
	var out []Check
	if h.cfg.Verify != nil {
		out = append(out, checkStore(h.cfg.Verify(ctx))...)
	}
	out = append(out, h.checkBodies(ctx)...)
	out = append(out, h.checkLeft(ctx))
	if v, err := h.cfg.Store.Settings.Values(ctx); err == nil {
		out = append(out, Check{Name: "history", Level: "ok", Text: "kept for " + Days(keepOf(v))})
	}
	return out
}

// checkStore says what is wrong with the store, each by itself with what helps: of a body that is gone that is not what helps where the database is damaged.
func checkStore(err error) []Check {
	list := []error{err}
	switch several, ok := err.(interface{ Unwrap() []error }); {
	case err == nil:
		return []Check{{Name: "store", Level: "ok", Text: "whole and readable"}}
	case ok:
		list = several.Unwrap()
	}
	var out []Check
	for _, one := range list[:min(len(list), shownDamaged)] {
		f := FailureOf(one)
		c := Check{Name: "store", Level: "fail", Remedy: cmp.Or(f.Remedy, "stop tandem, keep a copy of the data folder, and restore it from a backup")}
		f.Remedy = ""
		c.Text = f.Err().Error()
		out = append(out, c)
	}
	if more := len(list) - len(out); more > 0 {
		out = append(out, Check{Name: "store", Level: "fail", Text: fmt.Sprintf("%d more are damaged", more), Remedy: out[len(out)-1].Remedy})
	}
	return out
}

// checkItem opens an item's place and says how the item stands.
func (h *Hub) checkItem(ctx context.Context, st ItemStatus) Check {
	c := Check{Name: "item " + st.Item.Name, User: st.Item.User, Level: "ok"}
	place, err := h.itemPlace(ctx, st.Item)
	if err == nil {
		o, openErr := h.openPlace(ctx, place, string(st.Kind))
		if err = openErr; err == nil {
			_, err = o.Identity(ctx)
			o.Close()
		}
	}
	switch {
	case err != nil:
		f := FailureOf(err)
		c.Level, c.Remedy = "fail", f.Remedy
		f.Remedy = ""
		c.Text = f.Err().Error()
	case st.Conflicts > 0:
		c.Level, c.Text, c.Remedy = "warn", "conflicts wait", "see them with `tandem conflict list`"
	case st.Aside > 0:
		c.Level, c.Text, c.Remedy = "warn", "records are set aside after failing", "see why with `tandem log`"
	case st.Problems > 0:
		c.Level, c.Text, c.Remedy = "warn", "the last run had problems with single records", "see them with `tandem log`"
	case !st.Item.Enabled:
		c.Text = place.Text + " is reachable; the item is disabled"
	default:
		c.Text = place.Text + " is reachable"
	}
	return c
}

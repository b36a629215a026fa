package center

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem"
	"tandem/center/progress"
	"tandem/session"
	"tandem/store"
)

// SyncResult is how runs ended. ISyncMgrSyncResult
type SyncResult struct {
	Status    progress.Status // Failed if one has failed, else Cancelled if one was, else Succeeded
	Errors    int
	Conflicts int
	Items     []ItemResult // by name
}

// ItemResult is how the run of one item ended.
type ItemResult struct {
	Item      string
	Status    progress.Status
	Errors    int  // events of that level
	Warnings  int  // likewise
	Conflicts int  // that wait for a person
	Held      bool // the guard stopped it
	Text      string
}

// result is that of one run.
type result struct {
	done chan struct{} // closed when the run is over
	is   ItemResult    // guarded by Hub.mu
}

// results are those of the latest runs, by number; guarded by Hub.mu.
type results struct {
	last int64
	by   map[int64]*result
}

func newResults() results { return results{by: map[int64]*result{}} }

// maxResults is how many results are kept for those who ask late.
const maxResults = 1000

func (r *results) begin(a *active) {
	r.last++
	a.id = r.last
	r.by[a.id] = &result{done: make(chan struct{}), is: ItemResult{Item: a.item, Status: progress.Failed, Text: "it never began"}}
	delete(r.by, a.id-maxResults)
}

func (r *results) end(a *active) {
	if one := r.by[a.id]; one != nil {
		close(one.done)
	}
}

// noteResult writes down how a run ended.
func (h *Hub) noteResult(a *active, rep *session.Report, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one := h.results.by[a.id]; one != nil {
		one.is = resultOf(a.item, rep, err)
	}
}

// resultOf is how a run ended.
func resultOf(item string, rep *session.Report, err error) ItemResult {
	end := endOf(rep, err)
	out := ItemResult{Item: item, Status: end.Status, Text: end.Text}
	if rep != nil {
		out.Conflicts, out.Held = rep.Conflicts, rep.Held
		for _, e := range rep.Problems {
			if e.Level == store.Error {
				out.Errors++
			} else {
				out.Warnings++
			}
		}
	}
	if end.Status == progress.Failed || end.Status == progress.Disconnected {
		out.Errors++
	}
	return out
}

// Result implements Service.
func (h *Hub) Result(ctx context.Context, runs []int64) (SyncResult, error) {
	out := SyncResult{Status: progress.Succeeded, Items: []ItemResult{}}
	for _, id := range runs {
		h.mu.Lock()
		one := h.results.by[id]
		h.mu.Unlock()
		if one == nil {
			return out, &tandem.Error{Kind: tandem.NotFound, Op: "find run", Thing: fmt.Sprint(id), Err: errors.New("there is no such run any more"), Remedy: "see how items stand with `tandem status`"}
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-one.done:
		}
		h.mu.Lock()
		is := one.is
		h.mu.Unlock()
		out.Items = append(out.Items, is)
		out.Errors += is.Errors
		out.Conflicts += is.Conflicts
		out.Status = worse(out.Status, is.Status)
	}
	slices.SortFunc(out.Items, func(a, b ItemResult) int { return cmp.Compare(a.Item, b.Item) })
	return out, nil
}

func worse(a, b progress.Status) progress.Status {
	switch {
	case a == progress.Failed || b == progress.Failed || b == progress.Disconnected:
		return progress.Failed
	case a == progress.Cancelled || b == progress.Cancelled:
		return progress.Cancelled
	}
	return progress.Succeeded
}

package center

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tandem"
	"tandem/provider"
	"tandem/provider/wrap"
	"tandem/session"
)

// SyncPlaces implements Service.
func (h *Hub) SyncPlaces(ctx context.Context, p Places, opt SyncOptions, tell func(SyncNews)) error {
	j, err := h.placesJob(ctx, p)
	if err != nil {
		return err
	}
	if opt.Watch {
		return h.watchJobs(ctx, []watched{{job: j}}, opt, tell)
	}
	_, _ = h.run(ctx, j, opt, tell) // told as the last news
	h.tidyAfter(ctx, opt)
	return nil
}

// placesJob checks that two places may be synced and prepares the run.
func (h *Hub) placesJob(ctx context.Context, p Places) (job, error) {
	a, err := h.cfg.Places.ParsePlace(p.A)
	if err != nil {
		return job{}, err
	}
	b, err := h.cfg.Places.ParsePlace(p.B)
	if err != nil {
		return job{}, err
	}
	if err := h.apart(a, b); err != nil {
		return job{}, err
	}
	for _, p := range []provider.Place{a, b} {
		if err := h.holdsData(p); err != nil {
			return job{}, err
		}
	}
	j := job{name: a.Text + " " + b.Text, rules: p.Rules, scope: scopeOf(a, b)}
	j.lane = "places " + min(bare(a), bare(b)) + " " + max(bare(a), bare(b))
	j.key = j.lane
	j.base = func(ctx context.Context, oa, _ *provider.Opened) (string, bool, error) {
		return h.placesBase(ctx, oa.Kind, bare(a), bare(b))
	}
	j.open = func(ctx context.Context) (*provider.Opened, *provider.Opened, error) {
		return h.openBoth(ctx, a, b, p.Kind)
	}
	return j, nil
}

// placesBase names the base of two places. It is made of what they are, without options (another filter is the same
// pair), and is the same whichever of them was named first the first time.
func (h *Hub) placesBase(ctx context.Context, kind tandem.Kind, a, b string) (key string, swapped bool, err error) {
	there, back := session.PairKey(kind, a, b), session.PairKey(kind, b, a)
	pairs, err := h.cfg.Store.Bases.Pairs(ctx)
	for _, p := range pairs {
		if p.Key == there {
			return there, false, nil
		}
		swapped = swapped || p.Key == back
	}
	if swapped {
		return back, true, err
	}
	return there, false, err
}

func bare(p provider.Place) string { return p.Provider + ":" + p.Path }

// apart refuses two places of which one holds the other: each run would copy the copies of the run before.
func (h *Hub) apart(a, b provider.Place) error {
	refuse := func(why, remedy string) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: "sync", Err: errors.New(why), Remedy: remedy}
	}
	if bare(a) == bare(b) {
		return refuse("both places are "+bare(a), "name two different places")
	}
	pa, okA := h.localPath(a)
	pb, okB := h.localPath(b)
	if !okA || !okB {
		return nil
	}
	switch {
	case sameFile(pa, pb):
		return refuse(fmt.Sprintf("%s and %s are the same folder", pa, pb), "name two different folders")
	case inside(pa, pb):
		return refuse(fmt.Sprintf("%s lies inside %s", pa, pb), "name two folders of which none holds the other")
	case inside(pb, pa):
		return refuse(fmt.Sprintf("%s lies inside %s", pb, pa), "name two folders of which none holds the other")
	}
	return nil
}

// holdsData refuses a tree that holds our own data folder, whose files change with every run, unless some of the tree
// is left out already.
func (h *Hub) holdsData(p provider.Place) error {
	path, local := h.localPath(p)
	prov, err := h.cfg.Places.Provider(p.Provider)
	if err != nil || !local || !prov.Features.Tree || h.cfg.Dir == "" || p.Options["ignore"] != "" {
		return nil
	}
	if !sameFile(path, h.cfg.Dir) && !inside(h.cfg.Dir, path) {
		return nil
	}
	return &tandem.Error{Kind: tandem.Invalid, Op: "sync", Thing: p.Text, Err: fmt.Errorf("it holds tandem's own data folder %s", h.cfg.Dir),
		Remedy: "name a data folder elsewhere with --data, or leave it out with ?ignore=" + filepath.Base(h.cfg.Dir) + "/"}
}

// localPath is a place's path on this machine, if that is what it names.
func (h *Hub) localPath(p provider.Place) (string, bool) {
	prov, err := h.cfg.Places.Provider(p.Provider)
	if err != nil || !prov.Local || p.Path == "" {
		return "", false
	}
	return p.Path, true
}

// sameFile compares by what the system says, so that links, bind mounts and letter case are seen through; paths that
// are not there are compared as text.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	fa, errA := os.Stat(a)
	fb, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(fa, fb)
}

// inside reports whether path lies below dir.
func inside(path, dir string) bool {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	for p := filepath.Clean(path); ; {
		parent := filepath.Dir(p)
		if parent == p {
			return false
		}
		if sameFile(parent, dir) {
			return true
		}
		p = parent
	}
}

// openBoth opens two places at the same time; each may be a server far away.
func (h *Hub) openBoth(ctx context.Context, a, b provider.Place, kind string) (oa, ob *provider.Opened, err error) {
	var errA, errB error
	var wg sync.WaitGroup
	wg.Go(func() { oa, errA = h.openPlace(ctx, a, kind) })
	wg.Go(func() { ob, errB = h.openPlace(ctx, b, kind) })
	wg.Wait()
	if errA == nil && errB == nil && kind == "" && oa.Kind != ob.Kind {
		oa, ob, errA, errB = h.agreeOnKind(ctx, a, b, oa, ob)
	}
	if err := errors.Join(errA, errB); err != nil {
		if oa != nil {
			oa.Close()
		}
		if ob != nil {
			ob.Close()
		}
		if errA != nil && errB != nil {
			return nil, nil, err
		}
		return nil, nil, firstError(errA, errB)
	}
	return oa, ob, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// openPlace opens a place, as the given kind if its provider lets one say so.
func (h *Hub) openPlace(ctx context.Context, p provider.Place, kind string) (*provider.Opened, error) {
	env, err := h.envFor(ctx, p)
	if err != nil {
		return nil, err
	}
	o, err := h.cfg.Places.Open(ctx, h.withKind(p, kind), env)
	if err != nil {
		return nil, err
	}
	o.Place = p.Text
	h.learnSchedules(ctx, o)
	if prov, err := h.cfg.Places.Provider(p.Provider); err == nil && prov.Network {
		o = overNetwork(o, h.cfg.Log)
	}
	return o, nil
}

// overNetwork puts around a place across a network what such places need: its calls are logged, kept to the rate that it bears, and tried again where they fail
// for a moment.
func overNetwork(o *provider.Opened, log *slog.Logger) *provider.Opened {
	clock := wrap.SystemClock{}
	o = wrap.Trace(o, log, clock)
	o = wrap.RateLimit(o, wrap.Rate{PerSecond: o.Rate, Burst: max(1, int(5*o.Rate))}, clock)
	return wrap.Retry(o, wrap.Patience{}, clock)
}

// withKind writes a place with its option "kind" set, where the provider has that option and the place does not use it.
func (h *Hub) withKind(p provider.Place, kind string) string {
	prov, err := h.cfg.Places.Provider(p.Provider)
	if err != nil || kind == "" || p.Options["kind"] != "" || !slices.Contains(prov.Kinds, tandem.Kind(kind)) {
		return p.Text
	}
	for _, o := range prov.Options {
		if o.Name == "kind" {
			sep := "?"
			if strings.Contains(p.Text, "?") {
				sep = "&"
			}
			return p.Text + sep + "kind=" + kind
		}
	}
	return p.Text
}

// agreeOnKind meets the case where one place holds nothing yet and so took its provider's default: it becomes of the
// kind that the other is.
func (h *Hub) agreeOnKind(ctx context.Context, a, b provider.Place, oa, ob *provider.Opened) (*provider.Opened, *provider.Opened, error, error) {
	empty, err := isEmpty(ctx, ob)
	if err != nil {
		return oa, ob, nil, err
	}
	if empty && h.withKind(b, string(oa.Kind)) != b.Text {
		ob.Close()
		ob, err = h.openPlace(ctx, b, string(oa.Kind))
		return oa, ob, nil, err
	}
	if empty, err = isEmpty(ctx, oa); err == nil && empty && h.withKind(a, string(ob.Kind)) != a.Text {
		oa.Close()
		oa, err = h.openPlace(ctx, a, string(ob.Kind))
	}
	return oa, ob, err, nil
}

// isEmpty reports whether a place shows nothing at all, of whatever presence.
func isEmpty(ctx context.Context, o *provider.Opened) (bool, error) {
	changes, listing := o.Changes(ctx, "")
	for _, err := range changes {
		return false, err
	}
	return listing().Complete, nil
}

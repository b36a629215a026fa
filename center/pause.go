package center

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/store"
)

// pause is what is remembered of an item that rests (inventory SM-32). A disabled item is left alone for good; one that is paused goes on where it was: a run that
// was cut begins again, and times that were missed are made up for.
type pause struct {
	Until int64 `json:"until,omitempty"` // Unix seconds; 0: until a person resumes it
	Cut   bool  `json:"cut,omitempty"`   // a run was going on, or waited for its turn
}

// pauseName begins the names of settings that hold pauses.
const pauseName = "pause "

// pauses are the items that rest, from what is stored.
func (h *Hub) pauses(ctx context.Context) (map[string]pause, error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]pause{}
	for name, text := range values {
		item, ok := strings.CutPrefix(name, pauseName)
		if !ok {
			continue
		}
		var p pause
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read pause of", Thing: item, Err: err, Remedy: "end it with `tandem item resume " + item + "`"}
		}
		out[item] = p
	}
	return out, nil
}

func (h *Hub) putPause(ctx context.Context, item string, p *pause) error {
	text := []byte(nil)
	if p != nil {
		var err error
		if text, err = json.Marshal(p); err != nil {
			return err
		}
	}
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{pauseName + item: string(text)})
}

// loadPauses remembers which items rest before any is kept in step.
func (h *Hub) loadPauses(ctx context.Context) error {
	all, err := h.pauses(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.resting)
	for item := range all {
		h.resting[item] = nil
	}
	return nil
}

// awaitEnds has the pauses end whose time is known. It is called once the hub has been started.
func (h *Hub) awaitEnds(ctx context.Context) error {
	all, err := h.pauses(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for item, p := range all {
		h.awaitEndLocked(item, p)
	}
	return nil
}

// awaitEndLocked has one pause end at its time.
func (h *Hub) awaitEndLocked(item string, p pause) {
	if stop := h.resting[item]; stop != nil {
		stop()
	}
	h.resting[item] = nil
	if p.Until == 0 || h.started == nil {
		return
	}
	ctx, stop := context.WithCancel(h.started)
	h.resting[item] = stop
	h.tasks.Add(1)
	go func() {
		defer h.tasks.Done()
		defer stop()
		for left := time.Duration(1); left > 0; {
			left = time.Unix(p.Until, 0).Sub(h.cfg.Now())
			if left > 0 && !sleep(ctx, min(left, time.Minute)) { // a computer that sleeps stops its timers
				return
			}
		}
		if err := h.resumeItem(ctx, item, "its time was over", ByHub); err != nil && ctx.Err() == nil {
			h.cfg.Log.Error("cannot end a pause", "item", item, "error", err)
		}
	}()
}

// pauseItem has an item rest: a run that is going on is stopped, and none begins by itself.
func (h *Hub) pauseItem(ctx context.Context, it store.Item, until int64, by string) error {
	if until != 0 && until <= h.now() {
		return &tandem.Error{Kind: tandem.Invalid, Op: "pause", Thing: it.Name, Err: errors.New("the time until which it is to rest has passed"), Remedy: "say how long, such as `tandem item pause " + it.Name + " --for 2h`, or leave it out"}
	}
	h.noting.Lock()
	defer h.noting.Unlock()
	all, err := h.pauses(ctx)
	if err != nil {
		return err
	}
	p := pause{Until: until, Cut: all[it.Name].Cut}
	if err := h.putPause(ctx, it.Name, &p); err != nil {
		return err
	}
	h.mu.Lock()
	h.awaitEndLocked(it.Name, p)
	h.mu.Unlock()
	if h.shown.StopItem(it.Name) > 0 {
		p.Cut = true
		if err := h.putPause(ctx, it.Name, &p); err != nil {
			return err
		}
	}
	h.unkeep(it.Name)
	text := "is paused"
	if until != 0 {
		text += " until " + h.clockOf(ctx, it.User, until)
	}
	return h.notePause(ctx, it, text, by)
}

// resumeItem ends the rest of an item, and has it go on where it was.
func (h *Hub) resumeItem(ctx context.Context, name, why, by string) error {
	h.noting.Lock()
	defer h.noting.Unlock()
	it, err := h.item(ctx, name)
	if err != nil {
		return err
	}
	all, err := h.pauses(ctx)
	if err != nil {
		return err
	}
	p, was := all[name]
	if !was {
		return nil
	}
	if err := h.putPause(ctx, name, nil); err != nil {
		return err
	}
	h.mu.Lock()
	stop := h.resting[name]
	delete(h.resting, name)
	kept := h.keepAsLocked(it, func(k *keeper) { k.rested, k.cut = true, p.Cut })
	started := h.started != nil
	h.mu.Unlock()
	text := "goes on"
	if why != "" {
		text += ", " + why
	}
	err = h.notePause(ctx, it, text, by)
	if p.Cut && !kept && started && it.Enabled { // it runs by hand only
		_, berr := h.Begin(ctx, []string{name}, SyncOptions{By: by})
		err = errors.Join(err, berr)
	}
	if stop != nil { // last: it may be what runs this
		stop()
	}
	return err
}

// notePause tells of a pause, in the log, too.
func (h *Hub) notePause(ctx context.Context, it store.Item, text, by string) error {
	h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
	if by != "" && by != ByHub {
		text += " (" + by + ")"
	}
	return h.cfg.Store.Events.Add(context.WithoutCancel(ctx), store.Event{When: h.now(), User: it.User, Item: it.Name, Level: store.Info, Text: text, Link: "item/" + it.Name, LinkText: "look at it"})
}

// clockOf is a time on the clock of a user.
func (h *Hub) clockOf(ctx context.Context, user string, unix int64) string {
	return time.Unix(unix, 0).In(h.zoneOf(ctx, user)).Format("2 January 2006 15:04")
}

// rests says that an item is paused, "" if it is not.
func (h *Hub) rests(ctx context.Context, it store.Item) (string, error) {
	all, err := h.pauses(ctx)
	p, ok := all[it.Name]
	switch {
	case err != nil || !ok:
		return "", err
	case p.Until != 0:
		return "it is paused until " + h.clockOf(ctx, it.User, p.Until), nil
	}
	return "it is paused", nil
}

// forgetPause drops the pause of an item that is no more.
func (h *Hub) forgetPause(ctx context.Context, item string) error {
	h.mu.Lock()
	stop := h.resting[item]
	delete(h.resting, item)
	h.mu.Unlock()
	if stop != nil {
		stop()
	}
	return h.putPause(ctx, item, nil)
}

// obeyPause pauses an item of a partner, or has it go on.
func (h *Hub) obeyPause(ctx context.Context, o HandlerOrder) error {
	if o.Do == handler.Resume {
		return h.resumeItem(ctx, o.Item, "", o.By)
	}
	it, err := h.item(ctx, o.Item)
	if err != nil {
		return err
	}
	return h.pauseItem(ctx, it, o.Until, o.By)
}

package center

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem"
	"tandem/center/notify"
	"tandem/center/webhook"
	"tandem/store"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// stir has it looked soon what people are to be told.
func (h *Hub) stir() {
	if h.cfg.Notify != nil {
		h.cfg.Notify.Poke()
	}
}

// tellPeople tells people what needs them, and webhooks what happens, until ctx is done.
func (h *Hub) tellPeople(ctx context.Context) {
	l := h.news.listen()
	defer h.news.leave(l)
	if h.cfg.Hooks != nil {
		h.tasks.Go(func() { h.cfg.Hooks.Run(ctx) })
	}
	h.tasks.Go(func() { h.cfg.Notify.Run(ctx, h.look) })
	troubled := map[string]bool{}
	for {
		list, _, over := l.take(func(string) time.Duration { return 0 })
		if over {
			return
		}
		if slices.ContainsFunc(list, func(n News) bool { return stirs(n, troubled) }) {
			h.stir()
		}
		if !l.wait(ctx, 0) {
			return
		}
	}
}

// stirs reports whether news may change what people are to be told. troubled are items whose last run left something to be told.
func stirs(n News, troubled map[string]bool) bool {
	switch n.What {
	case MissedNews, ItemsNews, ConflictsNews, DeviceNews:
		return true
	case EndedNews:
		now := n.Err != nil || n.Report != nil && (n.Report.Conflicts > 0 || n.Report.Aside > 0 || n.Report.Held)
		before := troubled[n.Item]
		if troubled[n.Item] = now; !now {
			delete(troubled, n.Item)
		}
		return now || before
	}
	return false
}

// look is how things stand that need a person.
func (h *Hub) look(ctx context.Context) (notify.Seen, error) {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return notify.Seen{}, err
	}
	var out notify.Seen
	out.Causes, out.Unsure, err = h.failures(ctx, items)
	if err != nil {
		return out, err
	}
	for _, f := range []func(context.Context, []store.Item) ([]notify.Cause, error){h.asideCauses, h.conflictCauses, h.questionCauses, h.deviceCauses, h.loggedCauses, h.lateCauses} {
		list, err := f(ctx, items)
		if err != nil {
			return out, err
		}
		out.Causes = append(out.Causes, list...)
	}
	return out, nil
}

// sentence is what is the matter with something, and what helps.
func sentence(text, remedy string) string {
	if remedy == "" {
		return text
	}
	return text + " – " + remedy
}

// failures are items and accounts that fail now. Of those that were not tried since the hub started nobody knows.
func (h *Hub) failures(ctx context.Context, items []store.Item) ([]notify.Cause, func(store.Notice) bool, error) {
	accounts, err := h.accounts(ctx)
	if err != nil {
		return nil, nil, err
	}
	links := map[string]string{} // of what can fail
	for _, it := range items {
		if it.Enabled {
			links[it.Name] = "/items/" + url.PathEscape(it.Name)
		}
	}
	for _, a := range accounts {
		links[a.name] = "/partners/" + url.PathEscape(a.name)
	}
	var out []notify.Cause
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, f := range h.failing {
		link, ok := links[name]
		if !ok || f.failure == nil {
			continue
		}
		plain := *f.failure
		plain.Remedy = ""
		code := f.failure.Kind.Code()
		out = append(out, notify.Cause{User: f.user, Key: strings.Join([]string{notify.Problem, name, code, f.failure.Thing}, "/"), Sort: notify.Problem, Item: name, Code: code,
			Title: name + " fails", Text: sentence(plain.Err().Error(), f.failure.Remedy), Link: link})
	}
	tried := map[string]bool{}
	for name := range h.tried {
		tried[name] = true
	}
	return out, func(n store.Notice) bool {
		_, there := links[n.Item]
		return n.Sort == notify.Problem && there && !tried[n.Item] && strings.HasPrefix(n.Key, notify.Problem+"/")
	}, nil
}

// asideCauses are items with records that were set aside after failing.
func (h *Hub) asideCauses(ctx context.Context, items []store.Item) (out []notify.Cause, err error) {
	for _, it := range items {
		runs, err := h.cfg.Store.Events.Runs(ctx, store.RunFilter{Item: it.Name, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 || runs[0].Started < it.Added || !it.Enabled {
			continue
		}
		if n, _ := countsOf(runs[0]); n > 0 {
			title := fmt.Sprintf("%d records of %s are set aside", n, it.Name)
			if n == 1 {
				title = "A record of " + it.Name + " is set aside"
			}
			out = append(out, notify.Cause{User: it.User, Key: "aside/" + it.Name, Sort: notify.Problem, Item: it.Name, Title: title, Text: "after failing again and again; the log says why",
				Link: "/items/" + url.PathEscape(it.Name)})
		}
	}
	return out, nil
}

// maxConflicts is how many conflicts of an item are told of one by one.
const maxConflicts = 100

func (h *Hub) conflictCauses(ctx context.Context, items []store.Item) (out []notify.Cause, err error) {
	open, err := h.cfg.Store.Conflicts.List(ctx, 0, true)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, c := range open {
		it := findItem(items, c.Item)
		if it == nil || c.Decision != 0 { // of two places that somebody syncs by hand, or decided already
			continue
		}
		if count[c.Item]++; count[c.Item] > maxConflicts {
			continue
		}
		title := c.Title
		if title == "" {
			title = "a record"
		}
		out = append(out, notify.Cause{User: it.User, Key: "conflict/" + number(c.ID), Sort: notify.Conflict, Item: c.Item, Title: "Conflict in " + c.Item, Text: title, Link: "/conflicts/" + number(c.ID)})
	}
	more, err := h.cfg.Store.Reported.Reports(ctx, "")
	for _, r := range more {
		if r.Answer != "" {
			continue
		}
		if count[r.Item]++; count[r.Item] <= maxConflicts {
			out = append(out, notify.Cause{User: r.User, Key: "conflict/" + number(r.ID), Sort: notify.Conflict, Item: r.Item, Title: "Conflict in " + r.Item, Text: r.Title, Link: "/conflicts/" + number(r.ID)})
		}
	}
	return out, err
}

// questionCauses are plans and runs that wait for a person's word.
func (h *Hub) questionCauses(ctx context.Context, items []store.Item) (out []notify.Cause, err error) {
	questions, err := h.Questions(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range questions {
		if q.Left {
			continue
		}
		title := q.Item + " is held"
		if q.Sort == FirstQuestion {
			title = q.Item + " waits for its first sync"
		}
		out = append(out, notify.Cause{User: q.User, Key: "question/" + q.Item + "/" + q.Sort, Sort: notify.Question, Item: q.Item, Code: tandem.Held.Code(), Title: title, Text: strings.Join(q.Why, "; "), Link: "/conflicts"})
	}
	h.mu.Lock()
	for name, k := range h.keepers {
		k.mu.Lock()
		if k.asks != "" {
			out = append(out, notify.Cause{User: k.work.item.User, Key: "ask/" + name, Sort: notify.Question, Item: name, Title: name + " asks whether to sync now", Text: "after " + string(k.asks), Link: "/items/" + url.PathEscape(name)})
		}
		k.mu.Unlock()
	}
	h.mu.Unlock()
	accounts, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		list, err := h.folders(ctx, a.name)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(list, func(f folder) bool { return f.Held != "" }); i >= 0 {
			out = append(out, notify.Cause{User: a.User, Key: "folders/" + a.name, Sort: notify.Question, Item: a.name, Title: "A folder of " + a.name + " is to be removed", Text: list[i].Path + ": " + heldText(list[i]),
				Link: "/partners/" + url.PathEscape(a.name)})
		}
	}
	return out, nil
}

// deviceCauses are devices that wait to be let in: administrators can do that, and their owners want to know.
func (h *Hub) deviceCauses(ctx context.Context, _ []store.Item) (out []notify.Cause, err error) {
	if h.cfg.Devices == nil {
		return nil, nil
	}
	list, err := h.cfg.Devices.Devices(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if d.Access != store.Held {
			continue
		}
		c := notify.Cause{Key: "device/" + d.User + "/" + d.ID, Sort: notify.Device, Item: "device " + d.ID, Title: "A device of " + d.User + " waits to be let in",
			Text: sentence(strings.TrimSpace(d.Type+" "+d.ID)+" ("+d.Address+")", "let it in with `tandem device allow "+d.ID+"`, or on its page"), Link: "/devices/" + url.PathEscape(d.User) + "/" + url.PathEscape(d.ID)}
		mine := c
		mine.User, mine.Title, mine.Text = d.User, "Your device waits to be let in", strings.TrimSpace(d.Type+" "+d.ID)+" – an administrator of the hub lets it in"
		out = append(out, c, mine) // an administrator who owns it is told as such
	}
	return out, nil
}

// loggedFor is for how long an error that is in the log only counts as going on.
const loggedFor = 24 * time.Hour

// loggedCauses are errors of which nothing but the log tells: of devices, and of programs that sync by themselves. They count as solved a day after they were last seen.
func (h *Hub) loggedCauses(ctx context.Context, _ []store.Item) (out []notify.Cause, err error) {
	events, err := h.cfg.Store.Results.Find(ctx, store.EventFilter{Level: store.Error, Since: h.now() - int64(loggedFor/time.Second), Newest: true, Limit: 200})
	if err != nil {
		return nil, err
	}
	items, err := h.cfg.Store.Settings.Items(ctx) // after the events: an item may have been added and failed since the look began
	if err != nil {
		return nil, err
	}
	accounts, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.User == "" && e.Item == "" || findItem(items, e.Item) != nil || slices.ContainsFunc(accounts, func(a mailAccount) bool { return a.name == e.Item }) || strings.Contains(e.Item, " ") && !strings.HasPrefix(e.Item, "device ") {
			continue // how those stand is known, or somebody syncs two places by hand
		}
		sum := sha256.Sum256([]byte(e.Text))
		out = append(out, notify.Cause{User: e.User, Key: strings.Join([]string{"log", e.Item, e.Code, string(e.Record), hex.EncodeToString(sum[:6])}, "/"), Sort: notify.Problem, Item: e.Item, Code: e.Code,
			Title: e.Item + " has a problem", Text: sentence(e.Text, e.Remedy), Link: "/log?item=" + url.QueryEscape(e.Item)})
	}
	return out, nil
}

// NoticeEvents makes of causes that began and were solved what webhooks tell of.
func NoticeEvents(began, solved []store.Notice) (out []webhook.Happening) {
	words := map[string][2]string{notify.Problem: {webhook.ProblemBegan, webhook.ProblemSolved}, notify.Conflict: {webhook.ConflictFound, webhook.ConflictSolved},
		notify.Question: {webhook.QuestionAsked, webhook.QuestionAnswered}, notify.Device: {webhook.DeviceWaits, webhook.DeviceDecided}}
	for i, list := range [][]store.Notice{began, solved} {
		for _, n := range list {
			event, ok := words[n.Sort]
			if !ok {
				continue
			}
			out = append(out, webhook.Happening{Key: fmt.Sprintf("%s/%d/%s", event[i], n.Since, n.Key), Event: event[i], User: n.User, Item: n.Item,
				Data: webhook.CauseTold{User: n.User, Item: n.Item, Code: n.Code, Title: n.Title, Text: n.Text, Link: n.Link, Since: n.Since}})
		}
	}
	return out
}

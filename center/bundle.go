package center

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"tandem/center/redact"
	"tandem/store"
)

// Bundle is what somebody needs who is to find out why something does not work: a ZIP file without secrets and without names.
type Bundle struct {
	Name string
	Data []byte
}

const bundleReadme = `What a Tandem hub is and how it stands, for whoever is to find out why something does not work.

Names of people, items, partners, devices and places are replaced by names that stand for them, the same ones throughout this file and others in the next. Passwords, tokens, addresses, paths, and what
stands in quotes in messages are left out; what people wrote was never looked at. Look it over before you send it all the same.

about.json      the program, the computer, and how much the store holds
config.json     partners, items, users and devices, and what the hub remembers of itself
items.json      how the items stand
runs.json       the last runs
log.json        the last lines of the results log
checks.json     what tandem doctor found
repairs.json    what tandem doctor --repair would mend
traces.json     what devices and the hub said to each other, where that was asked for
goroutines.txt  what the program is doing
`

// How much of runs and of the log goes into a bundle.
const (
	bundleRuns  = 300
	bundleLines = 1000
)

// plainValues are the hub's values that say nothing of anybody.
const plainValues = " " + valueKeep + " " + valueTidied + " " + valueLimit + " ready "

// Bundle implements Service.
func (h *Hub) Bundle(ctx context.Context) (Bundle, error) {
	b := &bundler{Hub: h, r: redact.New(), at: h.cfg.Now()}
	b.r.Says(namingLines()...)
	if err := b.learn(ctx); err != nil {
		return Bundle{}, err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		make func(context.Context) (any, error)
	}{{"about.json", b.about}, {"config.json", b.config}, {"items.json", b.status}, {"runs.json", b.runs}, {"log.json", b.log}, {"checks.json", b.checks}, {"repairs.json", b.repairs}, {"traces.json", b.traces}} {
		v, err := f.make(ctx)
		if err != nil { // what cannot be told is often what is looked for
			v = map[string]string{"error": b.r.Text(err.Error())}
		}
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(v); err != nil {
			return Bundle{}, err
		}
		if err := addFile(z, f.name, text.Bytes()); err != nil {
			return Bundle{}, err
		}
		if ctx.Err() != nil {
			return Bundle{}, ctx.Err()
		}
	}
	var stacks bytes.Buffer
	if p := pprof.Lookup("goroutine"); p != nil {
		if err := p.WriteTo(&stacks, 2); err != nil {
			return Bundle{}, err
		}
	}
	if err := addFile(z, "goroutines.txt", stacks.Bytes()); err != nil {
		return Bundle{}, err
	}
	if err := addFile(z, "README.txt", []byte(bundleReadme)); err != nil {
		return Bundle{}, err
	}
	if err := z.Close(); err != nil {
		return Bundle{}, err
	}
	return Bundle{Name: "tandem-" + b.at.UTC().Format("20060102-150405") + ".zip", Data: out.Bytes()}, nil
}

func addFile(z *zip.Writer, name string, data []byte) error {
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// bundler gathers what goes into a bundle.
type bundler struct {
	*Hub
	r        *redact.Redactor
	at       time.Time
	users    []store.User
	devices  []store.Device
	partners []store.Partner
	items    []store.Item
}

// learn reads what must not be told, so that it is known wherever it stands.
func (b *bundler) learn(ctx context.Context) (err error) {
	st := b.cfg.Store
	if b.users, err = st.Accounts.Users(ctx); err != nil {
		return err
	}
	if b.devices, err = st.Devices.Devices(ctx, ""); err != nil {
		return err
	}
	if b.partners, err = st.Settings.Partners(ctx); err != nil {
		return err
	}
	if b.items, err = st.Settings.Items(ctx); err != nil {
		return err
	}
	colls, err := st.Home.Collections(ctx, "")
	if err != nil {
		return err
	}
	if b.cfg.Secrets != nil {
		names, err := b.cfg.Secrets.Names(ctx)
		if err != nil {
			return err
		}
		for _, n := range names {
			b.r.Known("secret-name", n)
			// One that cannot be opened cannot stand anywhere either.
			if s, err := b.cfg.Secrets.Get(ctx, n); err == nil {
				b.r.Known("secret", s)
			}
		}
	}
	for _, it := range b.items {
		b.r.Known("item", it.Name)
		b.r.Known("folder", it.Sub)
	}
	for _, p := range b.partners {
		b.r.Known("partner", p.Name, p.Title)
		b.r.Known("place", p.Place)
	}
	for _, d := range b.devices {
		b.r.Known("device", d.ID)
		for _, v := range d.Info {
			b.r.Known("device-info", v)
		}
	}
	for _, c := range colls {
		b.r.Known("collection", c.Name, c.Props["title"])
	}
	lines, err := st.Results.Find(ctx, store.EventFilter{Limit: bundleLines, Newest: true})
	if err != nil {
		return err
	}
	for _, e := range lines { // some were removed since
		b.r.Known("user", e.User)
	}
	for _, u := range b.users {
		b.r.Known("user", u.Name, u.Title, u.Address)
		b.r.Known("user-name", strings.Fields(u.Title)...)
	}
	return nil
}

type dict = map[string]any

func (b *bundler) about(ctx context.Context) (any, error) {
	f, err := b.cfg.Store.Counts.Figures(ctx)
	if err != nil {
		return nil, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return dict{"version": b.cfg.Version, "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH, "processors": runtime.NumCPU(), "goroutines": runtime.NumGoroutine(),
		"memory": m.Sys, "heap": m.HeapAlloc, "made": b.at.Unix(), "serves": b.isStarted(), "load": b.Load(), "store": f}, nil
}

// scheme is the provider's part of a place, which says what sort it is and not where.
func scheme(place string) string {
	s, _, _ := strings.Cut(place, ":")
	return s
}

func (b *bundler) config(ctx context.Context) (any, error) {
	values, err := b.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	kept := []dict{}
	for name, v := range values {
		sort, _, _ := strings.Cut(b.r.Text(name), " ")
		one := dict{"name": sort, "bytes": len(v)}
		if strings.Contains(plainValues, " "+name+" ") {
			one["value"] = v
		}
		kept = append(kept, one)
	}
	partners, items, users, devices := []dict{}, []dict{}, []dict{}, []dict{}
	for _, p := range b.partners {
		partners = append(partners, dict{"partner": b.r.Name("partner", p.Name), "user": b.r.Name("user", p.User), "provider": p.Provider, "place": scheme(p.Place) + ":" + b.r.Name("place", p.Place), "added": p.Added})
	}
	for _, it := range b.items {
		items = append(items, dict{"item": b.r.Name("item", it.Name), "user": b.r.Name("user", it.User), "partner": b.r.Name("partner", it.Partner), "collection": it.Collection, "folder": b.r.Name("folder", it.Sub),
			"enabled": it.Enabled, "mode": it.Mode, "schedule": b.r.Text(it.Schedule), "rules": b.rules(it.Rules), "added": it.Added})
	}
	for _, u := range b.users {
		users = append(users, dict{"user": b.r.Name("user", u.Name), "address": u.Address != ""})
	}
	for _, d := range b.devices {
		devices = append(devices, dict{"device": b.r.Name("device", d.ID), "user": b.r.Name("user", d.User), "type": b.r.Text(d.Type), "agent": b.r.Text(d.Agent), "speaks": d.Speaks, "offer": d.Offer,
			"access": d.Access, "wipe": d.Wipe, "added": d.Added, "seen": d.Seen})
	}
	return dict{"values": kept, "partners": partners, "items": items, "users": users, "devices": devices}, nil
}

// rules are an item's rules: words of ours as they are, other texts as how long they are.
func (b *bundler) rules(text string) any {
	var all map[string]any
	if json.Unmarshal([]byte(text), &all) != nil {
		return len(text)
	}
	const words = " a b both newest ask latest combine merge off on mirror-a-to-b mirror-b-to-a a-to-b b-to-a "
	out := dict{}
	for k, v := range all {
		switch v := v.(type) {
		case bool, float64, nil:
			out[k] = v
		case string:
			if out[k] = len(v); strings.Contains(words, " "+v+" ") {
				out[k] = v
			}
		default:
			out[k] = "set"
		}
	}
	return out
}

func (b *bundler) status(ctx context.Context) (any, error) {
	list, err := b.Status(ctx, nil)
	out := []dict{}
	for _, s := range list {
		out = append(out, dict{"item": b.r.Name("item", s.Item.Name), "kind": s.Kind, "place": scheme(s.Place), "running": s.Running, "watching": s.Watching, "conflicts": s.Conflicts, "aside": s.Aside,
			"problems": s.Problems, "failing": b.r.Text(s.Failing), "next": s.Next, "waits": b.r.Text(s.Waits)})
	}
	return out, err
}

func (b *bundler) runs(ctx context.Context) (any, error) {
	list, err := b.cfg.Store.Events.Runs(ctx, store.RunFilter{Limit: bundleRuns})
	out := []dict{}
	for _, r := range list {
		out = append(out, dict{"run": r.ID, "pair": r.Pair, "item": b.r.Name("item", r.Item), "started": r.Started, "finished": r.Finished, "result": r.Result, "detail": b.rules(r.Detail)})
	}
	return out, err
}

func (b *bundler) log(ctx context.Context) (any, error) {
	list, err := b.cfg.Store.Results.Find(ctx, store.EventFilter{Limit: bundleLines, Newest: true})
	out := []dict{}
	for _, e := range list {
		// The record is named by whoever wrote it: nothing of its name is told.
		text := e.Text
		if e.Record != "" {
			text = strings.ReplaceAll(text, string(e.Record), "[record]")
		}
		out = append(out, dict{"line": e.ID, "when": e.When, "run": e.Session, "user": b.r.Name("user", e.User), "item": b.r.Name("item", e.Item), "level": e.Level, "code": e.Code, "text": b.r.Text(text),
			"record": b.r.Name("record", string(e.Record)), "remedy": b.r.Text(e.Remedy)})
	}
	return out, err
}

func (b *bundler) checks(ctx context.Context) (any, error) {
	list, err := b.Checks(ctx, "")
	out := []Check{}
	for _, c := range list {
		out = append(out, Check{Name: b.r.Text(c.Name), User: b.r.Name("user", c.User), Level: c.Level, Text: b.r.Text(c.Text), Remedy: b.r.Text(c.Remedy)})
	}
	return out, err
}

func (b *bundler) repairs(ctx context.Context) (any, error) {
	list, err := b.Repair(ctx, false)
	out := []dict{}
	for _, r := range list {
		out = append(out, dict{"sort": r.Sort, "thing": b.r.Name("thing", r.Thing), "count": r.Count, "bytes": r.Bytes})
	}
	return out, err
}

func (b *bundler) traces(context.Context) (any, error) {
	out := []dict{}
	if b.cfg.Traces == nil {
		return out, nil
	}
	for _, s := range b.cfg.Traces.States() {
		t, err := b.cfg.Traces.Trace(s.User, s.Device)
		if err != nil {
			continue // it ended meanwhile
		}
		for i := range t.Exchanges {
			e := &t.Exchanges[i]
			e.Head = slices.Clone(e.Head)
			for j := range e.Head {
				e.Head[j] = b.r.Text(e.Head[j])
			}
			e.Note, e.Asked, e.Answered = b.r.Text(e.Note), b.r.Names(e.Asked), b.r.Names(e.Answered)
		}
		out = append(out, dict{"device": b.r.Name("device", s.Device), "user": b.r.Name("user", s.User), "begun": t.Begun, "until": t.Until, "lost": t.Lost, "exchanges": t.Exchanges})
	}
	return out, nil
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/center"
	"tandem/center/handler"
	"tandem/center/progress"
)

// TestSC07IfIdle: `tandem sync --if-idle` leaves alone what is being synced, and says so; what nobody syncs is synced.
func TestSC07IfIdle(t *testing.T) {
	t.Parallel()
	p := newPhoneHub(t)
	ctx := t.Context()
	p.must(os.Mkdir(filepath.Join(p.cards, "more"), 0o700))
	items, err := p.hub.ListItems(ctx)
	p.must(err)
	_, err = p.hub.AddItem(ctx, center.NewItem{Home: "contacts", Partner: items[0].Partner, Sub: "more", Kind: "contact", Name: "more", User: "anna", Mode: center.Manual})
	p.must(err)
	id, err := p.hub.OpenSession(ctx, center.NewSession{Handler: handler.Handler{ID: items[0].Partner}, Items: []handler.Item{{ID: "more"}}, Who: "a script"})
	p.must(err)
	_, err = p.hub.ReportSession(ctx, id, center.SessionReport{Progress: []progress.Report{{Item: "more", Status: progress.Indeterminate}}})
	p.must(err)
	idle := func(names ...string) (string, string) {
		t.Helper()
		var out bytes.Buffer
		a := &app{out: &out, err: &bytes.Buffer{}}
		list, err := a.idle(ctx, p.hub, names)
		p.must(err)
		return strings.Join(list, " "), out.String()
	}
	const left = "more is being synced already, and is left alone\n"
	if list, said := idle("more"); list != "" || said != left {
		t.Errorf("%q, %q", list, said)
	}
	if list, said := idle(); strings.Contains(list, "more") || !strings.Contains(said, left) {
		t.Errorf("%q, %q", list, said)
	}
	p.must(p.hub.CloseSession(ctx, id))
	if list, said := idle("more"); list != "more" || said != "" {
		t.Errorf("%q, %q", list, said)
	}
}

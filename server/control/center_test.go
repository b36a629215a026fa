package control

import (
	"context"
	"strings"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// realHub serves a hub as it is, and reaches it twice, as two processes do.
func realHub(t *testing.T) (one, two *Client) {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	known := kinds.Kinds()
	h := center.New(center.Config{Store: st, Places: provider.NewRegistry(home.Provider()),
		Kind: func(k tandem.Kind) (kind.Handler, bool) { x, ok := known[k]; return x, ok },
		OpenHome: func(c tandem.Collection) (*provider.Opened, error) {
			return home.Opener{Store: st, Kinds: known, User: c.User}.Open(c)
		},
		Run: func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			return session.Run(ctx, session.Deps{Store: st}, p, o)
		}})
	dir := t.TempDir()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h, "test") }()
	dial := func() *Client {
		c, err := Dial(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one, two = dial(), dial()
	t.Cleanup(func() {
		cancel()
		one.Close()
		two.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return one, two
}

// TestSC33SecondProcess: what one process reports over the socket another one sees, and may stop.
func TestSC33SecondProcess(t *testing.T) {
	program, person := realHub(t)
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	id, err := program.OpenSession(ctx, center.NewSession{Handler: handler.Handler{ID: "mailer", Name: "Mailer", Can: []handler.Capability{handler.CanBrowse}, Browse: "https://example.org/"},
		Items: []handler.Item{{ID: "mailer-in", Name: "Inbox"}}, Who: "mailer"})
	check(err)
	a, err := program.ReportSession(ctx, id, center.SessionReport{Text: "busy", Progress: []progress.Report{{Item: "mailer-in", Status: progress.Updating, Step: 2, Max: 3}},
		Propose: []handler.Item{{ID: "mailer-new"}}, Events: []store.Event{{Item: "mailer-in", Level: store.Warning, Text: "odd"}}})
	check(err)
	if a.All != progress.GoOn || len(a.Additional) != 0 {
		t.Errorf("%+v", a)
	}
	st, err := person.Progress(ctx)
	check(err)
	if len(st.Items) != 1 || st.Items[0].Row != (progress.Row{Status: progress.Updating, Step: 2, Max: 3}) || st.Sessions[0].Text != "busy" {
		t.Errorf("%+v", st)
	}
	list, err := person.ListHandlers(ctx, center.HandlerFilter{})
	check(err)
	if len(list) != 1 || list[0].ID != "mailer" || !list[0].Syncing || list[0].Task(handler.Browse).How != handler.Offered {
		t.Errorf("%+v", list)
	}
	n, err := person.StopHandler(ctx, "mailer")
	check(err)
	if n != 1 {
		t.Errorf("%d stopped", n)
	}
	a, err = program.ReportSession(ctx, id, center.SessionReport{Progress: []progress.Report{{Item: "mailer-in", Status: progress.Cancelled}}})
	check(err)
	if a.All != progress.CancelAll || a.Items["mailer-in"] != progress.CancelAll {
		t.Errorf("%+v", a)
	}
	if _, err := program.ReportSession(ctx, id, center.SessionReport{Progress: []progress.Report{{Item: "mailer-in", Status: progress.Cancelled}}}); !tandem.IsKind(err, tandem.Denied) {
		t.Error(err)
	}
	check(program.CloseSession(ctx, id))
	x, err := person.OrderHandler(ctx, center.HandlerOrder{Handler: "mailer", Do: handler.Disable})
	check(err)
	if x.Enabled || x.Errors != 1 {
		t.Errorf("%+v", x)
	}
	if _, err := program.OpenSession(ctx, center.NewSession{Handler: handler.Handler{ID: "mailer"}, Who: "mailer"}); !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "disabled") {
		t.Error(err)
	}
	check(person.ForgetHandler(ctx, "mailer"))
	if _, err := person.FindHandler(ctx, "mailer"); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
	if _, err := person.Result(ctx, []int64{5}); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
}

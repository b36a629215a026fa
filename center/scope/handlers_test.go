package scope

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/store"
	"tandem/store/sqlite"
)

// shared is a hub with handlers of two people, of itself and of nobody yet.
type shared struct {
	center.Service
	asked []string
}

func (h *shared) ListHandlers(context.Context, center.HandlerFilter) ([]handler.Handler, error) {
	it := func(id, user string) handler.Item {
		return handler.Item{ID: id, Name: id, User: user, Syncing: true, Conflicts: 1}
	}
	active := func(x handler.Handler) handler.Handler {
		x.Active, x.Enabled, x.Connected, x.Name = true, true, true, x.ID
		x.Settle()
		return x
	}
	return []handler.Handler{
		active(handler.Handler{ID: "annas", User: "anna", Items: []handler.Item{it("a", "anna")}}),
		active(handler.Handler{ID: "bobs", User: "bob", Items: []handler.Item{it("b", "bob")}}),
		active(handler.Handler{ID: "hubs", Items: []handler.Item{it("ha", "anna"), it("hb", "bob")}}),
		active(handler.Handler{ID: "bobsframe", User: "bob", Type: handler.Device}), // a program that calls itself a device
		active(handler.Handler{ID: "device/1", User: "bob", Type: handler.Device, Items: []handler.Item{it("device/1/4", "bob")}}),
		{ID: "setup/vdir", Name: "Folder"}, {ID: "setup/found", Name: "Server", Place: "caldavs://secret.example.org/"},
	}, nil
}

func (h *shared) FindHandler(ctx context.Context, id string) (handler.Handler, error) {
	list, _ := h.ListHandlers(ctx, center.HandlerFilter{})
	if i := slices.IndexFunc(list, func(x handler.Handler) bool { return x.ID == id }); i >= 0 {
		return list[i], nil
	}
	return handler.Handler{}, tandem.Errorf(tandem.NotFound, "none")
}

func (h *shared) Progress(context.Context) (progress.State, error) {
	row := func(id string) progress.ItemRow { return progress.ItemRow{Item: id} }
	return progress.State{Items: []progress.ItemRow{row("a"), row("b"), row("ha"), row("hb")}, Sessions: []progress.SessionState{
		{ID: 1, Handler: "annas", Items: []progress.ItemRow{row("a")}}, {ID: 2, Handler: "bobs", Items: []progress.ItemRow{row("b")}},
		{ID: 3, Handler: "hubs", Items: []progress.ItemRow{row("ha"), row("hb")}}}}, nil
}

func (h *shared) note(text string) { h.asked = append(h.asked, text) }

func (h *shared) OrderHandler(ctx context.Context, o center.HandlerOrder) (handler.Handler, error) {
	h.note(string(o.Do) + " " + o.Handler + " by " + o.By)
	return h.FindHandler(ctx, o.Handler)
}

func (h *shared) StopHandler(_ context.Context, id string) (int, error) {
	h.note("stop handler " + id)
	return 1, nil
}

func (h *shared) Stop(_ context.Context, names []string) ([]string, error) {
	h.note("stop " + strings.Join(names, " "))
	return names, nil
}

func (h *shared) OpenSession(_ context.Context, n center.NewSession) (int64, error) {
	h.note("open " + n.Handler.ID + " for " + n.Handler.User)
	return 9, nil
}

func (h *shared) ReportSession(_ context.Context, _ int64, r center.SessionReport) (center.SessionAnswer, error) {
	for _, it := range r.Propose {
		h.note("proposed for " + it.User)
	}
	return center.SessionAnswer{}, nil
}

func (h *shared) Result(_ context.Context, runs []int64) (center.SyncResult, error) {
	return center.SyncResult{Items: []center.ItemResult{{Item: []string{"a", "b"}[runs[0]]}}}, nil
}

func (h *shared) ListItems(context.Context) ([]store.Item, error) {
	return []store.Item{{Name: "a", User: "anna"}, {Name: "b", User: "bob"}}, nil
}

func (h *shared) Questions(context.Context) ([]center.Question, error) {
	return []center.Question{{Item: "a", User: "anna"}, {Item: "b", User: "bob"}}, nil
}

func (h *shared) AnswerQuestion(_ context.Context, item, answer string, _ func(center.SyncNews)) error {
	h.note(answer + " " + item)
	return nil
}

func (h *shared) ClearEvents(_ context.Context, f center.EventFilter) (int, error) {
	h.note("clear of " + *f.User)
	return 0, nil
}

func (h *shared) CloseSession(context.Context, int64) error { return nil }
func (h *shared) ForgetHandler(_ context.Context, id string) error {
	h.note("forget " + id)
	return nil
}

func views(t *testing.T) (h *shared, of func(Who) *Scope) {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	h = &shared{}
	return h, func(w Who) *Scope {
		w.From = "api"
		return New(Config{Hub: h, Store: st}, w)
	}
}

// TestHandlersOfOthers: a person sees their own handlers and items, an administrator besides those of the hub and everybody's phones.
func TestHandlersOfOthers(t *testing.T) {
	_, of := views(t)
	for _, c := range []struct {
		who  Who
		want string
	}{
		{Who{User: "anna"}, "annas(a) setup/vdir()"},
		{Who{User: "Bob"}, "bobs(b) bobsframe() device/1(device/1/4) setup/vdir()"},
		{Who{User: "anna", Admin: true}, "annas(a) hubs(ha) device/1() setup/vdir() setup/found()"},
		{Who{User: "anna", Admin: true, App: true}, "annas(a) setup/vdir()"},
	} {
		list, err := of(c.who).ListHandlers(t.Context(), center.HandlerFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range list {
			var items []string
			for _, it := range x.Items {
				items = append(items, it.ID)
			}
			got = append(got, x.ID+"("+strings.Join(items, " ")+")")
			if x.Conflicts != len(x.Items) {
				t.Errorf("%s counts conflicts of others: %d", x.ID, x.Conflicts)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %s, want %s", c.who, strings.Join(got, " "), c.want)
		}
	}
}

func TestResultOfOthers(t *testing.T) {
	_, of := views(t)
	s := of(Who{User: "anna", Admin: true})
	if res, err := s.Result(t.Context(), []int64{0}); err != nil || len(res.Items) != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	if res, err := s.Result(t.Context(), []int64{1}); !tandem.IsKind(err, tandem.NotFound) || len(res.Items) != 0 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestQuestionsOfOthers: a person sees and answers the questions about their own items, an administrator no others.
func TestQuestionsOfOthers(t *testing.T) {
	h, of := views(t)
	s := of(Who{User: "anna", Admin: true})
	list, err := s.Questions(t.Context())
	if err != nil || len(list) != 1 || list[0].Item != "a" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := s.AnswerQuestion(t.Context(), "b", "go-ahead", nil); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
	if err := s.AnswerQuestion(t.Context(), "a", "leave", nil); err != nil || strings.Join(h.asked, "; ") != "leave a" {
		t.Error(err, h.asked)
	}
}

// TestClearsOnesOwnEvents: lines about others are not for anybody to clear.
func TestClearsOnesOwnEvents(t *testing.T) {
	for _, c := range []struct {
		who  Who
		want string
	}{{Who{User: "Anna"}, "clear of anna"}, {Who{User: "anna", Admin: true}, "clear of anna; clear of "}, {Who{User: "anna", App: true}, ""}} {
		h, of := views(t)
		bob := "bob"
		_, err := of(c.who).ClearEvents(t.Context(), center.EventFilter{EventFilter: store.EventFilter{User: &bob}})
		if got := strings.Join(h.asked, "; "); got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: %q, %v", c.who, got, err)
		}
	}
}

func TestProgressOfOthers(t *testing.T) {
	_, of := views(t)
	st, err := of(Who{User: "anna", Admin: true}).Progress(t.Context())
	if err != nil || len(st.Items) != 2 || st.Items[0].Item != "a" || st.Items[1].Item != "ha" || len(st.Sessions) != 2 || len(st.Sessions[1].Items) != 1 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestOrdersToHandlersOfOthers lists who may do what; what is somebody else's does not exist.
func TestOrdersToHandlersOfOthers(t *testing.T) {
	for _, c := range []struct {
		who  Who
		do   func(ctx context.Context, s *Scope) error
		kind tandem.ErrorKind
		want string // asked of the hub; "": refused
	}{
		{Who{User: "anna"}, order("annas", "", handler.Disable), 0, "disable annas by api:anna"},
		{Who{User: "anna"}, order("bobs", "", handler.Disable), tandem.NotFound, ""},
		{Who{User: "anna"}, order("annas", "b", handler.Disable), tandem.NotFound, ""},
		{Who{User: "anna"}, order("hubs", "", handler.Start), tandem.NotFound, ""},
		{Who{User: "anna"}, order("setup/vdir", "", handler.Activate), tandem.Denied, ""},
		{Who{User: "anna", App: true}, order("annas", "", handler.Disable), tandem.Denied, ""},
		{Who{User: "anna", App: true}, order("annas", "", handler.Start), 0, "start annas by api:anna"},
		{Who{User: "anna", Admin: true}, order("hubs", "hb", handler.Delete), tandem.NotFound, ""},
		{Who{User: "anna", Admin: true}, order("device/1", "", handler.Activate), 0, "activate device/1 by api:anna"},
		{Who{User: "bob"}, order("device/1", "", handler.Activate), tandem.Denied, ""},
		{Who{User: "bob"}, order("device/1", "", handler.Disable), 0, "disable device/1 by api:bob"},
		{Who{User: "bob"}, order("bobsframe", "", handler.Start), 0, "start bobsframe by api:bob"},
		{Who{User: "bob"}, order("bobsframe", "", handler.Enable), 0, "enable bobsframe by api:bob"},
		{Who{User: "anna", Admin: true}, order("bobsframe", "", handler.Disable), tandem.NotFound, ""},
		{Who{User: "anna", Admin: true}, func(ctx context.Context, s *Scope) error {
			_, err := s.OrderHandler(ctx, center.HandlerOrder{Handler: "setup/vdir", Do: handler.Activate, Place: "home:contacts"})
			return err
		}, tandem.Denied, ""},
		{Who{User: "anna", Admin: true}, func(ctx context.Context, s *Scope) error { _, err := s.StopHandler(ctx, "hubs"); return err }, 0, "stop ha"},
		{Who{User: "anna"}, func(ctx context.Context, s *Scope) error { _, err := s.StopHandler(ctx, "annas"); return err }, 0, "stop handler annas"},
		{Who{User: "anna"}, func(ctx context.Context, s *Scope) error { _, err := s.StopHandler(ctx, "bobs"); return err }, tandem.NotFound, ""},
		{Who{User: "anna"}, func(ctx context.Context, s *Scope) error { return s.ForgetHandler(ctx, "bobs") }, tandem.NotFound, ""},
		{Who{User: "anna"}, func(ctx context.Context, s *Scope) error { return s.ForgetHandler(ctx, "annas") }, 0, "forget annas"},
		{Who{User: "anna"}, open("mine"), 0, "open mine for anna"},
		{Who{User: "anna"}, open("bobs"), tandem.NotFound, ""},
		{Who{User: "anna"}, open("hubs"), tandem.NotFound, ""},
		{Who{User: "anna"}, report(1), 0, "proposed for anna"},
		{Who{User: "anna"}, report(2), tandem.NotFound, ""},
		{Who{User: "anna"}, report(3), tandem.NotFound, ""},
		{Who{User: "anna"}, func(ctx context.Context, s *Scope) error { return s.CloseSession(ctx, 2) }, tandem.NotFound, ""},
	} {
		h, of := views(t)
		err := c.do(t.Context(), of(c.who))
		if got := strings.Join(h.asked, "; "); got != c.want || (err == nil) != (c.want != "") || err != nil && !tandem.IsKind(err, c.kind) {
			t.Errorf("%+v: asked %q, %v; want %q", c.who, got, err, c.want)
		}
	}
}

func order(id, item string, do handler.Task) func(context.Context, *Scope) error {
	return func(ctx context.Context, s *Scope) error {
		_, err := s.OrderHandler(ctx, center.HandlerOrder{Handler: id, Item: item, Do: do})
		return err
	}
}

func open(id string) func(context.Context, *Scope) error {
	return func(ctx context.Context, s *Scope) error {
		_, err := s.OpenSession(ctx, center.NewSession{Handler: handler.Handler{ID: id, User: "bob"}, Items: []handler.Item{{ID: "x"}}})
		return err
	}
}

func report(id int64) func(context.Context, *Scope) error {
	return func(ctx context.Context, s *Scope) error {
		_, err := s.ReportSession(ctx, id, center.SessionReport{Propose: []handler.Item{{ID: "x", User: "bob"}}})
		return err
	}
}

package center

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/provider/memory"
	"tandem/store"
	"tandem/store/sqlite"
)

// storing is a mail program that has conflicts.
func storing(items ...handler.Item) NewSession {
	n := mailer(items...)
	n.Handler.Can = []handler.Capability{handler.HasConflicts}
	return n
}

// twoVersions is a conflict of a program's inbox about a card.
func twoVersions(own string, takes ...string) store.Reported {
	return store.Reported{Own: own, Item: "mailer-in", Title: "Zoe " + own, Reason: "both were edited", Kind: tandem.Contact, Takes: takes, Versions: []store.ReportedVersion{
		{Title: "Zoe", Where: "this computer", Who: "anna", When: 1000, Body: card("1", "Zoe")}, {Title: "Zoë", Where: "the server", When: 2000, Body: card("1", "Zoë")}}}
}

func (w *world) answers(session int64) string {
	w.t.Helper()
	return answersOf(w.reports(session, SessionReport{}).Answers)
}

func answersOf(list []ProgramConflict) string {
	var out []string
	for _, c := range list {
		if c.Answer == nil {
			out = append(out, c.Own+" open")
			continue
		}
		out = append(out, strings.TrimSpace(fmt.Sprint(c.Own, " ", c.Answer.Take, " ", c.Answer.Version, " ", c.Answer.Name)))
	}
	return strings.Join(out, ", ")
}

// TestSC42ProgramSaysWhatIsSettled: a conflict of a program stays in the inbox, answered or not and over restarts, until the program says that it is settled. It is told the answer until then, in a
// session or without one, and the answer can be changed.
func TestSC42ProgramSaysWhatIsSettled(t *testing.T) {
	dir := t.TempDir()
	open := func() *world {
		st, err := sqlite.Open(dir, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := overStore(st, memory.Knobs{})
		w.t = t
		return w
	}
	w := open()
	id := w.openSession(storing(handler.Item{ID: "mailer-in", Name: "Inbox"}))
	a := w.reports(id, SessionReport{Conflicts: []store.Reported{twoVersions("c1", "version", "body"), twoVersions("c2")}})
	if len(a.Answers) != 0 {
		t.Errorf("%+v", a)
	}
	list := w.open()
	if len(list) != 2 || list[0].Item != "mailer-in" || list[0].Title != "Zoe c1" || list[0].Reported == nil || list[0].Reported.Handler != "mailer" || list[0].Decision != tandem.Undecided || len(list[0].Versions) != 2 {
		t.Fatalf("%+v", list)
	}
	first := list[0].ID
	w.resolve(Resolution{ID: first, Take: "b"})
	if got := w.answers(id); got != "c1 b 1" {
		t.Error(got)
	}
	w.close()

	w = open()
	defer w.close()
	if list = w.open(); len(list) != 2 || list[0].ID != first || list[0].Decision == tandem.Undecided {
		t.Fatalf("after a restart: %+v", list)
	}
	mine, err := w.hub.ProgramConflicts(t.Context(), "mailer", "")
	if err != nil || answersOf(mine) != "c1 b 1, c2 open" {
		t.Errorf("%s, %v", answersOf(mine), err)
	}
	x, err := w.hub.FindHandler(t.Context(), "mailer")
	if err != nil || x.Conflicts != 2 || x.Items[0].Conflicts != 2 {
		t.Errorf("%+v, %v", x, err)
	}
	w.resolve(Resolution{ID: first, Take: "body", Body: card("1", "Zoe Zebra")})
	id = w.openSession(storing(handler.Item{ID: "mailer-in"}))
	a = w.reports(id, SessionReport{})
	if len(a.Answers) != 1 || a.Answers[0].Answer.Take != "body" || !strings.Contains(string(a.Answers[0].Answer.Body), "Zoe Zebra") || a.Answers[0].Answer.Version != -1 {
		t.Errorf("%+v", a.Answers)
	}
	w.resolve(Resolution{ID: first, Take: "ask"})
	if got := w.answers(id); got != "" {
		t.Errorf("after it was taken back: %s", got)
	}
	w.resolve(Resolution{ID: first, Take: "a"})
	if a = w.reports(id, SessionReport{Closed: []string{"c1", "never heard of"}}); len(a.Answers) != 0 {
		t.Errorf("%+v", a)
	}
	if list = w.open(); len(list) != 1 || list[0].Reported.Own != "c2" {
		t.Errorf("%+v", list)
	}
	if _, _, err := w.hub.Conflict(t.Context(), first); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
	if log, err := w.hub.Log(t.Context(), 0, "mailer-in", 10); err != nil || len(log) != 1 || !strings.Contains(log[0].Text, "Zoe c1 is settled") {
		t.Errorf("%+v, %v", log, err)
	}
}

// TestSC42ProgramReplacesItsConflict: an answer is about the versions that were seen. While they stay it stands; when they change it is gone, and nobody answers what they did not see.
func TestSC42ProgramReplacesItsConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(storing(handler.Item{ID: "mailer-in"}))
		w.reports(id, SessionReport{Conflicts: []store.Reported{twoVersions("c1")}})
		view, err := w.hub.Compare(t.Context(), w.open()[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		number := view.Conflict.ID
		w.resolve(Resolution{ID: number, Take: "a"})
		again := twoVersions("c1")
		again.Title = "Zoe, once more"
		if a := w.reports(id, SessionReport{Conflicts: []store.Reported{again}}); answersOf(a.Answers) != "c1 a 0" || a.Answers[0].Number != number || a.Answers[0].Title != "Zoe, once more" {
			t.Errorf("%+v", a.Answers)
		}
		again.Versions[1].Title = "Zoé"
		if a := w.reports(id, SessionReport{Conflicts: []store.Reported{again}}); len(a.Answers) != 0 {
			t.Errorf("an answer to other versions: %+v", a.Answers)
		}
		out, err := w.hub.Resolve(t.Context(), Resolution{ID: number, Take: "a", Stamp: view.Stamp})
		if err != nil || !out.Refresh || len(out.Done) != 0 {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

// TestSC39ProgramsTakeWhatTheySay: of the answers only those are offered and taken that the program takes and that make sense.
func TestSC39ProgramsTakeWhatTheySay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(storing(handler.Item{ID: "mailer-in"}))
		all := twoVersions("all", ReportTakes()...)
		all.Versions = append(all.Versions, store.ReportedVersion{Where: "the phone", Deleted: true, When: 3000})
		text := twoVersions("text", "body", "both", "newest", "version")
		text.Kind = "unheard-of"
		text.Versions[0].Body, text.Versions[0].When, text.Versions[1].Body = []byte("plain"), 0, nil
		gone := twoVersions("gone", "both", "version")
		gone.Versions[1] = store.ReportedVersion{Deleted: true}
		w.reports(id, SessionReport{Conflicts: []store.Reported{all, twoVersions("usual"), text, gone}})
		numbers := map[string]int64{}
		for _, c := range w.open() {
			numbers[c.Reported.Own] = c.ID
		}
		for own, want := range map[string]string{"all": "a b c both newest fields body skip out", "usual": "a b skip", "text": "a b both body", "gone": "a b"} {
			view, err := w.hub.Compare(t.Context(), numbers[own])
			if got := strings.Join(view.Takes, " "); err != nil || got != want {
				t.Errorf("%s takes %s, want %s; %v", own, got, want, err)
			}
			if own == "all" && (view.Second != "b" || view.Name != "Zoë (the server)" || len(view.Fields) == 0 || view.Versions[0].Place != "this computer" || view.Versions[0].By != "anna" || !view.Versions[2].Deleted) {
				t.Errorf("%+v", view)
			}
			if own == "text" && (view.Conflict.Kind != "" || string(view.Versions[0].Body) != "plain" || view.Versions[1].Kept) {
				t.Errorf("%+v", view)
			}
		}
		for _, r := range []Resolution{{ID: numbers["usual"], Take: "both"}, {ID: numbers["usual"], Take: "body", Body: []byte("x")}, {ID: numbers["usual"], Take: "c"}, {ID: numbers["usual"], Take: "out"}, {ID: numbers["usual"], Take: "ask"},
			{ID: numbers["all"], Take: "body", Body: []byte("no card")}, {ID: numbers["all"], Take: "both", Name: "two\nlines"}, {ID: numbers["text"], Take: "body"}, {ID: numbers["text"], Take: "body", Body: []byte("\xff")}} {
			if _, err := w.hub.Resolve(t.Context(), r); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%+v: %v", r, err)
			}
		}
		if _, err := w.hub.Resolve(t.Context(), Resolution{ID: numbers["text"], Take: "body", Body: make([]byte, 1<<20+1)}); !tandem.IsKind(err, tandem.TooLarge) {
			t.Error(err)
		}
		w.resolve(Resolution{ID: numbers["all"], Take: "newest"})
		w.resolve(Resolution{ID: numbers["text"], Take: "both", Name: "Zoe, old"})
		if got := w.answers(id); got != "all b 1, text both -1 Zoe, old" {
			t.Error(got)
		}
		w.resolve(Resolution{ID: numbers["all"], Take: "fields", Rest: "a", Fields: map[string]string{"name": "b"}})
		mine, err := w.hub.ProgramConflicts(t.Context(), "mailer", "all")
		if err != nil || len(mine) != 1 || mine[0].Answer.Take != "body" || !strings.Contains(string(mine[0].Answer.Body), "FN:Zoë") {
			t.Errorf("%+v, %v", mine, err)
		}
		w.resolve(Resolution{ID: numbers["all"], Take: "out"})
		if list := w.open(); len(list) != 4 {
			t.Errorf("what is left out waits for its program, too: %+v", list)
		}
	})
}

// TestSC40ApplyToAllOfAProgram: the same answer for all of the same sort, of those that take it.
func TestSC40ApplyToAllOfAProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(storing(handler.Item{ID: "mailer-in"}, handler.Item{ID: "mailer-out"}))
		deleted, other := twoVersions("deleted"), twoVersions("other")
		deleted.Versions[1] = store.ReportedVersion{Deleted: true}
		other.Item = "mailer-out"
		w.reports(id, SessionReport{Conflicts: []store.Reported{twoVersions("c1", "version", "newest"), twoVersions("c2", "version", "newest"), twoVersions("c3"), deleted, other}})
		view, err := w.hub.Compare(t.Context(), w.open()[0].ID)
		if err != nil || view.Same != 3 {
			t.Fatalf("%d of the same sort, %v", view.Same, err)
		}
		out, err := w.hub.Resolve(t.Context(), Resolution{ID: view.Conflict.ID, Take: "newest", All: true, Stamp: view.Stamp})
		if err != nil || len(out.Done) != 2 || out.Left != 1 || out.Why == "" || out.Refresh {
			t.Errorf("%+v, %v", out, err)
		}
		if got := w.answers(id); got != "c1 b 1, c2 b 1" {
			t.Error(got)
		}
	})
}

// TestSC42ReportsOfConflictsThatAreRefused: nothing of such a report is kept.
func TestSC42ReportsOfConflictsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{}, "one")
		defer w.close()
		item := w.add("contacts", "one", "one")
		plain := w.openSession(mailer(handler.Item{ID: "mailer-in"}))
		if _, err := w.hub.ReportSession(t.Context(), plain, SessionReport{Conflicts: []store.Reported{twoVersions("c1")}}); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "does not say") {
			t.Error(err)
		}
		partner := w.openSession(NewSession{Who: "a script", Handler: handler.Handler{ID: item.Partner}, Items: []handler.Item{{ID: "one"}}})
		ofPartner := twoVersions("c1")
		ofPartner.Item = "one"
		if _, err := w.hub.ReportSession(t.Context(), partner, SessionReport{Conflicts: []store.Reported{ofPartner}}); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "the hub's own") {
			t.Error(err)
		}
		id := w.openSession(storing(handler.Item{ID: "mailer-in"}))
		w.reports(id, SessionReport{Propose: []handler.Item{{ID: "mailer-new"}}})
		for name, c := range map[string]struct {
			kind tandem.ErrorKind
			bend func(r *store.Reported)
		}{
			"no id":               {tandem.Invalid, func(r *store.Reported) { r.Own = "" }},
			"a long id":           {tandem.Invalid, func(r *store.Reported) { r.Own = strings.Repeat("ä", 65) }},
			"no title":            {tandem.Invalid, func(r *store.Reported) { r.Title = "" }},
			"a long title":        {tandem.Invalid, func(r *store.Reported) { r.Title = strings.Repeat("ä", 129) }},
			"an unknown item":     {tandem.NotFound, func(r *store.Reported) { r.Item = "other" }},
			"a proposed item":     {tandem.NotFound, func(r *store.Reported) { r.Item = "mailer-new" }},
			"one version":         {tandem.Invalid, func(r *store.Reported) { r.Versions = r.Versions[:1] }},
			"many versions":       {tandem.Invalid, func(r *store.Reported) { r.Versions = make([]store.ReportedVersion, 17) }},
			"a body of nothing":   {tandem.Invalid, func(r *store.Reported) { r.Versions[0].Deleted = true }},
			"all deleted":         {tandem.Invalid, func(r *store.Reported) { r.Versions = []store.ReportedVersion{{Deleted: true}, {Deleted: true}} }},
			"a large body":        {tandem.TooLarge, func(r *store.Reported) { r.Versions[0].Body = make([]byte, 1<<20+1) }},
			"no text":             {tandem.Invalid, func(r *store.Reported) { r.Versions[0].Body = []byte("\xff") }},
			"a time before all":   {tandem.Invalid, func(r *store.Reported) { r.Versions[0].When = -1 }},
			"an unknown answer":   {tandem.Invalid, func(r *store.Reported) { r.Takes = []string{"version", "guess"} }},
			"an impossible one":   {tandem.Invalid, func(r *store.Reported) { r.Takes, r.Versions[0].When = []string{"newest"}, 0 }},
			"the same id of many": {tandem.Invalid, func(r *store.Reported) { r.Own = "good" }},
		} {
			bad := twoVersions("bad")
			c.bend(&bad)
			if _, err := w.hub.ReportSession(t.Context(), id, SessionReport{Conflicts: []store.Reported{twoVersions("good"), bad}}); !tandem.IsKind(err, c.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
		var many []store.Reported
		for i := range maxReported + 1 {
			many = append(many, twoVersions(fmt.Sprint(i)))
		}
		if _, err := w.hub.ReportSession(t.Context(), id, SessionReport{Conflicts: many}); !tandem.IsKind(err, tandem.TooLarge) {
			t.Error(err)
		}
		if list := w.open(); len(list) != 0 {
			t.Errorf("%d were kept", len(list))
		}
		w.reports(id, SessionReport{Conflicts: many[1:]})
		if _, err := w.hub.ReportSession(t.Context(), id, SessionReport{Conflicts: many[:1]}); !tandem.IsKind(err, tandem.TooLarge) || len(w.open()) != maxReported {
			t.Errorf("%v, %d", err, len(w.open()))
		}
		long := twoVersions("1")
		long.Reason, long.Versions[0].Where = strings.Repeat("ä", 300), strings.Repeat("ö", 200)
		w.reports(id, SessionReport{Conflicts: []store.Reported{long}})
		c := w.open()[0]
		if n, m := len([]rune(c.Reason)), len([]rune(c.Versions[0].Place)); n != progress.MaxText || m != progress.MaxName {
			t.Errorf("texts of %d and %d characters", n, m)
		}
	})
}

// TestSC42ConflictsGoWithTheirItem: what is removed takes its conflicts along, and says so before; nothing else does.
func TestSC42ConflictsGoWithTheirItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		del := []handler.Capability{handler.CanDelete}
		n := storing(handler.Item{ID: "mailer-in", Can: del}, handler.Item{ID: "mailer-out", Can: del})
		id := w.openSession(n)
		out := twoVersions("c2")
		out.Item = "mailer-out"
		w.reports(id, SessionReport{Conflicts: []store.Reported{twoVersions("c1"), out}})
		if err := w.hub.CloseSession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		order := HandlerOrder{Handler: "mailer", Item: "mailer-in", Do: handler.Delete}
		if _, err := w.hub.OrderHandler(t.Context(), order); !tandem.IsKind(err, tandem.Held) {
			t.Error(err)
		}
		order.Confirm = true
		if _, err := w.hub.OrderHandler(t.Context(), order); err != nil {
			t.Error(err)
		}
		if list := w.open(); len(list) != 1 || list[0].Item != "mailer-out" {
			t.Errorf("%+v", list)
		}
		if err := w.hub.ForgetHandler(t.Context(), "mailer"); err != nil || len(w.open()) != 0 {
			t.Errorf("%v, %d", err, len(w.open()))
		}
		if _, err := w.hub.ProgramConflicts(t.Context(), "mailer", ""); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
	})
}

// TestSC42ProgramsConflictsAreTold: one by one, as those of the hub are, until somebody answers; and those who follow hear of what came, was answered and went.
func TestSC42ProgramsConflictsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		w.start()
		news := w.heard()
		causes := func() string {
			t.Helper()
			list, err := w.hub.conflictCauses(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, c := range list {
				out = append(out, c.User+": "+c.Title+": "+c.Text)
			}
			return strings.Join(out, ", ")
		}
		n := storing(handler.Item{ID: "mailer-in"})
		n.Handler.User = "anna"
		id := w.openSession(n)
		w.reports(id, SessionReport{Conflicts: []store.Reported{twoVersions("c1")}})
		if got := causes(); got != "anna: Conflict in mailer-in: Zoe c1" {
			t.Error(got)
		}
		time.Sleep(time.Second)
		w.resolve(Resolution{ID: w.open()[0].ID, Take: "a"})
		if got := causes(); got != "" {
			t.Error(got)
		}
		w.reports(id, SessionReport{Closed: []string{"c1"}})
		told := 0
		for _, x := range news() {
			if x.What == ConflictsNews && x.User == "anna" && x.Handler == "mailer" && x.Item == "mailer-in" {
				told++
			}
		}
		if told != 3 {
			t.Errorf("%d were told", told)
		}
	})
}

// TestSC42ManyLargeAnswers: what is too much for one answer is asked for one by one.
func TestSC42ManyLargeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, memory.Knobs{})
		defer w.close()
		id := w.openSession(storing(handler.Item{ID: "mailer-in"}))
		var put []store.Reported
		for i := range 5 {
			r := twoVersions(fmt.Sprint(i), "body")
			r.Kind = ""
			put = append(put, r)
		}
		w.reports(id, SessionReport{Conflicts: put})
		body := []byte(strings.Repeat("x", 1<<20))
		for _, c := range w.open() {
			w.resolve(Resolution{ID: c.ID, Take: "body", Body: body})
		}
		list := w.reports(id, SessionReport{}).Answers
		if len(list) != 5 || len(list[3].Answer.Body) != 1<<20 || list[3].Answer.BodyLeft || !list[4].Answer.BodyLeft || list[4].Answer.Body != nil {
			t.Fatalf("%d answers", len(list))
		}
		one, err := w.hub.ProgramConflicts(t.Context(), "mailer", "4")
		if err != nil || len(one) != 1 || len(one[0].Answer.Body) != 1<<20 || one[0].Answer.BodyLeft {
			t.Errorf("%v", err)
		}
		if _, err := w.hub.ProgramConflicts(t.Context(), "mailer", "5"); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
	})
}

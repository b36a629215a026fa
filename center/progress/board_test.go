package progress

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
)

func open(t *testing.T, b *Board, n Begin) *Session {
	t.Helper()
	if n.Who == "" {
		n.Who = "test"
	}
	s, err := b.Open(n)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func report(t *testing.T, s *Session, item string, status Status, want Answer) {
	t.Helper()
	if got, err := s.Report(Report{Item: item, Status: status}); err != nil || got != want {
		t.Errorf("%s %v: %v, %v; want %v", item, status, got, err, want)
	}
}

// TestSC36CancelIsReportedOnce: the reporter learns of a cancel by the answers, says cancelled once, and may then only say that it failed.
func TestSC36CancelIsReportedOnce(t *testing.T) {
	b := NewBoard()
	s := open(t, b, Begin{Items: []string{"a", "b"}})
	report(t, s, "a", Indeterminate, GoOn)
	if n := b.StopItem("a"); n != 1 {
		t.Fatal(n)
	}
	report(t, s, "b", Indeterminate, GoOn)
	report(t, s, "a", Indeterminate, CancelItem)
	if got := s.CanContinue("a"); got != CancelItem {
		t.Error(got)
	}
	if got := s.CanContinue("b"); got != GoOn {
		t.Error(got)
	}
	report(t, s, "a", Cancelled, CancelItem)
	if _, err := s.Report(Report{Item: "a", Status: Cancelled}); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("cancelled twice: %v", err)
	}
	if got := b.State().Items[0]; got.Status != Failed {
		t.Errorf("%+v", got)
	}
	if n := b.StopItem("a"); n != 0 {
		t.Error("what is over was stopped", n)
	}
	b.StopAll()
	report(t, s, "b", Updating, CancelAll)
	if got, err := s.SetText("stopping"); got != CancelAll || err != nil {
		t.Error(got, err)
	}
}

func TestStopsReachWhoeverRuns(t *testing.T) {
	b := NewBoard()
	var asked []string
	s := open(t, b, Begin{Handler: "phone", Items: []string{"a", "b"}, Stop: func(item string) { asked = append(asked, "1:"+item) }})
	open(t, b, Begin{Handler: "disk", Items: []string{"b"}, Stop: func(item string) { asked = append(asked, "2:"+item) }})
	open(t, b, Begin{Handler: "disk", Items: []string{"c"}})
	for _, n := range []int{b.StopItem("b"), b.StopHandler("phone"), b.StopHandler("nobody"), b.StopAll()} {
		asked = append(asked, strings.Repeat("x", n))
	}
	want := "1:b 2:b 1: 1: 2: xx x  xxx"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	s.Close()
	if _, err := s.Report(Report{Item: "a", Status: Updating}); !tandem.IsKind(err, tandem.Gone) {
		t.Error(err)
	}
	if got := s.CanContinue("a"); got != CancelAll {
		t.Error(got)
	}
}

// TestSC34AdditionalItems: items are handed to a session that is going on, and told once.
func TestSC34AdditionalItems(t *testing.T) {
	b := NewBoard()
	s := open(t, b, Begin{Items: []string{"a"}})
	for item, want := range map[string]bool{"a": false, "": false, strings.Repeat("x", 65): false} {
		if s.Offer(item) != want {
			t.Errorf("offer %q", item)
		}
	}
	if !s.Offer("b") || s.Offer("b") {
		t.Error("offer b")
	}
	if got, err := s.Additional(); err != nil || len(got) != 1 || got[0] != "b" {
		t.Error(got, err)
	}
	if got, err := s.Additional(); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	report(t, s, "b", Updating, GoOn)
	if _, err := s.Report(Report{Item: "c", Status: Updating}); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
	if err := s.Add("c"); err != nil {
		t.Error(err)
	}
	report(t, s, "c", Succeeded, GoOn)
	b.StopAll()
	if s.Offer("d") {
		t.Error("a session that stops took an item")
	}
	s.Close()
	if s.Offer("d") || s.Add("d") == nil {
		t.Error("a session that is over took an item")
	}
	if _, err := s.Additional(); !tandem.IsKind(err, tandem.Gone) {
		t.Error(err)
	}
}

func TestSC09BoardCombinesSessions(t *testing.T) {
	b := NewBoard()
	one := open(t, b, Begin{Items: []string{"a"}, Names: map[string]string{"a": "Address book"}})
	two := open(t, b, Begin{Items: []string{"a"}})
	if _, err := one.Report(Report{Item: "a", Status: Updating, Step: 1, Max: 2}); err != nil {
		t.Fatal(err)
	}
	if got := b.State().Items[0]; got.Status != Updating || got.Step != 1 || got.Name != "Address book" {
		t.Errorf("%+v", got)
	}
	report(t, two, "a", Updating, GoOn)
	if got := b.State(); len(got.Items) != 1 || got.Items[0].Status != Indeterminate || got.Items[0].Max != 0 || len(got.Sessions) != 2 {
		t.Errorf("%+v", got)
	}
	two.Close()
	if got := b.State().Items[0]; got.Status != Updating {
		t.Errorf("%+v", got)
	}
}

// TestSessionsEnd: what nobody said the end of has failed, and a reporter that says nothing for long is taken for dead.
func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard()
		var ends []End
		begin := Begin{Items: []string{"a", "b"}, Silence: time.Minute, OnEnd: func(e End) { ends = append(ends, e) }}
		s := open(t, b, begin)
		time.Sleep(59 * time.Second)
		report(t, s, "a", Succeeded, GoOn)
		time.Sleep(59 * time.Second)
		s.Close()
		s.Close()
		if len(ends) != 1 || ends[0].Dead || ends[0].Rows["a"].Status != Succeeded || ends[0].Rows["b"].Status != Failed {
			t.Errorf("%+v", ends)
		}
		open(t, b, begin)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(ends) != 2 || !ends[1].Dead || len(b.State().Sessions) != 0 {
			t.Errorf("%+v", ends)
		}
		if _, err := b.Session(2); !tandem.IsKind(err, tandem.NotFound) {
			t.Error(err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	long := strings.Repeat("x", 129)
	for i, n := range []Begin{{}, {Who: long}, {Who: "x", Handler: long}, {Who: "x", Items: []string{""}}, {Who: "x", Items: []string{long}},
		{Who: "x", Items: []string{"a"}, Names: map[string]string{"a": long}}} {
		if _, err := NewBoard().Open(n); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

package center

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tandem/partner/account"
	"tandem/session"
	"tandem/store"
)

// following collects what a follower is told.
func following(ctx context.Context, h *Hub) (heard chan News, ended chan error) {
	heard, ended = make(chan News, 10*maxNews), make(chan error, 1)
	go func() { ended <- h.Follow(ctx, func(n News) { heard <- n }) }()
	return heard, ended
}

func drain(heard chan News) (out []string) {
	for {
		select {
		case n := <-heard:
			text := n.What
			if n.Item != "" {
				text += " " + n.Item
			}
			if n.Progress != nil {
				text += fmt.Sprint(" ", n.Progress.Done)
			}
			out = append(out, text)
		default:
			return out
		}
	}
}

// TestProgressIsNeverASecondOld checks that a step is told within less than a second, however they come: with the tick of a run, ten times a second, added.
func TestProgressIsNeverASecondOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{})
		ctx, stop := context.WithCancel(t.Context())
		began, made, worst, told := time.Now(), map[int]time.Time{}, time.Duration(0), 0
		ended := make(chan error, 1)
		go func() {
			ended <- h.Follow(ctx, func(n News) {
				if n.What != ProgressNews {
					return
				}
				told++
				for done, at := range made { // what is told stands for all that was before
					if done <= n.Progress.Done {
						worst = max(worst, time.Since(at))
						delete(made, done)
					}
				}
			})
		}()
		synctest.Wait()
		done := 0
		for _, wait := range []time.Duration{100, 100, 70, 430, 10, 490, 100, 501, 999, 3, 400, 2000, 30, 1} {
			for range 20 {
				done++
				made[done] = time.Now()
				h.news.tell(News{What: ProgressNews, Item: "a", Progress: &session.Progress{Done: done}})
				time.Sleep(wait * time.Millisecond)
				synctest.Wait()
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(made) > 0 || worst+100*time.Millisecond >= time.Second {
			t.Errorf("a step was told after %s, %d were not", worst, len(made))
		}
		if most := int(time.Since(began)/progressEvery) + 1; told > most {
			t.Errorf("%d messages, which is more than %d", told, most)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestFollowPacesProgress checks that progress is told in its pace for each item, the latest, and nothing of a run after its end.
func TestFollowPacesProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{})
		ctx, stop := context.WithCancel(t.Context())
		heard, ended := following(ctx, h)
		step := func(item string, done int) {
			h.news.tell(News{What: ProgressNews, Item: item, Progress: &session.Progress{Done: done}})
		}
		want := func(what string, want ...string) {
			t.Helper()
			synctest.Wait()
			if got := drain(heard); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		want("at first", "missed")
		step("a", 1)
		want("the first step", "progress a 1")
		for i := range 50 {
			step("a", i+2)
		}
		step("b", 1)
		want("within the pace", "progress b 1")
		time.Sleep(progressEvery)
		want("after it", "progress a 51")
		time.Sleep(10 * progressEvery)
		want("when nothing happens")
		step("a", 60)
		want("long after", "progress a 60")
		step("a", 61)
		h.news.tell(News{What: EndedNews, Item: "a"})
		time.Sleep(2 * progressEvery)
		want("the end", "ended a")
		stop()
		synctest.Wait()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(h.news.all) != 0 {
			t.Error("who is gone is still told")
		}
	})
}

// TestFollowMissed checks that a listener who does not listen keeps nobody waiting, and is told to look at everything.
func TestFollowMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		stuck, on := make(chan News), make(chan bool)
		go func() {
			_ = h.Follow(ctx, func(n News) {
				select {
				case stuck <- n:
				case <-ctx.Done():
				}
			})
			close(on)
		}()
		if n := <-stuck; n.What != MissedNews {
			t.Fatalf("first: %+v", n)
		}
		for i := range 3*maxNews + 5 {
			h.news.tell(News{What: ItemsNews, Item: fmt.Sprint(i)})
		}
		synctest.Wait()
		missed, last := 0, ""
		for last != fmt.Sprint(3*maxNews+4) {
			n := <-stuck
			if last = n.Item; n.What == MissedNews {
				missed++
			}
		}
		if missed == 0 {
			t.Error("not told that something was missed")
		}
		stop()
		<-on
	})
}

// TestFollowEndsWithTheHub checks that nobody waits for a hub that is closed.
func TestFollowEndsWithTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{})
		heard, ended := following(t.Context(), h)
		synctest.Wait()
		h.news.tell(News{What: ItemsNews, Item: "last"})
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := drain(heard); !slices.Equal(got, []string{"missed", "item last"}) {
			t.Errorf("heard %q", got)
		}
		_, ended = following(t.Context(), h)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestFirstUserAdministers checks who administers a hub, and that somebody always does.
func TestFirstUserAdministers(t *testing.T) {
	h, st := people(t) // with anna
	ctx := t.Context()
	u, err := h.AddUser(ctx, store.User{Name: "ben"}, "correct horse")
	if err != nil || account.IsAdmin(u) {
		t.Errorf("the second user: %+v, %v", u, err)
	}
	is := func(name string) bool {
		t.Helper()
		u, err := st.Accounts.User(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		return account.IsAdmin(u)
	}
	if !is("anna") {
		t.Error("the first user does not administer the hub")
	}
	if err := h.SetAdmin(ctx, "anna", false); err == nil || !is("anna") {
		t.Errorf("the last one goes: %v", err)
	}
	if err := h.SetAdmin(ctx, "BEN", true); err != nil || !is("ben") {
		t.Errorf("a second one: %v", err)
	}
	if err := h.SetAdmin(ctx, "anna", false); err != nil || is("anna") {
		t.Errorf("the first goes: %v", err)
	}
	if err := h.SetAdmin(ctx, "nobody", true); err == nil {
		t.Error("nobody is an administrator")
	}
}

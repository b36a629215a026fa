package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// ear is a channel that keeps what it is told.
type ear struct {
	mu    sync.Mutex // guards what follows
	heard []string
	deaf  bool // nobody listens
	fails int  // so many times
	gone  []int64
	stuck bool // nobody hears what is sent until the hub ends
	twice bool
}

func (e *ear) Twice() bool { return e.twice }

func (e *ear) Name() string { return "ear" }

func (e *ear) Ready(context.Context, store.User, Settings) (bool, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.deaf, "deaf"
}

func (e *ear) Send(ctx context.Context, u store.User, m Message) error {
	e.mu.Lock()
	stuck := e.stuck
	e.mu.Unlock()
	if stuck {
		<-ctx.Done()
		return ctx.Err()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fails > 0 {
		e.fails--
		return errors.New("not now")
	}
	e.heard = append(e.heard, u.Name+": "+m.Title+" ("+m.Text+") "+m.Link)
	return nil
}

func (e *ear) Solved(ids []int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone = append(e.gone, ids...)
}

// take is what was heard since the last time.
func (e *ear) take() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := strings.Join(e.heard, "\n")
	e.heard = nil
	return out
}

// bench is a service with a user, and how things stand.
type bench struct {
	*testing.T
	st   *store.Store
	ear  *ear
	s    *Service
	stop func()

	mu   sync.Mutex // guards what follows
	seen Seen
	told [2][]string
}

func newBench(t *testing.T, users ...string) *bench {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{Now: func() int64 { return time.Now().Unix() }})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, st: st, ear: &ear{}}
	for i, u := range users {
		if err := st.Accounts.AddUser(t.Context(), store.User{Name: u}); err != nil {
			t.Fatal(err)
		}
		set := map[string]string{"zone": "UTC"}
		if i == 0 {
			set["admin"] = "1"
		}
		if err := st.Accounts.SetProps(t.Context(), u, set); err != nil {
			t.Fatal(err)
		}
	}
	b.begin()
	return b
}

// begin starts the service, as a hub that starts does.
func (b *bench) begin() {
	b.s = New(Config{Accounts: b.st.Accounts, Notices: b.st.Notices, Channels: []Channel{b.ear}, Told: func(_ context.Context, began, solved []store.Notice) ([]store.Delivery, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for i, list := range [][]store.Notice{began, solved} {
			for _, n := range list {
				b.told[i] = append(b.told[i], n.User+" "+n.Key)
			}
		}
		return nil, nil
	}})
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		b.s.Run(ctx, func(context.Context) (Seen, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.seen, nil
		})
	})
	b.stop = func() { cancel(); group.Wait() }
}

func (b *bench) close() {
	b.stop()
	b.st.Close()
}

// stands says how things stand from now on.
func (b *bench) stands(causes ...Cause) {
	b.mu.Lock()
	b.seen.Causes = causes
	b.mu.Unlock()
	b.s.Poke()
}

// after waits, and compares what was told meanwhile.
func (b *bench) after(d time.Duration, want string) {
	b.Helper()
	time.Sleep(d)
	synctest.Wait()
	if got := b.ear.take(); got != want {
		b.Errorf("after %s: told %q, want %q", d, got, want)
	}
}

func cause(key string, change ...func(*Cause)) Cause {
	c := Cause{User: "anna", Key: key, Sort: Problem, Item: "i", Code: "denied", Title: key + " fails", Text: "wrong password", Link: "/items/i"}
	for _, f := range change {
		f(&c)
	}
	return c
}

func temporary(c *Cause) { c.Code = "temporary" }

// TestOncePerCause: a cause is told once, across restarts, and again only after it was solved and came back.
func TestOncePerCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "anna")
		defer func() { b.close() }()
		b.after(time.Hour, "")
		b.stands(cause("x"))
		b.after(5*time.Second, "")
		b.after(20*time.Second, "anna: x fails (wrong password) /items/i")
		b.after(48*time.Hour, "")
		b.stop()
		b.begin() // the hub starts anew, and does not know yet
		b.after(48*time.Hour, "")
		b.stands()
		b.after(time.Hour, "")
		if !slices.Equal(b.ear.gone, []int64{1}) {
			t.Errorf("solved %v", b.ear.gone)
		}
		b.stands(cause("x"))
		b.after(time.Minute, "anna: x fails (wrong password) /items/i")
		if fmt.Sprint(b.told) != "[[anna x anna x] [anna x]]" {
			t.Errorf("webhooks were told %v", b.told)
		}
	})
}

// TestEndsWhileTelling: what a hub was telling when it ended is told when it starts, once, by a channel of which it is then seen once. By another it is not told
// again. The later causes wait their time.
func TestEndsWhileTelling(t *testing.T) {
	for _, twice := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, "anna")
			defer func() { b.close() }()
			b.ear.twice, b.ear.stuck = twice, true
			b.stands(cause("x"))
			b.after(time.Minute, "")
			list, err := b.st.Notices.Notices(t.Context(), "anna")
			if err != nil || len(list) != 1 || list[0].Told >= 0 {
				t.Fatalf("%+v, %v", list, err)
			}
			b.stop()
			b.ear.stuck = false
			b.begin()
			want := ""
			if twice {
				want = "anna: x fails (wrong password) /items/i"
			}
			b.after(time.Second, want)
			if list, err = b.st.Notices.Notices(t.Context(), "anna"); err != nil || len(list) != 1 || list[0].Told <= 0 {
				t.Fatalf("%+v, %v", list, err)
			}
			b.stands(cause("x"), cause("y"))
			b.after(5*time.Minute, "")
			b.after(time.Hour, "anna: y fails (wrong password) /items/i")
			b.stop()
			b.begin()
			b.after(48*time.Hour, "")
		})
	}
}

// TestUnsureIsNotSolved: what was not tried since the start is neither solved nor told again.
func TestUnsureIsNotSolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "anna")
		defer func() { b.close() }()
		b.stands(cause("x"))
		b.after(time.Minute, "anna: x fails (wrong password) /items/i")
		b.mu.Lock()
		b.seen.Unsure = func(n store.Notice) bool { return n.Key == "x" }
		b.mu.Unlock()
		b.stands()
		b.after(time.Hour, "")
		b.stands(cause("x"))
		b.after(time.Hour, "")
		b.stands()
		b.mu.Lock()
		b.seen.Unsure = nil
		b.mu.Unlock()
		b.after(time.Hour, "")
		if list, err := b.st.Notices.Notices(t.Context(), ""); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// TestTogether: what comes together is told together, and what comes soon after waits and is told together, too.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "anna")
		defer func() { b.close() }()
		b.stands(cause("x"))
		b.after(10*time.Second, "")
		b.stands(cause("x"), cause("y"), cause("c1", func(c *Cause) { c.Sort = Conflict }))
		b.after(30*time.Second, "anna: x fails (wrong password) /items/i") // the others were not ripe yet
		many := []Cause{cause("x"), cause("y"), cause("c1", func(c *Cause) { c.Sort = Conflict })}
		for i := range 100 {
			many = append(many, cause(fmt.Sprint("c", i+2), func(c *Cause) { c.Sort = Conflict }))
		}
		b.stands(many...)
		b.after(10*time.Minute, "")
		b.after(6*time.Minute, "anna: 102 things need you (1 problem, 101 conflicts) /")
		b.after(24*time.Hour, "")
	})
}

// TestLasting: what mends itself is told only if it lasts.
func TestLasting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "anna")
		defer func() { b.close() }()
		b.stands(cause("x", temporary))
		b.after(20*time.Minute, "")
		b.stands()
		b.after(time.Minute, "")
		b.stands(cause("x", temporary))
		b.after(29*time.Minute, "")
		b.after(2*time.Minute, "anna: x fails (wrong password) /items/i")
	})
}

// TestQuietHours: nothing is told in them, and what is still open at their end is told then.
func TestQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a bubble begins at midnight, UTC
		b := newBench(t, "anna")
		defer func() { b.close() }()
		if err := b.s.Set(t.Context(), "anna", map[string]string{"quiet": "22:00-07:00; 12:00-13:00"}); err != nil {
			t.Fatal(err)
		}
		b.stands(cause("x"), cause("gone"))
		b.after(6*time.Hour, "")
		b.stands(cause("x"))
		b.after(59*time.Minute, "")
		b.after(2*time.Minute, "anna: x fails (wrong password) /items/i")
	})
}

// TestWhoIsTold: the hub's troubles are the administrators', and everybody is told only their own.
func TestWhoIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "anna", "ben")
		defer func() { b.close() }()
		b.stands(cause("hub", func(c *Cause) { c.User = "" }), cause("his", func(c *Cause) { c.User = "ben" }), cause("nobody's", func(c *Cause) { c.User = "zoe" }))
		time.Sleep(time.Minute)
		synctest.Wait()
		got := strings.Split(b.ear.take(), "\n")
		slices.Sort(got)
		if want := []string{"anna: hub fails (wrong password) /items/i", "ben: his fails (wrong password) /items/i"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}

// TestMutedAndDeaf: what a user does not want is not told; what nobody hears is told when somebody does.
func TestMutedAndDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "anna")
		defer func() { b.close() }()
		set := func(set map[string]string) {
			if err := b.s.Set(t.Context(), "anna", set); err != nil {
				t.Fatal(err)
			}
		}
		set(map[string]string{"errors": "off"})
		b.stands(cause("x"))
		b.after(time.Hour, "")
		b.ear.mu.Lock()
		b.ear.deaf = true
		b.ear.mu.Unlock()
		set(map[string]string{"errors": ""})
		b.after(time.Hour, "")
		b.ear.mu.Lock()
		b.ear.deaf, b.ear.fails = false, 2
		b.ear.mu.Unlock()
		b.s.Poke()
		b.after(time.Minute, "")
		b.after(time.Minute, "anna: x fails (wrong password) /items/i")
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	b := newBench(t, "anna", "ben")
	defer func() { b.close() }()
	for text, want := range map[string]string{
		"mail=maybe": `"maybe" is not a choice; choose one of on, off`, "colour=red": "there is no such setting; choose one of desktop", "every=often": "write such as 15m", "after=800h": "it is not between",
		"quiet=always": "write such as 22:00-07:00", "quiet=22:00-07:00; ask": "write such as",
	} {
		key, value, _ := strings.Cut(text, "=")
		if err := b.s.Set(t.Context(), "anna", map[string]string{"devices": "off", key: value}); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := b.s.Set(t.Context(), "nobody", nil); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	users := func() []store.User {
		list, err := b.st.Accounts.Users(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if v := Values(users()[0], users()); v["devices"] != "on" || v["desktop"] != "on" || v["every"] != "15m" || users()[0].Props.Get(Prop) != "" {
		t.Errorf("what was wrong changed something: %v", v)
	}
	if v := Values(users()[1], users()); v["desktop"] != "off" { // it is anna's computer
		t.Errorf("%v", v)
	}
	if err := b.s.Set(t.Context(), "anna", map[string]string{"Devices": "off"}); err == nil {
		t.Error("keys have one spelling")
	}
	if err := b.s.Set(t.Context(), "anna", map[string]string{"devices": " OFF ", "every": "2h", "quiet": "sat-sun 00:00-24:00"}); err != nil {
		t.Fatal(err)
	}
	if s := Read(users()[0], users()); s.Sorts[Device] || !s.Sorts[Problem] || s.Every != 2*time.Hour || len(s.plan.Quiet) != 1 || s.After != 30*time.Minute {
		t.Errorf("%+v", s)
	}
	if err := b.s.Set(t.Context(), "anna", map[string]string{"devices": "", "every": "", "quiet": ""}); err != nil || users()[0].Props.Get(Prop) != "" {
		t.Errorf("%v, %q", err, users()[0].Props.Get(Prop))
	}
	broken := users()[0]
	broken.Props = broken.Props.With(Prop, `{"every":"x"}`)
	if s := Read(broken, users()); s.Every != 15*time.Minute {
		t.Errorf("%+v", s)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	n := func(sort, title string) store.Notice {
		return store.Notice{ID: 7, Sort: sort, Title: title, Text: "why", Link: "/x"}
	}
	for _, c := range []struct {
		due               []store.Notice
		title, text, link string
		lines             int
	}{
		{[]store.Notice{n(Problem, "a")}, "a", "why", "/x", 1},
		{[]store.Notice{n(Conflict, "a"), n(Question, "b")}, "2 things need you", "1 conflict, 1 question", "/conflicts", 2},
		{[]store.Notice{n(Problem, "a"), n(Device, "b"), n(Device, "c")}, "3 things need you", "1 problem, 2 devices wait", "/", 3},
		{slices.Repeat([]store.Notice{n(Problem, "a")}, 60), "60 things need you", "60 problems", "/", 51},
	} {
		m := New(Config{}).Message(c.due, "en")
		if m.Title != c.title || m.Text != c.text || m.Link != c.link || len(m.Lines) != c.lines || m.Key != "notify/7" || len(m.About) != len(c.due) {
			t.Errorf("%+v", m)
		}
	}
}

// TestInTheirLanguage: each is told in the language that they chose.
func TestInTheirLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "anna", "bert")
		defer func() { b.close() }()
		b.s.cfg.Say = func(lang, text string) string { return lang + "(" + text + ")" }
		if err := b.s.Set(t.Context(), "bert", map[string]string{"language": "fr"}); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%v", err)
		}
		if err := b.s.Set(t.Context(), "bert", map[string]string{"language": "de"}); err != nil {
			t.Fatal(err)
		}
		b.stands(cause("x"))
		b.after(time.Minute, "anna: en(x fails) (en(wrong password)) /items/i")
		b.stands(cause("x", func(c *Cause) { c.User = "bert" }))
		b.after(time.Minute, "bert: de(x fails) (de(wrong password)) /items/i")
		// As the browser: the language in which they last saw the pages, which another choice outweighs.
		if err := b.st.Accounts.SetProps(t.Context(), "bert", map[string]string{PagesProp: "de"}); err != nil {
			t.Fatal(err)
		}
		for set, want := range map[string]string{"en": "en", AsBrowser: "de", "": "de"} {
			if err := b.s.Set(t.Context(), "bert", map[string]string{"language": set}); err != nil {
				t.Fatal(err)
			}
			list, err := b.st.Accounts.Users(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := Read(list[1], list).Language; got != want {
				t.Errorf("%q: %s, want %s", set, got, want)
			}
			if got, want := Language(list[1]), map[string]string{"en": "en"}[set]; got != want { // phones have one of their own
				t.Errorf("%q: chosen %q, want %q", set, got, want)
			}
		}
	})
}

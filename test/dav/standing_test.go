package dav_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

// intruded is a home to which somebody else writes at the last moment before a write, as often as is set.
type intruded struct {
	store.Home
	times, made atomic.Int64
}

func (h *intruded) Write(ctx context.Context, collection int64, who store.Author, writes []store.HomeWrite) ([]tandem.Outcome, error) {
	if h.times.Add(-1) >= 0 {
		id := tandem.ID(fmt.Sprint("intruder", h.made.Add(1)))
		if out, err := h.Home.Write(ctx, collection, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: id, Record: tandem.Record{Body: tandem.Bytes("x")}}}}); err != nil || out[0].Err != nil {
			panic(fmt.Sprint(err, out))
		}
	}
	return h.Home.Write(ctx, collection, who, writes)
}

// TestStanding: a request that is to be done only if a collection is as the client knows it is not done if somebody else writes between the look and the write, to
// whatever record of the collection. RFC 6578 5
func TestStanding(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	home := &intruded{Home: st.Home}
	st.Home = home
	k := davkit.On(t, st)
	events, files := path(k.Collection("ann", tandem.Event)), path(k.Collection("ann", tandem.File))
	body := davkit.Event("u", "Talk", "20260520T100000Z", "20260520T110000Z")
	for _, name := range []string{"old", "older", "oldest"} {
		k.Do("ann", "PUT", files+name, "x").Is(201)
	}
	token := func(at string) string {
		return k.Do("ann", "PROPFIND", at, prop("d:sync-token"), "Depth", "0").Of(at).Prop(davxml.D("sync-token")).Value()
	}
	for _, c := range []struct {
		method, in, name, body string
		status                 int
		more                   []string
	}{
		{"PUT", events, "a.ics", body, 201, nil}, {"DELETE", events, "a.ics", "", 204, nil}, {"POST", events, "", body, 201, []string{"Content-Type", "text/calendar"}},
		{"PUT", files, "new", "x", 201, nil}, {"PUT", files, "old", "y", 204, nil}, {"DELETE", files, "old", "", 204, nil}, {"MKCOL", files, "dir", "", 201, nil},
		{"MOVE", files, "older", "", 201, []string{"Destination", files + "moved"}}, {"COPY", files, "oldest", "", 201, []string{"Destination", files + "copied"}},
	} {
		t.Run(c.method+" "+c.name, func(t *testing.T) {
			do := func() *davkit.Answer {
				return k.Do("ann", c.method, c.in+c.name, c.body, append(c.more, "If", "<"+c.in+"> (<"+token(c.in)+">)")...)
			}
			home.times.Store(1)
			do().Is(412)
			do().Is(c.status)
		})
	}
	k.Do("ann", "PUT", files+"race", "x").Is(201)
	cond := "<" + files + "> (<" + token(files) + ">)"
	won, done := 0, make(chan int, 8)
	for i := range 8 {
		go func() { done <- k.Do("ann", "PUT", fmt.Sprint(files, "w", i), "x", "If", cond).Status }()
	}
	for range 8 {
		if <-done == 201 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of those who saw the same state wrote", won)
	}
}

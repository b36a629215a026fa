package web_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem/store"
)

// ended waits until the hub ends a stream.
func (s *stream) ended(why string) {
	s.k.Helper()
	after := time.After(time.Minute)
	for {
		select {
		case _, ok := <-s.events:
			if !ok {
				return
			}
		case <-after:
			s.k.Fatalf("%s, and the stream goes on", why)
		}
	}
}

// goesOn checks that a stream still tells what happens.
func (s *stream) goesOn(user string) {
	s.k.Helper()
	s.k.must(s.k.st.Events.Add(s.k.Context(), store.Event{User: user, Item: "mine", Text: "still here"}))
	s.until("a line of the log", func(h heard) bool { return h.typ == "log" })
}

// TestStreamsEndWithTheVisit checks that streams of pages and programs end when their visit is ended elsewhere, at once and without a look at the clock, and others go on.
func TestStreamsEndWithTheVisit(t *testing.T) {
	k := newKit(t)
	k.again = time.Hour
	k.reopenDoor()
	one, two, ben := k.in("anna"), k.in("anna"), k.in("ben")
	var list []struct {
		ID      int64
		Current bool
	}
	one.get("/api/me/visits").json(&list)
	page, program := two.followAt("/live"), two.follow("")
	mine, bens := one.followAt("/live"), ben.followAt("/live")
	mine.until("beginning", is("log"))
	bens.until("beginning", is("log"))
	page.until("beginning", is("log"))
	program.until("beginning", is("missed"))
	for _, v := range list {
		if !v.Current {
			if a := one.call("DELETE", "/api/me/visits/"+itoa(v.ID), nil); a.status != http.StatusNoContent {
				t.Fatalf("end the visit: %d %s", a.status, a.body)
			}
		}
	}
	page.ended("the visit was ended elsewhere")
	program.ended("the visit was ended elsewhere")
	mine.goesOn("anna")
	bens.goesOn("ben")

	mine = one.followAt("/live")
	mine.until("beginning", is("log"))
	if a := one.form("/logout", map[string][]string{"csrf": {one.csrf}}); a.status != http.StatusSeeOther {
		t.Fatalf("log out: %d %s", a.status, a.body)
	}
	mine.ended("the browser was logged out in another window")
	bens.goesOn("ben")
}

// TestStreamsEndWithRights checks that streams end when their person's rights do, whoever took them away and however.
func TestStreamsEndWithRights(t *testing.T) {
	k := newKit(t)
	k.again = 20 * time.Millisecond
	k.reopenDoor()
	app, err := k.hub.AddAppPassword(t.Context(), "ben", "script")
	k.must(err)
	kept, err := k.hub.AddAppPassword(t.Context(), "ben", "other script")
	k.must(err)
	as := func(password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth("ben", password) }
	}
	nobody := k.browser()
	script, other, own := nobody.follow("", as(app.Password)), nobody.follow("", as(kept.Password)), nobody.follow("", as(password))
	page := k.in("ben").followAt("/live")
	page.until("beginning", is("log"))
	k.must(k.hub.RevokeAppPassword(t.Context(), "ben", "script"))
	script.ended("its app password was revoked")
	page.goesOn("ben")
	own.goesOn("ben")
	k.must(k.hub.SetPassword(t.Context(), "ben", "another horse")) // as the command line does
	page.ended("its password was changed")
	own.ended("its password was changed")
	other.goesOn("ben")

	k.must(k.hub.SetAdmin(t.Context(), "ben", true))
	admin := nobody.follow("", as("another horse"))
	k.must(k.hub.SetAdmin(t.Context(), "ben", false))
	admin.ended("its person administers the hub no longer")
	k.must(k.hub.RemoveUser(t.Context(), "ben", true))
	other.ended("its user was removed")
}

// deaf is a browser that does not read what it is answered, over a connection that holds little.
func (b *browser) deaf(path string) (cut <-chan struct{}) {
	b.k.Helper()
	tr := b.k.srv.Client().Transport.(*http.Transport).Clone()
	end := make(chan struct{})
	tr.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if t, ok := c.(*net.TCPConn); ok {
			err = t.SetReadBuffer(4 << 10)
			b.k.ends.Store(c.LocalAddr().String(), end)
		}
		return c, err
	}
	client := *b.client
	client.Transport = tr
	resp, err := client.Do(b.request("GET", path, nil))
	b.k.must(err)
	b.k.Cleanup(func() {
		resp.Body.Close()
		tr.CloseIdleConnections()
	})
	return end
}

// TestSlowReader checks that somebody who takes nothing holds nobody up, and is cut off after a while: the places of those streams are free again.
func TestSlowReader(t *testing.T) {
	k := newKit(t, "phone")
	k.slowest = 3 * time.Second // enough for whoever does read, on a machine that is busy
	k.reopenDoor()
	k.item("anna", "phone", "mine")
	anna := k.in("anna")
	for range 30 {
		anna.follow("?types=device").until("beginning", is("missed"))
	}
	cut := anna.deaf("/api/events?types=log")
	s := anna.follow("")
	s.until("conflicts", is("conflicts"))
	if a := anna.get("/api/events"); a.status != http.StatusTooManyRequests {
		t.Fatalf("one more than may be open: %d", a.status)
	}
	// More than a connection holds.
	for i := range 150 {
		k.must(k.st.Events.Add(t.Context(), store.Event{User: "anna", Item: "mine", Text: itoa(int64(i)) + strings.Repeat(" and much more", 4_000)}))
	}
	s.until("the last line", is("log", `"text":"149 and`))
	k.sync("mine")
	s.until("end of the run", is("run", `"item":"mine"`))
	<-cut // the test's own time ends it if nobody is cut off
	anna.follow("?types=device").until("beginning in the place that is free", is("missed"))
}

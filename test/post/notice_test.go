package post_test

import (
	"context"
	"strings"
	"testing"

	"tandem"
	"tandem/center/notify"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/store"
)

// TestHubTellsByItsOwnServer: what the hub tells a user by mail goes out through the hub's own server where the user has none, from the hub, once; and nothing
// of who has a way of their own. Nothing else goes through the hub's.
func TestHubTellsByItsOwnServer(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	_, err := h.accounts.Add(ctx, store.User{Name: "zoe", Address: "zoe@elsewhere.org"}, "correct horse zoe")
	h.must(err)
	person := func(name string) store.User {
		u, err := h.st.Accounts.User(ctx, name)
		h.must(err)
		return u
	}
	way := &notify.Mail{Out: h.out, Host: "hub.test", Base: func() string { return "https://hub.test" }}
	on := notify.Settings{Mail: true}
	zoe, ann := person("zoe"), person("ann")
	h.must(h.out.SetHubAccount(ctx, outgoing.Account{Host: "localhost", Port: 25, TLS: "none", From: "hub@example.net"}, ""))
	if ok, why := way.Ready(ctx, zoe, on); !ok {
		t.Fatal(why)
	}
	h.sink.null = true // it takes mail of its own address only
	for range 2 {
		h.must(way.Send(ctx, zoe, notify.Message{Key: "notify/1", Title: "contacts fails", Lines: []string{"why"}, Link: "/items/x"}))
	}
	h.until("the message", func() bool { return len(h.sink.all()) == 1 })
	m := h.sink.all()[0]
	if m.from != "hub@example.net" || strings.Join(m.to, " ") != "zoe@elsewhere.org" || !strings.Contains(m.text, `From: "Tandem" <hub@example.net>`) || !strings.Contains(m.text, "https://hub.test/items/x") {
		t.Errorf("%+v", m)
	}
	h.must(way.Send(ctx, ann, notify.Message{Key: "notify/2", Title: "x", Lines: []string{"y"}}))
	inbox, err := h.boxes.Folder(ctx, "ann", mailbox.Inbox)
	h.must(err)
	h.until("the message of who has mail here", func() bool {
		list, _, err := h.st.Home.Since(ctx, inbox.ID, 0, 0)
		h.must(err)
		return len(list) == 1
	})
	// The hub's server is for the hub.
	if _, err := h.out.Send(context.Background(), zoe, outgoing.Message{Key: "hubs/1", To: []string{"x@elsewhere.org"}, Body: tandem.Bytes("x")}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("zoe sends through the hub's server: %v", err)
	}
	if n := len(h.sink.all()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

package control

import (
	"reflect"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/partner/away"
	"tandem/partner/away/sieve"
	"tandem/partner/imip"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/partner/seal"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestMailSurvivesTheWay asks a hub about mail directly and over the socket, and compares.
func TestMailSurvivesTheWay(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	secrets, err := seal.Open(st.Secrets, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	out := outgoing.New(outgoing.Service{Accounts: st.Accounts, Queue: st.Queue, Blobs: st.Blobs, Boxes: mailbox.New(st), Secrets: secrets})
	direct := center.New(center.Config{Store: st, Outgoing: out, Filters: sieve.New(sieve.Service{Accounts: st.Accounts, Secrets: secrets})})
	defer direct.Close()
	c, stop := serve(t, &hub{Service: direct}, t.TempDir())
	ctx := t.Context()
	if err := st.Accounts.AddUser(ctx, store.User{Name: "anna", Address: "anna@example.org"}); err != nil {
		t.Fatal(err)
	}
	a := outgoing.Account{Host: "smtp.example.org", Port: 465, TLS: "tls", User: "anna"}
	if err := c.SetMailServer(ctx, "anna", a, "secret"); err != nil {
		t.Fatal(err)
	}
	u, err := st.Accounts.User(ctx, "anna")
	if got, ok := outgoing.AccountOf(u); err != nil || !ok || got != a {
		t.Errorf("set to %+v, %v", got, err)
	}
	if err := c.SetMailServer(ctx, "nobody", a, ""); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("of nobody: %v", err)
	}
	if err := c.SetMailServer(ctx, "anna", outgoing.Account{}, ""); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("without a host: %v", err)
	}
	if _, err := out.Send(ctx, u, outgoing.Message{Key: "k", To: []string{"zoe@example.org"}, Body: tandem.Bytes("Subject: x\r\n\r\n")}); err != nil {
		t.Fatal(err)
	}
	list, err := c.Outgoing(ctx, "anna", 10)
	want, wantErr := direct.Outgoing(ctx, "", 10)
	if err != nil || wantErr != nil || len(list) != 1 || !reflect.DeepEqual(list, want) {
		t.Fatalf("over the socket %+v, %v; directly %+v, %v", list, err, want, wantErr)
	}
	if err := c.RetryOutgoing(ctx, list[0].ID); err != nil {
		t.Error(err)
	}
	if err := c.RemoveOutgoing(ctx, list[0].ID); err != nil {
		t.Error(err)
	}
	if err := c.RemoveOutgoing(ctx, list[0].ID); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if err := c.SetInvitations(ctx, "anna", imip.Ask); err != nil {
		t.Error(err)
	}
	if err := c.SetInvitations(ctx, "anna", "perhaps"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a mode that there is not: %v", err)
	}
	gone := away.Settings{State: away.On, Messages: map[string]away.Reply{away.Known: {Enabled: true, Text: "away", Type: "Text"}}}
	if err := c.SetAway(ctx, "anna", gone); err != nil {
		t.Error(err)
	}
	if err := c.SetAway(ctx, "nobody", gone); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("of nobody: %v", err)
	}
	if err := c.SetFilterServer(ctx, "anna", sieve.Account{Host: "h"}, "x"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a filter server without a port: %v", err)
	}
	if err := c.SetFilterServer(ctx, "anna", sieve.Account{}, ""); err != nil {
		t.Errorf("no filter server: %v", err)
	}
	u, err = st.Accounts.User(ctx, "anna")
	if s := away.Of(u); err != nil || imip.ModeOf(u) != imip.Ask || s.State != away.On || s.Since == 0 || s.Messages[away.Known].Text != "away" {
		t.Errorf("set to %v %+v, %v", imip.ModeOf(u), s, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

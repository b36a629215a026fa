package away

import (
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/arrival"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/wire/mime"
)

// TestSave: what is set is kept, with the moment at which it was turned on; what makes no sense is not.
func TestSave(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ctx := t.Context()
	if err := st.Accounts.AddUser(ctx, store.User{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	now := func() Settings {
		u, err := st.Accounts.User(ctx, "anna")
		if err != nil {
			t.Fatal(err)
		}
		return Of(u)
	}
	for i, c := range []struct {
		set   Settings
		at    int64
		since int64 // at the moment 1000
		on    bool
	}{
		{Settings{State: On}, 100, 100, true}, {Settings{State: On}, 200, 100, true}, {Settings{State: Off}, 300, 0, false}, {Settings{State: On}, 400, 400, true},
		{Settings{State: Between, Start: 900, End: 1001}, 500, 900, true}, {Settings{State: Between, Start: 900, End: 1000}, 500, 900, false},
		{Settings{State: Between, Start: 1001, End: 2000}, 500, 1001, false}, {Settings{State: On}, 600, 600, true},
	} {
		if err := Save(ctx, st.Accounts, "anna", c.set, c.at); err != nil {
			t.Fatal(err)
		}
		if since, on := now().Active(1000); since != c.since || on != c.on {
			t.Errorf("%d: since %d, %v", i, since, on)
		}
	}
	for _, bad := range []Settings{{State: 3}, {State: -1}, {State: Between}, {State: Between, Start: 5, End: 5}, {Messages: map[string]Reply{Known: {Text: strings.Repeat("x", MaxReply+1)}}}} {
		if err := Save(ctx, st.Accounts, "anna", bad, 1); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%+v: %v", bad.State, err)
		}
	}
	if err := Save(ctx, st.Accounts, "nobody", Settings{}, 1); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("of nobody: %v", err)
	}
	if s := Of(store.User{Props: tandem.MakeAttrs(map[string]string{Prop: "{broken"})}); s.State != Off || s.Messages == nil {
		t.Errorf("what cannot be read: %+v", s)
	}
}

// TestNobody: addresses at which no person reads, and at which one does. RFC 5230 4.6
func TestNobody(t *testing.T) {
	for address, want := range map[string]bool{"MAILER-DAEMON@x.org": true, "no-reply@x.org": true, "do_not_reply@x.org": true, "noreply@x.org": true, "list-request@x.org": true,
		"owner-list@x.org": true, "list-bounces@x.org": true, "bounces+7@x.org": true, "postmaster@x.org": true, "srs0=ab=cd@x.org": true, "news-noreply@x.org": true,
		"anna@x.org": false, "requester@x.org": false, "rootsman@x.org": false, "owner@x.org": false, "reply@x.org": false} {
		if got := nobody(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	for address, want := range map[string]bool{"a@x.org": true, "@x.org": false, "a@": false, "a": false, "a b@x.org": false, "a@x.org>\r\nBcc: b@x.org": false,
		"a,b@x.org": false, strings.Repeat("a", 250) + "@x.org": false} {
		if got := sound(address); got != want {
			t.Errorf("%q is sound: %v", address, got)
		}
	}
}

// TestCompose: nothing that stands in a message gets into the header of its answer as a line of its own, and long subjects are folded.
func TestCompose(t *testing.T) {
	for _, subject := range []string{"Plan", "x\r\nBcc: all@x.org", strings.Repeat("Grüße ", 100), "=?utf-8?q?x?="} {
		m := arrival.Message{User: store.User{Name: "anna", Title: "Anna\r\nBcc: y", Address: "anna@x.org"}, Envelope: &mail.Envelope{Subject: subject, MessageID: "1@x.org>\r\nBcc: <z"}}
		for _, typ := range []string{"Text", "HTML"} {
			raw := compose(m, mime.Address{Name: "Zoë", Email: "zoe@x.org"}, Reply{Text: "Away.\n\n.\nFrom here", Type: typ}, "away/1/zoe@x.org/0", timeAt)
			e, text, _, err := mail.Read(tandem.Bytes(raw))
			if err != nil || len(e.Bcc) != 0 || !e.Auto || e.To[0].Email != "zoe@x.org" || !strings.HasPrefix(e.Subject, "Automatic reply: ") || !strings.Contains(text, "Away.") {
				t.Errorf("%q, %s: %+v %v\n%s", subject, typ, e, err, raw)
			}
			for line := range strings.Lines(string(raw)) {
				if !strings.HasSuffix(line, "\r\n") || len(line) > 998 {
					t.Errorf("the line %q", line)
				}
			}
		}
	}
}

var timeAt = time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC)

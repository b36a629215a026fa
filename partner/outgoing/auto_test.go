package outgoing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/store"
)

// TestAuto: what a program answers names no sender, and nobody hears that it could not be delivered; a server that takes no mail of nobody gets the user's address.
// RFC 3834 3.1.3, RFC 5321 6.1
func TestAuto(t *testing.T) {
	for _, null := range []bool{false, true} {
		o := open(t)
		o.sink.null = null
		o.sink.rcpt["gone@example.org"] = &smtp.SMTPError{Code: 550, Message: "nobody"}
		for _, to := range []string{"zoe@example.org", "gone@example.org"} {
			if _, err := o.out.Send(t.Context(), o.anna, outgoing.Message{Key: to, From: "anna@hub.test", To: []string{to}, Body: tandem.Bytes(text), Auto: true}); err != nil {
				t.Fatal(err)
			}
		}
		o.run(0)
		o.sink.mu.Lock()
		from := slices.Clone(o.sink.from)
		o.sink.mu.Unlock()
		want := map[bool]string{false: "", true: "anna@hub.test"}[null]
		if len(o.got()) != 1 || len(from) == 0 || from[0] != want {
			t.Errorf("refused %v: from %q, got %d", null, from, len(o.got()))
		}
		if n := len(o.folder("anna", mailbox.Inbox)); n != 0 {
			t.Errorf("%d notices", n)
		}
		o.run(time.Hour)
		if len(o.got()) != 1 {
			t.Error("sent again")
		}
	}
}

// TestReaches: whom mail of a user comes to.
func TestReaches(t *testing.T) {
	o := open(t)
	ben, err := o.st.Accounts.User(t.Context(), "ben")
	o.must(err)
	for _, c := range []struct {
		who  store.User
		to   string
		want bool
	}{{o.anna, "zoe@example.org", true}, {ben, "zoe@example.org", false}, {ben, "anna@hub.test", true}, {o.anna, "ben@hub.test", true}} {
		if ok, err := o.out.Reaches(t.Context(), c.who, c.to); err != nil || ok != c.want {
			t.Errorf("%s to %s: %v, %v", c.who.Name, c.to, ok, err)
		}
	}
}

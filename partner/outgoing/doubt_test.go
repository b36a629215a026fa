package outgoing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/store"
)

// queue is what a person sees of the messages of anna, the oldest first: "sent to [a] doubt [b]".
func (o *office) queue() (out []string) {
	o.Helper()
	list, err := o.out.List(o.Context(), "anna", 0)
	o.must(err)
	for _, m := range slices.Backward(list) {
		out = append(out, fmt.Sprintf("%s to %v doubt %v", m.State, m.To, m.Doubt))
	}
	return out
}

func (o *office) wants(want ...string) {
	o.Helper()
	if got := o.queue(); !slices.Equal(got, want) {
		o.Errorf("the queue is %q, want %q", got, want)
	}
}

// in puts a message into doubt to a and b, while c is put off, and returns its number.
func (o *office) in() int64 {
	o.Helper()
	o.sink.mu.Lock()
	o.sink.cut, o.sink.rcpt["c@else.test"] = true, &smtp.SMTPError{Code: 451, Message: "later"}
	o.sink.mu.Unlock()
	o.send("k", "a@else.test", "B@else.test", "c@else.test")
	o.run(0)
	o.sink.mu.Lock()
	o.sink.cut = false
	delete(o.sink.rcpt, "c@else.test")
	o.sink.mu.Unlock()
	list, err := o.out.List(o.Context(), "anna", 1)
	o.must(err)
	return list[0].ID
}

// to is to whom the server got messages, in order.
func (o *office) to() (out []string) {
	for _, m := range o.got() {
		to, _, _ := strings.Cut(m, ": ")
		out = append(out, to)
	}
	slices.Sort(out)
	return out
}

// TestDoubtStays: those in doubt are named for as long as nobody has decided, also when the others have the message; to try it again is not to send it to them.
func TestDoubtStays(t *testing.T) {
	o := open(t)
	id := o.in()
	o.wants("waiting to [c@else.test] doubt [a@else.test B@else.test]")
	o.run(2 * time.Minute)
	o.wants("sent to [] doubt [a@else.test B@else.test]")
	err := o.out.Retry(t.Context(), id)
	var e *tandem.Error
	if !tandem.IsKind(err, tandem.Invalid) || !errors.As(err, &e) || !strings.Contains(e.Remedy, "tandem mail doubt") || !strings.Contains(err.Error(), "a@else.test, B@else.test") {
		t.Errorf("tried again: %v", err)
	}
	list, err := o.out.List(t.Context(), "anna", 1)
	if err != nil || !strings.Contains(list[0].Error, "did not say") {
		t.Errorf("it says %q, %v", list[0].Error, err)
	}
	o.run(time.Hour)
	if got := o.to(); !slices.Equal(got, []string{"a@else.test,B@else.test", "c@else.test"}) || len(o.folder("anna", mailbox.Inbox)) != 1 {
		t.Errorf("sent to %q", got)
	}
}

// TestDoubtAgain: a person has it sent again to exactly those in doubt, to one or to all; asked for twice it goes once.
func TestDoubtAgain(t *testing.T) {
	o := open(t)
	ctx, id := t.Context(), o.in()
	o.must(o.out.AnswerDoubt(ctx, id, outgoing.DoubtAnswer{Again: true, To: []string{"b@ELSE.test"}}))
	if err := o.out.AnswerDoubt(ctx, id, outgoing.DoubtAnswer{Again: true, To: []string{"b@else.test"}}); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), "a@else.test") {
		t.Errorf("answered twice: %v", err)
	}
	o.wants("waiting to [c@else.test] doubt [a@else.test]", "waiting to [B@else.test] doubt []")
	o.run(2 * time.Minute)
	o.wants("sent to [] doubt [a@else.test]", "sent to [] doubt []")
	o.must(o.out.AnswerDoubt(ctx, id, outgoing.DoubtAnswer{Again: true}))
	o.run(3 * time.Minute)
	o.wants("sent to [] doubt []", "sent to [] doubt []", "sent to [] doubt []")
	if got := o.to(); !slices.Equal(got, []string{"B@else.test", "a@else.test", "a@else.test,B@else.test", "c@else.test"}) {
		t.Errorf("sent to %q", got)
	}
	for _, m := range o.got() {
		if !strings.HasSuffix(m, text) {
			t.Errorf("the message became %q", m)
		}
	}
	if err := o.out.AnswerDoubt(ctx, id, outgoing.DoubtAnswer{}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("nobody is in doubt: %v", err)
	}
	if err := o.out.AnswerDoubt(ctx, 999, outgoing.DoubtAnswer{}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("no such message: %v", err)
	}
	if n := len(o.folder("anna", mailbox.Sent)); n != 1 {
		t.Errorf("%d copies are kept", n)
	}
	list, err := o.out.List(ctx, "anna", 0)
	if err != nil || list[2].Error != "" {
		t.Errorf("%+v, %v", list[2], err)
	}
}

// TestDoubtInDoubtAgain: what is sent again may be in doubt again.
func TestDoubtInDoubtAgain(t *testing.T) {
	o := open(t)
	o.sink.cut = true
	o.send("k", "a@else.test")
	o.run(0)
	o.wants("failed to [] doubt [a@else.test]")
	for n := range 2 {
		list, err := o.out.List(t.Context(), "anna", 1)
		o.must(err)
		o.must(o.out.AnswerDoubt(t.Context(), list[0].ID, outgoing.DoubtAnswer{Again: true}))
		o.run(time.Hour)
		if got, notices := o.to(), o.folder("anna", mailbox.Inbox); len(got) != n+2 || len(notices) != n+2 {
			t.Errorf("sent to %q, with %d notices", got, len(notices))
		}
	}
	o.wants("sent to [] doubt []", "sent to [] doubt []", "failed to [] doubt [a@else.test]")
}

// TestDoubtDrop: those whom a person counts as reached are asked about no more, and get nothing.
func TestDoubtDrop(t *testing.T) {
	o := open(t)
	id := o.in()
	o.must(o.out.AnswerDoubt(t.Context(), id, outgoing.DoubtAnswer{To: []string{"a@else.test"}}))
	o.wants("waiting to [c@else.test] doubt [B@else.test]")
	o.run(2 * time.Minute)
	o.must(o.out.AnswerDoubt(t.Context(), id, outgoing.DoubtAnswer{}))
	o.run(time.Hour)
	o.wants("sent to [] doubt []")
	if got := o.to(); !slices.Equal(got, []string{"a@else.test,B@else.test", "c@else.test"}) {
		t.Errorf("sent to %q", got)
	}
	if err := o.out.Retry(t.Context(), id); !tandem.IsKind(err, tandem.Invalid) || strings.Contains(err.Error(), "doubt") {
		t.Errorf("tried again: %v", err)
	}
}

// TestDoubtDies: a hub that dies while it carries out the answer, and is asked again, sends once to each.
func TestDoubtDies(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n, died := 1, true; died; n++ {
			t.Run(fmt.Sprintf("at write %d, made %v", n, after), func(t *testing.T) {
				o := open(t)
				id := o.in()
				hub, l := o.begin(n, after)
				err := hub.AnswerDoubt(t.Context(), id, outgoing.DoubtAnswer{Again: true})
				if died = l.dead; died != (err != nil) {
					t.Fatal(err)
				}
				if err := o.out.AnswerDoubt(t.Context(), id, outgoing.DoubtAnswer{Again: true}); err != nil && !tandem.IsKind(err, tandem.Invalid) {
					t.Fatal(err)
				}
				o.run(2 * time.Minute)
				if got := o.to(); !slices.Equal(got, []string{"B@else.test", "a@else.test", "a@else.test,B@else.test", "c@else.test"}) {
					t.Errorf("sent to %q", got)
				}
				o.wants("sent to [] doubt []", "sent to [] doubt []", "sent to [] doubt []")
			})
			if !died && n < 5 {
				t.Errorf("only %d writes", n-1)
			}
		}
	}
}

// TestDoubtOfTheHub: a message of the hub itself goes the same way again.
func TestDoubtOfTheHub(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	a, _ := outgoing.AccountOf(o.anna)
	a.From = "hub@else.test"
	o.must(o.out.SetHubAccount(ctx, a, "secret"))
	o.must(o.st.Accounts.SetProps(ctx, "anna", map[string]string{"submission": ""}))
	anna, err := o.st.Accounts.User(ctx, "anna")
	o.must(err)
	o.sink.cut = true
	o.must(o.out.Notify(ctx, anna, "n", tandem.Bytes(text)))
	o.run(0)
	o.sink.mu.Lock()
	o.sink.cut = false
	o.sink.mu.Unlock()
	list, err := o.out.List(ctx, "anna", 1)
	o.must(err)
	if len(list[0].Doubt) != 1 {
		t.Fatalf("%+v", list[0])
	}
	o.must(o.out.AnswerDoubt(ctx, list[0].ID, outgoing.DoubtAnswer{Again: true}))
	o.run(time.Minute)
	if got := o.to(); len(got) != 2 || got[0] != got[1] {
		t.Errorf("sent to %q", got)
	}
	var states []store.Sending
	if list, err = o.out.List(ctx, "anna", 0); err == nil {
		for _, m := range list {
			states = append(states, m.State)
		}
	}
	if !slices.Equal(states, []store.Sending{store.Sent, store.Sent}) {
		t.Errorf("%v, %v", states, err)
	}
}

package outgoing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem/partner/outgoing"
)

// refuse makes the server refuse mail for somebody for good, or take it again.
func (o *office) refuse(who string, refused bool) {
	o.sink.mu.Lock()
	defer o.sink.mu.Unlock()
	delete(o.sink.rcpt, who)
	if refused {
		o.sink.rcpt[who] = &smtp.SMTPError{Code: 550, Message: "no such user"}
	}
}

// TestPartlyInDoubt: a message that somebody perhaps has, and that was refused for others, reads partly once the doubt is answered, either way, and names those who do not have it; they can be tried again.
func TestPartlyInDoubt(t *testing.T) {
	for _, again := range []bool{true, false} {
		o := open(t)
		o.refuse("b@else.test", true)
		o.sink.mu.Lock()
		o.sink.cut = true
		o.sink.mu.Unlock()
		o.send("k", "a@else.test", "b@else.test")
		o.run(0)
		o.sink.mu.Lock()
		o.sink.cut = false
		o.sink.mu.Unlock()
		list, err := o.out.List(t.Context(), "anna", 1)
		o.must(err)
		id := list[0].ID
		o.must(o.out.AnswerDoubt(t.Context(), id, outgoing.DoubtAnswer{Again: again}))
		o.run(time.Hour)
		want := []string{"partly to [b@else.test] doubt []"}
		if again {
			want = append(want, "sent to [] doubt []")
		}
		o.wants(want...)
		o.refuse("b@else.test", false)
		o.must(o.out.Retry(t.Context(), id))
		o.run(2 * time.Hour)
		want[0] = "sent to [] doubt []"
		o.wants(want...)
		if got := o.to(); !slices.Contains(got, "b@else.test") {
			t.Errorf("sent to %q", got)
		}
	}
}

// TestPartlyLater: what some got at once and others were refused later reads partly, too; what was refused for all is given up.
func TestPartlyLater(t *testing.T) {
	o := open(t)
	o.sink.mu.Lock()
	o.sink.rcpt["b@else.test"] = &smtp.SMTPError{Code: 451, Message: "later"}
	o.sink.mu.Unlock()
	o.send("k", "a@else.test", "b@else.test")
	o.run(0)
	o.wants("waiting to [b@else.test] doubt []")
	o.refuse("b@else.test", true)
	o.run(2 * time.Minute)
	o.wants("partly to [b@else.test] doubt []")
	o.send("l", "b@else.test")
	o.run(3 * time.Minute)
	o.wants("partly to [b@else.test] doubt []", "failed to [b@else.test] doubt []")
	list, err := o.out.List(t.Context(), "anna", 0)
	o.must(err)
	if !slices.Equal(list[1].Refused, []string{"b@else.test"}) || list[1].Reached != 1 || list[0].Reached != 0 {
		t.Errorf("%+v", list)
	}
}

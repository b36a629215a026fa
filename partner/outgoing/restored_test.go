package outgoing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
)

// TestRestored: what waited when a backup was made may have been sent since. It is not sent by itself, its sender is told and has it among what was sent, and it goes once to those whom a person names; what is
// written after the restore goes as ever.
func TestRestored(t *testing.T) {
	o := open(t)
	o.sink.mu.Lock()
	o.sink.rcpt["late@else.test"] = &smtp.SMTPError{Code: 451, Message: "later"}
	o.sink.mu.Unlock()
	o.send("k", "a@else.test", "late@else.test")
	o.run(0)
	o.send("never tried", "b@else.test")
	o.must(outgoing.Restored(t.Context(), o.st.Queue))
	o.sink.mu.Lock()
	delete(o.sink.rcpt, "late@else.test")
	o.sink.mu.Unlock()
	o.run(time.Hour)
	o.wants("failed to [] doubt [late@else.test]", "failed to [] doubt [b@else.test]")
	if got := o.to(); !slices.Equal(got, []string{"a@else.test"}) {
		t.Errorf("sent to %q", got)
	}
	if told, kept := len(o.folder("anna", mailbox.Inbox)), len(o.folder("anna", mailbox.Sent)); told != 2 || kept != 2 {
		t.Errorf("%d notices, %d among what was sent", told, kept)
	}
	list, err := o.out.List(t.Context(), "anna", 1)
	o.must(err)
	o.must(o.out.AnswerDoubt(t.Context(), list[0].ID, outgoing.DoubtAnswer{Again: true}))
	o.send("afterwards", "c@else.test")
	o.run(time.Hour)
	if got := o.to(); !slices.Equal(got, []string{"a@else.test", "b@else.test", "c@else.test"}) {
		t.Errorf("sent to %q in the end", got)
	}
}

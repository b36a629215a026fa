package outgoing_test

import (
	"testing"

	"github.com/emersion/go-smtp"

	"tandem"
	"tandem/store"
)

// TestRetryRemove: a person has a message tried again that was given up, and takes one out.
func TestRetryRemove(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	o.sink.rcpt["zoe@else.test"] = &smtp.SMTPError{Code: 550, Message: "no such user"}
	o.send("one", "zoe@else.test")
	o.run(0)
	list, err := o.out.List(ctx, "anna", 10)
	o.must(err)
	if len(list) != 1 || list[0].State != store.Failed || len(list[0].To) != 1 {
		t.Fatalf("refused: %+v", list)
	}
	delete(o.sink.rcpt, "zoe@else.test")
	o.must(o.out.Retry(ctx, list[0].ID))
	o.run(0)
	if list, err = o.out.List(ctx, "", 10); err != nil || list[0].State != store.Sent || len(o.sink.got) != 1 {
		t.Errorf("tried again: %+v, %v, %q", list, err, o.sink.got)
	}
	if err := o.out.Retry(ctx, list[0].ID); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("what was sent is tried again: %v", err)
	}
	o.must(o.out.Remove(ctx, list[0].ID))
	if err := o.out.Retry(ctx, list[0].ID); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("what is gone is tried again: %v", err)
	}
}

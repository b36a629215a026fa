package outgoing_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/partner/outgoing"
	"tandem/store"
)

// failingQueue fails once, at its n-th change, whether or not the change is made, and works again from then on: a disk was full for a moment.
type failingQueue struct {
	store.Queue
	left *int
	made bool
}

func (q failingQueue) ChangeOutgoing(ctx context.Context, id int64, change func(m *store.Outgoing) error) (store.Outgoing, error) {
	if *q.left--; *q.left != 0 {
		return q.Queue.ChangeOutgoing(ctx, id, change)
	}
	if q.made {
		_, _ = q.Queue.ChangeOutgoing(ctx, id, change) // error: nobody hears of it
	}
	return store.Outgoing{}, errors.New("the disk is full")
}

// TestRecordsFail: where the hub cannot note how far a message has come, at whatever moment, it sends it once to each recipient all the same. Where it does not know, the sender is told, once.
func TestRecordsFail(t *testing.T) {
	for _, made := range []bool{false, true} {
		for n, failed := 1, true; failed; n++ {
			t.Run(fmt.Sprintf("at change %d, made %v", n, made), func(t *testing.T) { failed = recordsFail(t, n, made) })
			if n == 1 && !failed || n > 30 {
				t.Fatalf("%d changes", n)
			}
		}
	}
}

func recordsFail(t *testing.T, n int, made bool) (failed bool) {
	o := open(t)
	o.now = time.Now()
	left := n
	hub := outgoing.New(outgoing.Service{Accounts: o.st.Accounts, Queue: failingQueue{o.st.Queue, &left, made}, Blobs: o.st.Blobs, Boxes: o.boxes, Secrets: o.out.Secrets, Name: "hub.test",
		Now: func() time.Time { return o.now }})
	if _, err := hub.Send(t.Context(), o.anna, outgoing.Message{Key: "k", To: []string{"zoe@else.test", "ben@hub.test"}, Body: tandem.Bytes(text), Save: true}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, _ = hub.Once(t.Context()) // error: it may fail once
		o.now = o.now.Add(time.Hour)
	}
	told := len(o.folder("anna", mailbox.Inbox))
	if got := o.got(); len(got) > 1 || told > 1 || len(got)+told == 0 || len(got) == 1 && !strings.HasPrefix(got[0], "zoe@else.test: ") {
		t.Errorf("sent %q, told %d times", got, told)
	}
	if in, sent := o.folder("ben", mailbox.Inbox), o.folder("anna", mailbox.Sent); len(in) != 1 || len(sent) != 1 {
		t.Errorf("ben has %d, %d among what was sent", len(in), len(sent))
	}
	if list, err := o.out.List(t.Context(), "anna", 0); err != nil || len(list) != 1 || list[0].State == store.Waiting {
		t.Errorf("%+v, %v", list, err)
	}
	return left <= 0
}

// TestDoubtOfOddAddress: an address with a comma in it is in doubt like others, and does not get the message again. RFC 5321 4.1.2, Quoted-string
func TestDoubtOfOddAddress(t *testing.T) {
	o := open(t)
	o.sink.cut = true
	odd := `"a, b"@else.test`
	o.send("k", odd, "zoe@else.test")
	o.run(0)
	o.sink.mu.Lock()
	o.sink.cut = false
	o.sink.mu.Unlock()
	o.run(time.Hour)
	if got := o.got(); len(got) != 1 {
		t.Errorf("the server got %q", got)
	}
	if list, err := o.out.List(t.Context(), "anna", 1); err != nil || len(list) != 1 || len(list[0].Doubt) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

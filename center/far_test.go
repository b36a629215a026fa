package center

import (
	"context"
	"errors"
	"testing"
	"time"

	"tandem"
	"tandem/partner/mailbox"
	"tandem/provider"
)

func TestFarName(t *testing.T) {
	for _, n := range []farName{{1, "7", "9"}, {123, "1764000000", "4294967295"}} {
		if got, ok := readFarName(n.String()); !ok || got != n {
			t.Errorf("%s: %+v, %v", n, got, ok)
		}
	}
	for _, bad := range []string{"", "f", "1-2-3", "f1-2", "f1-2-3-4", "fx-2-3", "f01-2-3", "f+1-2-3", "F1-2-3"} {
		if n, ok := readFarName(bad); ok {
			t.Errorf("%q names %+v", bad, n)
		}
	}
}

// TestFarAsked: a server is asked the same once in a while, and not again at once when it did not answer; not for another's folder, and not while nothing is to run.
func TestFarAsked(t *testing.T) {
	p := newPost(t)
	p.tree("work")
	p.deliver("work", 1, "in")
	p.begin("work", "anna")
	now, asked := time.Now(), 0
	p.hub.cfg.Now = func() time.Time { return now }
	var failed error
	p.seek = func(q provider.Sought) (provider.Beyond, error) {
		asked++
		body := tandem.Bytes("Subject: far\n\nx\n")
		return provider.Beyond{Identity: tandem.Identity{Epoch: "7"}, Records: []tandem.Record{{ID: "5", Meta: tandem.Meta{Size: 99}, Body: body}}}, failed
	}
	far, inbox := p.hub.Far(), p.coll("anna", "Inbox").ID
	water := mailbox.FarQuery{Text: []string{"water"}, Most: 3}
	step := func(what, user string, q mailbox.FarQuery, found, asks int) {
		t.Helper()
		asked = 0
		list, err := far.Seek(t.Context(), user, inbox, q)
		p.must(err)
		if len(list) != found || asked != asks {
			t.Errorf("%s: %d found, asked %d times; want %d, %d", what, len(list), asked, found, asks)
		}
		if len(list) > 0 && (!list[0].Cut || list[0].Size != 99) {
			t.Errorf("%s: %+v", what, list[0])
		}
	}
	step("first", "anna", water, 1, 1)
	step("again", "anna", water, 1, 0)
	step("in other letters", "ANNA", water, 1, 0)
	step("another question", "anna", mailbox.FarQuery{From: []string{"water"}, Most: 3}, 1, 1)
	step("nothing in particular", "anna", mailbox.FarQuery{Most: 3}, 0, 0)
	step("another's", "ben", water, 0, 0)
	now = now.Add(2 * farKept)
	step("later", "anna", water, 1, 1)
	now = now.Add(2 * farKept)
	failed = errors.New("it does not answer")
	step("it fails", "anna", water, 0, 1)
	failed = nil
	step("a moment later", "anna", water, 0, 0)
	now = now.Add(2 * farKept)
	step("and later", "anna", water, 1, 1)
	list, err := p.hub.Folders(t.Context(), "work")
	p.must(err)
	p.must(p.hub.EnableItem(t.Context(), list[0].Item, false))
	step("disabled", "anna", water, 0, 0)
	p.must(p.hub.EnableItem(t.Context(), list[0].Item, true))
	now = now.Add(2 * farKept)
	failed = context.Canceled
	if _, err := far.Seek(t.Context(), "anna", inbox, water); !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v", err)
	}
	failed = nil
	step("the next one", "anna", water, 1, 1)
}

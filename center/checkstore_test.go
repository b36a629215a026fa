package center

import (
	"errors"
	"testing"

	"tandem"
)

// TestCheckStore: each thing that is wrong with the store is told by itself, with what helps there.
func TestCheckStore(t *testing.T) {
	t.Parallel()
	lost := &tandem.Error{Kind: tandem.Unreadable, Op: "check", Thing: "db", Err: errors.New("body 1 is named and not there"), Remedy: "fetch it"}
	got := checkStore(errors.Join(lost, errors.New("malformed")))
	if len(got) != 2 || got[0].Text != "check db: body 1 is named and not there" || got[0].Remedy != "fetch it" || got[1].Text != "malformed" || got[1].Remedy == "fetch it" || got[1].Remedy == "" || got[1].Level != "fail" {
		t.Errorf("%+v", got)
	}
	if got := checkStore(nil); len(got) != 1 || got[0].Level != "ok" {
		t.Errorf("%+v", got)
	}
	var many []error
	for range 30 {
		many = append(many, lost)
	}
	if got := checkStore(errors.Join(many...)); len(got) != shownDamaged+1 || got[shownDamaged].Text != "10 more are damaged" {
		t.Errorf("%+v", got)
	}
}

package center

import (
	"errors"
	"testing"

	"tandem"
)

// TestFailureOf: an error keeps what it names and what helps on its way to another process or a page, also where nothing was joined to it; of several only the text stays.
func TestFailureOf(t *testing.T) {
	t.Parallel()
	one := &tandem.Error{Kind: tandem.NotFound, Op: "find user", Thing: "zoe", Err: errors.New("there is none"), Remedy: "look"}
	for name, err := range map[string]error{"itself": one, "joined to nothing": errors.Join(one, nil), "twice": errors.Join(nil, errors.Join(one))} {
		if f := FailureOf(err); f.Op != "find user" || f.Thing != "zoe" || f.Remedy != "look" || f.Text != "there is none" || f.Kind != tandem.NotFound {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := FailureOf(errors.Join(one, errors.New("more"))); f.Kind != tandem.NotFound || f.Op != "" || f.Text != "find user zoe: there is none; look\nmore" {
		t.Errorf("two: %+v", f)
	}
}

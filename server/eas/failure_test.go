package eas

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"tandem"
	"tandem/server/eas/proto"
)

// TestFailures: what a command fails with is told by the code that lets a phone do the right thing: come again where that helps, and stop where it does
// not. MS-ASHTTP_R184, R188, R190, R192
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		code  int
		after string
	}{
		{"a fault of the way", &tandem.Error{Kind: tandem.Transient}, 503, "5"},
		{"a fault that says when", &tandem.Error{Kind: tandem.Transient, Wait: 90}, 503, "90"},
		{"another has it", &tandem.Error{Kind: tandem.Busy, Wait: 1}, 503, "5"}, // never so soon that phones go in circles
		{"changed meanwhile", &tandem.Error{Kind: tandem.Changed}, 503, "5"},
		{"removed meanwhile", &tandem.Error{Kind: tandem.NotFound}, 503, "5"},
		{"no space left", &tandem.Error{Kind: tandem.Full}, 507, ""},
		{"no sense", &tandem.Error{Kind: tandem.Invalid}, 400, ""},
		{"too large", &tandem.Error{Kind: tandem.TooLarge}, 413, ""},
		{"a fault of ours", errors.New("nobody foresaw it"), 500, ""},
	} {
		h := newHeld(0)
		h.cfg.Commands = map[string]proto.Command{"SmartReply": func(context.Context, *proto.Request) (*proto.Response, error) { return nil, c.err }}
		w := h.post("ann", "SmartReply", nil)
		if got := w.Header().Get("Retry-After"); w.Code != c.code || got != c.after {
			t.Errorf("%s: %d %s, again after %q", c.name, w.Code, http.StatusText(w.Code), got)
		}
		if got := w.Header().Get("MS-ASProtocolCommands") + w.Header().Get("X-MS-Location"); got != "" {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

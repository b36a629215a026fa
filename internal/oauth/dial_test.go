package oauth

import (
	"context"
	"errors"
	"net"
	"net/url"
	"testing"
)

// TestDial: a login's servers, which the options of a place may name, are connected to by the way that was given and by no other.
func TestDial(t *testing.T) {
	t.Parallel()
	kept := errors.New("not there")
	var asked []string
	s := New(Config{Endpoints: Endpoints{Device: "https://login.example.org/device", Token: "https://login.example.org/token"}, ClientID: "x", ClientSecret: func(context.Context) (string, error) { return "", nil },
		Dial: func(_ context.Context, network, address string) (net.Conn, error) {
			asked = append(asked, network+" "+address)
			return nil, kept
		}})
	if _, err := s.post(t.Context(), "https://login.example.org/token", url.Values{}); !errors.Is(err, kept) {
		t.Errorf("%v", err)
	}
	if len(asked) != 1 || asked[0] != "tcp login.example.org:443" {
		t.Errorf("connected to %q", asked)
	}
}

package netguard

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"tandem"
)

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "93.184.215.14": true, "172.15.255.255": true, "172.32.0.1": true, "100.63.255.255": true, "100.128.0.1": true, "2606:2800:21f:cb07::1": true, "2a00:1450::1": true,
		"127.0.0.1": false, "127.8.8.8": false, "0.0.0.0": false, "0.1.2.3": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "192.0.0.170": false, "198.18.0.1": false, "224.0.0.1": false, "239.1.1.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"::": false, "::1": false, "fe80::1": false, "fc00::1": false, "fd12:3456::1": false, "ff02::1": false, "2001:db8::1": false, "2001::1": false, "fec0::1": false, "4000::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true, "::127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b::808:808": true, "2002:7f00:1::1": false, "2002:c0a8:101::1": false, "2002:808:808::1": true, "64:ff9b:1::808:808": false,
	} {
		if got := Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if Public(netip.Addr{}) || Public(netip.MustParseAddr("2606:2800::1%eth0")) {
		t.Error("what is no address, or has a zone, is public")
	}
}

// TestThisComputer checks that a server of this computer is not reached, by whatever spelling, and that nothing arrives there.
func TestThisComputer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "127.1.2.3", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"} {
		conn, err := Dialer{}.DialContext(t.Context(), "tcp", host+":"+port)
		if err == nil {
			conn.Close()
			t.Fatalf("%s was reached", host)
		}
		var e *tandem.Error
		if !errors.As(err, &e) || e.Kind != tandem.Denied || e.Remedy == "" {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := (Dialer{}).DialContext(t.Context(), "unix", "/run/x"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("a socket: %v", err)
	}
	loop := func(ip netip.Addr) bool { return ip.IsLoopback() }
	if _, err := (Dialer{Allow: loop}).DialContext(t.Context(), "tcp", l.Addr().String()); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("this computer's own address, though its like is allowed: %v", err)
	}
	none := func() ([]netip.Addr, error) { return nil, nil }
	conn, err := Dialer{Allow: loop, Own: none}.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatalf("what is allowed: %v", err)
	}
	conn.Close()
	own := Dialer{Own: func() ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil }}
	if _, err := own.DialContext(t.Context(), "tcp", "93.184.215.14:80"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("a public address of this computer: %v", err)
	}
	broken := Dialer{Own: func() ([]netip.Addr, error) { return nil, errors.New("no interfaces") }}
	if _, err := broken.DialContext(t.Context(), "tcp", "93.184.215.14:80"); err == nil {
		t.Error("without knowing this computer's addresses")
	}
}

// TestRedirects checks that a server outside cannot lead in: every connection is looked at.
func TestRedirects(t *testing.T) {
	reached := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inner.Close()
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner.URL, http.StatusFound)
	}))
	defer outer.Close()
	// The outer one plays a public server: the first connection is let through.
	guard, first := Dialer{}, true
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if first {
			first = false
			return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(outer.URL, "http://"))
		}
		return guard.DialContext(ctx, network, address)
	}}}
	resp, err := client.Get("http://public.example/")
	if err == nil {
		resp.Body.Close()
	}
	if !tandem.IsKind(err, tandem.Denied) || reached {
		t.Errorf("reached: %v, %v", reached, err)
	}
}

package netguard

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Dial is a way to connect, as net.Dialer.DialContext is one.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// System connects as the system does, anywhere.
func System(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, network, address)
}

// Or is dial, or System where it is nil.
func Or(dial Dial) Dial {
	if dial == nil {
		return System
	}
	return dial
}

// Transport makes a transport for HTTP that connects by dial. nil: as the system does, and through the proxy that the hub's environment names.
func Transport(dial Dial) *http.Transport {
	t := &http.Transport{DialContext: Or(dial), TLSHandshakeTimeout: 30 * time.Second}
	if dial == nil {
		t.Proxy = http.ProxyFromEnvironment
	}
	return t
}

// Client makes a client that follows no redirects and gives up after some time. private tells, for each request, whether it may reach addresses that are not public.
func Client(private func(ctx context.Context) bool, limit time.Duration) *http.Client {
	guard := Dialer{Timeout: 10 * time.Second}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if private(ctx) {
			return System(ctx, network, address)
		}
		return guard.DialContext(ctx, network, address)
	}
	t := &http.Transport{DialContext: dial, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: limit,
		DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10} // kept connections would serve requests that may reach less
	return &http.Client{Transport: t, Timeout: limit, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

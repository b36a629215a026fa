// Package listen opens the network addresses on which front doors answer, and serves HTTP on them until it is time to stop.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"tandem"
)

// Default is the address that is listened on unless others are given.
const Default = "https://:8443"

// Address is one address to listen on.
type Address struct {
	TLS  bool
	Host string // "": all
	Port string
}

// String is the address as it is written: "https://:8443".
func (a Address) String() string {
	scheme := "http"
	if a.TLS {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(a.Host, a.Port)
}

// Loopback reports whether only this computer can reach the address.
func (a Address) Loopback() bool {
	if a.Host == "localhost" {
		return true
	}
	ip := net.ParseIP(a.Host)
	return ip != nil && ip.IsLoopback()
}

// Parse reads an address: "https://:8443", "http://127.0.0.1:8080", "https://[::1]:443". Without a port it is the scheme's own.
func Parse(s string) (Address, error) {
	fail := func(why string) (Address, error) {
		return Address{}, &tandem.Error{Kind: tandem.Invalid, Op: "listen on", Thing: s, Err: errors.New(why),
			Remedy: "write it like https://:8443 or http://127.0.0.1:8080"}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fail("it is no address")
	case u.Scheme != "http" && u.Scheme != "https":
		return fail("it begins with neither https:// nor http://")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fail("there is more than a host and a port")
	}
	a := Address{TLS: u.Scheme == "https", Host: u.Hostname(), Port: u.Port()}
	if a.Host == "*" {
		a.Host = ""
	}
	if a.Port == "" {
		a.Port = map[bool]string{false: "80", true: "443"}[a.TLS]
	}
	return a, nil
}

// Server is a set of open addresses.
type Server struct {
	listeners []net.Listener
	addresses []Address // with the ports that were given
	http      *http.Server
	again     *returned       // connections that were parked
	base      context.Context // what requests live in

	mu      sync.Mutex
	parked  map[*Parked]struct{} // guarded by mu
	stopped bool                 // guarded by mu
	tidied  int                  // how many were parked when memory was last given back, or fewer; guarded by mu
	tidy    *time.Timer          // guarded by mu; nil: there was no need for it yet
	free    func()               // gives memory back; nil: debug.FreeOSMemory
}

// Open opens all addresses, or none. config is for those with TLS. A port 0 lets the system choose.
func Open(addresses []Address, config *tls.Config) (*Server, error) {
	s := &Server{}
	for _, a := range addresses {
		l, err := net.Listen("tcp", net.JoinHostPort(a.Host, a.Port))
		if err != nil {
			return nil, errors.Join(failure(a, err), s.closeAll())
		}
		if _, port, err := net.SplitHostPort(l.Addr().String()); err == nil {
			a.Port = port
		}
		if a.TLS {
			l = tls.NewListener(l, config)
		}
		s.listeners = append(s.listeners, l)
		s.addresses = append(s.addresses, a)
	}
	return s, nil
}

func failure(a Address, err error) error {
	e := &tandem.Error{Kind: tandem.Busy, Op: "listen on", Thing: a.String(), Err: err, Remedy: "stop what uses the port, or choose another with --listen"}
	var no *net.AddrError
	var dns *net.DNSError
	switch text := err.Error(); {
	case strings.Contains(text, "permission denied"):
		e.Kind, e.Remedy = tandem.Denied, "ports below 1024 need a privilege; choose another with --listen, such as "+Default
	case errors.As(err, &no) && strings.Contains(no.Err, "port"), strings.Contains(text, "unknown port"):
		e.Kind, e.Remedy = tandem.Invalid, "a port is a number from 1 to 65535, such as that of "+Default
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, &dns):
		e.Kind, e.Remedy = tandem.NotFound, "this computer has no such address; leave it out to listen on all it has, as in "+Default
	}
	return e
}

func (s *Server) closeAll() (err error) {
	for _, l := range s.listeners {
		err = errors.Join(err, l.Close())
	}
	return err
}

// Addresses are what is listened on, with the real ports.
func (s *Server) Addresses() []Address { return s.addresses }

// grace is how long requests may go on when it is time to stop.
const grace = 2 * time.Second

// Serve answers on all addresses until ctx is done; requests then get the cancelled context and a moment to end. Requests have no time limit as a
// whole, since phones wait for changes; a client that does not read or write is cut off.
func (s *Server) Serve(ctx context.Context, h http.Handler, log *slog.Logger) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s.base = base
	s.http = &http.Server{
		Handler: h, ReadHeaderTimeout: 20 * time.Second, IdleTimeout: 3 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return s.withServer(base) },
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug), // broken handshakes of scanners, mostly
	}
	s.again = newReturned(s.listeners[0].Addr())
	listeners := append(slices.Clone(s.listeners), s.again)
	errs := make(chan error, len(listeners))
	var all sync.WaitGroup
	for _, l := range listeners {
		all.Go(func() { errs <- s.http.Serve(l) })
	}
	var first error
	select {
	case <-ctx.Done():
	case first = <-errs:
	}
	cancel()
	s.unpark()
	stop, release := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer release()
	if s.http.Shutdown(stop) != nil {
		s.http.Close()
	}
	all.Wait()
	if first == nil || errors.Is(first, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", first)
}

// Close closes all addresses without serving.
func (s *Server) Close() error { return s.closeAll() }

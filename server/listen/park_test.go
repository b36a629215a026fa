package listen_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"tandem/server/certs"
	"tandem/server/listen"
)

// parking is a server whose /wait parks until the test says what to answer; anything else is answered at once.
type parking struct {
	*testing.T
	srv    *listen.Server
	client *http.Client
	parked chan *listen.Parked
	gone   chan struct{}
	stop   func()
}

func newParking(t *testing.T, secure bool) *parking {
	t.Helper()
	p := &parking{T: t, parked: make(chan *listen.Parked, 10), gone: make(chan struct{}, 10)}
	scheme := "http"
	var config *tls.Config
	tr := &http.Transport{}
	if secure {
		scheme = "https"
		own, err := certs.OpenOwn(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := own.Use("127.0.0.1"); err != nil {
			t.Fatal(err)
		}
		config = own.Config()
		ca, err := x509.ParseCertificate(own.Authority())
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(ca)
		tr.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	a, err := listen.Parse(scheme + "://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if p.srv, err = listen.Open([]listen.Address{a}, config); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.srv.Serve(ctx, http.HandlerFunc(p.handle), slog.New(slog.DiscardHandler)) }()
	p.client = &http.Client{Transport: tr}
	stopped := false
	p.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		p.stop()
	})
	return p
}

func (p *parking) handle(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/wait" {
		fmt.Fprintf(w, "%s over %v", r.RemoteAddr, r.TLS != nil)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	parked, ok := listen.Park(w, r)
	if !ok {
		p.Error("not parked")
		return
	}
	parked.OnGone(func() { p.gone <- struct{}{} })
	p.parked <- parked
}

func (p *parking) url(path string) string { return p.srv.Addresses()[0].String() + path }

func (p *parking) get(path string) string {
	p.Helper()
	resp, err := p.client.Post(p.url(path), "text/plain", strings.NewReader("what is new?"))
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	return string(b)
}

// TestPark: a parked request is answered, and its connection serves the next ones.
func TestPark(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("secure=", secure), func(t *testing.T) {
			p := newParking(t, secure)
			before := p.get("/")
			for range 3 {
				answer := make(chan string)
				go func() { answer <- p.get("/wait") }()
				parked := <-p.parked
				if p.srv.Parked() != 1 {
					t.Errorf("%d are parked", p.srv.Parked())
				}
				if err := parked.Answer(200, http.Header{"Content-Type": {"text/plain"}}, []byte("news")); err != nil {
					t.Error(err)
				}
				if got := <-answer; got != "news" {
					t.Fatalf("%q", got)
				}
				if err := parked.Answer(200, http.Header{}, []byte("twice")); err == nil {
					t.Error("answered twice")
				}
				if after := p.get("/"); after != before { // the same connection, and the same protection
					t.Errorf("%q, then %q", before, after)
				}
			}
			if p.srv.Parked() != 0 {
				t.Errorf("%d are parked", p.srv.Parked())
			}
		})
	}
}

// TestParkGone: a client that hangs up is noticed, and so is one that talks instead of waiting.
func TestParkGone(t *testing.T) {
	for _, talk := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"} {
		p := newParking(t, false)
		c, err := net.Dial("tcp", strings.TrimPrefix(p.url(""), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		parked := <-p.parked
		if talk == "" {
			c.Close()
		} else {
			fmt.Fprint(c, talk)
		}
		<-p.gone
		if err := parked.Answer(200, http.Header{}, nil); err == nil || p.srv.Parked() != 0 {
			t.Errorf("answered nobody: %v", err)
		}
		c.Close()
	}
}

// TestParkStop: when the server stops, nobody is left waiting.
func TestParkStop(t *testing.T) {
	p := newParking(t, true)
	errs := make(chan error)
	go func() {
		_, err := p.client.Post(p.url("/wait"), "text/plain", strings.NewReader("x"))
		errs <- err
	}()
	parked := <-p.parked
	p.stop()
	<-p.gone
	if err := <-errs; err == nil || parked.Context().Err() == nil {
		t.Errorf("%v", err)
	}
	late := make(chan struct{})
	parked.OnGone(func() { close(late) })
	<-late
}

// TestParkClose: an old client gets its answer and the end of the connection.
func TestParkClose(t *testing.T) {
	p := newParking(t, false)
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url(""), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "POST /wait HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
	parked := <-p.parked
	if err := parked.Answer(503, http.Header{"Retry-After": {"60"}}, nil); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "60" || !resp.Close {
		t.Fatalf("%+v, %v", resp, err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection stays open: %v", err)
	}
}

// TestParkElsewhere: outside a Server, and on HTTP/2, there is no parking.
func TestParkElsewhere(t *testing.T) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := listen.Park(nil, r); ok {
		t.Error("parked outside a server")
	}
}

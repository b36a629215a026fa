package certs_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"tandem/internal/need"
	"tandem/server/certs"
	"tandem/test/peer"
)

// pebble is a running authority: Let's Encrypt's own test server.
type pebble struct {
	directory string
	roots     *x509.CertPool // of the directory
	issued    *x509.CertPool // of what it issues
}

// startPebble starts an authority that asks at these ports. Names below "nowhere.example" have no address; all others lead to this computer.
// Certificates are good for some seconds, 0: for years.
func startPebble(t *testing.T, tlsPort, httpPort, seconds int) *pebble {
	t.Helper()
	program := need.Program(t, "pebble")
	dir := t.TempDir()
	own := open(t, dir, nil)
	if err := own.Use("127.0.0.1", "localhost"); err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(own.Authority())
	if err != nil {
		t.Fatal(err)
	}
	p := &pebble{roots: x509.NewCertPool(), issued: x509.NewCertPool()}
	p.roots.AddCert(ca)
	ports := peer.FreePorts(t, 2)
	api, manage := ports[0], ports[1]
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": "127.0.0.1:" + strconv.Itoa(api), "managementListenAddress": "127.0.0.1:" + strconv.Itoa(manage),
		"certificate": filepath.Join(dir, "server.pem"), "privateKey": filepath.Join(dir, "server.pem"), "tlsPort": tlsPort, "httpPort": httpPort,
		"certificateValidityPeriod": seconds}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-config", path, "-dnsserver", names(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed, it ends with an error
		if t.Failed() {
			t.Log(log.String())
		}
	})
	p.directory = "https://127.0.0.1:" + strconv.Itoa(api) + "/dir"
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.roots}}}
	fetch(t, client, p.directory)
	block, _ := pem.Decode(fetch(t, client, "https://127.0.0.1:"+strconv.Itoa(manage)+"/roots/0"))
	if block == nil {
		t.Fatal("no root certificate")
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	p.issued.AddCert(root)
	return p
}

// fetch asks until a program that was just started answers.
func fetch(t *testing.T, client *http.Client, url string) []byte {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		resp, err := client.Get(url)
		if err == nil {
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("%s: %d %v", url, resp.StatusCode, err)
			}
			return body
		}
		select {
		case <-deadline:
			t.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// names serves DNS and returns its address.
func names(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
			switch {
			case strings.HasSuffix(q.Name.String(), "nowhere.example."):
				answer.RCode = dnsmessage.RCodeNameError
			case q.Type == dnsmessage.TypeA:
				answer.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
			}
			out, err := answer.Pack()
			if err != nil {
				continue
			}
			if _, err := c.WriteTo(out, from); err != nil {
				return
			}
		}
	}()
	return c.LocalAddr().String()
}

// told is what Changed was told.
type told struct {
	name string
	err  error
}

// hub serves TLS, or plain HTTP, with certificates from an authority.
type hub struct {
	*certs.ACME
	told chan told
	stop func()
	hits atomic.Int64 // requests that were no challenge
}

// startHub serves on l until the end of the test, or until stop.
func startHub(t *testing.T, l net.Listener, plain bool, cfg certs.ACMEConfig) *hub {
	t.Helper()
	h := &hub{told: make(chan told, 100)}
	cfg.Changed = func(name string, err error) { h.told <- told{name, err} }
	cfg.Log = discard
	if cfg.TLS = l.Addr().String(); plain {
		cfg.TLS, cfg.HTTP = "", cfg.TLS
	}
	var err error
	if h.ACME, err = certs.OpenACME(cfg); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.hits.Add(1) }), ErrorLog: quiet}
	listener := net.Listener(l)
	if plain {
		srv.Handler = h.Challenge(srv.Handler)
	} else {
		listener = tls.NewListener(l, h.Config())
	}
	go srv.Serve(listener)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		srv.Close()
		done <- nil
	}
	t.Cleanup(h.stop)
	return h
}

// next is what Changed is told next.
func (h *hub) next(t *testing.T) told {
	t.Helper()
	select {
	case c := <-h.told:
		return c
	case <-time.After(time.Minute):
		t.Fatal("nothing happened for a minute")
		return told{}
	}
}

package certs

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"tandem"
)

// recheck is how long files are believed to be unchanged.
const recheck = time.Minute

// Given is a certificate that was given as files, and is read again when they change.
type Given struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  [2]time.Time
	looked time.Time
}

// OpenGiven reads a certificate (with its chain) and its key, both in PEM. Later changes that make no sense are logged, and the pair that
// was read before stays in use.
func OpenGiven(cert, key string, log *slog.Logger) (*Given, error) {
	g := &Given{cert: cert, key: key, log: log}
	if err := g.read(); err != nil {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "read certificate", Thing: cert, Err: err,
			Remedy: "name the certificate with its chain and the key that belongs to it, both in PEM"}
	}
	return g, nil
}

func (g *Given) stamps() (s [2]time.Time) {
	for i, path := range []string{g.cert, g.key} {
		if info, err := os.Stat(path); err == nil {
			s[i] = info.ModTime()
		}
	}
	return s
}

func (g *Given) read() error {
	stamp := g.stamps()
	pair, err := tls.LoadX509KeyPair(g.cert, g.key)
	if err != nil {
		return err
	}
	g.pair, g.stamp, g.looked = &pair, stamp, time.Now()
	return nil
}

// Config is a TLS configuration with the certificate.
func (g *Given) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if time.Since(g.looked) > recheck {
			g.looked = time.Now()
			if g.stamps() != g.stamp {
				if err := g.read(); err != nil {
					g.log.Warn("the changed certificate makes no sense; the old one stays", "file", g.cert, "err", err)
				}
			}
		}
		return g.pair, nil
	}}
}

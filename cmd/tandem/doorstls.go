package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"sync"

	"github.com/spf13/pflag"

	"tandem/server/certs"
	"tandem/server/listen"
)

// acmeFlags say which certificates an authority on the network is asked for.
type acmeFlags struct {
	names            []string
	email, directory string
}

func (f *acmeFlags) add(fl *pflag.FlagSet) {
	fl.StringSliceVar(&f.names, "acme", nil, "get a certificate for this host name from Let's Encrypt, and renew it; asking agrees to the authority's terms of service")
	fl.StringVar(&f.email, "acme-email", "", "where the authority may write to when something is wrong")
	fl.StringVar(&f.directory, "acme-directory", "", "another ACME authority than Let's Encrypt: the address of its directory")
}

// parse says whether the flags make sense with the rest of a plan.
func (f acmeFlags) parse(p doorPlan) (acmeFlags, error) {
	secure := slices.ContainsFunc(p.addresses, func(a listen.Address) bool { return a.TLS })
	switch {
	case len(f.names) == 0 && (f.email != "" || f.directory != ""):
		return f, errUsage{errors.New("--acme-email and --acme-directory go with --acme NAME")}
	case len(f.names) > 0 && p.cert != "":
		return f, errUsage{errors.New("either --acme or --tls-cert: a certificate is obtained, or it is there")}
	case len(f.names) > 0 && !secure:
		return f, errUsage{errors.New("--acme goes with an address that begins with https://, such as --listen https://:443")}
	}
	return f, nil
}

// open readies the certificates; nothing is sent before the doors are served.
func (f acmeFlags) open(dir string, p doorPlan, d *doors) (*certs.ACME, error) {
	cfg := certs.ACMEConfig{Dir: filepath.Join(tlsDir(dir), "acme"), Names: f.names, Email: f.email, Directory: f.directory, Log: d.log}
	for _, a := range p.addresses {
		if at := net.JoinHostPort(a.Host, a.Port); a.TLS && cfg.TLS == "" {
			cfg.TLS = at
		} else if !a.TLS && cfg.HTTP == "" && !a.Loopback() { // those that only this computer reaches are for a reverse proxy
			cfg.HTTP = at
		}
	}
	return certs.OpenACME(cfg)
}

// renew keeps certificates good until ctx is done, and returns what waits for the end of that.
func (d *doors) renew(ctx context.Context) (wait func()) {
	var all sync.WaitGroup
	if d.acme != nil {
		all.Go(func() {
			if err := d.acme.Run(ctx); err != nil {
				d.log.Error("certificates are not kept", "err", err)
			}
		})
	}
	return all.Wait
}

// tls is the TLS configuration of the doors: the given certificate, or the hub's own. It is nil where no address needs one.
func (d *doors) tls(dir string, p doorPlan) (*tls.Config, error) {
	needed := false
	for _, a := range p.addresses {
		needed = needed || a.TLS
	}
	switch {
	case !needed:
		return nil, nil
	case p.cert != "":
		given, err := certs.OpenGiven(p.cert, p.key, d.log)
		if err != nil {
			return nil, err
		}
		return given.Config(), nil
	}
	if len(p.acme.names) > 0 {
		var err error
		if d.acme, err = p.acme.open(dir, p, d); err != nil {
			return nil, err
		}
		return d.acme.Config(), nil
	}
	own, err := certs.OpenOwn(tlsDir(dir), nil)
	if err != nil {
		return nil, err
	}
	d.own = own
	return own.Config(), own.Use(p.names()...)
}

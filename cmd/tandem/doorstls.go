package main

import (
	"crypto/tls"

	"tandem/server/certs"
)

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
	own, err := certs.OpenOwn(tlsDir(dir), nil)
	if err != nil {
		return nil, err
	}
	d.own = own
	return own.Config(), own.Use(p.names()...)
}

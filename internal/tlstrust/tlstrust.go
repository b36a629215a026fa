// Package tlstrust is whom a client of a server believes: the system's authorities, one's own beside them, or one certificate that a person named.
package tlstrust

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"tandem"
)

// Config is a client's belief: the system's certificates, ca (PEM, may be empty) beside them, or, where pin is not empty, the certificate of that SHA-256
// fingerprint alone.
func Config(pin string, ca []byte) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if pin != "" {
		want, err := hex.DecodeString(strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(pin), "sha256:"), ":", ""))
		if err != nil || len(want) != sha256.Size {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: "pin", Err: errors.New("it is no fingerprint"),
				Remedy: "give the SHA-256 fingerprint of the server's certificate, 64 hexadecimal digits"}
		}
		t.InsecureSkipVerify = true // the very certificate is named, which says more than any authority could
		t.VerifyConnection = func(s tls.ConnectionState) error {
			if got := sha256.Sum256(s.PeerCertificates[0].Raw); string(got[:]) != string(want) {
				return &tandem.Error{Kind: tandem.Denied, Op: "connect", Thing: s.ServerName, Err: fmt.Errorf("the server shows another certificate, %x", got),
					Remedy: "if the server's owner changed it, set the option pin to the new fingerprint"}
			}
			return nil
		}
		return t, nil
	}
	if len(ca) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(ca) {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: "ca", Err: errors.New("the file holds no certificate"), Remedy: "name a file of certificates in PEM form"}
		}
		t.RootCAs = pool
	}
	return t, nil
}

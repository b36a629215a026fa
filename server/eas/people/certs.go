package people

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"

	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// The statuses of ValidateCert, MS-ASCMD 2.2.3.177.18.
const (
	certOK         = "1"
	certSyntax     = "2"
	certSignature  = "3"
	certUntrusted  = "4"
	certFormat     = "5"
	certNotMail    = "6"
	certExpired    = "7"
	certChainDates = "8"
	certPurpose    = "9"
	certNoCA       = "11"
	certOffline    = "14" // whether it was revoked cannot be found out
	certUnknown    = "17"
)

// maxCertificates bounds how many certificates one request may hold. MS-ASCMD_R5662
const maxCertificates = 100

// parseCertificates reads certificates in DER or PEM; none if there is anything else.
func parseCertificates(data []byte) []*x509.Certificate {
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	list, err := x509.ParseCertificates(data)
	if err != nil { // only then: the last byte of a signature may well be a space
		if list, err = x509.ParseCertificates(bytes.TrimSpace(data)); err != nil {
			return nil
		}
	}
	return list
}

// mini is a certificate in its short form: what identifies it, without what is in it. MS-ASCMD 2.2.3.108
func mini(der []byte) string {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(slices.Concat([]byte{1}, c.RawIssuer, c.SerialNumber.Bytes()))
}

// ValidateCert implements proto.Command. Whether a certificate was revoked is not asked for: that would be a call to strangers that nobody here asked
// for; a request for it is answered as if their server were off. MS-ASCMD 2.2.1.22
func (s *Service) ValidateCert(_ context.Context, r *proto.Request) (*proto.Response, error) {
	doc := wbxml.Empty(wbxml.ValidateCertValidateCert)
	status := func(v string) *wbxml.Element { return wbxml.Text(wbxml.ValidateCertStatus, v) }
	list := slices.Collect(r.Body.Child(wbxml.ValidateCertCertificates).All(wbxml.ValidateCertCertificate))
	chain := slices.Collect(r.Body.Child(wbxml.ValidateCertCertificateChain).All(wbxml.ValidateCertCertificate))
	if r.Body == nil || r.Body.Tag != wbxml.ValidateCertValidateCert || len(list) == 0 || len(list)+len(chain) > maxCertificates {
		return proto.Answer(doc.Add(status(certSyntax))), nil
	}
	between := make([]*x509.Certificate, len(chain))
	for i, e := range chain {
		if between[i] = certificate(e); between[i] == nil {
			return proto.Answer(doc.Add(status(certSyntax))), nil
		}
	}
	doc.Add(status(certOK))
	for _, e := range list {
		st := certFormat
		if c := certificate(e); c != nil {
			st = s.validate(c, between, r.Options.Now)
		}
		if st == certOK && r.Body.Get(wbxml.ValidateCertCheckCRL) == "1" {
			st = certOffline
		}
		doc.Add(wbxml.New(wbxml.ValidateCertCertificate, status(st)))
	}
	return proto.Answer(doc), nil
}

func certificate(e *wbxml.Element) *x509.Certificate {
	data := e.Data
	if data == nil {
		var err error
		if data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.String()), "")); err != nil {
			return nil
		}
	}
	if list := parseCertificates(data); len(list) == 1 {
		return list[0]
	}
	return nil
}

// validate checks a certificate against the authorities that this system trusts. now is in Unix seconds.
func (s *Service) validate(c *x509.Certificate, chain []*x509.Certificate, now int64) string {
	at := unix(now)
	between := x509.NewCertPool()
	for _, p := range chain {
		between.AddCert(p)
	}
	switch {
	case at.After(c.NotAfter) || at.Before(c.NotBefore):
		return certExpired
	case c.IsCA:
		return certNoCA
	case !mayMail(c):
		return certNotMail
	}
	_, err := c.Verify(x509.VerifyOptions{Intermediates: between, Roots: s.Roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}})
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
		return certOK
	case errors.As(err, &invalid):
		switch invalid.Reason {
		case x509.Expired:
			return certChainDates
		case x509.NotAuthorizedToSign, x509.TooManyIntermediates:
			return certNoCA
		case x509.IncompatibleUsage:
			return certPurpose
		}
		return certSignature
	case errors.As(err, &unknown):
		return unsigned(c, chain)
	}
	return certUnknown
}

// unsigned is why nobody vouches for a certificate: the chain that came with it names its issuer, but that one did not sign it or may not, or
// it names nobody known.
func unsigned(c *x509.Certificate, chain []*x509.Certificate) string {
	for range len(chain) + 1 {
		i := slices.IndexFunc(chain, func(p *x509.Certificate) bool { return bytes.Equal(p.RawSubject, c.RawIssuer) })
		if i < 0 {
			break
		}
		var constraint x509.ConstraintViolationError
		switch err := c.CheckSignatureFrom(chain[i]); {
		case errors.As(err, &constraint):
			return certNoCA
		case err != nil:
			return certSignature
		}
		c = chain[i]
	}
	return certUntrusted
}

// mayMail reports whether a certificate may sign or receive mail.
func mayMail(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

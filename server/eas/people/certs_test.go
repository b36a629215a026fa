package people_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"tandem/wire/wbxml"
)

func validate(chain, list, more string) string {
	if chain != "" {
		chain = "<CertificateChain>" + chain + "</CertificateChain>"
	}
	return "<ValidateCert>" + chain + "<Certificates>" + list + "</Certificates>" + more + "</ValidateCert>"
}

// tampered is a certificate whose signature is not of it.
func tampered(cert string) string {
	der, _ := base64.StdEncoding.DecodeString(cert)
	der[len(der)-1] ^= 1
	return base64.StdEncoding.EncodeToString(der)
}

func certs(list ...string) string {
	out := ""
	for _, c := range list {
		out += "<Certificate>" + c + "</Certificate>"
	}
	return out
}

// TestCertificateEndsInSpace: a certificate whose last byte is that of a space or a line break is one like any other.
func TestCertificateEndsInSpace(t *testing.T) {
	k := newKit(t)
	root := issue(t, "root", nil, asCA)
	k.svc.Roots = x509.NewCertPool()
	k.svc.Roots.AddCert(root.cert)
	for {
		leaf := issue(t, "Carl", root, nil)
		if raw := leaf.cert.Raw; len(bytes.TrimSpace(raw)) == len(raw) {
			continue
		}
		if got := k.ask(k.svc.ValidateCert, "ValidateCert", validate("", certs(b64(leaf)), "")); got != "ValidateCert{Status=1 Certificate{Status=1}}" {
			t.Error(got)
		}
		break
	}
}

// TestValidateCert reaches each status that a chain can be given, MS-ASCMD 2.2.1.22 and 2.2.3.177.18: R687, R688, R4474 to R5847.
func TestValidateCert(t *testing.T) {
	k := newKit(t)
	root := issue(t, "root", nil, asCA)
	between := issue(t, "between", root, asCA)
	late := issue(t, "late", root, func(c *x509.Certificate) { asCA(c); c.NotAfter = c.NotBefore.AddDate(0, 1, 0) })
	noCA := issue(t, "no CA", root, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign })
	forWeb := issue(t, "for web", root, func(c *x509.Certificate) { asCA(c); c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	short := issue(t, "short", root, func(c *x509.Certificate) { asCA(c); c.MaxPathLenZero = true })
	below := issue(t, "below", short, asCA)
	stranger := issue(t, "stranger", nil, asCA)
	k.svc.Roots = x509.NewCertPool()
	k.svc.Roots.AddCert(root.cert)

	leaf := func(parent *authority, change func(*x509.Certificate)) string {
		return b64(issue(t, "Carl", parent, change))
	}
	good := leaf(root, nil)
	der, err := base64.StdEncoding.DecodeString(good)
	k.Must(err)
	for name, c := range map[string]struct{ chain, cert, want string }{
		"good":              {"", good, "1"},
		"good, chain":       {certs(b64(between)), leaf(between, nil), "1"},
		"of any use":        {"", leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = nil }), "1"},
		"in lines":          {"", good[:40] + "\r\n " + good[40:], "1"},
		"in PEM":            {"", base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), "1"},
		"no base64":         {"", "!!!", "5"},
		"no certificate":    {"", base64.StdEncoding.EncodeToString([]byte("hello")), "5"}, // MS-ASCMD_R4485
		"empty":             {"", "", "5"},
		"cut short":         {"", base64.StdEncoding.EncodeToString(der[:len(der)/2]), "5"},
		"for the web":       {"", leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), "6"},
		"expired":           {"", leaf(root, func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 1, 0) }), "7"},
		"not yet":           {"", leaf(root, func(c *x509.Certificate) { c.NotBefore = c.NotAfter.AddDate(0, -1, 0) }), "7"},
		"chain expired":     {certs(b64(late)), leaf(late, nil), "8"},
		"chain for the web": {certs(b64(forWeb)), leaf(forWeb, nil), "9"},
		"an authority":      {"", b64(between), "11"},
		"signed by a leaf":  {certs(b64(noCA)), leaf(noCA, nil), "11"},
		"chain too long":    {certs(b64(short), b64(below)), leaf(below, nil), "11"},
		"chain missing":     {"", leaf(between, nil), "4"},
		"stranger":          {certs(b64(stranger)), leaf(stranger, nil), "4"},
		"signed by itself":  {"", leaf(nil, nil), "4"},
		"wrong signature":   {certs(b64(between)), tampered(leaf(between, nil)), "3"},
	} {
		if got := k.ask(k.svc.ValidateCert, "ValidateCert", validate(c.chain, certs(c.cert), "")); got != "ValidateCert{Status=1 Certificate{Status="+c.want+"}}" {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := k.ask(k.svc.ValidateCert, "ValidateCert", validate("", certs(good, "x", good), "")); got != "ValidateCert{Status=1 Certificate{Status=1} Certificate{Status=5} Certificate{Status=1}}" {
		t.Error(got)
	}
	// Whether it was revoked cannot be found out. MS-ASCMD_R4512
	if got := k.ask(k.svc.ValidateCert, "ValidateCert", validate("", certs(good, "x"), "<CheckCRL>1</CheckCRL>")); got != "ValidateCert{Status=1 Certificate{Status=14} Certificate{Status=5}}" {
		t.Error(got)
	}
	if got := k.ask(k.svc.ValidateCert, "ValidateCert", validate("", certs(good), "<CheckCRL>0</CheckCRL>")); got != "ValidateCert{Status=1 Certificate{Status=1}}" {
		t.Error(got)
	}
	// Certificates as opaque data are understood, too.
	doc := wbxml.New(wbxml.ValidateCertValidateCert, wbxml.New(wbxml.ValidateCertCertificates, wbxml.Opaque(wbxml.ValidateCertCertificate, der)))
	resp, err := k.svc.ValidateCert(t.Context(), k.Request("ann", "ValidateCert", doc))
	if err != nil || resp.Body.Child(wbxml.ValidateCertCertificate).Get(wbxml.ValidateCertStatus) != "1" {
		t.Errorf("%+v, %v", resp, err)
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = "x"
	}
	for name, ask := range map[string]string{"no document": "", "another": "<Ping/>", "none": validate("", "", ""), "nothing": "<ValidateCert/>",
		"chain broken": validate(certs("x"), certs(good), ""), "too many": validate("", certs(many...), "")} { // MS-ASCMD_R4476, R5662
		if got := k.ask(k.svc.ValidateCert, "ValidateCert", ask); got != "ValidateCert{Status=2}" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := k.ask(k.svc.ValidateCert, "ValidateCert", validate("", certs(many[:100]...), "")); strings.Count(got, "Certificate{Status=5}") != 100 {
		t.Errorf("%.200s", got)
	}
	k.Valid()
}

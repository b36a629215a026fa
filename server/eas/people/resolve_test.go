package people_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
)

func (k *kit) resolve(options string, to ...string) string {
	k.Helper()
	list := ""
	for _, t := range to {
		list += "<To>" + t + "</To>"
	}
	if options != "" {
		options = "<Options>" + options + "</Options>"
	}
	return k.ask(k.svc.ResolveRecipients, "ResolveRecipients", "<ResolveRecipients>"+list+options+"</ResolveRecipients>")
}

func response(s string) string {
	return "ResolveRecipients{Status=1 Response{" + s + "}}"
}

// TestResolve covers MS-ASCMD_R3825, R4264 to R4287, R4609, R4686, R3765, R3767, R5309, R2199.
func TestResolve(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Contact, card("Zoe Young", "zoe@x.org"), card("Zoe Zander", "zz@x.org"), card("Zoe Last", "zl@x.org"), card("Carl", "carl@x.org"), card("Anna", "ann@x.org"))
	zoes := "Recipient{Type=2 DisplayName=Zoe Last EmailAddress=zl@x.org} Recipient{Type=2 DisplayName=Zoe Young EmailAddress=zoe@x.org} Recipient{Type=2 DisplayName=Zoe Zander EmailAddress=zz@x.org}"
	for _, c := range []struct{ to, options, want string }{
		{"carl", "", response("To=carl Status=1 RecipientCount=1 Recipient{Type=2 DisplayName=Carl EmailAddress=carl@x.org}")},
		{"bob", "", response("To=bob Status=1 RecipientCount=1 Recipient{Type=1 DisplayName=Bob Adams EmailAddress=bob@example.org}")},
		{"BOB@example.org", "", response("To=BOB@example.org Status=1 RecipientCount=1 Recipient{Type=1 DisplayName=Bob Adams EmailAddress=bob@example.org}")},
		{"ann", "", response("To=ann Status=1 RecipientCount=1 Recipient{Type=1 DisplayName=Ann Adams EmailAddress=ann@example.org}")}, // the alias itself beats beginnings
		{"zoe@x.org", "", response("To=zoe@x.org Status=1 RecipientCount=1 Recipient{Type=2 DisplayName=Zoe Young EmailAddress=zoe@x.org}")},
		{"zoe", "", response("To=zoe Status=2 RecipientCount=3 " + zoes)},
		{"zoe", "<MaxAmbiguousRecipients>1</MaxAmbiguousRecipients>", response("To=zoe Status=3 RecipientCount=3 Recipient{Type=2 DisplayName=Zoe Last EmailAddress=zl@x.org}")},
		{"zoe", "<MaxAmbiguousRecipients>0</MaxAmbiguousRecipients>", response("To=zoe Status=3 RecipientCount=3")},
		{"zoe", "<CertificateRetrieval>2</CertificateRetrieval><Availability><StartTime>2026-05-20T10:00:00.000Z</StartTime></Availability>", response("To=zoe Status=2 RecipientCount=3 " + zoes)}, // MS-ASCMD_R4279, R4623
		{"nobody", "", response("To=nobody Status=4")},
		{"nobody@nowhere.org", "", response("To=nobody@nowhere.org Status=4")},
	} {
		if got := k.resolve(c.options, c.to); got != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.to, c.options, got, c.want)
		}
	}
	if got := k.resolve("", "carl", "nobody", "bob"); strings.Count(got, "Response{") != 3 || !strings.Contains(got, "Response{To=nobody Status=4}") {
		t.Error(got)
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprint("n", i)
	}
	if got := k.resolve("", many[:100]...); !strings.HasPrefix(got, "ResolveRecipients{Status=1 ") {
		t.Error(got)
	}
	span := func(from, to string) string {
		return "<Availability><StartTime>" + from + "</StartTime><EndTime>" + to + "</EndTime></Availability>"
	}
	for name, got := range map[string]string{
		"nobody asked":    k.resolve(""),
		"empty":           k.resolve("", ""),
		"too long":        k.resolve("", strings.Repeat("x", 257)),
		"too many":        k.resolve("", many...), // MS-ASCMD_R5656
		"retrieval":       k.resolve("<CertificateRetrieval>4</CertificateRetrieval>", "bob"),
		"no number":       k.resolve("<MaxCertificates>x</MaxCertificates>", "bob"),
		"no start":        k.resolve("<Availability/>", "bob"),
		"bad start":       k.resolve("<Availability><StartTime>noon</StartTime></Availability>", "bob"),   // MS-ASCMD_R3986
		"bad end":         k.resolve(span("2026-05-20T10:00:00.000Z", "noon"), "bob"),                     // MS-ASCMD_R2264
		"too short":       k.resolve(span("2026-05-20T10:00:00.000Z", "2026-05-20T10:29:59.000Z"), "bob"), // MS-ASCMD_R2266
		"too long a time": k.resolve(span("2026-05-20T10:00:00.000Z", "2027-05-20T10:00:00.000Z"), "bob"), // MS-ASCMD_R5430
		"a second more":   k.resolve(span("2026-05-20T10:00:00.000Z", "2026-07-01T10:00:01.000Z"), "bob"), // MS-ASCMD_R5175
		"turned":          k.resolve(span("2026-05-20T10:00:00.000Z", "2026-05-19T10:00:00.000Z"), "bob"),
		"no document":     k.ask(k.svc.ResolveRecipients, "ResolveRecipients", ""),
		"another":         k.ask(k.svc.ResolveRecipients, "ResolveRecipients", "<Ping/>"),
	} {
		if got != "ResolveRecipients{Status=5}" { // MS-ASCMD_R4269, R4270
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := k.resolve(span("2026-05-20T10:00:00.000Z", "2026-07-01T10:00:00.000Z"), "bob"); !strings.HasPrefix(got, "ResolveRecipients{Status=1 ") {
		t.Errorf("42 days: %s", got)
	}
	k.Valid()
}

func (k *kit) event(user, body string) {
	k.Put(user, tandem.Event, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"+body+"END:VCALENDAR\r\n")
}

func event(uid, start, end string, more ...string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART" + start + "\r\nDTEND" + end + "\r\nSUMMARY:s\r\n" + strings.Join(append(more, ""), "\r\n") + "END:VEVENT\r\n"
}

// TestAvailability: a digit for each half hour, the weightiest of what touches it. MS-ASCMD 2.2.3.16, 2.2.3.107; R819, R2265, R3315, R4291, R4298
func TestAvailability(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Contact, card("Carl", "carl@x.org"))
	k.event("bob", event("1", ":20260520T101500Z", ":20260520T110000Z"))                                         // from within a slot
	k.event("bob", event("2", ":20260520T110000Z", ":20260520T113000Z", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"))       // exactly one
	k.event("bob", event("3", ":20260520T110000Z", ":20260520T120000Z", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE")) // beside it, and one more
	k.event("bob", event("4", ":20260520T123000Z", ":20260520T130000Z", "TRANSP:TRANSPARENT"))                   // free
	k.event("bob", event("5", ":20260520T130000Z", ":20260520T130001Z"))                                         // a second
	k.event("bob", event("6", ":20260520T133000Z", ":20260520T140000Z", "STATUS:CANCELLED"))                     // does not happen
	k.event("bob", event("7", ":20260520T093000Z", ":20260520T100000Z"))                                         // before
	k.event("bob", event("8", ":20260520T140000Z", ":20260520T140000Z"))                                         // no time at all
	k.event("bob", event("9", ":20260520T143000Z", ":20260520T150000Z", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"))
	// A meeting every Sunday at two in the night, local time, over the change to summer time on 29 March.
	k.event("bob", event("10", ";TZID=Europe/Berlin:20260315T023000", ";TZID=Europe/Berlin:20260315T033000", "RRULE:FREQ=WEEKLY"))
	ask := func(from, to string) string {
		if to != "" {
			to = "<EndTime>" + to + "</EndTime>"
		}
		got := k.resolve("<Availability><StartTime>"+from+"</StartTime>"+to+"</Availability>", "bob")
		_, got, _ = strings.Cut(got, "Availability{")
		return strings.TrimSuffix(got, "}}}}")
	}
	for _, c := range []struct{ from, to, want string }{
		{"2026-05-20T10:00:00.000Z", "2026-05-20T15:30:00.000Z", "22310020000"},
		{"2026-05-20T10:10:00.000Z", "2026-05-20T11:25:00.000Z", "233"}, // slots begin where the question does; the last is not whole
		{"2026-05-20T09:45:00.000Z", "2026-05-20T10:45:00.000Z", "22"},
		{"2026-03-22T01:00:00.000Z", "2026-03-22T03:00:00.000Z", "0220"},   // 02:30 at +1
		{"2026-03-29T00:00:00.000Z", "2026-03-29T03:00:00.000Z", "000220"}, // 02:30 does not exist: 03:30 at +2
		{"2026-04-05T00:00:00.000Z", "2026-04-05T03:00:00.000Z", "022000"}, // 02:30 at +2
	} {
		if got := ask(c.from, c.to); got != "Status=1 MergedFreeBusy="+c.want {
			t.Errorf("%s to %s: %s, want %s", c.from, c.to, got, c.want)
		}
	}
	if got := ask("2026-06-01T00:00:00.000Z", ""); len(got) != len("Status=1 MergedFreeBusy=")+7*48 { // MS-ASCMD_R2265
		t.Errorf("%d digits", len(got))
	}
	k.Zone = time.FixedZone("", 2*3600)
	k.event("bob", event("11", ";VALUE=DATE:20260801", ";VALUE=DATE:20260802", "X-MICROSOFT-CDO-BUSYSTATUS:OOF")) // a day of its owner's
	if got := ask("2026-07-31T21:00:00.000Z", "2026-07-31T23:00:00.000Z"); !strings.HasSuffix(got, "=0033") {
		t.Errorf("a day: %s", got)
	}
	options := "<Availability><StartTime>2026-05-20T10:00:00.000Z</StartTime></Availability>"
	if got := k.resolve(options, "carl"); !strings.Contains(got, "Availability{Status=163}") { // MS-ASCMD_R4298
		t.Error(got)
	}
	k.Version = eas.V121 // MS-ASCMD_R6085
	if got := k.resolve(options, "bob"); strings.Contains(got, "Availability") || !strings.Contains(got, "Status=1 RecipientCount=1") {
		t.Error(got)
	}
	k.Valid()
}

// TestManyBusy covers MS-ASCMD_R4293.
func TestManyBusy(t *testing.T) {
	k := newKit(t)
	to := make([]string, 100)
	for i := range to {
		to[i] = "bob@example.org"
	}
	got := k.resolve("<Availability><StartTime>2026-05-20T10:00:00.000Z</StartTime><EndTime>2026-05-20T11:00:00.000Z</EndTime></Availability>", to...)
	if strings.Count(got, "MergedFreeBusy=00}") != 100 {
		t.Error(got)
	}
}

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var serial = big.NewInt(1000)

// issue makes a certificate, signed by parent or by itself; change completes the template.
func issue(t testing.TB, name string, parent *authority, change func(*x509.Certificate)) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, EmailAddresses: []string{"carl@x.org"}}
	if change != nil {
		change(c)
	}
	signer := &authority{c, key}
	if parent != nil {
		signer = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, c, signer.cert, key.Public(), signer.key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return &authority{c, key}
}

func asCA(c *x509.Certificate) {
	c.IsCA, c.KeyUsage, c.ExtKeyUsage = true, x509.KeyUsageCertSign, nil
}

func b64(c *authority) string { return base64.StdEncoding.EncodeToString(c.cert.Raw) }

// TestCertificates covers MS-ASCMD_R843, R851, R856, R857, R858, R864, R3255, R3435, R4302, R4304, R4306.
func TestCertificates(t *testing.T) {
	k := newKit(t)
	one, two := issue(t, "one", nil, nil), issue(t, "two", nil, nil)
	old := issue(t, "old", nil, func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 1, 0) })
	key := func(a *authority) string { return "KEY;ENCODING=b;TYPE=X509:" + b64(a) }
	k.Put("ann", tandem.Contact, card("Carl", "carl@x.org", key(one)), card("Dora", "dora@x.org", key(one), key(two)), card("Emil", "emil@x.org"),
		card("Fred", "fred@x.org", key(old)), card("Gina", "gina@x.org", "KEY;ENCODING=b;TYPE=PGP:"+base64.StdEncoding.EncodeToString([]byte("no certificate"))))
	retrieve := func(n, most string) string {
		if most != "" {
			most = "<MaxCertificates>" + most + "</MaxCertificates>"
		}
		return "<CertificateRetrieval>" + n + "</CertificateRetrieval>" + most
	}
	for name, c := range map[string]struct {
		options string
		to      []string
		want    []string
	}{
		"none wanted": {retrieve("1", ""), []string{"carl"}, []string{""}},
		"by default":  {"", []string{"carl"}, []string{""}},
		"one":         {retrieve("2", ""), []string{"carl"}, []string{"Status=1 CertificateCount=1 RecipientCount=1 Certificate=" + b64(one)}},
		"two":         {retrieve("2", ""), []string{"dora"}, []string{"Status=1 CertificateCount=2 RecipientCount=1 Certificate=" + b64(one) + " Certificate=" + b64(two)}},
		"has none":    {retrieve("2", ""), []string{"emil"}, []string{"Status=7 CertificateCount=0"}},
		"expired":     {retrieve("2", ""), []string{"fred"}, []string{"Status=7 CertificateCount=0"}},
		"not X.509":   {retrieve("2", ""), []string{"gina"}, []string{"Status=7 CertificateCount=0"}},
		"limit":       {retrieve("2", "1"), []string{"dora"}, []string{"Status=8 CertificateCount=2"}},
		"limit of all": {retrieve("2", "2"), []string{"carl", "dora", "carl"}, []string{"Status=1 CertificateCount=1 RecipientCount=1 Certificate=" + b64(one), "Status=8 CertificateCount=2",
			"Status=1 CertificateCount=1 RecipientCount=1 Certificate=" + b64(one)}},
		"no more":     {retrieve("2", "1"), []string{"carl", "carl"}, []string{"Status=1 CertificateCount=1 RecipientCount=1 Certificate=" + b64(one), "Status=8 CertificateCount=1"}},
		"none at all": {retrieve("2", "0"), []string{"carl"}, []string{"Status=8 CertificateCount=1"}},
	} {
		got := k.resolve(c.options, c.to...)
		var all []string
		for _, part := range strings.Split(got, "Response{")[1:] {
			_, certs, _ := strings.Cut(part, "Certificates{")
			certs, _, _ = strings.Cut(certs, "}")
			all = append(all, certs)
		}
		if strings.Join(all, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: %q, want %q", name, all, c.want)
		}
	}
	got := k.resolve(retrieve("3", ""), "dora")
	if strings.Count(got, "MiniCertificate=") != 1 || strings.Contains(got, " Certificate=") {
		t.Error(got)
	}
	k.Valid()
}

// TestRecipientPictures covers MS-ASCMD_R3286 to R3289, R4310 to R4313.
func TestRecipientPictures(t *testing.T) {
	k := newKit(t)
	k.Put("ann", tandem.Contact, card("Carl", "carl@x.org", photo(100)), card("Dora", "dora@x.org", photo(3000)), card("Emil", "emil@x.org"), card("Bob", "bob@example.org", photo(50)))
	picture := func(options string) (out []string) {
		for _, part := range strings.Split(k.resolve("<Picture>"+options+"</Picture>", "carl", "dora", "emil", "bob"), "Picture{Status=")[1:] {
			status, _, _ := strings.Cut(part, "}")
			status, _, _ = strings.Cut(status, " ")
			out = append(out, status)
		}
		return out
	}
	for options, want := range map[string]string{"": "[1 1 173 1]", "<MaxSize>1000</MaxSize>": "[1 174 173 1]", "<MaxPictures>1</MaxPictures>": "[1 175 173 175]"} {
		if got := fmt.Sprint(picture(options)); got != want {
			t.Errorf("%s: %s, want %s", options, got, want)
		}
	}
	k.Version = eas.V140
	if got := picture(""); got != nil {
		t.Errorf("in 14.0: %s", got)
	}
	k.Valid()
}

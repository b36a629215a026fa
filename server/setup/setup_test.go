package setup_test

import (
	"bytes"
	"encoding/pem"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tandem/server/setup"
)

func handler(t *testing.T, authority []byte) *setup.Handler {
	t.Helper()
	fingerprint := ""
	if authority != nil {
		fingerprint = "AA:BB"
	}
	h, err := setup.New(setup.Config{Base: func(*http.Request) string { return "https://sync.example.org:8443" }, Authority: authority, Fingerprint: fingerprint,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(t *testing.T, h http.Handler, path string) (*http.Response, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	resp := rec.Result()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestPage(t *testing.T) {
	h := handler(t, []byte("der"))
	resp, body := get(t, h, "/setup")
	for _, want := range []string{"sync.example.org:8443", "AA:BB", "/setup/tandem-ca.cer", "iPhone", "Android", "Outlook", "Thunderbird", `lang="en"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if resp.Header.Get("Content-Security-Policy") == "" || resp.StatusCode != 200 {
		t.Errorf("%v", resp.Header)
	}
	for path, typ := range map[string]string{"/setup/style.css": "text/css", "/setup/qr.svg": "image/svg+xml", "/setup/tandem-ca.cer": "application/x-x509-ca-cert"} {
		if resp, _ := get(t, h, path); resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), typ) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
	}
	if _, body := get(t, h, "/setup/tandem-ca.cer"); body != "der" {
		t.Errorf("certificate %q", body)
	}
	if _, body := get(t, h, "/setup/tandem-ca.pem"); func() bool { b, _ := pem.Decode([]byte(body)); return b == nil || string(b.Bytes) != "der" }() {
		t.Errorf("certificate %q", body)
	}
	// Where a public authority vouches for the hub there is nothing to trust first.
	public := handler(t, nil)
	if _, body := get(t, public, "/setup"); strings.Contains(body, "Fingerprint") {
		t.Error("a certificate is offered that is not there")
	}
	if resp, _ := get(t, public, "/setup/tandem-ca.cer"); resp.StatusCode != 404 {
		t.Errorf("certificate: %d", resp.StatusCode)
	}
}

// TestProfile: the profile is a property list with the account and the authority, whatever the address holds.
func TestProfile(t *testing.T) {
	h := handler(t, []byte{1, 2, 3})
	resp, body := get(t, h, "/setup/tandem.mobileconfig?address=o%27hara%2Bphone%40example.org")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-apple-aspen-config" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	dec := xml.NewDecoder(strings.NewReader(body))
	var text bytes.Buffer
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := tok.(xml.CharData); ok {
			text.Write(append(c, '\n'))
		}
	}
	for _, want := range []string{"com.apple.eas.account", "o'hara+phone@example.org", "sync.example.org:8443", "com.apple.security.root", "AQID"} {
		if !strings.Contains(text.String(), want+"\n") {
			t.Errorf("the profile lacks %q", want)
		}
	}
	if _, again := get(t, h, "/setup/tandem.mobileconfig?address=o%27hara%2Bphone%40example.org"); again != body {
		t.Error("asked twice, it is another profile: a phone would install both")
	}
	for _, bad := range []string{"", "anna", "Anna <anna@example.org>", "<script>alert(1)</script>"} {
		resp, body := get(t, h, "/setup/tandem.mobileconfig?address="+strings.ReplaceAll(strings.ReplaceAll(bad, " ", "%20"), "<", "%3C"))
		if resp.StatusCode != 400 || !strings.Contains(body, "Please type your mail address") || strings.Contains(body, "<script>alert") {
			t.Errorf("%q: %d", bad, resp.StatusCode)
		}
	}
}

// TestGivenBeforehand: a code that was made for somebody's phone leads to a page that knows the address and begins with that sort of phone; what is no address or sort is
// left out.
func TestGivenBeforehand(t *testing.T) {
	h := handler(t, []byte("der"))
	before := func(body, a, b string) bool {
		i, j := strings.Index(body, a), strings.Index(body, b)
		return i >= 0 && j >= 0 && i < j
	}
	_, plain := get(t, h, "/setup")
	_, body := get(t, h, "/setup?for=android&address=anna%40example.org")
	if !before(plain, `id="ios"`, `id="android"`) || !before(body, `id="android"`, `id="ios"`) || !strings.Contains(body, `value="anna@example.org"`) {
		t.Error("the page does not begin with what is given")
	}
	for _, want := range []string{"Profile Downloaded", "VPN &amp; Device Management", "Certificate Trust Settings", "Configure Manually", "CA certificate", "Exchange and Office 365", "Manual setup"} {
		if !strings.Contains(plain, want) {
			t.Errorf("the page lacks the menu %q", want)
		}
	}
	_, code := get(t, h, "/setup/qr.svg")
	_, other := get(t, h, "/setup/qr.svg?for=ios&address=anna%40example.org")
	if code == other {
		t.Error("the code does not tell what is given")
	}
	if _, same := get(t, h, "/setup/qr.svg?for=evil&address=%3Cscript%3E"); same != code {
		t.Error("the code tells what is neither an address nor a sort")
	}
	if _, body := get(t, h, "/setup?for=evil&address=%22%3E%3Cscript%3E"); body != plain {
		t.Error("the page shows what is neither an address nor a sort")
	}
}

package web

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tandem/test/easclient"
	"tandem/test/hubkit"
)

// phoneOf is a phone of the user, which logs in with a password.
func (h *hub) phoneOf(password, id, typ string) *easclient.Phone {
	return easclient.NewPhone(&easclient.Client{HTTP: http.DefaultClient, Base: h.url, User: user, Password: password, DeviceID: id, DeviceType: typ, Agent: "Apple-iPhone15C2/2101.44", Version: "16.1"})
}

// must does something with a phone, within a minute.
func (h *hub) must(f func(ctx context.Context) error) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 5*time.Minute)
	defer cancel()
	if err := f(ctx); err != nil {
		h.Fatal(err)
	}
}

// TestPhone connects an iPhone and an Android phone by the page, with the password that it makes, and sees each come by itself: logged in, held, allowed, synced.
func TestPhone(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-", "--address", "anna@example.org")
	h.cli("", "user", "admin", user)
	h.cli("", "device", "rule", "add", "hold", "--type", "Strange*", "--note", "unknown phones are held")
	h.write("book/1.vcf", card("uid-1", "Anna Adams"))
	h.cli("", "item", "add", "contacts", "vdir:"+h.dir("book"), "--name", "book", "--mode", "manual", "--user", user)
	h.try("sync", "book")
	old := h.phoneOf(password, "OLDPHONE", "iPhone") // which is there before
	h.must(old.FolderSync)
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()

	b.open("/devices")
	b.do(chromedp.Click(`a[href="/phone"]`), chromedp.WaitReady(`a[href="/phone?for=ios"]`), chromedp.Click(`a[href="/phone?for=ios"]`), chromedp.WaitReady("#phone-seen"))
	for _, want := range []string{"Profile Downloaded", "VPN & Device Management", "Get the profile", "anna@example.org", "Waiting for the phone"} {
		b.has(want)
	}
	if qr := value[string](b, `document.querySelector(".qr").getAttribute("src")`); !strings.Contains(qr, "for=ios") || !strings.Contains(qr, "anna%40example.org") {
		t.Errorf("the code is %s", qr)
	}
	b.do(chromedp.Click(`form[action="/app-passwords"] button`), chromedp.WaitReady("#secret"))
	secret := value[string](b, `document.getElementById("secret").textContent`)
	b.view("46-phone")
	b.until(`document.body.getAttribute("sse-connect") == "/live"`)
	// The phone comes, and the page says so by itself, step by step.
	p := h.phoneOf(secret, "NEWPHONE", "iPhone")
	h.must(p.FolderSync)
	b.has("iPhone has logged in.")
	h.must(func(ctx context.Context) error { return p.Sync(ctx, p.FolderOf(9)) }) // MS-ASFOLD 2.2.3.186: contacts
	b.has("It works: iPhone is connected.")
	b.has("folder has synced")
	if n := value[int](b, `document.querySelectorAll("[data-phone]").length`); n != 1 {
		t.Errorf("%d phones are told of", n)
	}
	b.view("47-phone-works")
	b.do(chromedp.Click(`[data-phone] a`), chromedp.WaitReady("#access"))
	b.complaints("iPhone")

	b.open("/phone?for=android")
	for _, want := range []string{"Exchange and Office 365", "Manual setup", "Samsung"} {
		b.has(want)
	}
	if label := value[string](b, `document.getElementById("label").value`); label != "Android" {
		t.Errorf("the label is %q", label)
	}
	b.do(chromedp.Click(`form[action="/app-passwords"] button`), chromedp.WaitReady("#secret"))
	secret = value[string](b, `document.getElementById("secret").textContent`)
	stranger := h.phoneOf(secret, "STRANGER", "StrangePhone")
	if ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute); stranger.FolderSync(ctx) == nil {
		cancel()
		t.Error("a phone that is to be held syncs")
	} else {
		cancel()
	}
	b.has("StrangePhone has logged in, and waits to be allowed.")
	b.do(chromedp.Click(`[data-phone] button`), chromedp.WaitReady("#access"))
	b.has("Syncs")
	h.must(stranger.FolderSync)
	b.complaints("Android")
}

// TestPhoneByHTTPS: where phones can connect, the page hands out the certificate, and asks for trust in it; both are what the server shows.
func TestPhoneByHTTPS(t *testing.T) {
	t.Parallel()
	h := &hub{T: t, data: t.TempDir(), places: t.TempDir()}
	h.cli(password, "user", "add", user, "--password-file", "-", "--address", "anna@example.org")
	h.url, h.end = hubkit.Start(t, h.data, "https://127.0.0.1:0", regexp.MustCompile(`https://127\.0\.0\.1:[0-9]+`))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(h.data, "tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	authority, _ := pem.Decode(text)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(text)
	sum := sha256.Sum256(authority.Bytes)
	fingerprint := strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
	c := &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	defer c.CloseIdleConnections()
	post, err := c.PostForm(h.url+"/login", map[string][]string{"name": {user}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	post.Body.Close()
	for sort, menus := range map[string][]string{"ios": {"Certificate Trust Settings", "tandem-ca.cer"}, "android": {"CA certificate", "Install anyway", "Accept all certificates"}} {
		r, err := c.Get(h.url + "/phone?for=" + sort)
		if err != nil {
			t.Fatal(err)
		}
		page := body(t, r)
		for _, want := range append(menus, fingerprint) {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", sort, want)
			}
		}
		if strings.Contains(page, "begins with http.") {
			t.Errorf("%s: the address will not do", sort)
		}
	}
	r, err := c.Get(h.url + "/setup/tandem-ca.cer")
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, r); got != string(authority.Bytes) {
		t.Error("another certificate is handed out")
	}
}

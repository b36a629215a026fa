package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tandem/center"
	"tandem/internal/oauth"
	"tandem/partner/seal"
	"tandem/test/davpeers"
)

// guises are the ways in which a secret might be written somewhere.
func guises(user, secret string) []string {
	list := []string{secret, url.QueryEscape(secret), hex.EncodeToString([]byte(secret))}
	for _, text := range []string{secret, user + ":" + secret, "\x00" + user + "\x00" + secret} {
		list = append(list, strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "="), strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(text)), "="))
	}
	return list
}

// absent fails if a text shows one of the secrets.
func (d *davRun) absent(what string, text []byte, guises []string) {
	d.Helper()
	for _, g := range guises {
		if bytes.Contains(text, []byte(g)) {
			d.Errorf("%s shows the secret as %q", what, g)
		}
	}
}

// sealedFolder looks through every file of the data folder.
func (d *davRun) sealedFolder(guises []string) {
	d.Helper()
	n := 0
	err := filepath.WalkDir(d.path("data"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		n++
		data, err := os.ReadFile(path)
		d.absent(path, data, guises)
		return err
	})
	if err != nil || n < 2 {
		d.Errorf("looked at %d files, %v", n, err)
	}
}

// safeBuffer is written to by several runs.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// A password that was logged in with, used by runs and by the queue of mail, is nowhere in clear: not in the data folder, not in what commands print, and not
// in the log at its most talkative, which traces every call of the place.
func TestSecretsStaySealed(t *testing.T) {
	d := &davRun{T: t, dir: t.TempDir(), server: davpeers.Radicale(t)}
	s := d.server
	place := fmt.Sprintf("carddav://%s@%s%s", s.User, s.Host(), s.AddressBook(t, "book"))
	d.write("x/anna.vcf", vcardOf("a", "Anna"))
	d.write("password", s.Password+"\n")
	const mail = "staple+battery/horse"
	d.write("mail-password", mail)
	look := append(guises(s.User, s.Password), guises("anna@example.org", mail)...)

	said := d.tandem(0, "partner", "login", place, "--password-file", d.path("password"))
	said += d.tandem(0, "sync", "vdir:"+d.path("x"), place)
	d.write("login", "correct horse battery")
	said += d.tandem(0, "user", "add", "anna", "--address", "anna@example.org", "--password-file", d.path("login"))
	said += d.tandem(0, "user", "mail", "anna", "--server", "localhost:1", "--tls", "none", "--login", "anna@example.org", "--password-file", d.path("mail-password"))
	said += d.tandem(0, "item", "add", "contacts", place, "--user", "anna")
	said += d.tandem(0, "secret", "list")
	d.has("secret list", said, "password of "+s.User, "way to log in of "+s.User, "submission/anna")
	for _, noun := range []string{"secret", "partner", "item", "user"} {
		said += d.tandem(0, noun, "list", "--json")
	}
	d.sealedFolder(look)

	log := &safeBuffer{}
	h, err := openHub(d.path("data"), hubOptions{log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := h.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.Sync(ctx, nil, center.SyncOptions{Full: true}, func(n center.SyncNews) { fmt.Fprintf(log, "%+v\n", n) }); err != nil {
		t.Error(err)
	}
	stop()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.b.String(), "replica") {
		t.Errorf("nothing was traced:\n%s", log.b.String())
	}
	d.absent("the log", log.b.Bytes(), look)
	d.absent("what commands print", []byte(said), look)

	d.has("secret rotate", d.tandem(0, "secret", "rotate"), "sealed 3 secrets")
	d.tandem(0, "sync", "--full")
	d.sealedFolder(look)

	// Without its key the password cannot be read, and who needs it hears what to do.
	key := d.path("data/" + seal.KeyFile)
	if err := os.Rename(key, d.path("key")); err != nil {
		t.Fatal(err)
	}
	d.has("a sync without the key", d.tandem(1, "sync", "vdir:"+d.path("x"), place), "secrets.key is missing", "put it back", "secret forget --all")
	d.has("secret rotate without the key", d.tandem(1, "secret", "rotate"), "secrets.key is missing")
	d.tandem(1, "secret", "forget", "nothing of that name")
	d.tandem(2, "secret", "forget")
	d.has("secret forget", d.tandem(0, "secret", "forget", "--all"), "forgot 3 secrets")
	d.has("secret list", d.tandem(0, "secret", "list"), "nothing is kept")
	d.has("a sync without the password", d.tandem(1, "sync", "vdir:"+d.path("x"), place), "partner login")
	d.tandem(0, "partner", "login", place, "--password-file", d.path("password"))
	d.tandem(0, "sync", "vdir:"+d.path("x"), place)
	d.sealedFolder(look)
}

// The files of earlier versions are sealed when the folder is opened, and the password goes on to do its work under its name.
func TestOldSecretsAreSealed(t *testing.T) {
	d := &davRun{T: t, dir: t.TempDir()}
	sum := sha256.Sum256([]byte("password of anna at dav.example.org"))
	d.write("data/secrets/"+hex.EncodeToString(sum[:16]), "tr0ub4dor & 3")
	d.has("secret list", d.tandem(0, "secret", "list"), "file/")
	d.sealedFolder(guises("anna", "tr0ub4dor & 3"))
	if _, err := os.Stat(d.path("data/secrets")); !os.IsNotExist(err) {
		t.Errorf("the folder of old is still there: %v", err)
	}
	h, err := openHub(d.path("data"), hubOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Secret(t.Context(), "password of anna at dav.example.org"); got != "tr0ub4dor & 3" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if list := d.tandem(0, "secret", "list"); list != "password of anna at dav.example.org\n" {
		t.Errorf("secret list: %q", list)
	}
}

// Tokens of a login by consent are sealed, too.
func TestTokensStaySealed(t *testing.T) {
	d := &davRun{T: t, dir: t.TempDir()}
	h, err := openHub(d.path("data"), hubOptions{})
	if err != nil {
		t.Fatal(err)
	}
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("grant_type") == "refresh_token" && r.FormValue("refresh_token") != "refresh-of-1" {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, `{"device_code":"D","user_code":"ABCD","verification_uri":"https://example.org/device","interval":1,"expires_in":600,"access_token":"access-of-1","refresh_token":"refresh-of-1"}`)
	}))
	defer issuer.Close()
	source := func() *oauth.Source {
		return oauth.New(oauth.Config{Endpoints: oauth.Endpoints{Device: issuer.URL, Token: issuer.URL}, ClientID: "id", Name: "login of anna at dav.example.org", Keep: hubKeeper{h},
			ClientSecret: func(context.Context) (string, error) { return "", nil }, Tell: func(context.Context, string) {}})
	}
	if _, err := source().Token(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if got, err := source().Token(t.Context(), "access-of-1"); got != "access-of-1" || err != nil { // renewed with what was kept
		t.Fatal(got, err)
	}
	look := append(guises("anna", "access-of-1"), guises("anna", "refresh-of-1")...)
	d.sealedFolder(look)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	d.sealedFolder(look)
}

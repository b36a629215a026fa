package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// TestCodesByCommand sets codes up without a page: they are asked for once a right one was typed.
func TestCodesByCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("correct horse battery"), 0o600); err != nil {
		t.Fatal(err)
	}
	say := func(status int, words ...string) string {
		t.Helper()
		var out, trouble bytes.Buffer
		if got := Main(append(words, "--data", filepath.Join(dir, "data")), strings.NewReader(""), &out, &trouble); got != status {
			t.Fatalf("%q ended with %d: %s%s", words, got, &out, &trouble)
		}
		return out.String() + trouble.String()
	}
	shows := func(text, want string) {
		t.Helper()
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("want %s: %s", want, text)
		}
	}
	say(0, "user", "add", "anna", "--password-file", secret)
	shows(say(1, "user", "totp", "confirm", "anna", "123456"), "tandem user totp begin anna")
	shows(say(1, "user", "totp", "begin", "nobody"), "tandem user list")
	shows(say(0, "user", "totp", "begin", "anna"), `key    ([A-Z2-7]{4} ){7}[A-Z2-7]{4}\nas URI otpauth://totp/Tandem:anna\?.*\n\n.*totp confirm anna CODE`)
	var set struct{ Secret, URI string }
	if err := json.Unmarshal([]byte(say(0, "user", "totp", "begin", "anna", "--hub", "hub.example.org", "--json")), &set); err != nil {
		t.Fatal(err)
	}
	shows(set.URI, "Tandem%20hub.example.org")
	shows(say(1, "user", "totp", "confirm", "anna", "000"), "clocks of the hub and of the phone")
	shows(say(0, "user", "totp", "show", "anna"), "no codes are asked for")
	code, err := totp.GenerateCode(set.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	first := say(0, "user", "totp", "confirm", "anna", code)
	shows(first, "shown this once")
	shows(say(0, "user", "totp", "show", "anna"), `codes are asked for since .*; \d+ recovery codes left`)
	shows(say(1, "user", "totp", "begin", "anna"), "codes are asked for already")
	var again struct{ Codes []string }
	if err := json.Unmarshal([]byte(say(0, "user", "totp", "recovery", "anna", "--json")), &again); err != nil || len(again.Codes) < 5 || strings.Contains(first, again.Codes[0]) {
		t.Errorf("%v: %q", err, again.Codes)
	}
	say(0, "user", "totp", "remove", "anna")
	shows(say(1, "user", "totp", "recovery", "anna"), "no codes are asked for")
	shows(say(1, "user", "passkey", "rename", "anna", "7", "blue"), "tandem user")
	shows(say(2, "user", "passkey", "rename", "anna", "x", "blue"), "tandem user passkey list anna")
}

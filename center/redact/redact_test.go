package redact

import (
	"strings"
	"testing"
)

// TestText checks that secrets of all sorts are taken out wherever they stand, and that what is left still says something.
func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"GET https://anna:hunter2@cloud.example.org/dav/?token=abc failed: 403": "GET https:[removed] failed: 403",
		"Authorization: Basic YW5uYTpodW50ZXIy":                                 "Authorization: [removed]",
		`{"Cookie": "tandem=hunter2"}`:                                          `{[8 characters]: [removed]`,
		"sent Bearer hunter2.hunter2":                                           "sent Bearer [removed]",
		"password=hunter2&user=x":                                               "password=[removed]&user=x",
		`"client_secret": "hunter2"`:                                            `[15 characters]: [removed]`,
		"the password is hunter2":                                               "the password is [removed]",
		"mail from zoe@example.org was refused":                                 "mail from [address] was refused",
		`record "Zoe Zebra" could not be written`:                               "record [11 characters] could not be written",
		"open /home/anna/contacts/zoe.vcf: no such file":                        "open [path]: no such file",
		"open vdir:~/phone-book: gone":                                          "open vdir:[path]: gone",
		`open C:\Users\Anna\x: gone`:                                            "open C:[path]: gone",
		"dial tcp 192.0.2.7:993: refused":                                       "dial tcp [ip]:993: refused",
		"dial tcp [2001:db8::1]:993: refused":                                   "dial tcp [[ip]]:993: refused",
		"lookup imap.zoes-mail.example: no such host":                           "lookup [host]: no such host",
		"call +49 30 1234567":                                                   "call [number]",
		"hash $argon2id$v=19$m=65536$c2FsdA$aGFzaA":                             "hash [hash]",
		"key 0123456789abcdefghijklmnop":                                        "key [26 characters]",
		"42 records, 3 conflicts open; see `tandem log`":                        "42 records, 3 conflicts open; see `tandem log`",
	} {
		got := New().Text(text)
		if got != want {
			t.Errorf("%q\n is %q\nwant %q", text, got, want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%q tells the secret: %q", text, got)
		}
	}
}

// TestKnown checks that what is known is replaced by one name, whatever its case, the longest first, and short ones as words only.
func TestKnown(t *testing.T) {
	r := New()
	r.Known("user", "anna", "Anna Adams", "me", "", " ")
	r.Known("item", "anna-contacts")
	got := r.Text("ANNA ran anna-contacts for Anna Adams; some of me")
	want := "[" + r.Name("user", "anna") + "] ran [" + r.Name("item", "anna-contacts") + "] for [" + r.Name("user", "anna adams") + "]; some of [" + r.Name("user", "me") + "]"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if r.Name("user", "anna") == New().Name("user", "anna") || r.Name("user", "anna") != r.Name("user", "ANNA") || r.Name("user", "") != "" {
		t.Error("names are guessable, or change")
	}
}

// FuzzText checks that no text around a known secret keeps it in.
func FuzzText(f *testing.F) {
	f.Add("a ", " b")
	f.Add("://", "@x")
	f.Add("\x00\"", "ß")
	f.Fuzz(func(t *testing.T, before, after string) {
		r := New()
		r.Known("secret", "hunter2-swordfish")
		if got := r.Text(before + "Hunter2-Swordfish" + after); strings.Contains(strings.ToLower(got), "hunter2-swordfish") {
			t.Errorf("%q", got)
		}
	})
}

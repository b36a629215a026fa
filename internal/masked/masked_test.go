package masked

import (
	"encoding/base64"
	"testing"
)

func TestText(t *testing.T) {
	const secret = "staple +battery/"
	plain := base64.StdEncoding.EncodeToString([]byte("\x00anna\x00" + secret))
	bare := base64.RawURLEncoding.EncodeToString([]byte("n,a=anna,\x01auth=Bearer " + secret + "\x01\x01"))
	for text, want := range map[string]string{
		"":                                 "",
		"wrong password":                   "wrong password",
		"no: staple +battery/ is wrong":    "no: *** is wrong",
		"no: staple+%2Bbattery%2F":         "no: ***",
		"no: staple%20+battery%2F":         "no: ***",
		"AUTH PLAIN " + plain + " refused": "AUTH PLAIN *** refused",
		"(" + bare + ")":                   "(***)",
		"authenticationfailed":             "authenticationfailed", // base64 of nothing that matters
	} {
		if got := Text(text, "", "ab", secret); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	if got := Text(`LOGIN "anna" "staple \"and\\battery" refused`, `staple "and\battery`); got != `LOGIN "anna" "***" refused` {
		t.Errorf("a secret between quotes: %q", got)
	}
	if got := Text("cab", "ab"); got != "cab" {
		t.Errorf("what is too short to be a secret: %q", got)
	}
}

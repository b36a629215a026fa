// Package masked takes secrets out of texts that others wrote. Some servers repeat in their refusal what they were sent; what they say is shown, logged and kept, and must not tell a password.
package masked

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// hidden stands where a secret was.
const hidden = "***"

// shortest is the length in bytes from which a text is taken for a secret: words of less stand in any sentence.
const shortest = 4

// coded is what may be base64, of either alphabet. RFC 4648 4, 5
var coded = regexp.MustCompile(`[A-Za-z0-9+/_-]{6,}={0,2}`)

// quoted is how a secret stands between quotes in IMAP, ManageSieve and many others. RFC 9051 4.3, RFC 5804 4
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Text is a text without the secrets: as they are, escaped as between quotes, percent-encoded, or within something in base64.
func Text(text string, secrets ...string) string {
	var list []string
	for _, s := range secrets {
		if len(s) >= shortest {
			list = append(list, s)
		}
	}
	if len(list) == 0 || text == "" {
		return text
	}
	text = coded.ReplaceAllStringFunc(text, func(run string) string {
		plain := decode(run)
		for _, s := range list {
			if strings.Contains(plain, s) {
				return hidden
			}
		}
		return run
	})
	for _, s := range list {
		for _, form := range []string{s, quoted.Replace(s), url.QueryEscape(s), url.PathEscape(s)} {
			text = strings.ReplaceAll(text, form, hidden)
		}
	}
	return text
}

// decode is what a run of base64 means, as far as it means something.
func decode(run string) string {
	run = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(run, "="))
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	plain, err := base64.RawStdEncoding.DecodeString(run)
	if err != nil {
		return ""
	}
	return string(plain)
}

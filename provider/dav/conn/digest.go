package conn

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// challenge is what a server wants to see. RFC 7616 3.3
type challenge struct {
	scheme    string // in lower case
	realm     string
	nonce     string
	opaque    string
	algorithm string // as the server wrote it
	qop       string // "auth", or "" for the form of RFC 2069
	stale     bool
	userhash  bool

	count int
	tried int // refusals in a row
}

// parseChallenges reads WWW-Authenticate headers; one may hold several challenges. RFC 9110 11.6.1
func parseChallenges(headers []string) []*challenge {
	var all []*challenge
	for _, h := range headers {
		var cur *challenge
		for _, item := range splitQuoted(h) {
			key, value, isParam := strings.Cut(item, "=")
			if name, rest, ok := strings.Cut(strings.TrimSpace(key), " "); ok || !isParam {
				cur = &challenge{scheme: strings.ToLower(strings.TrimSpace(name))}
				all = append(all, cur)
				if key = strings.TrimSpace(rest); !isParam {
					continue
				}
			}
			if cur != nil {
				cur.set(strings.ToLower(strings.TrimSpace(key)), unquote(strings.TrimSpace(value)))
			}
		}
	}
	return all
}

func (c *challenge) set(key, value string) {
	switch key {
	case "realm":
		c.realm = value
	case "nonce":
		c.nonce = value
	case "opaque":
		c.opaque = value
	case "algorithm":
		c.algorithm = value
	case "stale":
		c.stale = strings.EqualFold(value, "true")
	case "userhash":
		c.userhash = strings.EqualFold(value, "true")
	case "qop":
		c.qop = "none of ours"
		for _, q := range strings.Split(value, ",") {
			if strings.EqualFold(strings.TrimSpace(q), "auth") {
				c.qop = "auth"
			}
		}
	}
}

// splitQuoted splits at commas that are not within quotes.
func splitQuoted(s string) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func has(all []*challenge, scheme string) bool {
	for _, c := range all {
		if c.scheme == scheme {
			return true
		}
	}
	return false
}

// best is the strongest digest challenge that can be met, or nil.
func best(all []*challenge) *challenge {
	var found *challenge
	for _, c := range all {
		if c.scheme != "digest" || c.hasher() == nil || c.nonce == "" || c.qop != "" && c.qop != "auth" {
			continue
		}
		if found == nil || strings.HasPrefix(strings.ToUpper(c.algorithm), "SHA-256") && !strings.HasPrefix(strings.ToUpper(found.algorithm), "SHA-256") {
			found = c
		}
	}
	return found
}

func (c *challenge) hasher() func() hash.Hash {
	switch strings.ToUpper(c.algorithm) {
	case "", "MD5", "MD5-SESS":
		return md5.New
	case "SHA-256", "SHA-256-SESS":
		return sha256.New
	}
	return nil
}

// answer is the Authorization header for one request. RFC 7616 3.4
func (c *challenge) answer(method, uri, user, password string) string {
	c.count++
	return c.answerWith(method, uri, user, password, rand.Text())
}

func (c *challenge) answerWith(method, uri, user, password, cnonce string) string {
	h := func(parts ...string) string {
		sum := c.hasher()()
		sum.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(sum.Sum(nil))
	}
	a1 := h(user, c.realm, password)
	if strings.HasSuffix(strings.ToUpper(c.algorithm), "-SESS") {
		a1 = h(a1, c.nonce, cnonce)
	}
	a2 := h(method, uri)
	nc := fmt.Sprintf("%08x", c.count)
	response := h(a1, c.nonce, a2) // RFC 2069
	if c.qop != "" {
		response = h(a1, c.nonce, nc, cnonce, c.qop, a2)
	}
	name := user
	if c.userhash {
		name = h(user, c.realm)
	}
	out := []string{"username=" + quote(name), "realm=" + quote(c.realm), "nonce=" + quote(c.nonce), "uri=" + quote(uri), "response=" + quote(response)}
	if c.algorithm != "" {
		out = append(out, "algorithm="+c.algorithm)
	}
	if c.opaque != "" {
		out = append(out, "opaque="+quote(c.opaque))
	}
	if c.qop != "" {
		out = append(out, "qop="+c.qop, "nc="+nc, "cnonce="+quote(cnonce))
	}
	if c.userhash {
		out = append(out, "userhash=true")
	}
	return "Digest " + strings.Join(out, ", ")
}

func quote(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

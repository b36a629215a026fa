package web_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// badInputs are bodies and addresses that no operation takes.
func badInputs(op operationOf) (out []operationOf) {
	nobody := op
	nobody.path = regexp.MustCompile(`/(1|anna|annas)(/|\?|$)`).ReplaceAllString(op.path, "/no%20such%20thing$2")
	if nobody.path != op.path && op.id != "user-exists" {
		out = append(out, nobody)
	}
	if op.body != nil {
		for _, body := range []string{`{`, `[]`, `{"no_such_field":1}`} {
			one := op
			one.body = []byte(body)
			out = append(out, one)
		}
	}
	if strings.HasPrefix(op.method, "GET") {
		one := op
		one.path += map[bool]string{true: "&", false: "?"}[strings.Contains(op.path, "?")] + "limit=-1&before=x&after=x&skip=x"
		out = append(out, one)
	}
	return out
}

// TestBadInputIsExplained: whatever is wrong about a request to the API, the answer names what it is about or why it failed, and what helps.
func TestBadInputIsExplained(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	anna := k.in("anna")
	for _, op := range walk(t) {
		if op.id == "log-out" || strings.HasPrefix(op.path, "/api/events") || op.method == "DELETE" && strings.HasPrefix(op.path, "/api/me") {
			continue
		}
		for _, bad := range badInputs(op) {
			a := anna.send(bad.request(anna))
			if a.status < 400 {
				continue
			}
			var p struct{ Title, Detail, Cause, Remedy, Thing string }
			if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Detail == "" || p.Remedy == "" || a.status >= 500 {
				t.Errorf("%s %s %s: %d: %s", bad.method, bad.path, bad.body, a.status, a.body)
			}
		}
	}
}

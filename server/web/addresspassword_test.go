package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestPasswordInAddress: an address with a password in it is refused, and the form that comes back has all of it but the password; nothing that is said repeats it.
func TestPasswordInAddress(t *testing.T) {
	t.Parallel()
	h := newRefusing(t)
	anna := h.as("anna", "en")
	for _, address := range []string{"https://zoe:hunter2@example.org/hook", "ftp://zoe:hunter2@example.org/hook"} {
		a := anna.form("/settings/webhooks", url.Values{"csrf": {anna.csrf}, "url": {address}})
		if a.status != http.StatusBadRequest || strings.Contains(a.body, "hunter2") || !strings.Contains(a.body, `value="`+address[:strings.Index(address, ":")]+`://zoe@example.org/hook"`) {
			t.Errorf("%s: %d %s", address, a.status, a.body)
		}
		doc := parse(t, a.body)
		atFault(t, refusal{field: "url"}, doc)
		if a := anna.call("POST", "/api/webhooks", map[string]string{"url": address}); strings.Contains(a.body, "hunter2") {
			t.Errorf("the API repeats it: %s", a.body)
		}
	}
}

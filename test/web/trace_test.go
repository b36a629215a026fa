package web

import (
	"strings"
	"testing"
)

// TestTrace has a phone traced from its page, and looks at what it then says, which names nobody.
func TestTrace(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password+"\n", "user", "add", user, "--title", "Anna Adams", "--password-file", "-")
	h.phones()
	b := openBrowser(t, h)
	b.logIn()
	b.open("/devices/" + user + "/ANNAPHONE01/trace")
	b.press("form.row button.main")
	b.until(`document.body.innerText.includes("It ends by itself")`)
	h.phones()
	b.open("/devices/" + user + "/ANNAPHONE01/trace")
	text := value[string](b, `document.querySelector("main").innerText`)
	if !strings.Contains(text, "FolderSync") || !strings.Contains(text, "<SyncKey>") || strings.Contains(text, password) {
		t.Errorf("it says %s", text)
	}
	b.view("70-trace")
}

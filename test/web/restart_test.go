package web

import (
	"testing"
)

// TestRestart leaves pages open while the hub ends and comes back, and checks that they go on telling what happens without being loaded anew, nobody is logged out, and
// what happened meanwhile is shown, too.
func TestRestart(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	h := startHub(t)
	h.cli(password+"\n", "user", "add", user, "--title", "Anna Adams", "--password-file", "-")
	h.write("book/1.vcf", card("u1", "Zoe"))
	h.cli("", "item", "add", "contacts", "vdir:"+h.dir("book"), "--name", "book", "--mode", "manual", "--user", user)
	b := openBrowser(t, h)
	b.logIn()
	b.open("/")
	value[string](b, `window.mark = "the same page"`)
	h.cli("", "sync", "book")
	b.until(`document.querySelector("#item-book").innerText.includes("In step")`)

	h.end()
	h.cli("", "item", "disable", "book") // by a hub for this command alone
	h.restart()
	b.until(`document.querySelector("#item-book").innerText.includes("Switched off")`)
	h.cli("", "item", "enable", "book")
	b.until(`!document.querySelector("#item-book").innerText.includes("Switched off")`)
	h.write("book/2.vcf", card("u2", "Yan"))
	h.cli("", "sync", "book")
	b.until(`document.querySelector("[sse-swap=say]").innerText.includes("book has been synced")`)
	if got := value[string](b, `window.mark`); got != "the same page" {
		t.Errorf("the page was loaded anew: %q", got)
	}
	// What the browser said while nobody answered is about the network.
	b.mu.Lock()
	b.problems = nil
	b.mu.Unlock()
}

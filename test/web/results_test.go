package web

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestResults: the log is looked through by text, level, item and handler, and what is chosen is cleared after a question, and nothing else.
func TestResults(t *testing.T) {
	t.Parallel()
	h, b := small(t, "meadow", "forest")
	for range 2 {
		h.try("sync", "forest")
	}
	if err := os.RemoveAll(h.dir("forest")); err != nil {
		t.Fatal(err)
	}
	h.try("sync", "forest")
	lines := func() int { return value[int](b, `document.querySelectorAll(".events > li").length`) }
	of := func(item string) int {
		return value[int](b, fmt.Sprintf(`[...document.querySelectorAll(".events > li")].filter(e => e.querySelector(".facts")?.innerText.includes(%q)).length`, item))
	}
	b.open("/log?handler=forest")
	b.has("only of forest")
	if lines() == 0 || of("meadow") > 0 {
		t.Errorf("the handler is not looked for: %s", b.text())
	}
	b.do(chromedp.Click("#f-handler"), chromedp.Click("form.filters button"))
	b.until(`document.readyState == "complete" && !location.search.includes("handler=")`)
	if of("meadow") == 0 || of("forest") == 0 {
		t.Errorf("not everything is shown: %s", b.text())
	}
	b.do(chromedp.SendKeys("#f-text", h.dir("forest")+"\r"))
	b.until(`document.readyState == "complete" && location.search.includes("q=%2F")`)
	if n := lines(); n == 0 || of("meadow") > 0 {
		t.Errorf("the text is not looked for: %s", b.text())
	}
	b.view("86-results-by-text")
	found := value[string](b, `location.pathname + location.search`)
	b.do(chromedp.Click(`.events a[href^="/log/codes#"]`), chromedp.WaitReady("section:target"))
	b.has("How it comes about")
	b.view("88-codes")
	b.open(found)
	chosen := lines()
	b.do(chromedp.Click(`a[href^="/log/clear"]`), chromedp.WaitReady(".ask"))
	b.has(fmt.Sprintf("Clear %d result", chosen))
	b.has("with “" + h.dir("forest") + "”")
	b.view("87-clear")
	b.tabThrough("/log/clear")
	b.do(chromedp.SetValue("#age", "7"), chromedp.Click(".ask button.main"), chromedp.WaitReady(".done"))
	if n := lines(); n != chosen {
		t.Errorf("%d of %d young lines are left", n, chosen)
	}
	b.do(chromedp.Click(`a[href^="/log/clear"]`), chromedp.WaitReady(".ask"), chromedp.Click(".ask button.main"), chromedp.WaitReady(".done"))
	b.has("Nothing of this sort")
	b.open("/log")
	if of("meadow") == 0 {
		t.Errorf("what was not chosen is gone: %s", b.text())
	}
	b.open("/log?level=error&show=1")
	if value[bool](b, `document.querySelector(".events .sign:not(.bad)") != null`) {
		t.Error("the level is not looked for")
	}
	b.complaints("results")
}

// TestRepair: the health page tells what is left over; a repair shows what it would do, does that, and shows what it did.
func TestRepair(t *testing.T) {
	t.Parallel()
	h, b := small(t, "meadow")
	left, old := h.dir("meadow")+"/.tandem-left.tmp", time.Now().Add(-72*time.Hour)
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(left, old, old); err != nil {
		t.Fatal(err)
	}
	b.open("/health?look=1")
	b.do(chromedp.Click(`a[href="/health/repair"]`), chromedp.WaitReady("form[action='/health/repair']"))
	b.has("files in the making that an interrupted run left")
	b.has(h.dir("meadow"))
	if _, err := os.Stat(left); err != nil {
		t.Errorf("looking mended: %v", err)
	}
	b.view("88-repair")
	b.tabThrough("/health/repair")
	b.do(chromedp.Click("form[action='/health/repair'] button.main"), chromedp.WaitReady(".done"))
	b.has("This was mended.")
	b.view("89-repaired")
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	b.open("/log?item=repair")
	b.has("mended")
	b.open("/health/repair")
	b.has("Nothing is left over")
	if b.open("/health?look=1"); strings.Contains(b.text(), "Repair…") {
		t.Error("a repair is offered where nothing is left over")
	}
	b.complaints("repair")
}

// small is a hub with folders of contacts, each an item, and a browser in which its user is logged in.
func small(t *testing.T, folders ...string) (*hub, *browser) {
	t.Helper()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	for _, name := range folders {
		h.write(name+"/1.vcf", card("uid-"+name, "Somebody of "+name))
		h.cli("", "item", "add", name, "vdir:"+h.dir(name), "--name", name, "--mode", "manual", "--user", user)
		h.try("sync", name)
	}
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	return h, b
}

package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// bend damages every body that the hub keeps as a file, as a fault of the disk does.
func (h *hub) bend() {
	h.Helper()
	list, err := filepath.Glob(filepath.Join(h.data, "blobs", "??", "*"))
	if err != nil || len(list) == 0 {
		h.Fatalf("no body is a file: %v", err)
	}
	for _, name := range list {
		data, err := os.ReadFile(name)
		if err != nil {
			h.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(name, data, 0o600); err != nil {
			h.Fatal(err)
		}
	}
}

// TestDamaged has the disk damage what the hub keeps: the Health page names it and says what helps, a repair fetches it again from where it is, and says what nobody has any more.
func TestDamaged(t *testing.T) {
	t.Parallel()
	h, b := small(t, "meadow")
	long := func(word string) string { return strings.Repeat(word+" ", 20000) }
	h.write("papers/tax return.txt", long("draft"))
	h.cli("", "item", "add", "papers", "files:"+h.dir("papers"), "--name", "papers", "--mode", "manual", "--user", user)
	h.try("sync", "papers")
	h.write("papers/tax return.txt", long("final"))
	h.write("papers/will <b> testament.txt", long("will"))
	h.try("sync", "papers")

	b.open("/health?look=1")
	b.has("All is well")
	h.bend()
	b.open("/health")
	for _, text := range []string{"Something needs a look", "Contents of the record tax return.txt in papers of anna", "Contents of the record will <b> testament.txt in papers of anna",
		"Contents of an earlier version of tax return.txt in papers by anna", "its bytes are not those that were stored", "have it put aside below"} {
		b.has(text)
	}
	if strings.Contains(b.text(), "Left over") && !strings.Contains(b.text(), "Left over\n: Fine") {
		t.Errorf("what is damaged is told of twice: %s", b.text())
	}
	b.view("94-health-damaged")
	b.tabThrough("/health?look=1")
	b.do(chromedp.Click(`a[href="/health/repair"]`), chromedp.WaitReady("form[action='/health/repair']"))
	b.has("What is damaged is put aside")
	b.has("the record tax return.txt in papers of anna")
	b.view("95-repair-damaged")

	b.speak("de")
	b.german1("/health?look=1", map[string]bool{})
	b.german1("/health/repair", map[string]bool{})
	b.speak("en")
	b.open("/health/repair")
	if err := os.Remove(h.dir("papers/will <b> testament.txt")); err != nil { // so that nobody has it any more
		t.Fatal(err)
	}
	b.do(chromedp.Click("form[action='/health/repair'] button.main"), chromedp.WaitReady(".notice-line"))
	b.has("Some of it could not be mended.")
	b.has("the damaged bytes are kept in")
	b.has("no partner and no version in history has it")
	b.view("96-repaired-damaged")
	b.open("/health?look=1")
	b.has("Records: 1")
	if strings.Contains(b.text(), "tax return.txt") {
		t.Errorf("what was fetched again is damaged still: %s", b.text())
	}

	b.speak("de")
	marked := map[string]bool{}
	b.german1("/health?look=1", marked)
	b.german1("/log?item=repair", marked)
	b.open("/health/repair")
	b.do(chromedp.Click("form[action='/health/repair'] button.main"), chromedp.WaitReady(".notice-line"))
	b.has("kein Partner und keine Fassung im Verlauf hat es")
	for text := range marked {
		t.Errorf("not in German: %s", text)
	}
	b.complaints("damaged")
}

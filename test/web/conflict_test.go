package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// quarrel is a hub on which two address books disagree about the phone of many people, and a third one about the first of them.
func quarrel(t *testing.T, many int) (*hub, *browser) {
	t.Helper()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	books := []string{"north", "south"}
	for _, book := range books {
		for i := range many {
			h.write(fmt.Sprintf("%s/%d.vcf", book, i), card(fmt.Sprintf("q-%d", i), fmt.Sprintf("Person %d", i), "TEL;TYPE=CELL:+49 30 1", "EMAIL:old@example.org"))
		}
		h.cli("", "item", "add", "contacts", "vdir:"+h.dir(book), "--name", book, "--mode", "manual", "--user", user)
		h.try("sync", book)
	}
	for i := range many {
		h.write(fmt.Sprintf("north/%d.vcf", i), card(fmt.Sprintf("q-%d", i), fmt.Sprintf("Person %d", i), "TEL;TYPE=CELL:+49 30 22", "EMAIL:north@example.org", "REV:20261101T000000Z"))
		h.write(fmt.Sprintf("south/%d.vcf", i), card(fmt.Sprintf("q-%d", i), fmt.Sprintf("Person %d", i), "TEL;TYPE=CELL:+49 40 33", "EMAIL:south@example.org", "REV:20261102T000000Z"))
	}
	for _, book := range books {
		h.try("sync", book)
	}
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	return h, b
}

// conflictOf opens the conflict about somebody.
func (b *browser) conflictOf(who string) {
	b.Helper()
	b.open("/conflicts")
	b.until(fmt.Sprintf(`[...document.querySelectorAll("#inbox a.name")].some(e => e.innerText.startsWith(%q))`, who))
	value[bool](b, fmt.Sprintf(`([...document.querySelectorAll("#inbox a.name")].find(e => e.innerText.startsWith(%q)).click(), true)`, who))
	b.do(chromedp.WaitReady(".versions"))
}

// answer chooses an answer on the page of a conflict; script fills in what goes with it.
func (b *browser) answer(choice, script string) {
	b.Helper()
	b.do(chromedp.Click("#a-" + choice))
	if script != "" {
		value[bool](b, "("+script+", true)")
	}
	b.do(chromedp.Click("form.decide button.main"), chromedp.WaitReady("#inbox"))
	b.has("carried out")
}

// recordWith reports whether a record of a folder holds all texts.
func recordWith(dir string, texts ...string) bool {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, f := range files {
		body, err := os.ReadFile(dir + "/" + f.Name())
		all := err == nil
		for _, t := range texts {
			all = all && strings.Contains(string(body), t)
		}
		if all {
			return true
		}
	}
	return false
}

// TestConflictAnswers gives each answer that there is to a conflict of its own, and looks at the folder for what came of it. SC-38, SC-39, SC-40, SM-16
func TestConflictAnswers(t *testing.T) {
	t.Parallel()
	h, b := quarrel(t, 9)
	b.open("/conflicts")
	b.until(`document.querySelectorAll("#inbox li").length == 9`)
	b.view("80-many-conflicts")
	south, sync := h.dir("south"), func() { h.try("sync", "south") }
	b.conflictOf("Person 0") // the phone of one side, the mail address of the other
	b.do(chromedp.Click("#a-fields"))
	b.view("81-pick")
	b.answer("fields", `document.querySelectorAll(".field-pick").forEach(f => f.querySelector(f.innerText.includes("mail") ? "input[type=radio][value=b]" : "input[type=radio][value=a]").click())`)
	if sync(); !recordWith(south, "FN:Person 0\r", "+49 30 22", "EMAIL:south@example.org") {
		t.Error("what was picked did not reach the folder")
	}
	b.conflictOf("Person 1") // both, the second one under a name of its own
	b.answer("both", `document.querySelector("#name").value = "Person 1 of the south"`)
	if sync(); !recordWith(south, "FN:Person 1 of the south\r") || !recordWith(south, "FN:Person 1\r") {
		t.Error("both were to be kept, one of them renamed")
	}
	b.conflictOf("Person 2")
	b.answer("newest", "")
	if sync(); !recordWith(south, "FN:Person 2\r", "+49 40 33") {
		t.Error("the newest is not kept")
	}
	b.conflictOf("Person 3") // out of the sync set, and back
	b.do(chromedp.Click("#a-out"), chromedp.Click("form.decide button.main"), chromedp.WaitReady("#out"))
	b.has("Synced no longer")
	if sync(); !recordWith(south, "FN:Person 3\r", "+49 40 33") {
		t.Error("a record that is synced no longer was changed")
	}
	b.press("#out ~ ul a.name")
	b.do(chromedp.WaitReady(`button[value="ask"]`), chromedp.Click(`button[value="ask"]`), chromedp.WaitReady("#inbox"))
	sync()
	b.conflictOf("Person 3")
	b.do(chromedp.Click("form.decide a.button"), chromedp.WaitReady("#inbox")) // skipped, it waits on
	b.conflictOf("Person 4")
	b.answer("a", `document.querySelector("#alike").click()`) // and all others of the sort
	sync()
	b.open("/conflicts")
	b.has("No conflicts wait")
	for i := 3; i < 9; i++ {
		if !recordWith(south, fmt.Sprintf("FN:Person %d\r", i), "+49 30 22") {
			t.Errorf("Person %d is not as on this hub", i)
		}
	}
	b.complaints("conflicts")
}

// TestThreeVersions: a record that three places changed in the same fields is put together field by field from all of them, seen and edited before it is kept, and all get it.
func TestThreeVersions(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	books := []string{"north", "south", "west"}
	for _, book := range books {
		h.write(book+"/0.vcf", card("q-0", "Person 0", "TEL;TYPE=CELL:+49 30 1", "NOTE:old", "TITLE:Dr"))
		h.cli("", "item", "add", "contacts", "vdir:"+h.dir(book), "--name", book, "--mode", "manual", "--user", user)
		h.try("sync", book)
	}
	for i, book := range books {
		h.write(book+"/0.vcf", card("q-0", "Person 0", fmt.Sprintf("TEL;TYPE=CELL:+49 %d", 300+i), "NOTE:of the "+book, "TITLE:Prof "+book, "EMAIL:"+book+"@example.org", fmt.Sprintf("REV:2026110%dT000000Z", i+1)))
	}
	for _, book := range books {
		h.try("sync", book)
	}
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	b.conflictOf("Person 0")
	if n := value[int](b, `document.querySelectorAll(".versions .card").length`); n != 3 {
		t.Fatalf("%d versions are shown:\n%s", n, b.text())
	}
	for _, want := range []string{"by a sync from the command line", "of the north", "of the south", "of the west"} {
		b.has(want)
	}
	b.do(chromedp.Click("#a-fields"))
	b.view("82-three-versions")
	// The telephone of the second, the note of the third; the rest as it comes.
	pick := func(text, of string) {
		t.Helper()
		if !value[bool](b, fmt.Sprintf(`(() => { const l = [...document.querySelectorAll(".field-pick label")].find(l => l.innerText.includes(%q) && l.innerText.includes(%q)); l?.click(); return l != null })()`, text, of)) {
			t.Fatalf("%s of %s cannot be taken:\n%s", text, of, b.text())
		}
	}
	pick("+49 301", "south")
	pick("of the west", "west")
	b.do(chromedp.Click(`button[name="show"]`), chromedp.WaitReady("#body"))
	b.until(`document.activeElement.id == "body"`)
	made := value[string](b, `document.getElementById("body").value`)
	for _, want := range []string{"+49 301", "of the west", "TITLE:Prof north", "north@example.org", "south@example.org", "west@example.org"} {
		if !strings.Contains(made, want) {
			t.Errorf("what was put together lacks %q:\n%s", want, made)
		}
	}
	b.view("82-put-together")
	value[bool](b, `(() => { const t = document.querySelector("#body"); t.value = t.value.replace("of the west", "of the west, and mine"); return true })()`)
	b.do(chromedp.Click("form.decide button.main"), chromedp.WaitReady("#inbox"))
	for range 2 {
		for _, book := range books {
			h.try("sync", book)
		}
	}
	b.open("/conflicts")
	b.has("No conflicts wait")
	for _, book := range books {
		if !recordWith(h.dir(book), "FN:Person 0\r", "+49 301", "of the west\\, and mine", "TITLE:Prof north", "west@example.org") && !recordWith(h.dir(book), "FN:Person 0\r", "+49 301", "of the west, and mine", "TITLE:Prof north", "west@example.org") {
			t.Errorf("%s did not get what was put together", book)
		}
	}
	b.complaints("three versions")
}

// TestSeveralConflicts: several that are ticked are answered at once; a conflict of three places shows all versions; what changed meanwhile is looked at again.
func TestSeveralConflicts(t *testing.T) {
	t.Parallel()
	h, b := quarrel(t, 3)
	h.write("west/0.vcf", card("q-0", "Person 0", "TEL;TYPE=CELL:+49 30 1", "EMAIL:old@example.org"))
	h.write("west/1.vcf", card("q-1", "Person 1", "TEL;TYPE=CELL:+49 50 44", "EMAIL:west@example.org"))
	h.cli("", "item", "add", "contacts", "vdir:"+h.dir("west"), "--name", "west", "--mode", "manual", "--user", user)
	h.try("sync", "west")
	b.open("/conflicts")
	b.until(`document.querySelectorAll("#inbox li").length >= 3`)
	b.conflictOf("Person 1")
	if n := value[int](b, `document.querySelectorAll(".versions .card").length`); n != 3 {
		t.Logf("%d versions", n)
	}
	// Somebody else decides while the page is open.
	id := value[string](b, `location.pathname.split("/").pop()`)
	h.cli("", "conflict", "resolve", id, "--take", "b")
	b.do(chromedp.Click("#a-a"), chromedp.Click("form.decide button.main"), chromedp.WaitReady("main h1"))
	b.has("This needs another look")
	h.try("sync", "south")
	b.open("/conflicts?item=south")
	b.until(`document.querySelectorAll("#inbox .ticked").length == 2`)
	value[bool](b, `(document.querySelectorAll("#inbox .ticked").forEach(e => e.click()), document.querySelector("#take").value = "b", true)`)
	b.press("#inbox .filters button")
	b.do(chromedp.WaitReady(".done"))
	h.try("sync", "south")
	b.open("/conflicts?item=south")
	b.has("No conflicts wait")
	if !recordWith(h.dir("south"), "FN:Person 2\r", "+49 40 33") {
		t.Error("the partner's version is not kept")
	}
	b.complaints("several")
}

// TestListsAnew: what is ticked and chosen stays when the list is brought in anew, and a row that changes while the whole list is under way is looked at
// after it.
func TestListsAnew(t *testing.T) {
	t.Parallel()
	_, b := quarrel(t, 2)
	b.open("/conflicts")
	b.until(`document.querySelectorAll("#inbox .ticked").length == 2 && document.querySelectorAll("#take option").length > 1`)
	value[bool](b, `(() => {
		document.querySelectorAll("#inbox .ticked")[1].click();
		const take = document.querySelector("#take"); take.value = take.options[1].value; take.focus();
		document.querySelector("#inbox form").dataset.old = "1";
		htmx.trigger(document.querySelector("#inbox"), "sse:conflicts");
		return true;
	})()`)
	b.until(`document.querySelector("#inbox form") && !document.querySelector("#inbox form").dataset.old`)
	b.until(`(() => { const t = [...document.querySelectorAll("#inbox .ticked")], take = document.querySelector("#take");
		return !t[0].checked && t[1].checked && take.value == take.options[1].value && document.activeElement == take })()`)
	b.open("/")
	b.until(`performance.getEntriesByType("resource").some(e => e.name.includes("/center/list"))`) // with which every stream begins
	b.until(`document.querySelector("#item-south")?.["htmx-internal-data"]?.path != null && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")`)
	value[bool](b, `(() => {
		window.asked = [];
		document.addEventListener("htmx:beforeRequest", e => asked.push(e.target.id));
		htmx.trigger(document.querySelector("#board"), "sse:items");
		document.querySelector("#item-south").remove(); // as when the new one hears nothing yet
		document.querySelector("[sse-connect]")["htmx-internal-data"].sseEventSource.dispatchEvent(new MessageEvent("item-south", { data: "1" }));
		return true;
	})()`)
	b.until(`asked.lastIndexOf("item-south") > asked.indexOf("board")`)
	b.complaints("lists anew")
}

// TestQuestions: what the guard holds, and how two filled places meet, is asked in the inbox, with what each answer would do. SC-15
func TestQuestions(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	for i := range 30 {
		h.write(fmt.Sprintf("east/%d.vcf", i), card(fmt.Sprintf("e-%d", i), fmt.Sprintf("Eastern %d", i)))
	}
	h.cli("", "item", "add", "easterners", "vdir:"+h.dir("east"), "--name", "east", "--mode", "manual", "--user", user)
	h.try("sync", "east")
	for i := range 28 {
		if err := os.Remove(fmt.Sprintf("%s/%d.vcf", h.dir("east"), i)); err != nil {
			t.Fatal(err)
		}
	}
	h.try("sync", "east")
	b.open("/")
	b.has("1 question waits for you")
	b.open("/conflicts")
	b.has("east would delete or overwrite much")
	b.has("28 deleted")
	b.view("83-question")
	b.do(chromedp.Click(`input[value=restore] ~ button`), chromedp.WaitReady(".done"))
	b.open("/items/east")
	b.until(`document.querySelector(".said")?.innerText == "In step"`)
	if n := h.count("east"); n != 30 {
		t.Errorf("%d records came back", n)
	}
	// Two filled places that never met.
	h.write("elsewhere/x.vcf", card("x", "Xaver Xylander"))
	h.cli("", "item", "add", "easterners", "vdir:"+h.dir("elsewhere"), "--name", "elsewhere", "--mode", "manual", "--user", user)
	h.cli("", "item", "set", "elsewhere", "first=refuse")
	h.try("sync", "elsewhere")
	b.open("/conflicts")
	b.has("How shall both sides of elsewhere meet?")
	b.view("84-first-question")
	b.do(chromedp.Click(`a[href="/items/elsewhere/preview?first=combine"]`))
	b.until(`document.querySelectorAll(".steps-list li").length == 31`)
	b.has("Combine: both hold everything afterwards")
	b.view("85-first-preview")
	b.open("/conflicts")
	b.press(`input[value=combine] ~ button`)
	b.do(chromedp.WaitReady(".done"))
	b.open("/items/elsewhere")
	b.until(`document.querySelector(".said")?.innerText == "In step"`)
	if n := h.count("elsewhere"); n != 31 {
		t.Errorf("%d records", n)
	}
	b.complaints("questions")
}

// count counts the cards of a folder.
func (h *hub) count(dir string) int {
	h.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir(dir), "*.vcf"))
	if err != nil {
		h.Fatal(err)
	}
	return len(files)
}

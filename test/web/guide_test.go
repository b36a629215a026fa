package web

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem/test/davpeers"
	"tandem/test/mailkit"
)

// TestGuide adds places by the guide, from the sort of place to when it runs: two folders that both hold contacts, an account of mail in which a window leaves something out,
// and an address book of a server.
func TestGuide(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-")
	h.cli("", "user", "admin", user)
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	b.guideFolders(h)
	b.complaints("folders")
	b.guideMail(h)
	b.complaints("mail")
	b.guideBook(h)
	b.complaints("address book")
}

// choose begins the guide with a sort of place.
func (b *browser) choose(provider string) {
	b.Helper()
	b.open("/places/add")
	b.do(chromedp.Click(`a[href="/places/add/`+provider+`"]`), chromedp.WaitReady("#path"))
	if helps := value[[]string](b, `[...document.querySelectorAll("form.stack :is(input:not([type=hidden]), select)")].filter(e => !document.getElementById(e.getAttribute("aria-describedby"))?.innerText?.trim() && e.checkVisibility()).map(e => e.id)`); len(helps) > 0 {
		b.Errorf("%s: nothing explains %s", provider, helps)
	}
}

// fillIn types into a field of the form, in place of what stands there.
func (b *browser) fillIn(id, text string) {
	b.Helper()
	value[bool](b, fmt.Sprintf(`(document.getElementById(%[1]q).closest("details")?.setAttribute("open", ""), document.getElementById(%[1]q).value = "", true)`, id))
	b.do(chromedp.SendKeys("#"+id, text))
}

// test presses the button that looks whether the place is there.
func (b *browser) test() {
	b.Helper()
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady(".pick"))
	b.has("It works.")
}

// inStep waits until an item has run.
func (b *browser) inStep(item string) {
	b.Helper()
	b.until(fmt.Sprintf(`document.getElementById("item-%s")?.innerText.includes("In step")`, item))
}

// begin chooses how the sides of an item meet and when it runs, and lets it begin.
func (b *browser) begin(item, way, when string) {
	b.Helper()
	b.do(chromedp.Click("#"+item+"-"+way), chromedp.Click("#when-"+when), chromedp.Click("form.stack > p button.main"), chromedp.WaitReady("#board"))
}

// mode says when an item runs, among other things.
func (h *hub) mode(item string) string {
	h.Helper()
	return h.cli("", "item", "show", item)
}

func (b *browser) guideFolders(h *hub) {
	b.Helper()
	h.write("book/1.vcf", card("uid-1", "Anna Adams"))
	h.write("book/2.vcf", card("uid-2", "Ben Bauer"))
	h.write("old/2.vcf", card("uid-2", "Ben Bauer"))
	h.write("old/3.vcf", card("uid-3", "Carla Costa"))
	b.choose("vdir")
	b.fillIn("path", h.dir("book"))
	b.test()
	b.do(chromedp.SetValue("#home-0", ""))
	b.fillIn("new-0", "people")
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady("input[name=item]"))
	b.has("One side is empty")
	b.has("2 created")
	b.begin("people-book", "combine", "continuous")
	b.inStep("people-book")

	b.choose("vdir")
	b.fillIn("path", h.dir("old"))
	b.test()
	b.do(chromedp.SetValue("#home-0", "people"), chromedp.Click("form.stack button.main"), chromedp.WaitReady("input[name=item]"))
	b.has("Both sides hold records")
	b.view("43-both")
	ways := value[[]string](b, `[...document.querySelectorAll(".way")].map(e => e.innerText.replace(/\s+/g, " "))`)
	for i, want := range [][]string{{"Combine", "To this hub: 1 created", "to the partner: 1 created"}, {"Replace here", "1 created", "1 deleted"}, {"Replace there", "1 created", "1 deleted"}, {"Not now"}} {
		for _, w := range want {
			if i >= len(ways) || !strings.Contains(ways[i], w) {
				b.Errorf("way %d lacks %q: %q", i, w, ways)
			}
		}
	}
	// Each way can be looked at record by record.
	later := value[string](b, `location.pathname + location.search`)
	b.do(chromedp.Click(`a[href*="preview?first=replace-b"]`))
	b.until(`document.querySelectorAll(".steps-list li").length == 2`)
	b.has("Carla Costa")
	if _, err := os.Stat(h.dir("old/3.vcf")); err != nil {
		b.Fatalf("a look deleted something: %v", err)
	}
	// Who goes away has changed nothing, and is asked again; nothing runs meanwhile, though it is to run by itself.
	b.open("/")
	b.has("Waits for your answer")
	if said := h.mode("people-old"); !strings.Contains(said, "continuous") {
		b.Errorf("it does not run by itself once it is answered for:\n%s", said)
	}
	if holds(h.dir("book"), "FN:Carla Costa") || holds(h.dir("old"), "FN:Anna Adams") {
		b.Error("it was synced before anybody answered")
	}
	b.open(later)
	b.begin("people-old", "replace-b", "continuous")
	b.inStep("people-old")
	if holds(h.dir("old"), "FN:Carla Costa") || !holds(h.dir("old"), "FN:Anna Adams") || holds(h.dir("book"), "FN:Carla Costa") {
		b.Error("the partner does not hold what the hub does")
	}
}

func (b *browser) guideMail(h *hub) {
	b.Helper()
	server := mailkit.Dovecot(b, mailkit.Config{})
	c, err := imapclient.DialInsecure(server.IMAP, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("anna", mailkit.Password).Wait(); err != nil {
		b.Fatal(err)
	}
	for subject, age := range map[string]time.Duration{"Today's news": time.Hour, "From long ago": 1000 * time.Hour} {
		body := "From: ben@example.org\r\nSubject: " + subject + "\r\nMessage-ID: <" + age.String() + "@example.org>\r\n\r\nHello.\r\n"
		cmd := c.Append("INBOX", int64(len(body)), &imap.AppendOptions{Time: time.Now().Add(-age)})
		if _, err := cmd.Write([]byte(body)); err != nil {
			b.Fatal(err)
		}
		if err := cmd.Close(); err != nil {
			b.Fatal(err)
		}
		if _, err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	b.choose("imap")
	b.fillIn("path", "anna@"+server.IMAP)
	b.fillIn("o-password", "wrong")
	b.fillIn("o-days", "30")
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady(".problem"))
	b.has("What helps")
	if got := value[string](b, `document.getElementById("o-password").value + document.getElementById("o-days").value`); got != "30" {
		b.Errorf("after a mistake the form holds %q", got)
	}
	b.fillIn("o-password", mailkit.Password)
	b.test()
	if strings.Contains(value[string](b, `document.documentElement.outerHTML`), mailkit.Password) {
		b.Error("the password stands in the page")
	}
	b.fillIn("name", "mail")
	b.do(chromedp.SetValue("#home-0", ""))
	b.fillIn("new-0", "post")
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady("input[name=item]"))
	b.has("the partner 1.")
	b.has("What takes no part")
	b.view("44-left-out")
	// More is let in from here, and the way back leads here.
	b.do(chromedp.Click("a.more"), chromedp.WaitReady("#o-days"))
	b.has("Settings of mail")
	b.view("45-partner-settings")
	b.fillIn("o-days", "soon")
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady(".problem"))
	b.fillIn("o-days", "0")
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady("input[name=item]"))
	b.has("the partner 2.")
	if strings.Contains(b.text(), "What takes no part") {
		b.Errorf("something is left out still: %s", b.text())
	}
	b.begin("post-mail", "combine", "daily")
	b.inStep("post-mail")
	if said := h.mode("post-mail"); !strings.Contains(said, "day") {
		b.Errorf("it does not run daily:\n%s", said)
	}
	b.open("/items/post-mail/records")
	b.has("From long ago")
}

func (b *browser) guideBook(h *hub) {
	b.Helper()
	server := davpeers.Radicale(b)
	book := server.AddressBook(b, "friends")
	if status, text := server.Do(b, "PUT", book+"x.vcf", card("uid-x", "Xaver Xylander"), "Content-Type", "text/vcard"); status/100 != 2 {
		b.Fatalf("%d %s", status, text)
	}
	b.choose("carddav")
	b.fillIn("path", "anna@"+server.Host()+"/")
	b.fillIn("o-password", server.Password)
	b.test()
	b.has("friends")
	b.fillIn("name", "radicale")
	b.do(chromedp.SetValue("#home-0", "people"), chromedp.Click("form.stack button.main"), chromedp.WaitReady("input[name=item]"))
	item := value[string](b, `document.querySelector("input[name=item]").value`)
	b.has("Both sides hold records")
	b.begin(item, "combine", "manual")
	b.inStep(item)
	if !strings.Contains(h.mode(item), "manual") {
		b.Errorf("it does not run by hand:\n%s", h.mode(item))
	}
	if _, text := server.Do(b, "PROPFIND", book, "", "Depth", "1"); strings.Count(text, ".vcf") != 3 {
		b.Errorf("not everybody came to the server: %s", text)
	}
	b.inStep("people-book") // what came is carried on by itself
}

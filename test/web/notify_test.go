package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// pushService stands for the browser maker's push service, which no test reaches: it gives out one subscription. Everything else is the browser's own.
const pushService = `(() => {
	const bytes = s => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0)).buffer;
	const keys = { p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", auth: "BTBZMqHH6r4Tts7J_aSIgg" };
	const mine = { endpoint: "https://push.example.org/1", getKey: name => bytes(keys[name]), unsubscribe: async () => { localStorage.removeItem("subscribed"); return true } };
	PushManager.prototype.subscribe = async function (o) {
		if (!o.userVisibleOnly || o.applicationServerKey.length != 65 || o.applicationServerKey[0] != 4) throw new Error("wrong options");
		localStorage.setItem("subscribed", "1");
		return mine;
	};
	PushManager.prototype.getSubscription = async () => localStorage.getItem("subscribed") ? mine : null;
})()`

// TestNotifications sets what a person is told, has the browser told and shows what the hub sends, and keeps a webhook.
func TestNotifications(t *testing.T) {
	t.Parallel()
	h, b := household(t)
	b.setNotifications(h)
	b.complaints("notifications")
	b.pushHere(h)
	b.complaints("push")
	b.keepWebhook()
	b.complaints("webhooks")
}

func (b *browser) setNotifications(h *hub) {
	b.Helper()
	b.open("/settings")
	b.do(chromedp.Click(`a[href="/settings/notify"]`), chromedp.WaitReady("#browsers"))
	b.has("waits to be let in") // StrangePhone
	b.view("70-notify")
	b.tabThrough("/settings/notify")
	b.do(chromedp.SetValue("#n-quiet", "always"), chromedp.Click("form.stack button.main"), chromedp.WaitReady(".problem"))
	b.has("22:00-07:00")
	if got := value[string](b, `document.getElementById("n-quiet").value`); got != "always" {
		b.Errorf("what was typed became %q", got)
	}
	b.view("71-notify-mistake")
	b.do(chromedp.SetValue("#n-quiet", "22:00-07:00"), chromedp.SetValue("#n-every", "6h"), chromedp.Click("#n-conflicts"), chromedp.Click("form.stack button.main"))
	b.until(`document.querySelector(".done")?.innerText.includes("Saved.")`)
	said := h.cli("", "notify", "show")
	for _, want := range []string{"conflicts  off", "questions  on", "quiet      22:00-07:00", "every      6h", "after      30m"} {
		if !strings.Contains(said, want) {
			b.Errorf("%q is not set:\n%s", want, said)
		}
	}
	b.do(chromedp.Click(`button[formaction="/settings/notify/test"]`), chromedp.WaitReady("#sent"))
	b.view("72-notify-test")
}

// pushHere has this browser told.
func (b *browser) pushHere(h *hub) {
	b.Helper()
	call := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	_, err := chromedp.CallBrowser(b.ctx, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{Permission: &cdpbrowser.PermissionDescriptor{Name: "notifications"}, Setting: "granted", Origin: h.url,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID})
	call(err)
	_, err = chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: pushService})
	call(err)

	b.open("/settings/notify")
	b.until(`document.querySelector("form[data-push] .on")?.checkVisibility()`)
	b.press("form[data-push] .on")
	b.until(`document.querySelector("[data-browser] .tag")?.checkVisibility()`)
	b.until(`document.querySelector("form[data-push] .off").checkVisibility()`)
	b.view("73-notify-here")
	if said := h.cli("", "notify", "show"); !strings.Contains(said, "browser    1: ") || !strings.Contains(said, "HeadlessChrome") && !strings.Contains(said, "Chrome") {
		b.Errorf("the hub knows no browser:\n%s", said)
	}

	b.until(`navigator.serviceWorker.controller != null || (navigator.serviceWorker.getRegistration("/").then(r => window.worker = r.active?.scriptURL), window.worker == location.origin + "/push.js")`)
	b.worker(h)
	b.press("form[data-push] .off")
	b.until(`document.querySelector("form[data-push] .on")?.checkVisibility() && !document.querySelector("[data-browser]")`)
	if said := h.cli("", "notify", "show"); strings.Contains(said, "\nbrowser ") {
		b.Errorf("the hub still knows the browser:\n%s", said)
	}
}

// worker has the service worker handle a message and a click, in a world of its own: a browser without a desktop shows nothing.
func (b *browser) worker(h *hub) {
	b.Helper()
	r, err := http.Get(h.url + "/push.js")
	if err != nil {
		b.Fatal(err)
	}
	code := body(b.T, r)
	if r.StatusCode != http.StatusOK || r.Header.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/javascript") {
		b.Fatalf("%s with %v", r.Status, r.Header)
	}
	handled, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(async () => {
		const said = [], on = {};
		const self = { location, addEventListener: (name, f) => on[name] = f, registration: { showNotification: async (title, o) => said.push([title, o.body, o.tag, o.data.link].join("|")) },
			clients: { matchAll: async () => [], openWindow: async url => said.push(url) } };
		(self => {`+code+`})(self);
		const happens = (name, event) => new Promise(done => { on[name]({ waitUntil: p => p.then(done), ...event }); setTimeout(done, 500); });
		await happens("push", { data: { json: () => ({ title: "stick fails", text: "no <b>disk</b>", link: "/items/stick", tag: "notify/1" }) } });
		await happens("push", { data: { json: () => { throw new Error("torn") } } });
		const click = link => happens("notificationclick", { notification: { close: () => said.push("closed"), data: { link } } });
		await click("/items/stick");
		await click("https://evil.example.org/");
		return said.join("; ");
	})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	if want := "stick fails|no <b>disk</b>|notify/1|/items/stick; Tandem|||/; closed; " + h.url + "/items/stick; closed"; handled != want {
		b.Errorf("the worker does %q, want %q", handled, want)
	}
}

// keepWebhook adds a webhook, sends it a test, which is checked as a receiver does, and removes it.
func (b *browser) keepWebhook() {
	b.Helper()
	type delivery struct {
		header http.Header
		body   string
	}
	got := make(chan delivery, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- delivery{r.Header, string(body)}
	}))
	defer srv.Close()
	b.open("/settings/webhooks")
	b.view("74-webhooks")
	b.tabThrough("/settings/webhooks")
	b.do(chromedp.SendKeys("#url", "ftp://example.org/"), chromedp.Click("form.stack button.main"), chromedp.WaitReady(".problem"))
	b.has("it is no address that begins with http")
	b.do(chromedp.SetValue("#url", srv.URL+"/hook"), chromedp.Click(`input[value="problem.began"]`), chromedp.Click("form.stack button.main"), chromedp.WaitReady("#secret"))
	secret := value[string](b, `document.getElementById("secret").innerText`)
	b.view("75-webhook-key")
	b.do(chromedp.Click(`button[value="test"]`))
	b.until(`document.querySelector(".done")?.innerText.includes("It is on its way.")`)
	var d delivery
	select {
	case d = <-got:
	case <-time.After(time.Minute):
		b.Fatal("nothing was sent")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		b.Fatal(err)
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%s.%s", d.header.Get("webhook-id"), d.header.Get("webhook-timestamp"), d.body)
	if want := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)); d.header.Get("webhook-signature") != want || !strings.Contains(d.body, `"type":"test"`) {
		b.Errorf("%s with %v", d.body, d.header)
	}
	b.until(`document.querySelector("tbody .state-words")?.innerText.includes("arrived") || (location.reload(), false)`)
	b.view("76-webhook")
	if strings.Contains(value[string](b, `document.documentElement.outerHTML`), secret) {
		b.Error("the key is told twice")
	}
	b.do(chromedp.Click(`button[value="remove"]`))
	b.until(`document.querySelector(".done")?.innerText.includes("Removed.")`)
	b.has("There are none.")
}

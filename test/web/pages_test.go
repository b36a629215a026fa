package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWalk goes through every page of a household's hub, from the one-time link on.
func TestWalk(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	b := openBrowser(t, h)
	b.do(chromedp.Navigate(h.link), chromedp.WaitReady("#again"))
	b.view("01-welcome")
	b.do(chromedp.SendKeys("#name", user), chromedp.SendKeys("#title", "Anna Adams"), chromedp.SendKeys("#password", password), chromedp.SendKeys("#again", password+"\r"),
		chromedp.WaitReady(".empty"))
	b.view("02-empty")
	h.fill()
	for _, page := range []struct{ name, path, wait string }{
		{"03-center", "/", ".partner"}, {"04-item", "/items/calendar", ".chart"}, {"05-runs", "/items/calendar/runs", "table"}, {"06-records", "/items/phone-book/records", "table"},
		{"07-item-settings", "/items/calendar/settings", "form.stack"}, {"08-preview", "/items/documents/preview", ".steps-list"}, {"09-failing", "/items/stick", ".why"},
		{"10-choose-provider", "/places/add", ".step"}, {"11-partner-form", "/places/add/carddavs", "#path"}, {"12-partner", "/partners/phone-book?look=1", ".pick"},
		{"13-conflicts", "/conflicts", ".item"}, {"15-results", "/log", ".events"}, {"16-history", "/history", "table"}, {"17-devices", "/devices", ".item"},
		{"18-device", "/devices/anna/ANNAPHONE01", "#policy"}, {"19-wipe", "/devices/anna/ANNAPHONE01/ask?do=wipe", ".ask"}, {"20-phone", "/phone", ".qr"}, {"21-people", "/people", ".item"},
		{"22-person", "/people/anna", "#mail"}, {"23-collections", "/collections", ".item"}, {"24-health", "/health", ".facts-list"}, {"25-settings", "/settings", "#visits"},
		{"26-remove", "/items/calendar/remove", ".ask"}, {"27-missing", "/items/nothing", ".problem"},
	} {
		b.open(page.path)
		b.do(chromedp.WaitReady(page.wait))
		b.view(page.name)
	}
	b.open("/conflicts")
	b.press("#inbox a.name")
	b.do(chromedp.WaitReady(".versions"))
	b.view("14-conflict")
	b.open("/items/calendar/runs")
	b.do(chromedp.Click("tbody a"), chromedp.WaitReady("#past"))
	b.view("28-run")
	b.open("/collections")
	b.do(chromedp.Click(".item a.name"), chromedp.WaitReady("#links"))
	b.view("29-collection")
	b.do(chromedp.SendKeys("#link-label", "choir\r"), chromedp.WaitReady("#secret"))
	b.open("/settings")
	b.do(chromedp.SendKeys("#label", "tablet\r"), chromedp.WaitReady("#secret"))
	b.view("30-app-password")
	b.do(chromedp.Navigate(h.url+"/items/phone-book/records"), chromedp.WaitReady("table"))
	if text := value[string](b, `document.querySelector("main").innerText`); !strings.Contains(text, evil) {
		t.Errorf("the evil name is not shown as it is: %s", text)
	}
	b.complaints("walk")
}

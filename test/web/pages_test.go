package web

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWalk goes from the one-time link through what only somebody new sees: the welcome, the empty Sync Center, and secrets that are told once.
func TestWalk(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	b := openBrowser(t, h)
	b.do(chromedp.Navigate(h.link), chromedp.WaitReady("#again"))
	b.view("01-welcome")
	b.do(chromedp.SendKeys("#name", user), chromedp.SendKeys("#title", "Anna Adams"), chromedp.SendKeys("#password", password), chromedp.SendKeys("#again", password+"\r"),
		chromedp.WaitReady(".empty"))
	b.view("02-empty")
	for name, path := range map[string]string{"conflicts": "/conflicts", "log": "/log", "history": "/history", "devices": "/devices", "people": "/people", "collections": "/collections", "setup": "/sync-setup",
		"webhooks": "/settings/webhooks"} {
		b.open(path)
		b.view("03-empty-" + name)
	}
	b.open("/collections")
	b.do(chromedp.Click(".item a.name"), chromedp.WaitReady("#link-label"), chromedp.SendKeys("#link-label", "choir\r"), chromedp.WaitReady("#secret"))
	b.view("29-link")
	b.open("/settings")
	b.do(chromedp.SendKeys("#label", "tablet\r"), chromedp.WaitReady("#secret"))
	b.view("30-app-password")
}

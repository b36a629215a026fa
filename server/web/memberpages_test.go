package web_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tandem/internal/need"
)

// TestMemberInABrowser: somebody who does not administer the hub adds a place of theirs in a real browser, within their bounds: after a wrong password, from the sort of place to
// records that have come.
func TestMemberInABrowser(t *testing.T) {
	t.Parallel()
	program := need.Browser(t)
	k := newKit(t, "//dav.example.org/book")
	k.must(k.places["//dav.example.org/book"].Put("x", card("x", "Xaver Xylander"), ""))
	// The sandbox needs rights that tests do not have everywhere; the pages are ours, and so is the certificate.
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-GB"), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	defer stop()
	ctx, end := chromedp.NewContext(ctx)
	defer end()
	defer func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits for the browser to end, so that its folder can go
			t.Log(err)
		}
	}()
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			where, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + ": " + document.body.innerText.slice(0, 600)`))
			t.Fatalf("%v\nat %s", err, where)
		}
	}
	says := func(script string) bool {
		t.Helper()
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	do(chromedp.Navigate(k.srv.URL+"/login"), chromedp.WaitReady("#name"), chromedp.SendKeys("#name", "ben"), chromedp.SendKeys("#password", password+"\r"), chromedp.WaitReady("header.top"))
	do(chromedp.Navigate(k.srv.URL+"/places/add"), chromedp.WaitReady(`a[href="/places/add/net"]`))
	if !says(`!document.querySelector('a[href="/places/add/mem"]') && document.body.innerText.includes("You may add these, at servers on the internet.")`) {
		t.Error("the bounds are not told")
	}
	do(chromedp.Click(`a[href="/places/add/net"]`), chromedp.WaitReady("#path"), chromedp.SendKeys("#path", "dav.example.org/book"), chromedp.SendKeys("#o-password", "wrong\r"), chromedp.WaitReady(".problem"))
	if !says(`document.querySelector(".problem").innerText.includes("the password is wrong") && document.activeElement.id == "o-password" && document.activeElement.getAttribute("aria-describedby").includes(document.querySelector(".problem").id)`) {
		t.Error("what was wrong is not where reading goes on")
	}
	do(chromedp.SendKeys("#o-password", "right\r"), chromedp.WaitReady(".pick"))
	do(chromedp.Click("form.stack button.main"), chromedp.WaitReady("input[name=item]"))
	do(chromedp.Click("#when-manual"), chromedp.Click("form.stack > p button.main"), chromedp.WaitReady("#board"))
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`[...document.querySelectorAll("#board .item")].some(e => e.innerText.includes("In step"))`, chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		t.Fatal(err)
	}
	says(`(document.querySelector("#board .item a.name").click(), true)`) // rows may just be brought in anew
	do(chromedp.WaitReady("#runs"))
	partners, err := k.hub.ListPartners(ctx)
	k.must(err)
	if len(partners) != 1 || partners[0].User != "ben" || !partners[0].Bounded {
		t.Errorf("%+v", partners)
	}
	items, err := k.hub.Status(ctx, nil)
	k.must(err)
	if len(items) != 1 || items[0].Last == nil || items[0].Item.User != "ben" {
		t.Errorf("%+v", items)
	}
}

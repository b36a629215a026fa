package web

import (
	"context"
	"errors"
	"os"
	"sync"

	"github.com/chromedp/chromedp"
)

// shared is the browser of all tests, started when the first one asks for it. To start one takes as long as to look at a few pages; each test has a window, cookies, and all that
// pages store, of its own within it.
var shared struct {
	once sync.Once
	dir  string // what it keeps
	ctx  context.Context
	stop func()
	err  error
}

// chromium is the browser of all tests.
func chromium(program string) (context.Context, error) {
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "tandem-browser-"); shared.err != nil {
			return
		}
		// The sandbox needs rights that tests do not have everywhere; the pages are ours. A process in reserve for each window is work for nothing.
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-GB"),
			chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,SpareRendererForSitePerProcess"), chromedp.UserDataDir(shared.dir))
		ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
		ctx, end := chromedp.NewContext(ctx)
		shared.ctx, shared.stop = ctx, func() { end(); stop() }
		shared.err = chromedp.Do(ctx)
	})
	return shared.ctx, shared.err
}

// endChromium ends the browser, and waits for it, so that its folder can go.
func endChromium() error {
	var err error
	if shared.stop != nil {
		err = chromedp.Cancel(shared.ctx)
		shared.stop()
	}
	if shared.dir != "" {
		err = errors.Join(err, os.RemoveAll(shared.dir))
	}
	return err
}

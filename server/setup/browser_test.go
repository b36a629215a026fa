package setup_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tandem"
	"tandem/internal/need"
	"tandem/server/certs"
	"tandem/server/eas/check"
	"tandem/server/setup"
)

var update = flag.Bool("update", false, "write the picture of the page to doc/phones.png")

// seen is a page in a real browser, and what the browser complained of.
type seen struct {
	*testing.T
	ctx   context.Context
	base  string
	dir   string // where downloads go
	files chan string

	mu       sync.Mutex
	problems []string
}

// open starts a browser, and a hub with an authority of its own whose user anna has the password "right".
func openBrowser(t *testing.T) *seen {
	t.Helper()
	program := need.Browser(t)
	own, err := certs.OpenOwn(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Use("127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	h, err := setup.New(setup.Config{Base: func(*http.Request) string { return "https://sync.example.org" }, Authority: own.Authority(), Fingerprint: own.Fingerprint(),
		Check: checked, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = &tls.Config{GetCertificate: own.Config().GetCertificate}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)

	s := &seen{T: t, base: srv.URL, dir: t.TempDir(), files: make(chan string, 10)}
	// The sandbox needs rights that tests do not have everywhere; the pages are ours.
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits for the browser to end, so that its folder can go
			t.Log(err)
		}
		end()
	})
	s.ctx = ctx
	if err := chromedp.Listen(ctx, s.hear); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.ListenBrowser(ctx, s.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: s.dir, EventsEnabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	return s
}

// checked is the check of a hub whose proxy is impatient.
func checked(_ context.Context, _ *http.Request, user, password string) ([]check.Line, error) {
	if user != "anna@example.org" || password != "right" {
		return nil, &tandem.Error{Kind: tandem.Denied}
	}
	return []check.Line{
		{Name: "address", Level: "ok", Text: "sync.example.org is 198.51.100.7"},
		{Name: "autodiscover names", Level: "warn", Text: "a client that is given only a mail address of example.org does not find the hub; its user must type the server",
			Remedy: "add to DNS: _autodiscover._tcp.example.org. SRV 0 0 443 sync.example.org."},
		{Name: "certificate", Level: "ok", Text: "good until 2027-05-01"},
		{Name: "log-in", Level: "ok", Text: "anna gets in"},
		{Name: "folders", Level: "ok", Text: "4 folders"},
	}, nil
}

func (s *seen) hear(ev any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := ev.(type) {
	case *cdplog.EventEntryAdded:
		// That a form was refused is told by its status code, which the browser notes, too.
		if e.Entry.Source != cdplog.EntrySourceNetwork {
			s.problems = append(s.problems, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		s.problems = append(s.problems, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		s.problems = append(s.problems, e.ExceptionDetails.Text)
	case *browser.EventDownloadProgress:
		if e.State == browser.DownloadProgressStateCompleted {
			s.files <- e.GUID
		}
	}
}

func (s *seen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.Helper()
	if err := chromedp.Do(s.ctx, steps...); err != nil {
		s.Fatal(err)
	}
}

// value is what a script says of the page.
func value[T any](s *seen, script string) T {
	s.Helper()
	v, err := chromedp.Run(s.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		s.Fatal(err)
	}
	return v
}

// colours lets the page believe that the person likes light or dark colours.
func (s *seen) colours(scheme string) {
	s.Helper()
	if _, err := chromedp.Call(s.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}); err != nil {
		s.Fatal(err)
	}
}

// complaints are what the browser complained of since the last time.
func (s *seen) complaints() {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.problems {
		s.Error(p)
	}
	s.problems = nil
}

// faults looks for what keeps people out: content wider than the window, fields without a label, pictures without a text, too little contrast.
const faults = `(() => {
	const out = [];
	const wide = document.documentElement.scrollWidth - window.innerWidth;
	if (wide > 0) out.push("wider than the window by " + wide);
	for (const e of document.querySelectorAll("input")) if (!e.labels.length) out.push("no label: " + e.id);
	for (const e of document.querySelectorAll("img")) if (!e.alt || !e.naturalWidth) out.push("picture: " + e.src);
	for (const e of document.querySelectorAll("[role=img]")) if (!e.ariaLabel) out.push("mark without a label");
	if (document.querySelectorAll("h1").length != 1 || !document.title || !document.documentElement.lang) out.push("title, heading or language");
	const light = c => { const v = c.match(/[\d.]+/g).slice(0, 3).map(x => { x /= 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4 }); return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2] };
	const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c != "rgba(0, 0, 0, 0)") return c } return "rgb(255, 255, 255)" };
	for (const e of document.querySelectorAll("main *")) {
		if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
		const a = light(getComputedStyle(e).color), b = light(ground(e));
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (contrast < 4.5) out.push("contrast " + contrast.toFixed(1) + ": " + e.textContent.trim().slice(0, 40)); // WCAG 2.2, 1.4.3
		if (e.matches("button, .button") && e.getBoundingClientRect().height < 24) out.push("small: " + e.textContent); // WCAG 2.2, 2.5.8
	}
	return out;
})()`

// TestLooks: at the widths of a phone and of a desk, by day and by night, the page can be read and used.
func TestLooks(t *testing.T) {
	s := openBrowser(t)
	for _, size := range []struct{ wide, high int64 }{{360, 740}, {1280, 900}} {
		for _, scheme := range []string{"light", "dark"} {
			s.colours(scheme)
			s.do(chromedp.EmulateViewport(size.wide, size.high), chromedp.Navigate(s.base+"/setup"), chromedp.WaitVisible("#check"))
			for _, f := range value[[]string](s, faults) {
				t.Errorf("%d wide, %s: %s", size.wide, scheme, f)
			}
		}
	}
	s.complaints()
	s.keyboard()
	s.complaints()
}

// keyboard walks through the page by the tabulator key: each stop must be seen, and all that can be used must be reached.
func (s *seen) keyboard() {
	s.Helper()
	want := value[int](s, `document.querySelectorAll("a[href], button, input, summary").length`)
	stops := map[string]bool{}
	for range want {
		s.do(chromedp.KeyEvent(kb.Tab))
		stop := value[struct {
			What  string
			Shown bool
		}](s, `(() => { const e = document.activeElement, c = getComputedStyle(e);
			return {What: e.tagName + " " + (e.id || e.textContent.trim()), Shown: c.outlineStyle != "none" && parseFloat(c.outlineWidth) >= 2} })()`)
		if !stop.Shown {
			s.Errorf("the focus on %s cannot be seen", stop.What)
		}
		stops[stop.What] = true
	}
	for _, what := range []string{"INPUT address", "BUTTON Get the profile", "INPUT user", "INPUT password", "BUTTON Check"} {
		if !stops[what] {
			s.Errorf("%s is not reached by keyboard: %v", what, stops)
		}
	}
}

// TestForms: a person makes mistakes in both forms, and then gets through.
func TestForms(t *testing.T) {
	s := openBrowser(t)
	s.do(chromedp.Navigate(s.base+"/setup"), chromedp.SendKeys("#address", "anna"+kb.Enter))
	if !value[bool](s, `document.querySelector("#address").matches(":invalid") && location.pathname == "/setup"`) {
		t.Error("an address without @ is taken")
	}
	s.do(chromedp.SendKeys("#address", "@example.org"+kb.Enter))
	select {
	case id := <-s.files:
		body, err := os.ReadFile(filepath.Join(s.dir, id))
		if err != nil || !strings.Contains(string(body), "anna@example.org") || !strings.Contains(string(body), "com.apple.eas.account") {
			t.Errorf("%v %s", err, body)
		}
	case <-s.ctx.Done():
		t.Fatal("no profile came")
	}
	// What the browser lets pass, the hub does not.
	s.do(chromedp.Navigate(s.base+"/setup/tandem.mobileconfig?address=anna"), chromedp.WaitVisible("[role=alert]"))
	if got := value[string](s, `document.querySelector("#address").value`); got != "anna" {
		t.Errorf("what was typed is lost: %q", got)
	}

	s.do(chromedp.SendKeys("#user", "anna@example.org"), chromedp.SendKeys("#password", "wrong"+kb.Enter), chromedp.WaitVisible("#check [role=alert]"))
	if text := value[string](s, `document.querySelector("#check [role=alert]").textContent`); !strings.Contains(text, "wrong") {
		t.Errorf("%q", text)
	}
	if got := value[[]string](s, `[document.querySelector("#user").value, document.querySelector("#password").value]`); got[0] != "anna@example.org" || got[1] != "" {
		t.Errorf("%q", got)
	}
	s.do(chromedp.SendKeys("#password", "right"+kb.Enter), chromedp.WaitVisible("#check [role=status]"))
	for _, f := range value[[]string](s, faults) {
		t.Error(f)
	}
	if text := value[string](s, `document.querySelector("#check [role=status]").innerText`); !strings.Contains(text, "Your phone can connect") || !strings.Contains(text, "SRV 0 0 443") {
		t.Errorf("%q", text)
	}
	s.complaints()
}

// TestPicture: the picture in doc/phones.md is of this page; go test ./server/setup -run Picture -update makes it anew.
func TestPicture(t *testing.T) {
	path := filepath.Join("..", "..", "doc", "phones.png")
	if !*update {
		if info, err := os.Stat(path); err != nil || info.Size() > 400<<10 {
			t.Fatalf("%v: make it with -update", err)
		}
		return
	}
	s := openBrowser(t)
	s.colours("light")
	s.do(chromedp.EmulateViewport(760, 900), chromedp.Navigate(s.base+"/setup"), chromedp.SendKeys("#user", "anna@example.org"),
		chromedp.SendKeys("#password", "right"+kb.Enter), chromedp.WaitVisible("#check [role=status]"))
	picture, err := chromedp.Run(s.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(img)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, small.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fewColours is a picture in its 256 most frequent colours, which is a third of the size.
func fewColours(img image.Image) image.Image {
	count := map[color.Color]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[img.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	out := image.NewPaletted(b, colours[:min(256, len(colours))])
	draw.Draw(out, b, img, b.Min, draw.Src)
	return out
}

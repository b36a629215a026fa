package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestSchedule sets when an item runs without a word of the plan's language: times on some days, quiet hours, events and conditions; takes a time away again; and is told what
// is wrong with one. SC-06, SM-06, AS-86
func TestSchedule(t *testing.T) {
	t.Parallel()
	h, b := household(t)
	b.open("/items/documents")
	b.do(chromedp.Click(`a[href="/items/documents/schedule"]`), chromedp.WaitReady("#sort-at"), chromedp.Click("#sort-at"), chromedp.SendKeys("#new-at", "07:00, 14:30"))
	for _, tick := range []string{"#nd-mon", "#nd-fri", "#on-resume", "#on-network-up", "#if-0", "#peak"} {
		b.do(chromedp.Click(tick))
	}
	b.do(chromedp.SetValue("#quiet-from", "22:00"), chromedp.SetValue("#quiet-to", "06:30"), chromedp.SetValue("#battery", "20"), chromedp.SetValue("#networks", "Home"))
	b.view("90-schedule")
	b.do(chromedp.Click("form.stack button.main"), chromedp.WaitReady("#item-start"))
	for _, want := range []string{"at 07:00, 14:30, Mon, Fri", "quiet 22:00–06:30", "It wakes up", "not on battery below 20%"} {
		b.has(want)
	}
	got := h.cli("", "item", "show", "documents")
	for _, want := range []string{"at 07:00, 14:30 on mon,fri", "quiet 22:00-06:30", "on resume, network-up", "only on power", "not on battery below 20%", "only on network Home", "peak mon-fri 08:00-18:00", "off-peak every 1h"} {
		if !strings.Contains(got, want) {
			t.Errorf("the plan lacks %q: %s", want, got)
		}
	}
	b.open("/items/documents/schedule")
	b.do(chromedp.Click("#keep-0"), chromedp.Click("#peak"), chromedp.Click("#sort-every"), chromedp.SetValue("#new-n", "0"), chromedp.Click("form.stack button.main"), chromedp.WaitReady(".problem"))
	b.has("This cannot be used as it is")
	b.do(chromedp.SetValue("#new-n", "45"), chromedp.Click("form.stack button.main"), chromedp.WaitReady("#item-start"))
	b.has("every 45 min")
	if got := h.cli("", "item", "show", "documents"); strings.Contains(got, "07:00") || strings.Contains(got, "peak") || !strings.Contains(got, "every 45m") {
		t.Errorf("the time was to go, and another to come: %s", got)
	}
	b.complaints("schedule")
}

package web

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tandem/test/mailkit"
)

// TestHubMail names the server that the hub's own messages go through, in the page, after mistakes; a test message then arrives there; and takes it away again.
func TestHubMail(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.cli(password, "user", "add", user, "--password-file", "-", "--address", "anna@example.org")
	h.cli("", "user", "admin", user)
	sink := mailkit.NewSink(t)
	host, port, err := net.SplitHostPort(sink.Addr)
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, h)
	b.look(1280, 800, "light")
	b.logIn()
	b.open("/settings/notify")
	b.has("None is named.")
	const form = `form[action="/settings/notify/server"] `
	b.fillIn("host", host)
	b.fillIn("port", "post")
	b.do(chromedp.SetValue("#tls", "none"), chromedp.Click(form+"button.main"), chromedp.WaitReady(".problem"))
	b.has("the port is no number")
	if got := value[string](b, `document.getElementById("host").value + document.getElementById("tls").value`); got != host+"none" {
		t.Errorf("after a mistake the form holds %q", got)
	}
	b.fillIn("port", port)
	b.fillIn("from", "hub@example.org")
	b.do(chromedp.Click(form+"button.main"), chromedp.WaitReady(".done"))
	b.has("Messages of the hub go through it")
	b.view("73-hub-mail")
	if !value[bool](b, `document.getElementById("n-mail").checked`) {
		b.do(chromedp.Click("#n-mail"))
	}
	b.do(chromedp.Click(`button[formaction="/settings/notify/test"]`), chromedp.WaitReady("#sent"))
	<-sink.News
	got := sink.All()
	if len(got) != 1 || !slices.Equal(got[0].To, []string{"anna@example.org"}) || !strings.Contains(got[0].Text, "From: \"Tandem\" <hub@example.org>") || !strings.Contains(got[0].Text, "This is a test") {
		t.Errorf("%+v", got)
	}
	b.do(chromedp.Click(form+"button.danger"), chromedp.WaitReady(".done"))
	b.has("None is named.")
	b.complaints("hub mail")
}

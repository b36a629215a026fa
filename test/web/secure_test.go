package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// authenticator gives a browser a device that keeps passkeys and knows its owner.
func (b *browser) authenticator() webauthn.AuthenticatorID {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.Fatal(err)
	}
	got, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true,
		AutomaticPresenceSimulation: true}})
	if err != nil {
		b.Fatal(err)
	}
	return got.AuthenticatorID
}

// script runs a script in the page.
func script(text string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[any](text)(ctx, t)
		return chromedp.Void{}, err
	}
}

// leave logs out, on a page without a stream, which would tell the console that it ended.
func (b *browser) leave() {
	b.Helper()
	b.open("/settings")
	b.do(chromedp.Click("form.me button"))
	b.until(`location.pathname == "/login" && document.readyState == "complete"`)
}

// TestPasskeysAndCodes goes through passkeys and codes as a person does: adding one, logging in by it, removing it; setting codes up, and logging in in two steps.
func TestPasskeysAndCodes(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.url = strings.Replace(h.url, "127.0.0.1", "localhost", 1) // passkeys are for names
	h.link = strings.Replace(h.link, "127.0.0.1", "localhost", 1)
	b := openBrowser(t, h)
	b.do(chromedp.Navigate(h.link), chromedp.SendKeys("#name", user), chromedp.SendKeys("#password", password), chromedp.SendKeys("#again", password+"\r"), chromedp.WaitReady(".empty"))
	device := b.authenticator()

	b.open("/settings/passkeys")
	b.view("40-passkeys-none")
	b.do(chromedp.SendKeys("#label", "laptop"), chromedp.SendKeys("#password", "wrong horse\r"))
	b.until(`!document.querySelector("form[data-passkey] .problem").hidden`)
	b.has("this is not your own password")
	b.do(script(`document.querySelector("#password").value = ""`), chromedp.SendKeys("#password", password+"\r"), chromedp.WaitReady("form[action='/settings/passkeys']"))
	b.has("last used never")
	b.view("41-passkeys")
	b.do(script(`document.querySelector("[name=label]").value = "my laptop"`), chromedp.Click("form[action='/settings/passkeys'] button"))
	b.until(`location.search == "?done=saved"`)
	b.has("my laptop")

	b.leave()
	b.open("/login?next=/log")
	b.view("42-login")
	b.do(chromedp.Click("form[data-passkey] button"), chromedp.WaitReady("header.top"))
	b.until(`location.pathname == "/log"`)
	b.has(`with the passkey "my laptop"`)
	keys, err := chromedp.Call(b.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: device})
	if err != nil || len(keys.Credentials) != 1 || keys.Credentials[0].RpID != "localhost" || strings.Contains(string(keys.Credentials[0].UserHandle), user) {
		t.Errorf("the device keeps %+v, %v", keys, err)
	}
	b.open("/settings/passkeys")
	b.do(chromedp.Click("button.danger"))
	b.until(`location.search == "?done=removed"`)
	b.leave()
	b.do(chromedp.Click("form[data-passkey] button"))
	b.until(`!document.querySelector("form[data-passkey] .problem").hidden`)
	b.has("this hub does not know the passkey")

	b.logIn()
	b.open("/settings/codes")
	b.view("43-codes-off")
	b.do(chromedp.SendKeys("#old", password+"\r"), chromedp.WaitReady("#secret"))
	b.view("44-codes-set-up")
	secret := strings.ReplaceAll(value[string](b, `document.querySelector("#secret").textContent`), " ", "")
	code := func(ahead time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	b.do(chromedp.SendKeys("#code", code(0)+"\r"), chromedp.WaitReady("#recovery"))
	b.view("45-recovery-codes")
	recovery := value[[]string](b, `[...document.querySelectorAll("#recovery code")].map(c => c.textContent)`)
	b.open("/settings/codes")
	b.has("10 recovery codes left")
	b.view("46-codes-on")
	b.leave()
	b.do(chromedp.SendKeys("#name", user), chromedp.SendKeys("#password", password+"\r"), chromedp.WaitReady("#code"))
	b.view("47-login-code")
	b.do(chromedp.SendKeys("#code", "000000\r"), chromedp.WaitReady("[role=alert]:not([hidden])"))
	b.has("wrong, or was used already")
	b.do(chromedp.SendKeys("#code", code(30*time.Second)+"\r"), chromedp.WaitReady("header.top")) // that of the next half minute: the one from before is used
	b.leave()
	b.do(chromedp.SendKeys("#name", user), chromedp.SendKeys("#password", password+"\r"), chromedp.WaitReady("#code"), chromedp.SendKeys("#code", recovery[3]+"\r"), chromedp.WaitReady("header.top"))
	b.complaints("passkeys and codes")

	if said := h.cli("", "user", "totp", "show", user); !strings.Contains(said, "9 recovery codes left") {
		t.Errorf("tandem user totp show: %s", said)
	}
	h.cli("", "user", "totp", "remove", user)
	b.open("/login")
	b.logIn()
	b.complaints("after the codes were removed")
}

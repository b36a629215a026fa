package imap

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tandem"
	"tandem/kind/mail"
	"tandem/provider"
	"tandem/provider/providertest"
	"tandem/test/mailkit"
)

// registry is one hub's providers of mail.
func registry() *provider.Registry { return provider.NewRegistry(Providers()...) }

func env() provider.Env {
	return provider.Env{Secret: func(context.Context, string) (string, error) { return mailkit.Password, nil }}
}

// open opens a place with providers of its own.
func open(t testing.TB, text string) *provider.Opened {
	t.Helper()
	o, err := tryOpen(t.Context(), registry(), text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func tryOpen(ctx context.Context, reg *provider.Registry, text string) (*provider.Opened, error) {
	return reg.Open(ctx, text, env())
}

// raw is another mail program.
func raw(t testing.TB, addr, user string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(user, mailkit.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letterOf is version v of sample message n.
func letterOf(n, v, size int) []byte {
	text := fmt.Sprintf("From: Anna <anna@example.org>\r\nTo: bert@example.org\r\nSubject: Letter %d\r\nMessage-ID: <%d@example.org>\r\nDate: Sun, 01 Nov 2026 10:00:00 +0000\r\n\r\nVersion %d.\r\n", n, n, v)
	const line = "A line that is long enough to be of use in filling.\r\n"
	if len(text) < size {
		text += strings.Repeat(line, (size-len(text))/len(line)+1)
	}
	return []byte(text)
}

func attrsOf(v int) tandem.Attrs {
	f := mail.Flags{Received: 1_790_000_000, Seen: v%2 == 0, Flagged: v%3 == 0}
	if v > 1 {
		f.Keywords = []string{fmt.Sprintf("Work%d", v)}
	}
	return f.Attrs()
}

// servers are the sorts of servers that the suite runs against.
func servers() map[string]mailkit.Config {
	const basic = "IMAP4rev1 ENABLE IDLE LITERAL+ NAMESPACE"
	return map[string]mailkit.Config{
		"usual":     {},
		"sdbox":     {Mail: "sdbox:~/mail", Prefix: "INBOX.", Separator: "."},
		"condstore": {Capabilities: basic + " CONDSTORE"},
		"uidplus":   {Capabilities: basic + " UIDPLUS ESEARCH"},
		"old":       {Capabilities: "IMAP4rev1"},
		"squeezed":  squeezing(),
	}
}

func TestReplica(t *testing.T) {
	for name, c := range servers() {
		t.Run(name, func(t *testing.T) {
			s := mailkit.Dovecot(t, c)
			var making sync.Mutex // Dovecot does not bear that several make folders
			count := 0
			providertest.Run(t, providertest.Factory{Kind: tandem.Mail, Body: letterOf, Attrs: attrsOf, New: func(t *testing.T) *providertest.Place {
				making.Lock()
				defer making.Unlock()
				c := raw(t, s.IMAP, "anna")
				sep, prefix, options := "/", "", ""
				if name == "squeezed" {
					options = "?compress=yes"
				}
				if name == "sdbox" {
					sep, prefix = ".", "INBOX."
				}
				mailbox := ""
				for err := error(&imap.Error{Code: imap.ResponseCodeAlreadyExists}); err != nil; { // which it also says where another changes its list of folders
					count++
					mailbox = fmt.Sprintf("%sBox %d%sÄ & ß", prefix, count, sep)
					if err = c.Create(mailbox, nil).Wait(); err != nil && refusal(err).Code != imap.ResponseCodeAlreadyExists {
						t.Fatal(err)
					}
				}
				c.Close()
				parts := strings.Split(mailbox, sep)
				for i := range parts {
					parts[i] = url.PathEscape(parts[i])
				}
				proxy := mailkit.NewProxy(t, s.IMAP)
				reg := registry()
				return &providertest.Place{
					Open: func(ctx context.Context) (*provider.Opened, error) {
						return tryOpen(ctx, reg, "imap://anna@"+proxy.Addr+"/"+strings.Join(parts, "/")+options)
					},
					Vanish: func() (func(), error) {
						proxy.Down(true)
						return func() { proxy.Down(false) }, nil
					},
				}
			}})
		})
	}
}

package imap

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"tandem"
	"tandem/internal/oauth"
	"tandem/provider"
	"tandem/test/mailkit"
)

// endless is a large message that is nowhere in memory.
type endless struct{ size int64 }

const aLine = "What is large is mostly a picture, of which nobody reads a line like this one.\r\n"

// Open implements tandem.Body.
func (b endless) Open() (io.ReadCloser, error) {
	head := "From: anna@example.org\r\nSubject: large\r\nMessage-ID: <large@example.org>\r\n\r\n"
	return io.NopCloser(io.LimitReader(io.MultiReader(strings.NewReader(head), &repeated{}), b.size)), nil
}

// Size implements tandem.Body.
func (b endless) Size() int64 { return b.size }

type repeated struct{ at int }

// Read implements io.Reader.
func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = aLine[r.at]
		r.at = (r.at + 1) % len(aLine)
	}
	return len(p), nil
}

// A large message goes there and comes back without being in memory, and can be read as often as one likes.
func TestLarge(t *testing.T) {
	const size = 64<<20 - 2
	s := mailkit.Dovecot(t, mailkit.Config{})
	r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	told := int64(0)
	out, err := r.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, Record: tandem.Record{Body: endless{size}}, Progress: func(n int64) { told += n }}})
	must(t, err)
	if out[0].Status != tandem.Applied || told != size {
		t.Fatalf("%s (%v), told of %d bytes", out[0].Status, out[0].Err, told)
	}
	var body tandem.Body
	for rec, err := range r.Fetch(t.Context(), []tandem.ID{out[0].ID}) {
		must(t, err)
		body = rec.Body
	}
	for range 2 {
		got, err := body.Open()
		must(t, err)
		want, err := endless{size}.Open()
		must(t, err)
		a, b := make([]byte, 1<<16), make([]byte, 1<<16)
		total := 0
		for {
			n, err := io.ReadFull(got, a)
			m, _ := io.ReadFull(want, b) // its end is compared by length
			if n != m || !bytes.Equal(a[:n], b[:m]) {
				t.Fatalf("otherwise after %d bytes", total)
			}
			if total += n; err != nil {
				break
			}
		}
		if total != size {
			t.Errorf("%d bytes, want %d", total, size)
		}
		must(t, got.Close())
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > size/2 {
		t.Errorf("%d MiB were taken of memory in all for a message of %d", n>>20, size>>20)
	}
	must(t, r.Close())
	if _, err := body.Open(); err == nil {
		if in, err := body.Open(); err == nil {
			if n, err := io.Copy(io.Discard, in); err == nil {
				t.Errorf("after closing %d bytes can be read", n)
			}
		}
	}
}

// Both mechanisms say who comes and with which token, and let the server say why not.
func TestTokens(t *testing.T) {
	for _, c := range []struct {
		mech sasl.Client
		name string
		want string
	}{
		{oauth.XOAUTH2("anna@example.org", "t0"), "XOAUTH2", "user=anna@example.org\x01auth=Bearer t0\x01\x01"},
		{&bearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: "anna@example.org", Token: "t0", Host: "h", Port: 993})}, "OAUTHBEARER", "n,a=anna@example.org,\x01host=h\x01port=993\x01auth=Bearer t0\x01\x01"},
	} {
		name, first, err := c.mech.Start()
		if name != c.name || string(first) != c.want || err != nil {
			t.Errorf("%s %q, %v", name, first, err)
		}
		if _, err := c.mech.Next([]byte(`{"status":"401"}`)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// fresh hands out tokens and notes which were refused.
type fresh struct{ refused []string }

// Token implements tokens.
func (f *fresh) Token(_ context.Context, stale string) (string, error) {
	f.refused = append(f.refused, stale)
	return fmt.Sprintf("t%d", len(f.refused)), nil
}

// A token that the server refuses is renewed; the new one is tried once, and then the person is told.
func TestRenewed(t *testing.T) {
	for name, c := range map[string]struct {
		answer  string
		refused string
		kind    tandem.ErrorKind
	}{
		"taken":   {"% OK [CAPABILITY IMAP4rev1] in\r\n", ",", 99},
		"refused": {"% NO [AUTHENTICATIONFAILED] stale\r\n", ",,t1,t2", tandem.Denied},
		"busy":    {"% NO [UNAVAILABLE] later\r\n", ",", tandem.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			at := script(t, map[string]string{"CAPABILITY": "* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n% OK\r\n", "AUTHENTICATE": c.answer, "LOGIN": "% NO no\r\n"})
			reg := &accounts{open: map[string]*account{}, now: time.Now}
			place, err := registry().ParsePlace("imap://anna@" + at + "/INBOX")
			must(t, err)
			s, err := parse(false, place, provider.Env{})
			must(t, err)
			a, err := reg.use(s)
			must(t, err)
			defer a.release()
			f := &fresh{}
			a.tokens = f
			l, err := a.dial(t.Context(), nil)
			if err == nil {
				l.close()
			}
			if (err == nil) != (c.kind == 99) || err != nil && tandem.KindOf(err) != c.kind {
				t.Errorf("%v", err)
			}
			if got := "," + strings.Join(f.refused, ","); got != c.refused {
				t.Errorf("asked %q, want %q", got, c.refused)
			}
		})
	}
}

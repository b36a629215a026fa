package imap

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"tandem"
	"tandem/internal/masked"
	"tandem/internal/netguard"
	"tandem/internal/oauth"
)

// dial makes a connection and logs in. news are told to h, if there is one.
func (a *account) dial(ctx context.Context, h *imapclient.UnilateralDataHandler) (*link, error) {
	unreachable := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var ours *tandem.Error
		if errors.As(err, &ours) {
			return err
		}
		remedy := "check the address and that the server runs"
		var untrusted *tls.CertificateVerificationError
		if errors.As(err, &untrusted) {
			remedy = "if it is the right server, name the authority that it was certified by, with ca=FILE, or its certificate, with pin=SHA256, in the place's address"
		}
		return &tandem.Error{Kind: tandem.Unreadable, Op: "connect to", Thing: a.addr, Err: err, Remedy: remedy}
	}
	trust, err := a.trust()
	if err != nil {
		return nil, err
	}
	dctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	raw, err := netguard.Or(a.env.Dial)(dctx, "tcp", a.addr)
	if tandem.IsKind(err, tandem.Denied) { // it may not be reached
		return nil, err
	}
	if err != nil {
		return nil, unreachable(err)
	}
	if a.secure {
		t := tls.Client(raw, trust)
		if err := t.HandshakeContext(dctx); err != nil {
			raw.Close()
			return nil, unreachable(err)
		}
		raw = t
	}
	if !a.secure && !(a.loopback() && a.place.Options["pin"] == "" && a.place.Options["ca"] == "") {
		if raw, err = a.encrypt(dctx, raw, trust); err != nil {
			raw.Close()
			return nil, unreachable(err)
		}
	}
	d := newDeflater(raw)
	l := &link{a: a, deflater: d, wire: &wire{Conn: d, patience: patience}}
	if err := a.greet(ctx, l, &imapclient.Options{UnilateralDataHandler: h}); err != nil {
		raw.Close()
		return nil, unreachable(err)
	}
	if err := a.login(ctx, l); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// greet hears what the server says first.
func (a *account) greet(ctx context.Context, l *link, opt *imapclient.Options) error {
	defer l.begin(ctx)()
	l.Client = imapclient.New(l.wire, opt)
	if err := l.WaitGreeting(); err != nil {
		if why := l.wire.why(); why != nil {
			err = why
		}
		l.close()
		if refusal(err) != nil {
			return explain("connect to", a.addr, err)
		}
		return err
	}
	return nil
}

// login tells the server who we are.
func (a *account) login(ctx context.Context, l *link) error {
	if l.State() == imap.ConnStateNotAuthenticated {
		if err := a.authenticate(ctx, l); err != nil {
			return err
		}
	}
	if wantsID(a.host) {
		// That these servers want it and what they answer has nothing to do with what follows.
		_ = l.do(ctx, func() error { _, err := l.ID(&imap.IDData{Name: "Tandem", Version: "1"}).Wait(); return err })
	}
	return l.do(ctx, func() error {
		if l.caps = l.Caps(); l.caps == nil {
			return errors.New("the server does not tell what it can do")
		}
		return nil
	})
}

func (a *account) authenticate(ctx context.Context, l *link) error {
	var caps imap.CapSet
	if err := l.do(ctx, func() error { caps = l.Caps(); return nil }); err != nil {
		return explain("log in at", a.host, err)
	}
	if a.tokens != nil {
		return a.bear(ctx, l, caps)
	}
	pw, err := a.credentials(ctx)
	if err != nil {
		return err
	}
	err = l.do(ctx, func() error {
		switch {
		case caps.Has(imap.AuthCap(sasl.Plain)):
			return l.Authenticate(sasl.NewPlainClient("", a.user, pw))
		case caps.Has(imap.CapLoginDisabled):
			return &tandem.Error{Kind: tandem.Denied, Op: "log in at", Thing: a.host, Err: errors.New("the server takes no passwords on this connection"), Remedy: "use imaps://, or login=oauth"}
		}
		return l.Login(a.user, pw).Wait()
	})
	err = unsaid(err, pw)
	if no := refusal(err); no != nil && !passing(no) {
		return a.refused(fmt.Errorf("the server answers %s", no.Text))
	}
	return explain("log in at", a.host, err)
}

// unsaid is the error of a login without what was logged in with, which some servers repeat.
func unsaid(err error, secret string) error {
	if no := refusal(err); no != nil {
		no.Text = masked.Text(no.Text, secret)
	}
	return err
}

// passing tells whether a refusal says nothing of the password.
func passing(no *imap.Error) bool {
	return no.Code == imap.ResponseCodeUnavailable || no.Code == imap.ResponseCodeLimit || no.Code == imap.ResponseCodeInUse || no.Code == imap.ResponseCodeServerBug
}

// bear logs in with a token; one that is refused is renewed once. The server closes some refused connections, so that each try needs one of its own: the second is
// left to the next dial, which finds the token renewed.
func (a *account) bear(ctx context.Context, l *link, caps imap.CapSet) error {
	token, err := a.tokens.Token(ctx, "")
	if err != nil {
		return err
	}
	for range 2 {
		mech := oauth.XOAUTH2(a.user, token)
		if caps.Has(imap.AuthCap(sasl.OAuthBearer)) {
			_, port, _ := net.SplitHostPort(a.addr) // addr was joined by us
			n, _ := strconv.Atoi(port)              // 0 leaves it out
			mech = &bearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: a.user, Token: token, Host: a.host, Port: n})}
		}
		err = unsaid(l.do(ctx, func() error { return l.Authenticate(mech) }), token)
		no := refusal(err)
		if no == nil || passing(no) {
			return explain("log in at", a.host, err)
		}
		if token, err = a.tokens.Token(ctx, token); err != nil {
			return err
		}
		err = &tandem.Error{Kind: tandem.Denied, Op: "log in at", Thing: a.host, Err: fmt.Errorf("the server answers %s", no.Text), Remedy: a.relogin()}
	}
	return err
}

// bearer lets the server say why it refuses. RFC 7628 3.2.3
type bearer struct{ sasl.Client }

// Next implements sasl.Client.
func (b *bearer) Next(challenge []byte) ([]byte, error) {
	if !json.Valid(challenge) {
		return nil, errors.New("the server asks for something unknown")
	}
	return []byte{1}, nil
}

// wantsID tells the servers that open no mailbox to a client that did not give its name (RFC 2971): those of NetEase answer "Unsafe Login". Others are not told, for the library breaks
// off at answers that the standard allows.
func wantsID(host string) bool {
	for _, domain := range []string{"163.com", "126.com", "yeah.net", "188.com"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

package outgoing_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tandem/partner/outgoing"
)

// tokenSession is a session of a server at which one logs in with a token, by one mechanism.
type tokenSession struct {
	sinkSession
	mechanism string
}

func (s *tokenSession) AuthMechanisms() []string { return []string{s.mechanism} }

func (s *tokenSession) Auth(string) (sasl.Server, error) { return s, nil }

// Next implements sasl.Server.
func (s *tokenSession) Next(response []byte) (challenge []byte, done bool, err error) {
	want := "user=anna\x01auth=Bearer the-token\x01\x01"
	if s.mechanism == "OAUTHBEARER" {
		want = "\x01auth=Bearer the-token\x01\x01"
	}
	if !strings.HasSuffix(string(response), want) {
		return nil, false, errors.New("no")
	}
	s.in = true
	return nil, true, nil
}

// TestToken: a token is given by the mechanism that the server knows. RFC 7628, and what Gmail and Outlook had before
func TestToken(t *testing.T) {
	for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
		o := open(t)
		srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
			return &tokenSession{sinkSession: sinkSession{sink: o.sink, conn: c}, mechanism: mechanism}, nil
		}))
		srv.AllowInsecureAuth, srv.Domain, srv.ErrorLog = true, "sink.test", quiet{}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		o.must(err)
		var done sync.WaitGroup
		done.Go(func() { _ = srv.Serve(l) }) // error: it was closed
		o.must(o.out.SetAccount(t.Context(), "anna", outgoing.Account{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "none", User: "anna", Auth: "token"}, "the-token"))
		o.send("k", "zoe@else.test")
		o.run(0)
		if got := o.got(); len(got) != 1 {
			t.Errorf("%s: the server got %q, %s", mechanism, got, o.state())
		}
		srv.Close()
		_ = l.Close() // Serve may not have come to it yet
		done.Wait()
	}
}

package oauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"tandem"
)

// patience is how long a person may take to agree in the browser.
const patience = 15 * time.Minute

// here lets the person agree in a browser on this machine, which comes back to a port that is open only meanwhile. RFC 8252 7.3, RFC 7636
func (s *Source) here(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "log in at", Thing: s.cfg.Auth, Err: err}
	}
	back := fmt.Sprintf("http://%s/", l.Addr())
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	got := make(chan url.Values, 1)
	server := &http.Server{Handler: comeback(state, got), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // ends with Close
	defer server.Close()

	q := url.Values{"response_type": {"code"}, "client_id": {s.cfg.ClientID}, "redirect_uri": {back}, "scope": {s.cfg.Scope}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "access_type": {"offline"}, "prompt": {"consent"}}
	s.cfg.Tell(ctx, "To let Tandem in, open this address in a browser on this machine:\n"+s.cfg.Auth+"?"+q.Encode())
	var reply url.Values
	select {
	case reply = <-got:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return s.denied(&answer{Error: "nobody agreed in time"})
		}
		return ctx.Err()
	}
	if reply.Get("code") == "" {
		return s.denied(&answer{Error: reply.Get("error"), Description: reply.Get("error_description")})
	}
	a, err := s.post(ctx, s.cfg.Endpoints.Token, url.Values{"grant_type": {"authorization_code"}, "code": {reply.Get("code")}, "redirect_uri": {back}, "code_verifier": {verifier}})
	switch {
	case err != nil:
		return err
	case a.Error != "" || a.AccessToken == "":
		return s.denied(a)
	}
	return s.take(ctx, a)
}

// comeback takes the browser's return. What comes without the state that was sent out is from somebody else.
func comeback(state string, got chan<- url.Values) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Method != http.MethodGet || r.URL.Path != "/" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "Tandem has your answer. You can close this page.")
		select {
		case got <- q:
		default: // it came twice
		}
	})
}

// Package oauth logs in with OAuth 2: the person agrees in a browser, and the login is kept and renewed. Where the provider allows it the browser may be on any
// device (a code is shown, RFC 8628); else it is on this machine (RFC 8252).
package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/internal/masked"
	"tandem/internal/netguard"
)

// Endpoints are where a provider answers.
type Endpoints struct {
	Device string // RFC 8628 3.1; "": the provider has none
	Auth   string // RFC 6749 3.1, where Device is empty
	Token  string // RFC 6749 3.2
	Scope  string
}

// For knows the endpoints of providers by the host of their server and the protocol. Google gives no access to contacts, calendars and mail by code.
func For(host, service string) (Endpoints, bool) {
	is := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	switch {
	case is("googleapis.com"), is("google.com"), is("googleusercontent.com"), is("gmail.com"):
		scope := "https://www.googleapis.com/auth/carddav"
		switch service {
		case "caldav":
			scope = "https://www.googleapis.com/auth/calendar"
		case "imap":
			scope = "https://mail.google.com/"
		}
		return Endpoints{Auth: "https://accounts.google.com/o/oauth2/v2/auth", Token: "https://oauth2.googleapis.com/token", Scope: scope}, true
	case service == "imap" && (is("office365.com") || is("outlook.com") || is("hotmail.com")):
		const at = "https://login.microsoftonline.com/common/oauth2/v2.0/"
		return Endpoints{Device: at + "devicecode", Token: at + "token", Scope: "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"}, true
	}
	return Endpoints{}, false
}

// Keeper keeps small secrets. It is what a provider is given as provider.Keeper.
type Keeper interface {
	Get(ctx context.Context, name string) (string, error) // NotFound where nothing is kept under the name
	Put(ctx context.Context, name, secret string) error
}

// Config is what a login needs.
type Config struct {
	Endpoints
	ClientID     string
	ClientSecret func(ctx context.Context) (string, error) // "" for a client without; asked only when a provider wants it
	Keep         Keeper
	Name         string                              // under which the login is kept
	Tell         func(ctx context.Context, s string) // shows a text to the person; nil: nobody is there
	Dial         netguard.Dial                       // connects to its servers; nil: as the system does
	HTTP         *http.Client                        // nil: one that connects by Dial
	Now          func() time.Time                    // nil: time.Now
	Sleep        func(context.Context, time.Duration) error
}

// Source hands out tokens. It is safe for concurrent use.
type Source struct {
	cfg Config
	mu  sync.Mutex // held while logging in: whoever comes meanwhile gets what comes of it
	has *kept
}

// kept is a login as it is kept.
type kept struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh,omitempty"`
	Expires int64  `json:"expires,omitempty"` // Unix seconds
}

// New makes a source. Nothing is asked before a token is.
func New(cfg Config) *Source {
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{Transport: netguard.Transport(cfg.Dial), Timeout: 30 * time.Second}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	return &Source{cfg: cfg}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// early is how long before its end a token is renewed.
const early = 60

// Token implements conn.Tokens.
func (s *Source) Token(ctx context.Context, stale string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has == nil {
		if data, err := s.cfg.Keep.Get(ctx, s.cfg.Name); err == nil {
			k := &kept{}
			if json.Unmarshal([]byte(data), k) == nil {
				s.has = k
			}
		} else if !tandem.IsKind(err, tandem.NotFound) {
			return "", err
		}
	}
	if s.has != nil && s.has.Access != stale && (s.has.Expires == 0 || s.cfg.Now().Unix() < s.has.Expires-early) {
		return s.has.Access, nil
	}
	if s.has != nil && s.has.Refresh != "" {
		err := s.renew(ctx)
		if err == nil {
			return s.has.Access, nil
		}
		if !tandem.IsKind(err, tandem.Denied) {
			return "", err
		}
	}
	if err := s.login(ctx); err != nil {
		return "", err
	}
	return s.has.Access, nil
}

// answer is what a provider says, to either question. RFC 8628 3.2, RFC 6749 5
type answer struct {
	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	VerificationURI string `json:"verification_uri"`
	VerificationURL string `json:"verification_url"` // Google's spelling
	Interval        int64  `json:"interval"`
	AccessToken     string `json:"access_token"`
	RefreshToken    string `json:"refresh_token"`
	ExpiresIn       int64  `json:"expires_in"`
	Error           string `json:"error"`
	Description     string `json:"error_description"`
}

func (s *Source) post(ctx context.Context, where string, form url.Values) (*answer, error) {
	secret, err := s.cfg.ClientSecret(ctx)
	if err != nil {
		return nil, err
	}
	form.Set("client_id", s.cfg.ClientID)
	if secret != "" {
		form.Set("client_secret", secret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, where, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := s.cfg.HTTP.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &tandem.Error{Kind: tandem.Transient, Op: "log in at", Thing: where, Err: err}
	}
	defer resp.Body.Close()
	a := &answer{}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(a); err != nil || resp.StatusCode >= 500 {
		return nil, &tandem.Error{Kind: tandem.Transient, Op: "log in at", Thing: where, Err: fmt.Errorf("the provider answers %s", resp.Status)}
	}
	if resp.StatusCode != http.StatusOK && a.Error == "" {
		a.Error = resp.Status
	}
	sent := []string{secret, form.Get("refresh_token"), form.Get("device_code"), form.Get("code"), form.Get("code_verifier")}
	a.Error, a.Description = masked.Text(a.Error, sent...), masked.Text(a.Description, sent...)
	return a, nil
}

func (s *Source) take(ctx context.Context, a *answer) error {
	k := &kept{Access: a.AccessToken, Refresh: a.RefreshToken}
	if k.Refresh == "" && s.has != nil {
		k.Refresh = s.has.Refresh // the old one stays good. RFC 6749 6
	}
	if a.ExpiresIn > 0 {
		k.Expires = s.cfg.Now().Unix() + a.ExpiresIn
	}
	s.has = k
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return s.cfg.Keep.Put(ctx, s.cfg.Name, string(data))
}

func (s *Source) renew(ctx context.Context) error {
	a, err := s.post(ctx, s.cfg.Endpoints.Token, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.has.Refresh}})
	switch {
	case err != nil:
		return err
	case a.Error != "" || a.AccessToken == "":
		return s.denied(a)
	}
	return s.take(ctx, a)
}

func (s *Source) denied(a *answer) error {
	why := a.Error
	if a.Description != "" {
		why += ": " + a.Description
	}
	return &tandem.Error{Kind: tandem.Denied, Op: "log in at", Thing: s.cfg.Endpoints.Token, Err: errors.New(strings.TrimSpace("the provider refuses, " + why)), Remedy: "log in again with `tandem partner login`"}
}

// login lets the person agree and waits until that is done.
func (s *Source) login(ctx context.Context) error {
	if s.cfg.Tell == nil {
		return &tandem.Error{Kind: tandem.Denied, Op: "log in at", Thing: s.cfg.Endpoints.Token, Err: errors.New("a person has to agree, and nobody is there to ask"),
			Remedy: "run `tandem partner login` at a terminal"}
	}
	if s.cfg.Device == "" {
		return s.here(ctx)
	}
	return s.elsewhere(ctx)
}

// elsewhere lets the person agree on any device. RFC 8628 3
func (s *Source) elsewhere(ctx context.Context) error {
	d, err := s.post(ctx, s.cfg.Device, url.Values{"scope": {s.cfg.Scope}})
	if err != nil {
		return err
	}
	if d.Error != "" || d.DeviceCode == "" {
		return s.denied(d)
	}
	where := d.VerificationURI
	if where == "" {
		where = d.VerificationURL
	}
	s.cfg.Tell(ctx, fmt.Sprintf("To let Tandem in, open %s on any device and enter the code %s", where, d.UserCode))
	wait := time.Duration(max(1, d.Interval)) * time.Second
	if d.Interval == 0 {
		wait = 5 * time.Second // RFC 8628 3.2
	}
	end := s.cfg.Now().Add(time.Duration(max(60, d.ExpiresIn)) * time.Second)
	for s.cfg.Now().Before(end) {
		if err := s.cfg.Sleep(ctx, wait); err != nil {
			return err
		}
		a, err := s.post(ctx, s.cfg.Endpoints.Token, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d.DeviceCode}})
		if tandem.IsKind(err, tandem.Transient) {
			wait *= 2 // RFC 8628 3.5
			continue
		}
		switch {
		case err != nil:
			return err
		case a.Error == "authorization_pending":
		case a.Error == "slow_down":
			wait += 5 * time.Second
		case a.Error != "" || a.AccessToken == "":
			return s.denied(a)
		default:
			return s.take(ctx, a)
		}
	}
	return s.denied(&answer{Error: "the code has expired"})
}

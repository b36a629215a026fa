package login

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"tandem"
	"tandem/store"
)

// The paths of passkeys. WebAuthn Level 3, 7.1 and 7.2
const (
	keyBeginPath = Path + "/passkey/begin"
	keyPath      = Path + "/passkey"
	newBeginPath = "/settings/passkeys/begin"
	newPath      = "/settings/passkeys/new"
)

// ceremonyLife is how long somebody may take over a passkey.
const ceremonyLife = 5 * time.Minute

// RegisterInside serves what only those reach who are logged in.
func (s *Service) RegisterInside(mux *http.ServeMux) {
	mux.HandleFunc("POST "+newBeginPath, s.answer(s.beginNew))
	mux.HandleFunc("POST "+newPath, s.answer(s.finishNew))
}

// party is the hub as browsers know it, under the address of a request; nil where passkeys cannot be used: they need a name, and TLS unless it is of this computer.
func (s *Service) party(r *http.Request) *webauthn.WebAuthn {
	base, err := url.Parse(s.cfg.Base(r))
	if err != nil {
		return nil
	}
	host := strings.ToLower(base.Hostname())
	if host == "" || net.ParseIP(host) != nil || base.Scheme != "https" && host != "localhost" {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: "Tandem", RPOrigins: []string{base.Scheme + "://" + base.Host}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired}})
	if err != nil {
		return nil
	}
	return w
}

// PasskeysWork reports whether passkeys can be used at the address of a request.
func (s *Service) PasskeysWork(r *http.Request) bool { return s.party(r) != nil }

// keyUser is a user as browsers know them.
type keyUser struct {
	user   store.User
	handle []byte
	keys   []webauthn.Credential
}

// WebAuthnID implements webauthn.User.
func (u keyUser) WebAuthnID() []byte { return u.handle }

// WebAuthnName implements webauthn.User.
func (u keyUser) WebAuthnName() string { return u.user.Name }

// WebAuthnDisplayName implements webauthn.User.
func (u keyUser) WebAuthnDisplayName() string {
	if u.user.Title != "" {
		return u.user.Title
	}
	return u.user.Name
}

// WebAuthnCredentials implements webauthn.User.
func (u keyUser) WebAuthnCredentials() []webauthn.Credential { return u.keys }

// handleProp keeps by which handle authenticators know a user: random, as it says nothing about them then. WebAuthn Level 3, 14.6.1
const handleProp = "passkeys"

func (s *Service) keyUser(ctx context.Context, name string) (keyUser, error) {
	u, err := s.cfg.Store.Accounts.User(ctx, name)
	if err != nil {
		return keyUser{}, err
	}
	text := u.Props.Get(handleProp)
	if text == "" {
		if text, err = s.random(); err != nil {
			return keyUser{}, err
		}
		if err := s.cfg.Store.Accounts.SetProps(ctx, u.Name, map[string]string{handleProp: text}); err != nil {
			return keyUser{}, err
		}
	}
	out := keyUser{user: u, handle: []byte(text)}
	list, err := s.cfg.Accounts.Passkeys(ctx, u.Name)
	if err != nil {
		return keyUser{}, err
	}
	for _, f := range list {
		var c webauthn.Credential
		if err := json.Unmarshal(f.Data, &c); err != nil {
			return keyUser{}, &tandem.Error{Kind: tandem.Unreadable, Op: "read passkey", Thing: f.Label, Err: err, Remedy: "remove it, and set up another one"}
		}
		c.Authenticator.SignCount = uint32(f.Count)
		out.keys = append(out.keys, c)
	}
	return out, nil
}

func keyID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// ceremonies tell what this hub asked a browser for lately. Nothing is kept for somebody who only asks: what was asked comes back under a MAC.
type ceremonies struct {
	key []byte

	mu   sync.Mutex           // guards done
	done map[string]time.Time // what was answered, until it is over
}

// ticket stands for a challenge that was given out for something until a time.
func (c *ceremonies) ticket(what, challenge string, until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	m := hmac.New(sha256.New, c.key)
	m.Write([]byte(what + "\x00" + challenge + "\x00" + end))
	return end + "." + challenge + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// challenge is the one that a ticket stands for. It is over when it was answered, see end.
func (c *ceremonies) challenge(what, ticket string, now time.Time) (string, error) {
	over := &tandem.Error{Kind: tandem.Gone, Op: "use passkey", Err: errors.New("this took too long, or was answered already"), Remedy: "begin again"}
	end, rest, _ := strings.Cut(ticket, ".")
	challenge, _, _ := strings.Cut(rest, ".")
	until, err := strconv.ParseInt(end, 10, 64)
	if err != nil || challenge == "" || until <= now.Unix() || !hmac.Equal([]byte(c.ticket(what, challenge, time.Unix(until, 0))), []byte(ticket)) {
		return "", over
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, gone := c.done[challenge]; gone {
		return "", over
	}
	return challenge, nil
}

// end makes a challenge worth nothing; false if it is already.
func (c *ceremonies) end(challenge string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, until := range c.done {
		if !until.After(now) {
			delete(c.done, k)
		}
	}
	if _, gone := c.done[challenge]; gone {
		return false
	}
	c.done[challenge] = now.Add(ceremonyLife)
	return true
}

// asked is what a browser gets: what to ask its authenticator for, and what to send back with the answer.
type asked struct {
	PublicKey any    `json:"publicKey"`
	Ticket    string `json:"ticket"`
}

// answered is what a browser sends.
type answered struct {
	Ticket     string          `json:"ticket"`
	Credential json.RawMessage `json:"credential"`
	Password   string          `json:"password"`
	Label      string          `json:"label"`
	Next       string          `json:"next"`
}

// goTo is where a browser goes next.
type goTo struct {
	Next string `json:"next"`
}

// answer serves a function that takes and returns JSON.
func (s *Service) answer(f func(w http.ResponseWriter, r *http.Request, in answered) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in answered
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		err := json.NewDecoder(r.Body).Decode(&in)
		if err != nil {
			err = &tandem.Error{Kind: tandem.Invalid, Op: "read request", Err: err}
		}
		var out any
		if err == nil {
			out, err = f(w, r, in)
		}
		if err != nil {
			s.cfg.Fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// An error here means that the browser is gone.
		_ = json.NewEncoder(w).Encode(out)
	}
}

func (s *Service) nowhere(op string) error {
	return &tandem.Error{Kind: tandem.Denied, Op: op, Err: errors.New("passkeys need an address with a name that begins with https"), Remedy: "open this page under such an address"}
}

// beginKey asks for any passkey that a browser has for this hub.
func (s *Service) beginKey(_ http.ResponseWriter, r *http.Request, _ answered) (any, error) {
	party := s.party(r)
	if party == nil {
		return nil, s.nowhere("log in")
	}
	options, session, err := party.BeginDiscoverableLogin()
	if err != nil {
		return nil, &tandem.Error{Op: "ask for passkey", Err: err}
	}
	return asked{options.Response, s.asked.ticket("login", session.Challenge, s.cfg.Now().Add(ceremonyLife))}, nil
}

// takeKey lets in whose passkey answered.
func (s *Service) takeKey(w http.ResponseWriter, r *http.Request, in answered) (any, error) {
	party := s.party(r)
	if party == nil {
		return nil, s.nowhere("log in")
	}
	challenge, err := s.asked.challenge("login", in.Ticket, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	u, key, err := s.whoseKey(r, party, challenge, in.Credential)
	if err != nil {
		s.refuse(r.Context(), u.Name, "web", s.cfg.Remote(r))
		return nil, err
	}
	if err := s.beginWith(w, r, u, "with the passkey "+strconv.Quote(key.Label)); err != nil {
		return nil, err
	}
	return goTo{pathOf(in.Next)}, nil
}

// whoseKey finds out whose passkey answered, and notes its use. Why one is refused is nobody's business but the log's.
func (s *Service) whoseKey(r *http.Request, party *webauthn.WebAuthn, challenge string, raw []byte) (u store.User, f store.Factor, err error) {
	ctx := r.Context()
	refused := func(why error) error {
		s.cfg.Log.Warn("passkey refused", "from", s.cfg.Remote(r), "err", why)
		return &tandem.Error{Kind: tandem.Denied, Op: "use passkey", Err: errors.New("this hub does not know the passkey"), Remedy: "log in with your password"}
	}
	got, err := protocol.ParseCredentialRequestResponseBytes(raw)
	if err != nil {
		return u, f, refused(err)
	}
	find := func(id, _ []byte) (webauthn.User, error) {
		if f, err = s.cfg.Accounts.PasskeyByID(ctx, keyID(id)); err != nil {
			return nil, err
		}
		known, err := s.keyUser(ctx, f.User)
		u = known.user
		return known, err
	}
	c, err := party.ValidateDiscoverableLogin(find, webauthn.SessionData{Challenge: challenge, UserVerification: protocol.VerificationRequired}, got)
	if err == nil && c.Authenticator.CloneWarning {
		err = errors.New("its counter went back: there is a copy of it")
	}
	if err == nil && !s.asked.end(challenge, s.cfg.Now()) {
		err = errors.New("the answer was used already")
	}
	if err != nil {
		return u, f, refused(err)
	}
	if f.Data, err = json.Marshal(c); err != nil {
		return u, f, err
	}
	f.Count = int64(c.Authenticator.SignCount)
	who, err := s.cfg.Accounts.UsePasskey(ctx, f, s.cfg.Remote(r))
	if tandem.IsKind(err, tandem.Denied) {
		err = refused(err)
	}
	return who, f, err
}

// beginNew asks a browser to make a passkey. Whoever finds a browser open must not be able to come back with one of their own, so that the password is asked for.
func (s *Service) beginNew(_ http.ResponseWriter, r *http.Request, in answered) (any, error) {
	const op = "add passkey"
	party := s.party(r)
	if party == nil {
		return nil, s.nowhere(op)
	}
	p, ok := From(r.Context())
	if !ok || p.Visit.ID == 0 {
		return nil, &tandem.Error{Kind: tandem.Denied, Op: op, Err: errors.New("passkeys are added in a browser that is logged in")}
	}
	if err := s.Check(r, p, in.Password); err != nil {
		return nil, err
	}
	u, err := s.keyUser(r.Context(), p.User.Name)
	if err != nil {
		return nil, err
	}
	var have []protocol.CredentialDescriptor
	for _, c := range u.keys {
		have = append(have, c.Descriptor())
	}
	options, session, err := party.BeginRegistration(u, webauthn.WithExclusions(have))
	if err != nil {
		return nil, &tandem.Error{Op: op, Err: err}
	}
	return asked{options.Response, s.asked.ticket(newTicket(p), session.Challenge, s.cfg.Now().Add(ceremonyLife))}, nil
}

// newTicket is what a ticket for a new passkey is bound to.
func newTicket(p Person) string {
	return "new " + strconv.FormatInt(p.Visit.ID, 10) + " " + p.User.Name
}

// finishNew keeps the passkey that a browser made.
func (s *Service) finishNew(_ http.ResponseWriter, r *http.Request, in answered) (any, error) {
	const op = "add passkey"
	party := s.party(r)
	p, ok := From(r.Context())
	if party == nil || !ok {
		return nil, s.nowhere(op)
	}
	challenge, err := s.asked.challenge(newTicket(p), in.Ticket, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	u, err := s.keyUser(r.Context(), p.User.Name)
	if err != nil {
		return nil, err
	}
	bad := func(err error) error {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Err: err, Remedy: "try again, or with another device"}
	}
	got, err := protocol.ParseCredentialCreationResponseBytes(in.Credential)
	if err != nil {
		return nil, bad(err)
	}
	c, err := party.CreateCredential(u, webauthn.SessionData{Challenge: challenge, UserID: u.handle, UserVerification: protocol.VerificationRequired,
		CredParams: webauthn.CredentialParametersDefault()}, got)
	if err != nil {
		return nil, bad(err)
	}
	if !s.asked.end(challenge, s.cfg.Now()) {
		return nil, bad(errors.New("the answer was used already"))
	}
	c.Attestation = webauthn.CredentialAttestation{} // nobody asks who made the device
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	f, err := s.cfg.Accounts.AddPasskey(r.Context(), p.User.Name, in.Label, keyID(c.ID), int64(c.Authenticator.SignCount), data)
	if err != nil {
		return nil, err
	}
	s.note(r.Context(), store.Event{User: p.User.Name, Item: "web:" + p.User.Name, Text: p.User.Name + " added the passkey " + strconv.Quote(f.Label) + " from " + s.cfg.Remote(r)})
	return goTo{"/settings/passkeys?done=added"}, nil
}

var _ webauthn.User = keyUser{}

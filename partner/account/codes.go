package account

import (
	"context"
	"crypto/hmac"
	"encoding/base32"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"tandem"
	"tandem/store"
)

// Secrets keeps what codes are made of, sealed (package seal).
type Secrets interface {
	Get(ctx context.Context, name string) (string, error) // NotFound; Unreadable where the key is missing
	Put(ctx context.Context, name, secret string) error   // an empty one is forgotten
	Names(ctx context.Context) ([]string, error)
}

// SecretsOf is how the names of all secrets begin that are kept for a user. No name of a user has a slash.
func SecretsOf(user string) string { return UserSecrets + fold(user) + "/" }

// UserSecrets is how the names of secrets begin that are somebody's own, and not the hub's.
const UserSecrets = "user/"

// LetsIn reports whether the secret of this name lets somebody into the hub itself. Such a one is read, set and removed by this package only.
func LetsIn(name string) bool {
	user, rest, ok := strings.Cut(strings.TrimPrefix(name, UserSecrets), "/")
	return ok && strings.HasPrefix(name, UserSecrets) && user != "" && (rest == codeSecret || rest == newCodeSecret)
}

const (
	codeSecret    = "totp"     // behind SecretsOf: what the codes are made of
	newCodeSecret = "totp new" // until the first code was typed
)

// Of codes, as the apps take them for granted. RFC 6238 4, RFC 4226 5.3
const (
	codePeriod = 30 // seconds
	codeDigits = otp.DigitsSix
	codeSkew   = 1  // periods that a clock may be wrong by
	codeKey    = 20 // bytes. RFC 4226 4, R6
)

// recoveryCodes is how many are made.
const recoveryCodes = 10

// CodeSetup is what an app needs to make codes.
type CodeSetup struct {
	Secret string // to be typed
	URI    string // to be shown as a QR code: otpauth://totp/…
}

// BeginCodes makes what an app needs to make codes for a user. They are asked for only from ConfirmCodes on. hub names the hub in the app. Exists: they are asked for
// already.
func (s *Service) BeginCodes(ctx context.Context, name, hub string) (CodeSetup, error) {
	const op = "set up codes"
	s.change.Lock()
	defer s.change.Unlock()
	u, err := s.withoutCodes(ctx, op, name)
	if err != nil {
		return CodeSetup{}, err
	}
	raw := make([]byte, codeKey)
	if _, err := io.ReadFull(s.cfg.Random, raw); err != nil {
		return CodeSetup{}, &tandem.Error{Op: op, Err: err}
	}
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	if err := s.cfg.Secrets.Put(ctx, SecretsOf(u.Name)+newCodeSecret, secret); err != nil {
		return CodeSetup{}, err
	}
	issuer := "Tandem"
	if hub != "" {
		issuer += " " + strings.ReplaceAll(hub, ":", " ") // a colon ends the issuer
	}
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + u.Name,
		RawQuery: strings.ReplaceAll(url.Values{"secret": {secret}, "issuer": {issuer}}.Encode(), "+", "%20")} // apps do not know plus signs
	return CodeSetup{secret, uri.String()}, nil
}

// withoutCodes finds a user who can set up codes and has not.
func (s *Service) withoutCodes(ctx context.Context, op, name string) (store.User, error) {
	if s.cfg.Secrets == nil || s.cfg.Factors == nil {
		return store.User{}, &tandem.Error{Kind: tandem.Denied, Op: op, Err: errors.New("this hub keeps no secrets")}
	}
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return u, err
	}
	if _, err := s.Proof(ctx, u.Name); err != nil { // nothing is asked for besides a password where there is none
		return u, err
	}
	_, on, err := s.codeApp(ctx, u.Name)
	if err == nil && on {
		err = &tandem.Error{Kind: tandem.Exists, Op: op, Thing: u.Name, Err: errors.New("codes are asked for already"), Remedy: "remove the app that is set up first"}
	}
	return u, err
}

// ConfirmCodes asks for codes from now on, once the app shows a right one. It returns the recovery codes, which cannot be shown again. All visits of the user are over (see Proof).
// Denied: the code is wrong. NotFound: none was set up.
func (s *Service) ConfirmCodes(ctx context.Context, name, code string) ([]string, error) {
	const op = "confirm codes"
	s.change.Lock()
	defer s.change.Unlock()
	u, err := s.withoutCodes(ctx, op, name)
	if err != nil {
		return nil, err
	}
	secret, err := s.cfg.Secrets.Get(ctx, SecretsOf(u.Name)+newCodeSecret)
	if err != nil {
		return nil, err
	}
	step, ok := s.stepOf(secret, digits(code))
	if !ok {
		return nil, &tandem.Error{Kind: tandem.Denied, Op: op, Thing: u.Name, Err: errors.New("this is not the code that belongs to what was set up"), Remedy: "see that the clocks of the hub and of the phone are right, and type the code that the app shows now"}
	}
	if err := s.cfg.Secrets.Put(ctx, SecretsOf(u.Name)+codeSecret, secret); err != nil {
		return nil, err
	}
	codes, err := s.renewRecovery(ctx, u.Name)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now().Unix()
	// From here on codes are asked for; everything that they need is there.
	if _, err := s.cfg.Factors.AddFactor(ctx, store.Factor{User: u.Name, Sort: store.CodeApp, Key: u.Name, Count: step, Added: now}); err != nil {
		return nil, err
	}
	return codes, s.cfg.Secrets.Put(ctx, SecretsOf(u.Name)+newCodeSecret, "")
}

// RemoveCodes asks for no codes any longer. NotFound: none are asked for.
func (s *Service) RemoveCodes(ctx context.Context, name string) error {
	s.change.Lock()
	defer s.change.Unlock()
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return err
	}
	app, on, err := s.codeApp(ctx, u.Name)
	if err == nil && !on {
		err = noCodes("remove codes", u.Name)
	}
	if err != nil {
		return err
	}
	if err := s.cfg.Factors.RemoveFactor(ctx, app.ID); err != nil {
		return err
	}
	if err := s.dropRecovery(ctx, u.Name); err != nil || s.cfg.Secrets == nil {
		return err
	}
	return s.cfg.Secrets.Put(ctx, SecretsOf(u.Name)+codeSecret, "")
}

func noCodes(op, user string) error {
	return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: user, Err: errors.New("no codes are asked for")}
}

// NewRecoveryCodes makes other recovery codes; those there were are worth nothing. NotFound: no codes are asked for.
func (s *Service) NewRecoveryCodes(ctx context.Context, name string) ([]string, error) {
	s.change.Lock()
	defer s.change.Unlock()
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return nil, err
	}
	if _, on, err := s.codeApp(ctx, u.Name); err != nil || !on {
		return nil, errors.Join(err, noCodes("make recovery codes", u.Name))
	}
	return s.renewRecovery(ctx, u.Name)
}

func (s *Service) renewRecovery(ctx context.Context, user string) ([]string, error) {
	if err := s.dropRecovery(ctx, user); err != nil {
		return nil, err
	}
	var out []string
	for i := range recoveryCodes {
		code, err := s.random(recoveryGroups)
		if err != nil {
			return nil, err
		}
		hash, err := s.hash(plain(code, recoveryGroups), appCost)
		if err != nil {
			return nil, err
		}
		if _, err := s.cfg.Factors.AddFactor(ctx, store.Factor{User: user, Sort: store.Recovery, Key: user + "/" + strconv.Itoa(i), Data: []byte(hash), Added: s.cfg.Now().Unix()}); err != nil {
			return nil, err
		}
		out = append(out, code)
	}
	return out, nil
}

func (s *Service) dropRecovery(ctx context.Context, user string) error {
	list, err := s.cfg.Factors.Factors(ctx, user)
	for _, f := range list {
		if f.Sort == store.Recovery && err == nil {
			err = s.cfg.Factors.RemoveFactor(ctx, f.ID)
		}
	}
	return err
}

// Factors lists what a user has besides passwords, oldest first, without what it is checked with.
func (s *Service) Factors(ctx context.Context, name string) ([]store.Factor, error) {
	if s.cfg.Factors == nil {
		return nil, nil
	}
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Factors.Factors(ctx, u.Name)
	for i := range list {
		list[i].Data = nil
	}
	return list, err
}

// codeApp is the app whose codes are asked for, if any are.
func (s *Service) codeApp(ctx context.Context, user string) (store.Factor, bool, error) {
	if s.cfg.Factors == nil {
		return store.Factor{}, false, nil
	}
	list, err := s.cfg.Factors.Factors(ctx, user)
	i := slices.IndexFunc(list, func(f store.Factor) bool { return f.Sort == store.CodeApp })
	if err != nil || i < 0 {
		return store.Factor{}, false, err
	}
	return list[i], true, nil
}

// forgetSecrets forgets what is kept for a user. Somebody may have the name again.
func (s *Service) forgetSecrets(ctx context.Context, user string) error {
	if s.cfg.Secrets == nil {
		return nil
	}
	names, err := s.cfg.Secrets.Names(ctx)
	for _, n := range names {
		if strings.HasPrefix(n, SecretsOf(user)) && err == nil {
			err = s.cfg.Secrets.Put(ctx, n, "")
		}
	}
	return err
}

// Entry is how far a log-in of a person has come.
type Entry struct {
	User  store.User
	Login store.Login // with which; no hash is in it
	// Ticket is not empty where a code is to be asked for: nobody is in yet. EnterCode takes it, for five minutes.
	Ticket string
}

// ticketLife is how long a code can be typed after the password, in seconds.
const ticketLife = 5 * 60

// Enter is Verify for whoever can ask for a code, too.
func (s *Service) Enter(ctx context.Context, name, password, remote string) (Entry, error) {
	u, err := s.Find(ctx, name)
	on := false
	if err == nil {
		_, on, err = s.codeApp(ctx, u.Name)
	}
	if err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return Entry{}, err
	}
	if !on {
		u, l, err := s.Admit(ctx, name, password, remote)
		return Entry{User: u, Login: l}, err
	}
	if err := s.CheckOwn(ctx, u.Name, password, remote); err != nil {
		return Entry{}, err
	}
	ticket, err := s.ticket(ctx, u.Name, s.cfg.Now().Unix()+ticketLife)
	return Entry{User: u, Ticket: ticket}, err
}

// CheckOwn reports whether a password is a user's own, with the back-off against guessing, and lets nobody in. Denied, Busy.
func (s *Service) CheckOwn(ctx context.Context, user, password, remote string) error {
	logins, err := s.cfg.Logins.Logins(ctx, user)
	if err != nil {
		return err
	}
	if len(logins) == 0 || logins[0].Label != "" { // the own one comes first
		return denied()
	}
	right, err := s.isOwn(ctx, logins[0], fold(user), network(remote), []attempt{{user, password}}, true)
	if err == nil && !right {
		err = denied()
	}
	return err
}

// ticket says that a user gave the right password. It is bound to that password and to the app, as Proof is.
func (s *Service) ticket(ctx context.Context, user string, until int64) (string, error) {
	proof, err := s.Proof(ctx, user)
	if err != nil {
		return "", err
	}
	end := strconv.FormatInt(until, 10)
	m := s.known.sum("ticket", user, end, string(proof[:]))
	return end + "." + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m[:]) + "." + user, nil
}

// ticketOf is whose ticket it is.
func (s *Service) ticketOf(ctx context.Context, ticket string) (store.User, error) {
	over := &tandem.Error{Kind: tandem.Gone, Op: "log in", Err: errors.New("this took too long, or the password was changed meanwhile"), Remedy: "begin again"}
	end, rest, _ := strings.Cut(ticket, ".")
	_, user, _ := strings.Cut(rest, ".")
	until, err := strconv.ParseInt(end, 10, 64)
	if err != nil || user == "" || until <= s.cfg.Now().Unix() {
		return store.User{}, over
	}
	want, err := s.ticket(ctx, user, until)
	if err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return store.User{}, err
	}
	if err != nil || !hmac.Equal([]byte(want), []byte(ticket)) {
		return store.User{}, over
	}
	return s.cfg.Accounts.User(ctx, user)
}

// EnterCode lets a user in who gave the right password before, by a code of the app or a recovery code. left is how many recovery codes there are after one was used, else -1.
// Denied: the code is wrong or was used; Busy, with Wait; Gone: the ticket is no longer worth anything.
func (s *Service) EnterCode(ctx context.Context, ticket, code, remote string) (u store.User, left int, err error) {
	u, err = s.ticketOf(ctx, ticket)
	if err != nil {
		return store.User{}, 0, err
	}
	address := network(remote)
	leave, err := s.guard.enter(ctx, u.Name, address)
	if err != nil {
		return store.User{}, 0, err
	}
	defer leave()
	if wait := s.waitCode(u.Name, address); wait > 0 {
		return store.User{}, 0, busy(wait, "too many wrong codes were typed", "")
	}
	left, err = s.useCode(ctx, u.Name, code, host(remote))
	if tandem.IsKind(err, tandem.Denied) {
		s.failedCode(u.Name, address)
	}
	if err != nil {
		return store.User{}, 0, err
	}
	s.passedCode(u.Name, address)
	logins, err := s.cfg.Logins.Logins(ctx, u.Name)
	if err != nil || len(logins) == 0 {
		return store.User{}, 0, errors.Join(err, denied())
	}
	u, _, err = s.letIn(ctx, u, logins[0], address, remote)
	return u, left, err
}

// useCode uses up a code.
func (s *Service) useCode(ctx context.Context, user, code, from string) (left int, err error) {
	wrong := &tandem.Error{Kind: tandem.Denied, Op: "log in", Err: errors.New("the code is wrong, or was used already"), Remedy: "type the code that the app shows now, or a recovery code"}
	list, err := s.cfg.Factors.Factors(ctx, user)
	if err != nil {
		return 0, err
	}
	if p := plain(code, recoveryGroups); p != "" {
		rest := slices.DeleteFunc(slices.Clone(list), func(f store.Factor) bool { return f.Sort != store.Recovery })
		for _, f := range rest {
			if h, err := parsePHC(string(f.Data)); err != nil || !h.is(p) {
				continue
			}
			switch err := s.cfg.Factors.RemoveFactor(ctx, f.ID); {
			case tandem.IsKind(err, tandem.NotFound): // somebody was faster
				return 0, wrong
			case err != nil:
				return 0, err
			}
			return len(rest) - 1, nil
		}
		return 0, wrong
	}
	i := slices.IndexFunc(list, func(f store.Factor) bool { return f.Sort == store.CodeApp })
	if i < 0 || s.cfg.Secrets == nil {
		return 0, wrong
	}
	secret, err := s.cfg.Secrets.Get(ctx, SecretsOf(user)+codeSecret)
	if err != nil {
		return 0, &tandem.Error{Kind: tandem.Unreadable, Op: "log in", Thing: user, Err: err, Remedy: "use a recovery code, or have an administrator remove the app with `tandem user totp remove " + user + "`"}
	}
	step, ok := s.stepOf(secret, digits(code))
	if !ok {
		return 0, wrong
	}
	err = s.cfg.Factors.UseFactor(ctx, list[i].ID, step, s.cfg.Now().Unix(), from, nil)
	if tandem.IsKind(err, tandem.Exists) || tandem.IsKind(err, tandem.NotFound) {
		return 0, wrong
	}
	return -1, err
}

// digits is a code without the spaces that people type.
func digits(code string) string { return strings.ReplaceAll(strings.TrimSpace(code), " ", "") }

// stepOf is the time step whose code it is, if the clock of whoever made it is about right. All are compared, in constant time.
func (s *Service) stepOf(secret, code string) (step int64, ok bool) {
	now := s.cfg.Now().Unix() / codePeriod
	for try := now - codeSkew; try <= now+codeSkew; try++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(try), hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1})
		if err == nil && hmac.Equal([]byte(want), []byte(code)) {
			step, ok = try, true
		}
	}
	return step, ok
}

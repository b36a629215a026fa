package account

import (
	"context"
	"encoding/base32"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pquerna/otp"

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
	if tandem.IsKind(err, tandem.NotFound) {
		return nil, &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: u.Name, Err: errors.New("no app was set up"), Remedy: "begin with `tandem user totp begin " + u.Name + "`, or on the page of settings"}
	}
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

package account

import (
	"context"
	"crypto/hmac"
	"encoding/base32"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"tandem"
	"tandem/store"
)

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
		u, l, err := s.Admit(ctx, name, password, remote, Use{Doors: []Door{API}, Writes: true})
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

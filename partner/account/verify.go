package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/store"
)

// Verify lets a user in by name and password, for whoever cannot ask for a code, too: the own password of a user who wants one asked for is answered as a wrong one. The name may be the user's own, the mail address, user@domain or DOMAIN\user; remote is
// the network address that asks, with or without port. Denied if anything is wrong, without saying what; Busy, with Wait, while the
// sender has to wait.
func (s *Service) Verify(ctx context.Context, name, password, remote string) (store.User, error) {
	u, _, err := s.verify(ctx, []attempt{{name, password}}, remote)
	return u, err
}

// Admit is Verify for whoever wants to know which password it was, too. The login has no hash. An app password that is right and not for the use is Denied, and Beyond.
func (s *Service) Admit(ctx context.Context, name, password, remote string, use Use) (store.User, store.Login, error) {
	return s.admit(ctx, []attempt{{name, password}}, remote, use)
}

func (s *Service) admit(ctx context.Context, readings []attempt, remote string, use Use) (store.User, store.Login, error) {
	u, l, err := s.verify(ctx, readings, remote)
	if err == nil {
		err = may(u, l, use)
	}
	if err != nil {
		return store.User{}, store.Login{}, err
	}
	return u, l, nil
}

// AdmitBasic is Admit for the value of an Authorization header, as VerifyBasic reads it.
func (s *Service) AdmitBasic(ctx context.Context, header, remote string, use Use) (store.User, store.Login, error) {
	readings, err := readBasic(header)
	if err != nil {
		return store.User{}, store.Login{}, &tandem.Error{Kind: tandem.Denied, Op: "log in", Err: err}
	}
	return s.admit(ctx, readings, remote, use)
}

// Proof stands for a user's own password as it is now, and for the app whose codes are asked for besides it. It changes when they do, and says nothing about them. NotFound
// if there is no password.
func (s *Service) Proof(ctx context.Context, user string) (tandem.Digest, error) {
	list, err := s.cfg.Logins.Logins(ctx, user)
	if err != nil {
		return tandem.Digest{}, err
	}
	if len(list) == 0 || list[0].Label != "" { // the own one comes first
		return tandem.Digest{}, &tandem.Error{Kind: tandem.NotFound, Op: "find password", Thing: user, Remedy: "set one with `tandem user password " + user + "`"}
	}
	text := "tandem proof\x00" + user + "\x00" + list[0].Hash
	app, on, err := s.codeApp(ctx, user)
	if on {
		text += "\x00" + strconv.FormatInt(app.ID, 10)
	}
	return sha256.Sum256([]byte(text)), err
}

// attempt is a name and password as one reading of a request has them.
type attempt struct{ name, password string }

// VerifyBasic is Verify for the value of an Authorization header. RFC 7617. Clients write names and passwords in UTF-8 or in
// ISO-8859-1 and do not say which; both are tried, as one attempt. An app password that is right and not for the use is Denied, and Beyond.
func (s *Service) VerifyBasic(ctx context.Context, header, remote string, use Use) (store.User, error) {
	u, _, err := s.AdmitBasic(ctx, header, remote, use)
	return u, err
}

// readBasic reads a header in all ways in which it may be meant.
func readBasic(header string) ([]attempt, error) {
	scheme, value, _ := strings.Cut(strings.TrimSpace(header), " ")
	if !strings.EqualFold(scheme, "basic") {
		return nil, errors.New("no name and password were sent")
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(value), "="))
	if err != nil {
		return nil, errors.New("the name and password sent cannot be read")
	}
	var out []attempt
	latin := make([]rune, len(raw))
	ascii := true
	for i, b := range raw {
		latin[i] = rune(b)
		ascii = ascii && b < 0x80
	}
	add := func(text string) {
		if name, password, ok := strings.Cut(text, ":"); ok {
			out = append(out, attempt{name, password})
		}
	}
	if utf8.Valid(raw) {
		add(string(raw))
	}
	if !ascii {
		add(string(latin))
	}
	if len(out) == 0 {
		return nil, errors.New("the name and password sent cannot be read")
	}
	return out, nil
}

var errWrong = errors.New("the name or the password is wrong")

func denied() error {
	return &tandem.Error{Kind: tandem.Denied, Op: "log in", Err: errWrong, Remedy: "check both; an administrator can set another password with `tandem user password`"}
}

// busy tells how long to wait.
func busy(wait time.Duration, why, otherwise string) error {
	return &tandem.Error{Kind: tandem.Busy, Op: "log in", Err: errors.New(why), Wait: int64(math.Ceil(wait.Seconds())), Remedy: "wait " + wait.Round(time.Second).String() + otherwise}
}

func (s *Service) verify(ctx context.Context, readings []attempt, remote string) (store.User, store.Login, error) {
	u, found, err := s.find(ctx, readings)
	if err != nil {
		return store.User{}, store.Login{}, err
	}
	var logins []store.Login
	if found {
		if logins, err = s.cfg.Logins.Logins(ctx, u.Name); err != nil {
			return store.User{}, store.Login{}, err
		}
	}
	address := network(remote)
	var own store.Login
	for _, l := range logins {
		if l.Label == "" {
			own = l
			continue
		}
		if s.isApp(l, readings) {
			return s.letIn(ctx, u, l, address, remote)
		}
	}
	if own.ID == 0 { // who has no password costs the same as who has one
		if own.Hash, err = s.dummy(); err != nil {
			return store.User{}, store.Login{}, err
		}
	}
	account := u.Name
	if !found {
		account = "?" + fold(readings[0].name) // no user has this name
	}
	_, codes, err := s.codeApp(ctx, u.Name)
	if err != nil {
		return store.User{}, store.Login{}, err
	}
	right, err := s.isOwn(ctx, own, account, address, readings, !codes)
	if err != nil {
		return store.User{}, store.Login{}, err
	}
	if !right || own.ID == 0 {
		return store.User{}, store.Login{}, denied()
	}
	return s.letIn(ctx, u, own, address, remote)
}

// letIn notes the use of a login.
func (s *Service) letIn(ctx context.Context, u store.User, l store.Login, address, remote string) (store.User, store.Login, error) {
	if l.Label == "" {
		s.guard.passed(u.Name, address)
	}
	// A use that could not be noted is no reason to turn anybody away, but a login that is gone by now is.
	if err := s.cfg.Logins.UseLogin(ctx, l.ID, s.cfg.Now().Unix(), host(remote)); tandem.IsKind(err, tandem.NotFound) {
		return store.User{}, store.Login{}, denied()
	}
	l.Hash = ""
	return u, l, nil
}

// isApp reports whether one of the readings has this app password.
func (s *Service) isApp(l store.Login, readings []attempt) bool {
	for _, r := range readings {
		p := plain(r.password, appGroups)
		if p == "" {
			continue
		}
		if s.known.knows(l, p) {
			return true
		}
		if h, err := parsePHC(l.Hash); err == nil && h.is(p) {
			s.known.learn(l, p)
			return true
		}
	}
	return false
}

// isOwn reports whether one of the readings has the user's own password. Where that alone opens nothing, no password is right, and a right one costs what a wrong
// one does: nobody can try them where no code is asked for.
func (s *Service) isOwn(ctx context.Context, l store.Login, account, address string, readings []attempt, alone bool) (bool, error) {
	// The gate first: passwords that come at once are looked at one after the other, each under what the last one cost.
	leave, err := s.guard.enter(ctx, account, address)
	if err != nil {
		return false, err
	}
	defer leave()
	if wait := s.guard.wait(account, address); wait > 0 {
		return false, busy(wait, "too many wrong passwords came from this address", ", or use an app password")
	}
	var passwords []string
	for _, r := range readings {
		if len(r.password) > maxPassword {
			continue
		}
		passwords = append(passwords, prepare(r.password))
	}
	for _, p := range passwords {
		if l.ID != 0 && alone && s.known.knows(l, p) {
			return true, nil
		}
	}
	this := s.known.sum(append([]string{l.Hash}, passwords...)...)
	if s.guard.repeated(account, address, this) {
		return false, nil
	}
	hash, err := parsePHC(l.Hash)
	if err != nil {
		return false, &tandem.Error{Kind: tandem.Unreadable, Op: "log in", Thing: account, Err: err, Remedy: "set the password anew with `tandem user password " + account + "`"}
	}
	for _, p := range passwords {
		right := false
		if err := s.slow(ctx, func() { right = hash.is(p) }); err != nil {
			return false, err
		}
		if right && l.ID != 0 && alone {
			return true, s.accept(ctx, l, hash.cost, p)
		}
	}
	s.guard.failed(account, address, this)
	return false, nil
}

// accept remembers a right password, and hashes it anew if hashes cost something else by now.
func (s *Service) accept(ctx context.Context, l store.Login, cost Cost, password string) error {
	if cost != s.cfg.Cost {
		hash, err := s.hashSlowly(ctx, password)
		if err != nil {
			return err
		}
		s.change.Lock()
		defer s.change.Unlock()
		now, err := s.cfg.Logins.Logins(ctx, l.User)
		if err != nil {
			return err
		}
		for _, have := range now {
			if have.ID == l.ID && have.Hash == l.Hash { // nobody changed it meanwhile
				l.Hash = hash
				if l, err = s.cfg.Logins.PutLogin(ctx, l); err != nil {
					return err
				}
			}
		}
	}
	s.known.learn(l, password)
	return nil
}

// find finds the user that one of the readings names.
func (s *Service) find(ctx context.Context, readings []attempt) (store.User, bool, error) {
	for _, r := range readings {
		u, err := s.Find(ctx, r.name)
		if err == nil || !tandem.IsKind(err, tandem.NotFound) {
			return u, err == nil, err
		}
	}
	return store.User{}, false, nil
}

// Find finds a user by what people and clients write for a name: the name itself, the user's mail address, user@domain, or any of these
// behind DOMAIN\. An exact name comes first, for names may themselves be mail addresses. NotFound.
func (s *Service) Find(ctx context.Context, name string) (store.User, error) {
	name = fold(name)
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	if name == "" || len(name) > 1000 {
		return store.User{}, &tandem.Error{Kind: tandem.NotFound, Op: "find user", Thing: name}
	}
	u, err := s.cfg.Accounts.User(ctx, name)
	local, _, isAddress := strings.Cut(name, "@")
	if !tandem.IsKind(err, tandem.NotFound) || !isAddress {
		return u, err
	}
	if u, ok, err := s.byAddress(ctx, name); ok || err != nil {
		return u, err
	}
	return s.cfg.Accounts.User(ctx, local)
}

// byAddress finds the one user with a mail address.
func (s *Service) byAddress(ctx context.Context, address string) (found store.User, ok bool, err error) {
	users, err := s.cfg.Accounts.Users(ctx)
	if err != nil {
		return found, false, err
	}
	n := 0
	for _, u := range users {
		if u.Address != "" && fold(u.Address) == address {
			found = u
			n++
		}
	}
	return found, n == 1, nil
}

// Package account keeps the users of a hub and lets them in: their own passwords, passwords for single apps and devices, and
// back-off against guessing.
//
// # Passwords
//
// A user has one password of their own and any number of app passwords. The own one is hashed with argon2id at a cost of tens
// of milliseconds. App passwords are 100 random bits, which nobody guesses, so a cheap argon2id suffices: a phone that uses one
// costs the hub next to nothing, and each can be revoked alone. What was verified is remembered in memory, as a MAC under a key of this
// process and bound to the stored hash, so that a change or revocation ends it at once, whoever made it.
//
// # Guessing
//
// Wrong own passwords make their sender wait, longer each time: per account and network address, and per address. Nothing is
// counted per account alone, so nobody can lock an owner out from elsewhere. The same wrong password again counts once: a
// forgotten phone that still tries the old password does not shut the door for the other devices in the house. App passwords are
// looked at even from an address that has to wait.
//
// # Codes
//
// A user may want a second thing asked for besides their own password: the code that an app shows (RFC 6238), which changes every half minute, or one of
// the recovery codes that are made with it and work once each. Codes are asked for where a person can type one (Enter and EnterCode). Everywhere else the own
// password then opens nothing, and is answered as a wrong one: phones and programs use app passwords. No code is taken twice. Wrong ones count as wrong passwords
// do, and besides that per account, wherever they come from: only who has the password gets so far.
package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tandem"
	"tandem/store"
)

// Config is what a Service stands on. Everything without a remark must be set.
type Config struct {
	Accounts store.Accounts
	Logins   store.Logins
	Home     store.Home
	Settings store.Settings
	Factors  store.Factors    // nil: nobody has anything besides passwords
	Secrets  Secrets          // keeps sealed what codes are made of; nil: nobody can set that up
	Now      func() time.Time // nil: time.Now
	Random   io.Reader        // nil: crypto/rand
	Cost     Cost             // of the users' own passwords; zero: DefaultCost

	// Ended is told of users of whom a password, or all of them, is good no longer; it must not wait. nil: nobody listens.
	Ended func(user string)
}

// Service keeps users. There is one per store; its methods may be called concurrently.
type Service struct {
	cfg    Config
	known  *memory    // what was verified
	guard  *guard     // who guessed
	codes  *guard     // whose codes were guessed
	slots  chan bool  // bounds how many passwords are hashed at once; hashed counts them
	change sync.Mutex // held while a user's logins change
	hashed atomic.Int64
	dummy  func() (string, error) // a hash that no password has, to spend the time of a real one; made when first needed
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = DefaultCost
	}
	if cfg.Ended == nil {
		cfg.Ended = func(string) {}
	}
	key := make([]byte, 32)
	if _, err := io.ReadFull(cfg.Random, key); err != nil {
		return nil, &tandem.Error{Op: "draw random key", Err: err}
	}
	s := &Service{cfg: cfg, known: newMemory(key), guard: newGuard(cfg.Now), codes: newGuard(cfg.Now), slots: make(chan bool, hashesAtOnce)}
	s.dummy = sync.OnceValues(func() (string, error) { return s.hash("", cfg.Cost) })
	return s, nil
}

// homes are the home collections that every user has: name and kind.
var homes = [...]struct {
	name string
	kind tandem.Kind
}{{"contacts", tandem.Contact}, {"calendar", tandem.Event}, {"tasks", tandem.Task}, {"notes", tandem.Note}}

// Add adds a user with a password and the home collections that every user has. Exists if the name is taken.
func (s *Service) Add(ctx context.Context, u store.User, password string) (store.User, error) {
	const op = "add user"
	u.Name = fold(u.Name)
	if err := checkName(u.Name); err != nil {
		return store.User{}, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: u.Name, Err: err, Remedy: "choose another name, such as anna or anna@example.org"}
	}
	if err := checkAddress(u.Address); err != nil {
		return store.User{}, &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: u.Name, Err: err, Remedy: "give an address such as anna@example.org"}
	}
	if err := checkTitle(op, u); err != nil {
		return store.User{}, err
	}
	password, err := checkPassword(op, u.Name, password)
	if err != nil {
		return store.User{}, err
	}
	hash, err := s.hashSlowly(ctx, password)
	if err != nil {
		return store.User{}, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	if err := s.cfg.Accounts.AddUser(ctx, u); err != nil {
		return store.User{}, err
	}
	if err := s.furnish(ctx, u.Name, hash); err != nil {
		// What was begun is taken back; if that fails, too, the first error is the one to tell.
		_ = s.clear(context.WithoutCancel(ctx), u.Name)
		return store.User{}, err
	}
	return s.cfg.Accounts.User(ctx, u.Name)
}

// furnish gives a user a password, and a home collection of each kind that phones show, where there is none.
func (s *Service) furnish(ctx context.Context, user, hash string) error {
	if _, err := s.cfg.Logins.PutLogin(ctx, store.Login{User: user, Hash: hash, Added: s.cfg.Now().Unix()}); err != nil {
		return err
	}
	have, err := s.cfg.Home.Collections(ctx, user)
	if err != nil {
		return err
	}
	for _, h := range homes {
		if slices.ContainsFunc(have, func(c tandem.Collection) bool { return c.Kind == h.kind }) {
			continue
		}
		if _, err := s.cfg.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: h.kind, Name: h.name}); err != nil {
			return err
		}
	}
	return nil
}

// Users lists all users.
func (s *Service) Users(ctx context.Context) ([]store.User, error) { return s.cfg.Accounts.Users(ctx) }

// Set changes a user's title and address. NotFound.
func (s *Service) Set(ctx context.Context, u store.User) error {
	if err := checkAddress(u.Address); err != nil {
		return &tandem.Error{Kind: tandem.Invalid, Op: "change user", Thing: u.Name, Err: err, Remedy: "give an address such as anna@example.org"}
	}
	if err := checkTitle("change user", u); err != nil {
		return err
	}
	return s.cfg.Accounts.PutUser(ctx, u)
}

// Remove removes a user with logins and devices. Home collections go, too; their records stay in history. While there are
// records it is Held unless all is set, and Busy while a sync item uses a collection.
func (s *Service) Remove(ctx context.Context, name string, all bool) error {
	const op = "remove user"
	s.change.Lock()
	defer s.change.Unlock()
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return err
	}
	items, err := s.cfg.Settings.Items(ctx)
	if err != nil {
		return err
	}
	colls, err := s.cfg.Home.Collections(ctx, u.Name)
	if err != nil {
		return err
	}
	for _, c := range colls {
		if i := slices.IndexFunc(items, func(it store.Item) bool { return it.Collection == c.ID }); i >= 0 {
			return &tandem.Error{Kind: tandem.Busy, Op: op, Thing: u.Name, Err: errors.New("the sync item " + items[i].Name + " uses the collection " + c.Name),
				Remedy: "remove it first: `tandem item remove " + items[i].Name + "`"}
		}
	}
	for _, c := range colls {
		if filled, err := s.filled(ctx, c.ID); err != nil {
			return err
		} else if filled && !all {
			return &tandem.Error{Kind: tandem.Held, Op: op, Thing: u.Name, Err: errors.New("the collection " + c.Name + " has records"),
				Remedy: "confirm that they shall go, too; history keeps them for as long as it keeps everything"}
		}
	}
	err = s.clear(ctx, u.Name)
	s.cfg.Ended(u.Name) // even if part of it failed
	return err
}

// filled reports whether a collection has any record.
func (s *Service) filled(ctx context.Context, collection int64) (bool, error) {
	for seq, more := int64(0), true; more; {
		var recs []store.HomeRecord
		var err error
		if recs, more, err = s.cfg.Home.Since(ctx, collection, seq, 100); err != nil {
			return false, err
		}
		for _, r := range recs {
			if !r.Deleted {
				return true, nil
			}
			seq = r.Seq
		}
	}
	return false, nil
}

// clear removes a user and the collections that are left.
func (s *Service) clear(ctx context.Context, user string) error {
	if err := s.shut(ctx, user); err != nil {
		return err
	}
	colls, err := s.cfg.Home.Collections(ctx, user)
	if err != nil {
		return err
	}
	for _, c := range colls {
		if err := s.cfg.Home.RemoveCollection(ctx, c.ID); err != nil {
			return err
		}
	}
	if err := s.forgetSecrets(ctx, user); err != nil {
		return err
	}
	return s.cfg.Accounts.RemoveUser(ctx, user)
}

// shut takes all ways in from a user, and ends what is open, before anything else of the user's goes: nobody gets in meanwhile and finds half of it.
func (s *Service) shut(ctx context.Context, user string) error {
	logins, err := s.cfg.Logins.Logins(ctx, user)
	if err != nil {
		return err
	}
	for _, l := range logins {
		if err := s.cfg.Logins.RemoveLogin(ctx, l.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
	}
	if s.cfg.Factors != nil {
		list, err := s.cfg.Factors.Factors(ctx, user)
		if err != nil {
			return err
		}
		for _, f := range list {
			if err := s.cfg.Factors.RemoveFactor(ctx, f.ID); err != nil && !tandem.IsKind(err, tandem.NotFound) {
				return err
			}
		}
	}
	s.cfg.Ended(user)
	return nil
}

// SetPassword gives a user another password. App passwords stay. Who had none, such as the user that a hub without users makes for its
// first sync item, gets the home collections that are missing.
func (s *Service) SetPassword(ctx context.Context, name, password string) error {
	const op = "set password"
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return err
	}
	if password, err = checkPassword(op, u.Name, password); err != nil {
		return err
	}
	hash, err := s.hashSlowly(ctx, password)
	if err != nil {
		return err
	}
	s.change.Lock()
	defer s.change.Unlock()
	have, err := s.cfg.Logins.Logins(ctx, u.Name)
	if err != nil {
		return err
	}
	if len(have) == 0 || have[0].Label != "" { // the own one comes first
		return s.furnish(ctx, u.Name, hash)
	}
	_, err = s.cfg.Logins.PutLogin(ctx, store.Login{User: u.Name, Hash: hash, Added: s.cfg.Now().Unix()})
	s.cfg.Ended(u.Name)
	return err
}

// NewAppPassword makes a password for one app or device and returns it; it cannot be shown again. Without limits it is for everything. Exists if the label is taken.
func (s *Service) NewAppPassword(ctx context.Context, name, label string, limits ...Limits) (password string, l store.Login, err error) {
	const op = "add app password"
	if label, err = checkLabel(op, label); err != nil {
		return "", l, err
	}
	in := store.Login{Label: label}
	for _, lim := range limits {
		if err := lim.put(&in); err != nil {
			return "", l, err
		}
	}
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return "", l, err
	}
	if password, err = s.random(appGroups); err != nil {
		return "", l, err
	}
	hash, err := s.hash(plain(password, appGroups), appCost)
	if err != nil {
		return "", l, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	in.User, in.Hash, in.Added = u.Name, hash, s.cfg.Now().Unix()
	if l, err = s.cfg.Logins.PutLogin(ctx, in); err != nil {
		return "", l, err
	}
	l.Hash = ""
	return password, l, nil
}

// Logins lists the ways in which a user can log in, without hashes.
func (s *Service) Logins(ctx context.Context, name string) ([]store.Login, error) {
	u, err := s.cfg.Accounts.User(ctx, name)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Logins.Logins(ctx, u.Name)
	for i := range list {
		list[i].Hash = ""
	}
	return list, err
}

// Revoke ends an app password. NotFound.
func (s *Service) Revoke(ctx context.Context, name, label string) error {
	s.change.Lock()
	defer s.change.Unlock()
	list, err := s.Logins(ctx, name)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(l store.Login) bool { return l.Label == label && label != "" })
	if i < 0 {
		return &tandem.Error{Kind: tandem.NotFound, Op: "revoke app password", Thing: label, Remedy: "see them with `tandem user app-password list " + fold(name) + "`"}
	}
	err = s.cfg.Logins.RemoveLogin(ctx, list[i].ID)
	s.cfg.Ended(list[i].User)
	return err
}

// Bounds of names and passwords.
const (
	maxName     = 100  // letters
	maxTitle    = 200  // letters
	minPassword = 8    // letters
	maxPassword = 1024 // bytes
)

// fold is how names are compared.
func fold(name string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(name)))
}

// checkName says what is wrong with a user's name. A colon ends the name in HTTP's Basic scheme (RFC 7617 2), a backslash
// the domain before it.
func checkName(name string) error {
	if name == "" {
		return errors.New("a user needs a name")
	}
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
		return errors.New("a name has at most 100 letters")
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_+@", r) {
			return errors.New("a name has letters, digits and .-_+@ only")
		}
	}
	if !unicode.IsLetter([]rune(name)[0]) && !unicode.IsDigit([]rune(name)[0]) {
		return errors.New("a name begins with a letter or digit")
	}
	return nil
}

// checkTitle says what is wrong with a user's full name; none is fine.
func checkTitle(op string, u store.User) error {
	if utf8.RuneCountInString(u.Title) > maxTitle || strings.ContainsFunc(u.Title, unicode.IsControl) {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: u.Name, Err: fmt.Errorf("a full name has at most %d letters, on one line", maxTitle), Remedy: "type a shorter one"}
	}
	return nil
}

// checkAddress says what is wrong with a mail address; none is fine.
func checkAddress(address string) error {
	at := strings.LastIndexByte(address, '@')
	if address != "" && (at <= 0 || at == len(address)-1 || len(address) > 254 || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f })) {
		return errors.New("this is no mail address")
	}
	return nil
}

// checkPassword brings a password into the form in which it is hashed.
func checkPassword(op, user, password string) (string, error) {
	password = prepare(password)
	bad := func(kind tandem.ErrorKind, why string) (string, error) {
		return "", &tandem.Error{Kind: kind, Op: op, Thing: user, Err: errors.New(why), Remedy: "choose another one"}
	}
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return bad(tandem.Invalid, "a password has at least 8 characters")
	case len(password) > maxPassword:
		return bad(tandem.TooLarge, "a password has at most 1024 bytes")
	case strings.ContainsFunc(password, unicode.IsControl):
		return bad(tandem.Invalid, "a password has no control characters")
	}
	return password, nil
}

// prepare makes passwords equal that look the same, after RFC 8265 4.2.2: other spaces become spaces, accents are composed.
func prepare(password string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password))
}

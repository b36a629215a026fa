package account

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"tandem"
)

// Cost is what hashing a password with argon2id costs. RFC 9106 3.1.
type Cost struct {
	Memory uint32 // KiB
	Time   uint32 // passes
	Lanes  uint8
}

// DefaultCost is OWASP's recommendation with more memory than its least: about 40 ms of one core of 2020. Hashes made with
// another cost are made anew when their owner next logs in.
var DefaultCost = Cost{Memory: 46 << 10, Time: 1, Lanes: 1}

// appCost is for app passwords, whose strength is their randomness.
var appCost = Cost{Memory: 8, Time: 1, Lanes: 1}

// hashesAtOnce bounds how many passwords are hashed at once, and so the memory that guessers can make the hub use.
var hashesAtOnce = max(2, runtime.NumCPU())

// Sizes in bytes.
const (
	saltSize = 16
	hashSize = 32
)

// phc is a hash in its parts.
type phc struct {
	cost       Cost
	salt, hash []byte
}

var errHash = errors.New("the stored hash of the password is damaged")

// parsePHC reads a hash in PHC form: $argon2id$v=19$m=MEMORY,t=TIME,p=LANES$SALT$HASH.
func parsePHC(text string) (p phc, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errHash
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.cost.Memory, &p.cost.Time, &p.cost.Lanes); n != 3 || err != nil || p.cost.params() != parts[3] {
		return p, errHash
	}
	if p.cost.Memory < 8 || p.cost.Memory > 4<<20 || p.cost.Time < 1 || p.cost.Time > 1000 || p.cost.Lanes < 1 {
		return p, errHash
	}
	if p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil || len(p.salt) < 8 {
		return p, errHash
	}
	if p.hash, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil || len(p.hash) < 16 || len(p.hash) > 64 {
		return p, errHash
	}
	return p, nil
}

func (c Cost) params() string { return fmt.Sprintf("m=%d,t=%d,p=%d", c.Memory, c.Time, c.Lanes) }

func (p phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, p.cost.params(), enc.EncodeToString(p.salt), enc.EncodeToString(p.hash))
}

// is compares in constant time.
func (p phc) is(password string) bool {
	got := argon2.IDKey([]byte(password), p.salt, p.cost.Time, p.cost.Memory, p.cost.Lanes, uint32(len(p.hash)))
	return subtle.ConstantTimeCompare(got, p.hash) == 1
}

// hash makes the hash of a password under a new salt.
func (s *Service) hash(password string, c Cost) (string, error) {
	p := phc{cost: c, salt: make([]byte, saltSize)}
	if _, err := io.ReadFull(s.cfg.Random, p.salt); err != nil {
		return "", &tandem.Error{Op: "draw random salt", Err: err}
	}
	p.hash = argon2.IDKey([]byte(password), p.salt, c.Time, c.Memory, c.Lanes, hashSize)
	return p.String(), nil
}

// slow runs f, which hashes, when there is room for it.
func (s *Service) slow(ctx context.Context, f func()) error {
	select {
	case s.slots <- true:
		defer func() { <-s.slots }()
		s.hashed.Add(1)
		f()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hashSlowly hashes a user's own password.
func (s *Service) hashSlowly(ctx context.Context, password string) (hash string, err error) {
	wait := s.slow(ctx, func() { hash, err = s.hash(password, s.cfg.Cost) })
	return hash, errors.Join(wait, err)
}

// letters are those of app passwords: 32 of them, none of which looks like another.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

// random makes groups of five letters, 25 bits each.
func (s *Service) random(groups int) (string, error) {
	raw := make([]byte, 5*groups)
	if _, err := io.ReadFull(s.cfg.Random, raw); err != nil {
		return "", &tandem.Error{Op: "draw random password", Err: err}
	}
	var out strings.Builder
	for i, b := range raw {
		if i > 0 && i%5 == 0 {
			out.WriteByte('-')
		}
		out.WriteByte(letters[b%32])
	}
	return out.String(), nil
}

// How long what the hub makes is, in groups of five letters.
const (
	appGroups      = 4 // 100 bits
	recoveryGroups = 3 // 75 bits, asked for after a password only
)

// plain is what random made, of so many groups, without what people add when they type it. "" for what cannot be one.
func plain(password string, groups int) string {
	var out strings.Builder
	for _, r := range strings.ToLower(password) {
		switch {
		case r == '-' || r == ' ':
		case r < 0x80 && strings.IndexByte(letters, byte(r)) >= 0:
			out.WriteRune(r)
		default:
			return ""
		}
	}
	if out.Len() != 5*groups {
		return ""
	}
	return out.String()
}

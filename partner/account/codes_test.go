package account

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"tandem"
	"tandem/store"
)

// memorySecrets keeps secrets in memory, in clear.
type memorySecrets struct {
	mu   sync.Mutex
	by   map[string]string
	lost bool // the key is gone
}

func (m *memorySecrets) Get(_ context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost {
		return "", tandem.Errorf(tandem.Unreadable, "the key is missing")
	}
	v, ok := m.by[name]
	if !ok {
		return "", &tandem.Error{Kind: tandem.NotFound, Op: "read secret", Thing: name}
	}
	return v, nil
}

func (m *memorySecrets) Put(_ context.Context, name, secret string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if secret == "" {
		delete(m.by, name)
	} else {
		m.by[name] = secret
	}
	return nil
}

func (m *memorySecrets) Names(context.Context) (out []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := range m.by {
		out = append(out, n)
	}
	return out, nil
}

const home = "192.0.2.1:999"

// app shows codes as a phone does, at the time of the kit, so many periods later.
func (k *kit) app(secret string, later int64) string {
	k.Helper()
	code, err := hotp.GenerateCodeCustom(secret, uint64(k.now.Unix()/codePeriod+later), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	k.must(err)
	return code
}

// withCodes sets codes up for anna, and lets the time step of the first one pass.
func (k *kit) withCodes() (secret string, recovery []string) {
	k.Helper()
	set, err := k.BeginCodes(k.ctx, "anna", "sync.example.org")
	k.must(err)
	recovery, err = k.ConfirmCodes(k.ctx, "anna", k.app(set.Secret, 0))
	k.must(err)
	k.now = k.now.Add(5 * time.Minute)
	return set.Secret, recovery
}

// ticket gives anna's password.
func (k *kit) password() string {
	k.Helper()
	e, err := k.Enter(k.ctx, "anna", annas, home)
	k.must(err)
	if e.Ticket == "" {
		k.Fatal("no code is asked for")
	}
	return e.Ticket
}

// TestCodeVectors checks the codes of RFC 6238, appendix B, in six digits.
func TestCodeVectors(t *testing.T) {
	k := newKit(t)
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))
	for when, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		k.now = time.Unix(when, 0)
		step, ok := k.stepOf(secret, want)
		if !ok || step != when/30 {
			t.Errorf("at %d: step %d, %v", when, step, ok)
		}
		for _, off := range []time.Duration{-61 * time.Second, 61 * time.Second} {
			if k.now = time.Unix(when, 0).Add(off); k.now.Unix() < 0 {
				continue
			}
			if _, ok := k.stepOf(secret, want); ok {
				t.Errorf("the code of %d is taken %s off", when, off)
			}
		}
	}
}

func TestCodes(t *testing.T) {
	k := newKit(t)
	k.in("anna", annas, home)
	before, err := k.Proof(k.ctx, "anna")
	k.must(err)
	set, err := k.BeginCodes(k.ctx, "anna", "sync.example.org:8443")
	k.must(err)
	u, err := url.Parse(set.URI)
	k.must(err)
	if q := u.Query(); u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Tandem sync.example.org 8443:anna" || q.Get("secret") != set.Secret || q.Get("issuer") != "Tandem sync.example.org 8443" || strings.Contains(set.URI, "+") {
		t.Errorf("the app gets %s", set.URI)
	}
	if raw, err := base32.StdEncoding.DecodeString(set.Secret); err != nil || len(raw) != 20 {
		t.Errorf("the secret %s: %v", set.Secret, err)
	}
	k.in("anna", annas, home) // nothing is asked for yet
	_, err = k.ConfirmCodes(k.ctx, "anna", k.app(set.Secret, 9))
	k.kind(err, tandem.Denied)
	codes, err := k.ConfirmCodes(k.ctx, "anna", k.app(set.Secret, 0))
	k.must(err)
	if len(codes) != recoveryCodes || len(slices.Compact(slices.Sorted(slices.Values(codes)))) != recoveryCodes {
		t.Fatalf("recovery codes %q", codes)
	}
	_, err = k.BeginCodes(k.ctx, "anna", "")
	k.kind(err, tandem.Exists)
	_, err = k.ConfirmCodes(k.ctx, "anna", "123456")
	k.kind(err, tandem.Exists)
	on, err := k.Proof(k.ctx, "anna")
	k.must(err)
	if on == before {
		t.Error("visits that began without a code go on")
	}

	_, _, err = k.EnterCode(k.ctx, k.password(), k.app(set.Secret, 0), home)
	k.kind(err, tandem.Denied) // it was used to set up
	k.now = k.now.Add(codePeriod * time.Second)
	code := k.app(set.Secret, 0)
	got, left, err := k.EnterCode(k.ctx, k.password(), " "+code[:3]+" "+code[3:]+" ", home)
	k.must(err)
	if got.Name != "anna" || left != -1 {
		t.Errorf("in came %+v, %d left", got, left)
	}
	_, _, err = k.EnterCode(k.ctx, k.password(), code, home)
	k.kind(err, tandem.Denied)
	k.now = k.now.Add(20 * time.Second)
	_, _, err = k.EnterCode(k.ctx, k.password(), code, "198.51.100.7:1") // an attacker who saw it typed
	k.kind(err, tandem.Denied)

	k.must(k.RemoveCodes(k.ctx, "ANNA"))
	k.kind(k.RemoveCodes(k.ctx, "anna"), tandem.NotFound)
	k.in("anna", annas, home)
	if list, err := k.Factors(k.ctx, "anna"); err != nil || len(list) != 0 || len(k.secrets.by) != 0 {
		t.Errorf("left are %+v and %v, %v", list, k.secrets.by, err)
	}
}

// TestCodeOnce checks that of many who type one code at the same moment one gets in.
func TestCodeOnce(t *testing.T) {
	k := newKit(t)
	secret, recovery := k.withCodes()
	for _, code := range []string{k.app(secret, 0), recovery[3]} {
		ticket := k.password()
		var mu sync.Mutex
		var wg sync.WaitGroup
		in := 0
		for i := range 4 {
			wg.Go(func() {
				_, _, err := k.EnterCode(k.ctx, ticket, code, fmt.Sprintf("192.0.2.%d:1", i))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					in++
				} else if !tandem.IsKind(err, tandem.Denied) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in != 1 {
			t.Errorf("%d got in with one code", in)
		}
	}
}

// TestOnlyWhereCodesAreAskedFor checks that the own password opens no door that cannot ask for a code, and tells nobody there that it is right.
func TestOnlyWhereCodesAreAskedFor(t *testing.T) {
	k := newKit(t)
	k.in("anna", annas, home) // it is remembered as right
	app, _, err := k.NewAppPassword(k.ctx, "anna", "phone")
	k.must(err)
	k.withCodes()
	hashed := k.hashed.Load()
	right := k.out("anna", annas, home, tandem.Denied)
	spent := k.hashed.Load() - hashed
	wrong := k.out("anna", "another wrong one", home, tandem.Denied)
	if right.Error() != wrong.Error() || spent != 1 || k.hashed.Load()-hashed != 2 {
		t.Errorf("the right password: %v with %d hashes, a wrong one: %v", right, spent, wrong)
	}
	for range 50 { // a phone that still has it
		k.out("anna", annas, home, tandem.Denied)
	}
	k.in("anna", app, home)
	if _, err := k.VerifyBasic(k.ctx, basic("anna:"+annas), home, Use{}); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("by header: %v", err)
	}
	for i := range 20 {
		k.out("anna", fmt.Sprint("wrong horse ", i), "198.51.100.1", map[bool]tandem.ErrorKind{true: tandem.Denied, false: tandem.Busy}[i < freePerAccount])
	}
	_, err = k.Enter(k.ctx, "anna", app, home)
	k.kind(err, tandem.Denied)
	k.must(k.CheckOwn(k.ctx, "anna", annas, home))
	k.kind(k.CheckOwn(k.ctx, "anna", app, home), tandem.Denied)
}

// TestCodeGuessing checks that codes are guessed at the pace of passwords, that the right password between guesses does not help, and that many addresses do not either.
func TestCodeGuessing(t *testing.T) {
	k := newKit(t)
	secret, recovery := k.withCodes()
	tried := 0
	for range 40 {
		e, err := k.Enter(k.ctx, "anna", annas, home)
		if err != nil {
			k.kind(err, tandem.Busy)
			break
		}
		if _, _, err := k.EnterCode(k.ctx, e.Ticket, "000000", home); tandem.IsKind(err, tandem.Busy) {
			break
		}
		tried++
	}
	if tried != freePerAccount {
		t.Errorf("%d codes could be tried from one address", tried)
	}
	for i := range 40 {
		from := fmt.Sprintf("198.51.100.%d:7", i)
		e, err := k.Enter(k.ctx, "anna", annas, from)
		k.must(err)
		if _, _, err := k.EnterCode(k.ctx, e.Ticket, "000000", from); !tandem.IsKind(err, tandem.Busy) {
			tried++
		}
	}
	if tried > freeCodes {
		t.Errorf("%d codes could be tried from everywhere", tried)
	}
	e, err := k.Enter(k.ctx, "anna", annas, "203.0.113.9:1")
	k.must(err)
	_, _, err = k.EnterCode(k.ctx, e.Ticket, recovery[0], "203.0.113.9:1")
	if wait := k.kind(err, tandem.Busy); wait.Wait <= 0 || wait.Wait > 300 {
		t.Errorf("wait %d s", wait.Wait)
	}
	k.now = k.now.Add(5 * time.Minute)
	e, err = k.Enter(k.ctx, "anna", annas, "203.0.113.9:1")
	k.must(err)
	_, _, err = k.EnterCode(k.ctx, e.Ticket, k.app(secret, 0), "203.0.113.9:1")
	k.must(err)
}

func TestRecovery(t *testing.T) {
	k := newKit(t)
	_, codes := k.withCodes()
	_, left, err := k.EnterCode(k.ctx, k.password(), strings.ToUpper(codes[2]), home)
	k.must(err)
	if left != 9 {
		t.Errorf("%d left", left)
	}
	_, _, err = k.EnterCode(k.ctx, k.password(), codes[2], home)
	k.kind(err, tandem.Denied)
	list, err := k.st.Factors.Factors(k.ctx, "anna")
	k.must(err)
	for _, f := range list {
		for _, c := range codes {
			if strings.Contains(string(f.Data)+f.Key, c) || strings.Contains(string(f.Data), plain(c, recoveryGroups)) {
				t.Errorf("the store has the code %s", c)
			}
		}
	}
	again, err := k.NewRecoveryCodes(k.ctx, "anna")
	k.must(err)
	_, _, err = k.EnterCode(k.ctx, k.password(), codes[4], home)
	k.kind(err, tandem.Denied)
	k.secrets.lost = true // a recovery code needs no key
	_, left, err = k.EnterCode(k.ctx, k.password(), again[9], home)
	if k.must(err); left != 9 {
		t.Errorf("%d left", left)
	}
	_, _, err = k.EnterCode(k.ctx, k.password(), "123456", home)
	if e := k.kind(err, tandem.Unreadable); !strings.Contains(e.Remedy, "recovery code") {
		t.Errorf("without the key: %v", e)
	}
	k.add("ben", "password of ben")
	_, err = k.NewRecoveryCodes(k.ctx, "ben")
	k.kind(err, tandem.NotFound)
}

// TestTickets checks that what stands for a right password cannot be made, changed, kept or taken over to another password.
func TestTickets(t *testing.T) {
	k := newKit(t)
	secret, _ := k.withCodes()
	k.add("ben", "password of ben")
	ticket := k.password()
	parts := strings.SplitN(ticket, ".", 3)
	for name, bad := range map[string]string{
		"none": "", "dots": "..", "another user": parts[0] + "." + parts[1] + ".ben", "nobody": parts[0] + "." + parts[1] + ".nobody", "longer": parts[0] + "0." + parts[1] + "." + parts[2],
		"made up": parts[0] + "." + hex.EncodeToString(make([]byte, 32)) + ".anna", "no end": "x." + parts[1] + ".anna",
	} {
		if _, _, err := k.EnterCode(k.ctx, bad, k.app(secret, 0), home); !tandem.IsKind(err, tandem.Gone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := k.open(cheap) // the program was started again
	_, _, err := other.EnterCode(k.ctx, ticket, k.app(secret, 0), home)
	k.kind(err, tandem.Gone)
	k.must(k.SetPassword(k.ctx, "anna", annas)) // the same, hashed anew
	_, _, err = k.EnterCode(k.ctx, ticket, k.app(secret, 0), home)
	k.kind(err, tandem.Gone)
	ticket = k.password()
	k.now = k.now.Add(ticketLife * time.Second)
	_, _, err = k.EnterCode(k.ctx, ticket, k.app(secret, 0), home)
	k.kind(err, tandem.Gone)
}

// TestCodesGoWithTheirUser checks that nothing is left for somebody who gets the name later.
func TestCodesGoWithTheirUser(t *testing.T) {
	k := newKit(t)
	k.withCodes()
	k.must(k.secrets.Put(k.ctx, SecretsOf("anna@example.org")+"x", "hers"))
	k.must(k.secrets.Put(k.ctx, "password of anna at mail.example.org", "the hub's"))
	k.must(k.Remove(k.ctx, "anna", true))
	if len(k.secrets.by) != 2 {
		t.Errorf("left are %v", k.secrets.by)
	}
	k.add("anna", "another password")
	k.in("anna", "another password", home)
}

// TestWithoutFactors checks a hub that keeps none.
func TestWithoutFactors(t *testing.T) {
	k := newKit(t)
	s, err := New(Config{Accounts: k.st.Accounts, Logins: k.st.Logins, Home: k.st.Home, Settings: k.st.Settings, Cost: cheap})
	k.must(err)
	_, err = s.BeginCodes(k.ctx, "anna", "")
	k.kind(err, tandem.Denied)
	k.kind(s.RemoveCodes(k.ctx, "anna"), tandem.NotFound)
	if list, err := s.Factors(k.ctx, "anna"); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if e, err := s.Enter(k.ctx, "anna", annas, home); err != nil || e.Ticket != "" || e.Login.ID == 0 {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = k.BeginCodes(k.ctx, "nobody", "")
	k.kind(err, tandem.NotFound)
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "me"})) // without a password
	_, err = k.BeginCodes(k.ctx, "me", "")
	k.kind(err, tandem.NotFound)
}

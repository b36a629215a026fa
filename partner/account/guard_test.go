package account

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/store"
)

// TestLatinOnceWrong checks that two readings of one request are one guess.
func TestLatinOnceWrong(t *testing.T) {
	k := newKit(t)
	for i := range freePerAccount {
		_, err := k.VerifyBasic(k.ctx, basic(fmt.Sprint("anna:fälsch", i)), "192.0.2.1", Use{})
		k.kind(err, tandem.Denied)
	}
	_, err := k.VerifyBasic(k.ctx, basic("anna:"+annas), "192.0.2.1", Use{})
	k.kind(err, tandem.Busy)
}

func TestBackOff(t *testing.T) {
	k := newKit(t)
	app, _, err := k.NewAppPassword(k.ctx, "anna", "phone")
	k.must(err)
	const bad = "192.0.2.1"
	guess := 0
	wrong := func(kind tandem.ErrorKind) *tandem.Error {
		k.Helper()
		guess++
		return k.out("anna", fmt.Sprint("guess ", guess), bad, kind)
	}
	for range freePerAccount {
		wrong(tandem.Denied)
	}
	for want := int64(1); want <= 512; want *= 2 {
		if e := wrong(tandem.Busy); e.Wait != want {
			t.Fatalf("wait %d, want %d", e.Wait, want)
		}
		k.out("anna", annas, bad, tandem.Busy) // not even the right one
		k.in("anna", app, bad)                 // but an app password
		k.in("anna", annas, "198.51.100.7")    // and the owner elsewhere
		k.now = k.now.Add(time.Duration(want) * time.Second)
		wrong(tandem.Denied)
	}
	if e := wrong(tandem.Busy); e.Wait != int64(maxWaitAccount/time.Second) {
		t.Fatalf("the longest wait is %d", e.Wait)
	}
	k.now = k.now.Add(maxWaitAccount)
	k.in("anna", annas, bad)
	for range freePerAccount { // all is forgiven
		wrong(tandem.Denied)
	}
	k.now = k.now.Add(forgetAfter + time.Second)
	for range freePerAccount {
		wrong(tandem.Denied)
	}
}

// TestForgottenPhone lets a phone try an old password again and again, beside one that has the new one.
func TestForgottenPhone(t *testing.T) {
	k := newKit(t)
	k.must(k.SetPassword(k.ctx, "anna", "the new password"))
	n := k.hashed.Load()
	for range 100 {
		k.out("anna", annas, "192.0.2.1", tandem.Denied)
	}
	if got := k.hashed.Load() - n; got != 1 {
		t.Fatalf("the same wrong password was hashed %d times", got)
	}
	k.in("anna", "the new password", "192.0.2.1")
	k.must(k.SetPassword(k.ctx, "anna", annas)) // what was wrong can become right
	k.in("anna", annas, "192.0.2.1")
}

// TestManyAccounts lets one address try a password or two of each of many accounts.
func TestManyAccounts(t *testing.T) {
	k := newKit(t)
	for i := range freePerAddress {
		k.out(fmt.Sprint("user", i), "123456789", "2001:db8::1", tandem.Denied)
	}
	e := k.out("anna", annas, "2001:db8::ffff", tandem.Busy) // one household
	if e.Wait != 1 {
		t.Fatalf("wait %d", e.Wait)
	}
	k.in("anna", annas, "2001:db8:0:1::1")
	k.now = k.now.Add(time.Second)
	k.in("anna", annas, "2001:db8::1")
	k.out("user0", "another", "2001:db8::1", tandem.Denied)
	if e := k.out("user1", "another", "[2001:db8::1]:443", tandem.Busy); e.Wait != 2 { // a success does not clear the address
		t.Fatalf("wait %d", e.Wait)
	}
}

// TestGuessesAtOnce sends guesses in parallel: they are looked at one after the other.
func TestGuessesAtOnce(t *testing.T) {
	k := newKit(t)
	n := k.hashed.Load()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if _, err := k.Verify(k.ctx, "anna", fmt.Sprint("guess ", i), "192.0.2.1"); err == nil {
				k.Error("got in")
			}
		})
	}
	wg.Wait()
	if got := k.hashed.Load() - n; got != freePerAccount {
		t.Fatalf("%d guesses were looked at, want %d", got, freePerAccount)
	}
}

// TestBounds fills what is remembered.
func TestBounds(t *testing.T) {
	k := newKit(t)
	for i := range maxGuessers {
		k.guard.failed("anna", fmt.Sprint(i), mac{})
	}
	if n := len(k.guard.by); n != maxGuessers || k.guard.used.Len() != n {
		t.Fatalf("%d senders are remembered", n)
	}
	for _, name := range []string{strings.Repeat("x", 1<<20), strings.Repeat("y", 1<<20)} {
		k.out(name, "wrong password", "192.0.2.1", tandem.Denied)
		k.out("anna", "wrong password", name, tandem.Denied)
	}
	for who := range k.guard.by {
		if len(who.user)+len(who.address) > 600 {
			t.Fatalf("a name of %d bytes is remembered", len(who.user)+len(who.address))
		}
	}
	for i := range maxKnown + 10 {
		k.known.learn(store.Login{ID: int64(i)}, "x")
	}
	if n := len(k.known.byID); n != maxKnown || k.known.used.Len() != n {
		t.Fatalf("%d logins are remembered", n)
	}
	if k.known.knows(store.Login{ID: 1}, "x") || !k.known.knows(store.Login{ID: maxKnown}, "x") || k.known.knows(store.Login{ID: maxKnown}, "y") {
		t.Fatal("the wrong ones were forgotten")
	}
}

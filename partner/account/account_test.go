package account

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/store"
	"tandem/store/sqlite"
)

// cheap makes tests quick.
var cheap = Cost{Memory: 16, Time: 1, Lanes: 1}

// kit is a service with a user anna, on a store in memory, under a clock that stands still.
type kit struct {
	*testing.T
	*Service
	ctx context.Context
	st  *store.Store
	now time.Time

	secrets *memorySecrets
}

const annas = "correct horse battery"

func newKit(t *testing.T) *kit {
	t.Helper()
	t.Parallel()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	k := &kit{T: t, ctx: t.Context(), st: st, now: time.Unix(1_800_000_000, 0), secrets: &memorySecrets{by: map[string]string{}}}
	k.Service = k.open(cheap)
	k.add("anna", annas)
	return k
}

func (k *kit) open(c Cost) *Service {
	k.Helper()
	s, err := New(Config{Accounts: k.st.Accounts, Logins: k.st.Logins, Home: k.st.Home, Settings: k.st.Settings, Factors: k.st.Factors, Secrets: k.secrets, Now: func() time.Time { return k.now }, Cost: c})
	k.must(err)
	return s
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) kind(err error, kind tandem.ErrorKind) *tandem.Error {
	k.Helper()
	var e *tandem.Error
	if !errors.As(err, &e) || e.Kind != kind {
		k.Fatalf("error %v, want kind %q", err, kind)
	}
	if e.Op == "" {
		k.Fatalf("error %v does not say what was done", err)
	}
	return e
}

func (k *kit) add(name, password string) {
	k.Helper()
	_, err := k.Add(k.ctx, store.User{Name: name}, password)
	k.must(err)
}

// in wants a log-in to succeed.
func (k *kit) in(name, password, remote string) {
	k.Helper()
	if _, err := k.Verify(k.ctx, name, password, remote); err != nil {
		k.Fatalf("%s with %q from %s: %v", name, password, remote, err)
	}
}

func (k *kit) out(name, password, remote string, kind tandem.ErrorKind) *tandem.Error {
	k.Helper()
	u, err := k.Verify(k.ctx, name, password, remote)
	if err == nil {
		k.Fatalf("%s with %q from %s got in as %+v", name, password, remote, u)
	}
	return k.kind(err, kind)
}

func TestAdd(t *testing.T) {
	k := newKit(t)
	u, err := k.Add(k.ctx, store.User{Name: " Bob@Example.org ", Title: "Bob", Address: "b@example.org"}, "password of bob")
	k.must(err)
	if want := (store.User{Name: "bob@example.org", Title: "Bob", Address: "b@example.org"}); u != want {
		t.Fatalf("added %+v, want %+v", u, want)
	}
	colls, err := k.st.Home.Collections(k.ctx, u.Name)
	k.must(err)
	var names []string
	for _, c := range colls {
		names = append(names, c.Name+" "+string(c.Kind))
	}
	slices.Sort(names)
	if want := []string{"calendar event", "contacts contact", "notes note", "tasks task"}; !slices.Equal(names, want) {
		t.Fatalf("collections %q, want %q", names, want)
	}
	for _, test := range []struct {
		u        store.User
		password string
		kind     tandem.ErrorKind
	}{
		{store.User{Name: "ANNA"}, "password", tandem.Exists}, {store.User{Name: ""}, "password", tandem.Invalid}, {store.User{Name: "a:b"}, "password", tandem.Invalid},
		{store.User{Name: `a\b`}, "password", tandem.Invalid}, {store.User{Name: "a b"}, "password", tandem.Invalid}, {store.User{Name: "@a"}, "password", tandem.Invalid},
		{store.User{Name: strings.Repeat("a", 101)}, "password", tandem.Invalid}, {store.User{Name: "c"}, "short", tandem.Invalid},
		{store.User{Name: "c"}, strings.Repeat("x", 1025), tandem.TooLarge}, {store.User{Name: "c"}, "with\x00zero", tandem.Invalid}, {store.User{Name: "c\xff"}, "password", tandem.Invalid},
		{store.User{Name: "c", Address: "nowhere"}, "password", tandem.Invalid}, {store.User{Name: "c", Address: "a b@c"}, "password", tandem.Invalid},
	} {
		_, err := k.Add(k.ctx, test.u, test.password)
		k.kind(err, test.kind)
	}
	if users, err := k.Users(k.ctx); err != nil || len(users) != 2 {
		t.Fatalf("users %+v, %v", users, err)
	}
	k.must(k.Set(k.ctx, store.User{Name: "anna", Title: "Anna", Address: "a.s@example.org"}))
	k.in("a.s@example.org", annas, "192.0.2.1")
	k.kind(k.Set(k.ctx, store.User{Name: "anna", Address: "@"}), tandem.Invalid)
}

// TestFirstPassword gives a password to a user whom the hub made for a sync item.
func TestFirstPassword(t *testing.T) {
	k := newKit(t)
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "me"}))
	_, err := k.st.Home.PutCollection(k.ctx, tandem.Collection{User: "me", Kind: tandem.Contact, Name: "friends"})
	k.must(err)
	for range 2 {
		k.must(k.SetPassword(k.ctx, "me", "my own password"))
		colls, err := k.st.Home.Collections(k.ctx, "me")
		k.must(err)
		var names []string
		for _, c := range colls {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		if want := []string{"calendar", "friends", "notes", "tasks"}; !slices.Equal(names, want) {
			t.Fatalf("collections %q, want %q", names, want)
		}
	}
	k.in("me", "my own password", "192.0.2.1")
}

// TestAddIsAllOrNothing lets the last step of adding fail.
func TestAddIsAllOrNothing(t *testing.T) {
	k := newKit(t)
	s := k.open(cheap)
	s.cfg.Home = failingHome{k.st.Home}
	_, err := s.Add(k.ctx, store.User{Name: "bob"}, "password of bob")
	if !errors.Is(err, errFull) {
		t.Fatalf("error %v", err)
	}
	if users, err := k.Users(k.ctx); err != nil || len(users) != 1 {
		t.Fatalf("users %+v, %v", users, err)
	}
	k.add("bob", "password of bob")
}

var errFull = &tandem.Error{Kind: tandem.Full, Op: "write"}

type failingHome struct{ store.Home }

func (h failingHome) PutCollection(ctx context.Context, c tandem.Collection) (tandem.Collection, error) {
	if c.Name == "notes" {
		return c, errFull
	}
	return h.Home.PutCollection(ctx, c)
}

// watchedHome tells when a collection is about to be removed.
type watchedHome struct {
	store.Home
	about func()
}

func (h watchedHome) RemoveCollection(ctx context.Context, id int64) error {
	h.about()
	return h.Home.RemoveCollection(ctx, id)
}

// TestRemoveShutsFirst: when the first collection of a user goes, nobody gets in as that user any more, and whoever is in has been told.
func TestRemoveShutsFirst(t *testing.T) {
	k := newKit(t)
	_, err := k.st.Factors.AddFactor(k.ctx, store.Factor{User: "anna", Sort: "passkey", Key: "k"})
	k.must(err)
	ended, looked := 0, 0
	var s *Service
	home := watchedHome{k.st.Home, func() {
		looked++
		if _, err := s.Verify(k.ctx, "anna", annas, "192.0.2.1"); !tandem.IsKind(err, tandem.Denied) || ended == 0 {
			t.Errorf("while collections go: %v, ended %d", err, ended)
		}
		if list, err := k.st.Factors.Factors(k.ctx, "anna"); err != nil || len(list) != 0 {
			t.Errorf("while collections go: passkeys %+v, %v", list, err)
		}
	}}
	s, err = New(Config{Accounts: k.st.Accounts, Logins: k.st.Logins, Home: home, Settings: k.st.Settings, Factors: k.st.Factors, Secrets: k.secrets, Now: func() time.Time { return k.now }, Cost: cheap,
		Ended: func(user string) { ended++ }})
	k.must(err)
	_, err = s.Verify(k.ctx, "anna", annas, "192.0.2.1")
	k.must(err)
	k.must(s.Remove(k.ctx, "anna", true))
	if looked != len(homes) {
		t.Errorf("%d collections went, want %d", looked, len(homes))
	}
}

func TestRemove(t *testing.T) {
	k := newKit(t)
	k.kind(k.Remove(k.ctx, "nobody", true), tandem.NotFound)
	colls, err := k.st.Home.Collections(k.ctx, "anna")
	k.must(err)
	_, err = k.st.Home.Write(k.ctx, colls[0].ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Create, ID: "r", Record: tandem.Record{Body: tandem.Bytes("x")}}}})
	k.must(err)
	k.kind(k.Remove(k.ctx, "anna", false), tandem.Held)
	k.in("anna", annas, "192.0.2.1")

	k.must(k.st.Settings.PutPartner(k.ctx, store.Partner{Name: "p"}))
	k.must(k.st.Settings.PutItem(k.ctx, store.Item{Name: "item-of-anna", User: "anna", Collection: colls[1].ID, Partner: "p"}))
	if err := k.kind(k.Remove(k.ctx, "anna", true), tandem.Busy); !strings.Contains(err.Error(), "item-of-anna") {
		t.Fatalf("error %v does not name the item", err)
	}
	if left, err := k.st.Home.Collections(k.ctx, "anna"); err != nil || len(left) != len(homes) {
		t.Fatalf("a refused removal left %+v, %v", left, err)
	}
	k.must(k.st.Settings.RemoveItem(k.ctx, "item-of-anna"))
	k.must(k.Remove(k.ctx, "Anna", true))
	k.out("anna", annas, "192.0.2.1", tandem.Denied)
	past, err := k.st.History.List(k.ctx, store.PastFilter{Record: "r"})
	k.must(err)
	if len(past) != 1 {
		t.Fatalf("history of a removed user: %+v", past)
	}
	k.add("anna", "another password")
	k.must(k.Remove(k.ctx, "anna", false)) // empty collections ask nothing
}

func TestNames(t *testing.T) {
	k := newKit(t)
	k.add("carl@example.org", "password of carl@")
	k.add("carl", "password of carl")
	k.add("dora", "password of dora")
	k.must(k.Set(k.ctx, store.User{Name: "dora", Address: "anna@example.com"}))
	k.add("eva", "password of eva")
	k.add("eve", "password of eve")
	for _, n := range []string{"eva", "eve"} {
		k.must(k.Set(k.ctx, store.User{Name: n, Address: "both@example.com"}))
	}
	k.add("jürgen", "password of jürgen")
	for name, want := range map[string]string{
		"anna": "anna", "ANNA": "anna", " anna ": "anna", "anna@anywhere.example": "anna", `OFFICE\anna`: "anna", `a\b\anna`: "anna", `OFFICE\Anna@x`: "anna",
		"carl": "carl", "carl@example.org": "carl@example.org", "carl@example.net": "carl", `\carl@example.org`: "carl@example.org", "anna@example.com": "dora", "both@example.com": "",
		"Ju\u0308rgen": "jürgen", "nobody": "", "": "", "@": "", `\`: "", "nobody@example.org": "", "anna@": "anna", strings.Repeat("x", 2000): "",
	} {
		u, err := k.Find(k.ctx, name)
		if want == "" {
			k.kind(err, tandem.NotFound)
		} else if err != nil || u.Name != want {
			t.Errorf("%q finds %q, %v; want %q", name, u.Name, err, want)
		}
	}
}

func TestPasswords(t *testing.T) {
	k := newKit(t)
	for i, wrong := range []string{"", "wrong password", annas + " ", strings.ToUpper(annas), strings.Repeat("x", 5000), "\xff\xfe"} {
		k.out("anna", wrong, fmt.Sprint("192.0.2.", i), tandem.Denied)
	}
	k.in("anna", "correct\u00a0horse\u3000battery", "192.0.2.9") // spaces of another sort
	k.must(k.SetPassword(k.ctx, "Anna", "Grüße an alle"))
	k.out("anna", annas, "192.0.2.1", tandem.Denied)
	k.in("anna", "Gru\u0308ße an alle", "192.0.2.1")
	k.kind(k.SetPassword(k.ctx, "nobody", "long enough"), tandem.NotFound)
	k.kind(k.SetPassword(k.ctx, "anna", "short"), tandem.Invalid)
	k.in("anna", "Grüße an alle", "192.0.2.1")
}

func TestAppPasswords(t *testing.T) {
	k := newKit(t)
	p, l, err := k.NewAppPassword(k.ctx, "anna", " phone ")
	k.must(err)
	if l.Label != "phone" || l.Hash != "" || len(p) != 23 || strings.Count(p, "-") != 3 {
		t.Fatalf("%q for %+v", p, l)
	}
	other, _, err := k.NewAppPassword(k.ctx, "anna", "tablet")
	k.must(err)
	if other == p {
		t.Fatal("two app passwords are equal")
	}
	before := k.hashed.Load()
	for _, as := range []string{p, strings.ReplaceAll(p, "-", ""), strings.ToUpper(p), strings.ReplaceAll(p, "-", " "), " " + p} {
		k.in("anna", as, "192.0.2.1")
	}
	if n := k.hashed.Load() - before; n != 0 {
		t.Fatalf("app passwords cost %d slow hashes", n)
	}
	k.in("anna", annas, "192.0.2.1")
	_, _, err = k.NewAppPassword(k.ctx, "anna", "phone")
	k.kind(err, tandem.Exists)
	for _, label := range []string{"", "  ", "a\nb", strings.Repeat("x", 101)} {
		_, _, err = k.NewAppPassword(k.ctx, "anna", label)
		k.kind(err, tandem.Invalid)
	}
	_, _, err = k.NewAppPassword(k.ctx, "nobody", "phone")
	k.kind(err, tandem.NotFound)

	list, err := k.Logins(k.ctx, "anna")
	k.must(err)
	if len(list) != 3 || list[0].Label != "" || list[1].Label != "phone" || list[1].From != "192.0.2.1" || list[1].Used != k.now.Unix() || list[2].Used != 0 {
		t.Fatalf("logins %+v", list)
	}
	for _, l := range list {
		if l.Hash != "" {
			t.Fatal("a hash leaves the service")
		}
	}
	k.must(k.Revoke(k.ctx, "anna", "phone"))
	k.out("anna", p, "192.0.2.2", tandem.Denied)
	k.in("anna", other, "192.0.2.2")
	k.kind(k.Revoke(k.ctx, "anna", "phone"), tandem.NotFound)
	k.kind(k.Revoke(k.ctx, "anna", ""), tandem.NotFound)
	k.add("bob", "password of bob")
	k.out("bob", other, "192.0.2.3", tandem.Denied)
}

// TestMemory checks that a right password is hashed once, and that whatever changes ends that at once.
func TestMemory(t *testing.T) {
	k := newKit(t)
	k.in("anna", annas, "192.0.2.1")
	n := k.hashed.Load()
	for range 10 {
		k.in("anna", annas, "192.0.2.1:4711")
		k.in("anna@home", annas, "198.51.100.7")
	}
	if got := k.hashed.Load(); got != n {
		t.Fatalf("%d hashes for what was known", got-n)
	}
	k.must(k.SetPassword(k.ctx, "anna", "another password"))
	k.out("anna", annas, "192.0.2.1", tandem.Denied)
	k.in("anna", "another password", "192.0.2.1")

	elsewhere := k.open(cheap) // another process on the same store
	k.must(elsewhere.SetPassword(k.ctx, "anna", "a third password"))
	k.out("anna", "another password", "192.0.2.1", tandem.Denied)
	k.in("anna", "a third password", "192.0.2.1")
}

// TestSameCost checks that an unknown user, one without a password and a known one cost the same.
func TestSameCost(t *testing.T) {
	k := newKit(t)
	k.must(k.st.Accounts.AddUser(k.ctx, store.User{Name: "bare"}))
	for i, name := range []string{"anna", "nobody", "bare", ""} {
		n := k.hashed.Load()
		err := k.out(name, "wrong password", fmt.Sprint("192.0.2.", i), tandem.Denied)
		if got := k.hashed.Load() - n; got != 1 {
			t.Errorf("%q cost %d hashes", name, got)
		}
		if name != "" && strings.Contains(err.Error(), name) {
			t.Errorf("the error %q tells of the name", err)
		}
	}
	k.out("bare", "", "192.0.2.7", tandem.Denied) // the dummy's password
}

func TestCostIsUpgraded(t *testing.T) {
	k := newKit(t)
	hash := func() string {
		list, err := k.st.Logins.Logins(k.ctx, "anna")
		k.must(err)
		return list[0].Hash
	}
	old := hash()
	k.in("anna", annas, "192.0.2.1")
	if hash() != old {
		t.Fatal("hashed anew without need")
	}
	dearer := k.open(Cost{Memory: 32, Time: 2, Lanes: 1})
	_, err := dearer.Verify(k.ctx, "anna", annas, "192.0.2.1")
	k.must(err)
	if got := hash(); got == old || !strings.HasPrefix(got, "$argon2id$v=19$m=32,t=2,p=1$") {
		t.Fatalf("hash %s, before %s", got, old)
	}
	n := dearer.hashed.Load()
	_, err = dearer.Verify(k.ctx, "anna", annas, "192.0.2.1")
	k.must(err)
	if dearer.hashed.Load() != n {
		t.Fatal("the new hash was not remembered")
	}
	k.in("anna", annas, "192.0.2.1")
}

func TestDamagedHash(t *testing.T) {
	k := newKit(t)
	_, err := k.st.Logins.PutLogin(k.ctx, store.Login{User: "anna", Hash: "plain"})
	k.must(err)
	if e := k.out("anna", annas, "192.0.2.1", tandem.Unreadable); e.Remedy == "" {
		t.Fatal("no remedy")
	}
}

func basic(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }

func TestVerifyBasic(t *testing.T) {
	k := newKit(t)
	k.add("jürgen", "Grüße: an alle")
	for header, want := range map[string]string{
		basic("anna:" + annas): "anna", "basic  " + basic("anna:" + annas)[6:]: "anna", basic(`OFFICE\anna:` + annas): "anna", strings.TrimRight(basic("anna:"+annas), "="): "anna",
		basic("jürgen:Grüße: an alle"): "jürgen", basic("j\xfcrgen:Gr\xfc\xdfe: an alle"): "jürgen", basic("j\xfcrgen@example.org:Gr\xfc\xdfe: an alle"): "jürgen",
		basic("jürgen:Grüße"): "", basic("anna:"): "", basic("anna"): "", basic(""): "", "": "", "Basic": "", "Basic !!!": "", "Bearer abc": "", basic(":" + annas): "",
	} {
		u, err := k.VerifyBasic(k.ctx, header, "192.0.2.1", Use{})
		if want == "" {
			k.kind(err, tandem.Denied)
		} else if err != nil || u.Name != want {
			t.Errorf("%q lets in %q, %v; want %q", header, u.Name, err, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	k := newKit(t)
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	if _, err := k.Verify(ctx, "anna", annas, "192.0.2.1"); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
}

// BenchmarkKnown is what a phone's password costs at each request but the first.
func BenchmarkKnown(b *testing.B) {
	st, err := sqlite.Open(b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	s, err := New(Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Add(b.Context(), store.User{Name: "anna"}, annas); err != nil {
		b.Fatal(err)
	}
	header := basic("anna:" + annas)
	for b.Loop() {
		if _, err := s.VerifyBasic(b.Context(), header, "192.0.2.1", Use{}); err != nil {
			b.Fatal(err)
		}
	}
}

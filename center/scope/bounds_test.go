package scope_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/center/scope"
	"tandem/partner/away/sieve"
	"tandem/partner/outgoing"
	"tandem/provider"
	"tandem/provider/memory"
	"tandem/store"
)

// server is a provider of places across a network that may be opened on behalf of a user. It connects to where the place is, and asks for its password.
func (w *world) server(name string) *provider.Provider {
	open := func(ctx context.Context, p provider.Place, env provider.Env) (*provider.Opened, error) {
		if env.Dial != nil {
			conn, err := env.Dial(ctx, "tcp", strings.Trim(p.Path, "/"))
			if err != nil {
				return nil, err
			}
			conn.Close()
		}
		secret, err := env.Secret(ctx, "password of "+p.Path)
		if err != nil {
			return nil, err
		}
		if secret != "right" {
			return nil, tandem.Errorf(tandem.Denied, "the password is wrong")
		}
		s := w.places[p.Path]
		if s == nil {
			s = memory.New(p.Path, memory.Knobs{})
			w.places[p.Path] = s
		}
		return s.Open(), nil
	}
	return &provider.Provider{Name: name, Title: "Server", Help: "For tests.", Kinds: []tandem.Kind{tandem.Contact}, Network: true, Features: provider.Features{Parks: true}, Open: open,
		Options: []provider.Option{{Name: "password-from", Type: "string", Help: "a file", Machine: true}, {Name: "folder", Type: "string", Help: "where"}, provider.BehalfOption()}}
}

// local is the address of a server of this computer, and how many came to it.
func local(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// TestMembersNamePlaces checks which places people may name who do not administer the hub, and that they are opened on their behalf.
func TestMembersNamePlaces(t *testing.T) {
	w := newWorld(t)
	ctx, ben, anna := t.Context(), w.as("ben"), w.as("anna")
	p, err := ben.AddPartner(ctx, "", "mine", "net://dav.example.org?folder=x")
	w.must(err)
	if p.User != "ben" || !p.Bounded || !strings.Contains(p.Place, "on-behalf=ben") {
		t.Errorf("partner %+v", p)
	}
	for name, c := range map[string]struct {
		place   string
		refused bool
	}{
		"a folder of the hub":     {"mem:anna", true},
		"a collection of the hub": {"home:contacts", true},
		"a file of the hub":       {"net://dav.example.org?password-from=file:/etc/passwd", true},
		"on behalf of another":    {"net://dav.example.org?on-behalf=anna", true},
		"on behalf of oneself":    {"net://dav.example.org?on-behalf=ben", true},
		"twice":                   {"net://dav.example.org?on-behalf=&on-behalf=anna", true},
		"encoded":                 {"net://dav.example.org?on%2Dbehalf=anna", true},
		"in the path":             {"net://dav.example.org%3Fon-behalf=anna", false},
	} {
		p, err := ben.AddPartner(ctx, "", "", c.place)
		switch {
		case c.refused && err == nil:
			t.Errorf("%s: %+v", name, p)
		case err == nil:
			place, err := w.registry.ParsePlace(p.Place)
			if w.must(err); place.Options[provider.OnBehalf] != "ben" || !p.Bounded {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
	for _, sub := range []string{"?on-behalf=anna&folder=", "x?on-behalf=anna", "x#y", "../.."} {
		if it, err := ben.AddItem(ctx, center.NewItem{Home: "contacts", Partner: "mine", Sub: sub}); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("below, at %q: %+v, %v", sub, it, err)
		}
	}
	if _, err := ben.AddPartner(ctx, "anna", "hers", "net://dav.example.org"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("for another: %v", err)
	}
	if _, err := w.as("ben", func(p *scope.Who) { p.App = true }).AddPartner(ctx, "", "app", "net://dav.example.org"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("by an app password: %v", err)
	}
	if _, err := anna.AddPartner(ctx, "", "his", "net://dav.example.org?on-behalf=ben"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("an administrator, with ben's passwords: %v", err)
	}
	if _, err := anna.LookAt(ctx, center.Look{Place: "net://dav.example.org?on-behalf=ben"}); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("an administrator looks, with ben's passwords: %v", err)
	}
	if _, err := anna.OrderHandler(ctx, center.HandlerOrder{Handler: "setup/net", Place: "net://dav.example.org?on-behalf=ben", Do: "activate"}); err == nil {
		t.Error("an administrator sets up with ben's passwords")
	}
	if p, err := anna.AddPartner(ctx, "ben", "given", "net://nas.lan?password-from=file:/x"); err != nil || p.Bounded {
		t.Errorf("an administrator for ben: %+v, %v", p, err)
	}
}

// TestMembersReachTheInternetOnly checks that places on behalf of somebody lead to no server of the hub's network, whatever opens them.
func TestMembersReachTheInternetOnly(t *testing.T) {
	w := newWorld(t)
	ctx, ben, anna := t.Context(), w.as("ben"), w.as("anna")
	at := local(t)
	denied := func(what string, err error) {
		t.Helper()
		if !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "hub's own network") {
			t.Errorf("%s: %v", what, err)
		}
	}
	w.must(ben.KeepSecret(ctx, "password of //"+at, "right"))
	_, err := ben.LookAt(ctx, center.Look{Place: "net://" + at})
	denied("a look", err)
	_, err = ben.LookAt(ctx, center.Look{Place: "net://" + at, Password: "right", Keep: true})
	denied("a look with a password", err)
	_, err = ben.AddPartner(ctx, "", "inside", "net://"+at)
	w.must(err)
	_, err = ben.LookAt(ctx, center.Look{Place: "inside"})
	denied("a look at the partner", err)
	_, err = ben.AddItem(ctx, center.NewItem{Home: "contacts", Partner: "inside"})
	denied("an item", err)
	_, err = ben.AddItem(ctx, center.NewItem{Home: "contacts", Partner: "net://" + at})
	denied("an item of a place", err)
	w.must(anna.SetMemberBounds(ctx, center.Bounds{Providers: []string{"net", "other"}, Private: true}))
	_, err = ben.LookAt(ctx, center.Look{Place: "inside"})
	denied("this computer, though the network is allowed", err)

	w.must(anna.SetMemberBounds(ctx, center.Bounds{Providers: []string{"other"}}))
	for what, err := range map[string]error{
		"a partner": second(ben.AddPartner(ctx, "", "", "net://dav.example.org")), "a look": second(ben.LookAt(ctx, center.Look{Place: "net://dav.example.org"})),
		"a look at what was added before": second(ben.LookAt(ctx, center.Look{Place: "inside"})),
	} {
		if !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "allows no places of this sort") {
			t.Errorf("%s that is not allowed: %v", what, err)
		}
	}
	if err := anna.SetMemberBounds(ctx, center.Bounds{Providers: []string{"mem"}}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("folders for everybody: %v", err)
	}
	w.must(anna.SetMemberBounds(ctx, center.Bounds{}))
	if b, err := ben.MemberBounds(ctx); err != nil || len(b.Providers) != 0 || b.Private {
		t.Errorf("bounds %+v, %v", b, err)
	}
	if p, err := anna.AddPartner(ctx, "", "nas", "net://"+at); err != nil || p.Bounded {
		t.Errorf("an administrator: %+v, %v", p, err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestSecretsAreApart checks that a user's secrets are told to nobody, seen by their owner, and no others are used for their places.
func TestSecretsAreApart(t *testing.T) {
	w := newWorld(t)
	ctx, ben, anna := t.Context(), w.as("ben"), w.as("anna")
	w.must(ben.KeepSecret(ctx, "password of //dav.example.org", "bens"))
	w.must(anna.KeepSecret(ctx, "password of //dav.example.org", "hubs"))
	names := func(s center.Service) []string {
		list, err := s.SecretNames(ctx)
		w.must(err)
		return list
	}
	if got := names(ben); !slices.Equal(got, []string{"password of //dav.example.org"}) {
		t.Errorf("ben sees %q", got)
	}
	if got := names(anna); slices.ContainsFunc(got, func(n string) bool { return strings.HasPrefix(n, "user/") }) || !slices.Contains(got, "password of //dav.example.org") {
		t.Errorf("an administrator sees %q", got)
	}
	if got, err := w.hub.Secret(ctx, center.PlaceSecrets("ben")+"password of //dav.example.org"); err != nil || got != "bens" {
		t.Errorf("kept is %q, %v", got, err)
	}
	if got, err := w.hub.Secret(ctx, "password of //dav.example.org"); err != nil || got != "hubs" {
		t.Errorf("the hub's is %q, %v", got, err)
	}
	for name, err := range map[string]error{
		"an administrator sets ben's": anna.KeepSecret(ctx, center.PlaceSecrets("ben")+"x", "s"), "an administrator sets how ben logs in": anna.KeepSecret(ctx, "user/ben/totp", "s"),
		"how ben logs in, by the owner of the machine": w.hub.KeepSecret(ctx, "user/ben/totp", ""), "no name": ben.KeepSecret(ctx, "", "s"), "a large one": ben.KeepSecret(ctx, "n", strings.Repeat("x", 1<<20)),
	} {
		if err == nil {
			t.Errorf("%s: it was kept", name)
		}
	}
	if _, err := ben.Secret(ctx, "password of //dav.example.org"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("ben reads his own: %v", err)
	}
	app := w.as("ben", func(p *scope.Who) { p.App = true })
	if _, err := app.SecretNames(ctx); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("an app password lists them: %v", err)
	}
	if err := app.KeepSecret(ctx, "n", "s"); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("an app password keeps one: %v", err)
	}
	w.must(ben.KeepSecret(ctx, "password of //dav.example.org", ""))
	if got := names(ben); len(got) != 0 {
		t.Errorf("after it was forgotten: %q", got)
	}
}

// TestMembersServersAreGuarded checks that servers for mail and filters are reached within the bounds of who named them, and that the password that is kept stays with its server.
func TestMembersServersAreGuarded(t *testing.T) {
	w := newWorld(t)
	ctx, ben, anna := t.Context(), w.as("ben"), w.as("anna")
	account := func() outgoing.Account {
		u, err := w.st.Accounts.User(ctx, "ben")
		w.must(err)
		a, _ := outgoing.AccountOf(u)
		return a
	}
	w.must(ben.SetMailServer(ctx, "", outgoing.Account{Host: "mail.example.org", Port: 465, TLS: "tls", User: "ben", Guarded: false}, "secret"))
	if !account().Guarded {
		t.Error("a server that ben named is reached without a guard")
	}
	w.must(anna.SetMailServer(ctx, "ben", outgoing.Account{Host: "mail.example.org", Port: 465, TLS: "tls", User: "ben"}, ""))
	if account().Guarded {
		t.Error("a server that an administrator named is guarded")
	}
	for who, s := range map[string]center.Service{"ben": ben, "an administrator": anna} {
		if err := s.SetMailServer(ctx, "ben", outgoing.Account{Host: "evil.example.org", Port: 465, TLS: "tls", User: "ben"}, ""); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s sends the password that is kept elsewhere: %v", who, err)
		}
	}
	if err := ben.SetMailServer(ctx, "", outgoing.Account{Host: "localhost", Port: 25, TLS: "none"}, ""); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("this computer: %v", err)
	}
	host, _, err := net.SplitHostPort(local(t))
	w.must(err)
	err = ben.SetFilterServer(ctx, "", sieve.Account{Host: host, Port: 4190, TLS: "tls", User: "ben"}, "p")
	var e *tandem.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "only administrators name filter servers here") { // this hub has no guard
		t.Errorf("a filter server of this computer: %v", err)
	}
	events, err := w.st.Events.List(ctx, 0, "", 0)
	w.must(err)
	if !slices.ContainsFunc(events, func(e store.Event) bool {
		return e.User == "ben" && strings.Contains(e.Text, "ben set the mail server of ben to mail.example.org")
	}) {
		t.Error("the log does not tell of it")
	}
}

// TestChecksOpenOnesOwn checks that no place of another is opened for whoever looks at the health of their own.
func TestChecksOpenOnesOwn(t *testing.T) {
	w := newWorld(t)
	w.opened = map[string]int{}
	list, err := w.as("ben").Checks(t.Context(), "")
	w.must(err)
	if w.opened["anna"] != 0 || w.opened["ben"] == 0 || len(list) == 0 {
		t.Errorf("opened %v for %+v", w.opened, list)
	}
	if _, err := w.as("ben").Checks(t.Context(), "anna"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("of another: %v", err)
	}
	list, err = w.as("anna").Checks(t.Context(), "ben")
	w.must(err)
	if w.opened["anna"] != 0 || slices.ContainsFunc(list, func(c center.Check) bool { return c.User != "ben" }) {
		t.Errorf("an administrator about ben: opened %v for %+v", w.opened, list)
	}
}

// TestBoundsOfOnePerson: what an administrator says for one person counts for that one, before and after what everybody may is changed, for what was added before as well; it
// goes with the person, and is nobody else's to see or set.
func TestBoundsOfOnePerson(t *testing.T) {
	w := newWorld(t)
	ctx, ben, anna := t.Context(), w.as("ben"), w.as("anna")
	_, err := ben.AddPartner(ctx, "", "mine", "net://dav.example.org")
	w.must(err)
	w.must(anna.SetBoundsOf(ctx, "ben", &center.Bounds{Providers: []string{"other"}, Private: true}))
	if b, err := ben.BoundsOf(ctx, "ben"); err != nil || !b.Own || !slices.Equal(b.Providers, []string{"other"}) || !b.Private {
		t.Errorf("%+v, %v", b, err)
	}
	if b, err := anna.MemberBounds(ctx); err != nil || !slices.Contains(b.Providers, "net") || b.Private {
		t.Errorf("everybody: %+v, %v", b, err)
	}
	for what, err := range map[string]error{
		"a partner": second(ben.AddPartner(ctx, "", "", "net://dav.example.org")), "a look": second(ben.LookAt(ctx, center.Look{Place: "net://dav.example.org"})), "what was added before": second(ben.LookAt(ctx, center.Look{Place: "mine"})),
	} {
		if !tandem.IsKind(err, tandem.Denied) || !strings.Contains(err.Error(), "allows no places of this sort") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = ben.AddPartner(ctx, "", "", "other://dav.example.org")
	w.must(err)
	// More than everybody may can be said for one, too.
	w.must(anna.SetMemberBounds(ctx, center.Bounds{}))
	w.must(anna.SetBoundsOf(ctx, "ben", &center.Bounds{Providers: []string{"net"}}))
	_, err = ben.AddPartner(ctx, "", "", "net://dav2.example.org")
	w.must(err)
	if b, err := anna.BoundsOf(ctx, "anna"); err != nil || b.Own || len(b.Providers) != 0 {
		t.Errorf("another: %+v, %v", b, err)
	}
	if err := ben.SetBoundsOf(ctx, "ben", nil); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("one's own bounds: %v", err)
	}
	if _, err := ben.BoundsOf(ctx, "anna"); err == nil {
		t.Error("another's bounds are told")
	}
	if err := anna.SetBoundsOf(ctx, "nobody", &center.Bounds{}); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	if err := anna.SetBoundsOf(ctx, "ben", &center.Bounds{Providers: []string{"mem"}}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("folders of the hub: %v", err)
	}
	w.must(anna.SetBoundsOf(ctx, "ben", nil))
	if b, err := anna.BoundsOf(ctx, "ben"); err != nil || b.Own || len(b.Providers) != 0 {
		t.Errorf("taken back: %+v, %v", b, err)
	}
}

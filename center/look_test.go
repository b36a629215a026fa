package center

import (
	"context"
	"errors"
	"testing"

	"tandem"
	"tandem/partner/seal"
	"tandem/provider"
	"tandem/store/sqlite"
)

// TestLookAt looks at an account with a password, and keeps the password only if it was right and that is wanted.
func TestLookAt(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	keeper, err := seal.New(st.Secrets, make([]byte, 32), "a test")
	if err != nil {
		t.Fatal(err)
	}
	server := &provider.Provider{Name: "srv", Title: "Server", Help: "For tests.", Kinds: []tandem.Kind{tandem.Contact},
		Open: func(context.Context, provider.Place, provider.Env) (*provider.Opened, error) {
			return nil, errors.New("no")
		},
		List: func(ctx context.Context, p provider.Place, env provider.Env) ([]provider.Found, error) {
			if word, err := env.Secret(ctx, "password of anna"); err != nil || word != "right" {
				return nil, errors.Join(&tandem.Error{Kind: tandem.Denied, Op: "log in", Err: errors.New("wrong password")}, err)
			}
			return []provider.Found{{Name: "a", Place: "srv:a", Kind: tandem.Contact}}, nil
		}}
	h := New(Config{Store: st, Places: provider.NewRegistry(server), Secrets: keeper, Env: provider.Env{Secret: keeper.Get}})
	ctx := t.Context()
	if _, err := h.AddPartner(ctx, "", "work", "srv:x"); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		look Look
		ok   bool
		kept string
	}{
		{Look{Place: "srv:x"}, false, ""},
		{Look{Place: "srv:x", Password: "wrong", Keep: true}, false, ""},
		{Look{Place: "srv:x", Password: "right"}, true, ""},
		{Look{Place: "work", Password: "right", Keep: true}, true, "right"},
		{Look{Place: "work"}, true, "right"},
		{Look{Place: "srv:x", Secrets: map[string]string{"password": "wrong"}}, false, "right"},
		{Look{Place: "srv:x", Secrets: map[string]string{"password": "right"}, Keep: true}, true, "right"},
		{Look{Place: "srv:x", Secrets: map[string]string{"client-secret": "wrong", "password": ""}}, true, "right"}, // nobody asks for it
		{Look{Place: "work", Password: "wrong", Keep: true}, false, "right"},
		{Look{Place: "nobody"}, false, "right"},
		{Look{Place: "none:x"}, false, "right"},
	} {
		found, err := h.LookAt(ctx, c.look)
		if (err == nil) != c.ok || c.ok && (len(found) != 1 || found[0].Name != "a") {
			t.Errorf("%d: %+v, %v", i, found, err)
		}
		if kept, _ := keeper.Get(ctx, "password of anna"); kept != c.kept {
			t.Errorf("%d: kept is %q, want %q", i, kept, c.kept)
		}
	}
}

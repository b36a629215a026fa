package control

import (
	"slices"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/partner/seal"
	"tandem/store/sqlite"
)

// Secrets kept over the socket are kept by the hub, and come back.
func TestSecretsSurviveTheWay(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	keeper, err := seal.Open(st.Secrets, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	direct := center.New(center.Config{Store: st, Secrets: keeper})
	defer direct.Close()
	c, stop := serve(t, &hub{Service: direct}, t.TempDir())
	ctx := t.Context()
	for _, name := range []string{"b", "a"} {
		if err := c.KeepSecret(ctx, name, "the secret \x00ü of "+name); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []center.Secrets{c, direct} {
		if got, err := s.Secret(ctx, "a"); got != "the secret \x00ü of a" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if names, err := s.SecretNames(ctx); !slices.Equal(names, []string{"a", "b"}) || err != nil {
			t.Errorf("names %q, %v", names, err)
		}
		if n, err := s.RotateSecrets(ctx); n != 2 || err != nil {
			t.Errorf("%d sealed anew, %v", n, err)
		}
	}
	if err := c.KeepSecret(ctx, "a", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Secret(ctx, "a"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("forgotten: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

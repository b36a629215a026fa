package dav

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
)

// kept is a data folder's secrets.
type kept map[string]string

func (k kept) Get(_ context.Context, name string) (string, error) {
	v, ok := k[name]
	if !ok {
		return "", tandem.Errorf(tandem.NotFound, "nothing is kept as %s", name)
	}
	return v, nil
}

func (k kept) Put(_ context.Context, name, secret string) error {
	if k[name] = secret; secret == "" {
		delete(k, name)
	}
	return nil
}

// TestRemembersManner: where the password is kept, so is how the server wants it; a run after the first is not refused before it may begin.
func TestRemembersManner(t *testing.T) {
	f := newFake(t)
	refused := 0
	f.set(func() {
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			if _, pw, _ := r.BasicAuth(); pw == "secret" {
				return false
			}
			refused++
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	})
	t.Setenv("TANDEM_TEST_PASSWORD", "secret")
	host := strings.TrimPrefix(f.URL, "http://")
	for _, c := range []struct {
		query string
		want  [3]int // refusals in three runs
		keeps int
	}{{"", [3]int{1, 0, 0}, 1}, {"?password-from=env:TANDEM_TEST_PASSWORD", [3]int{1, 1, 1}, 0}, {"?password-from=env:TANDEM_TEST_PASSWORD&login=basic", [3]int{}, 0}} {
		keep := kept{}
		for i, want := range c.want {
			env := f.env()
			env.Keep = keep
			refused = 0
			o, err := provider.NewRegistry(Providers()...).Open(t.Context(), "carddav://anna@"+host+fakeBook+c.query, env)
			if err != nil {
				t.Fatal(err)
			}
			whoIs(t, o)
			o.Close()
			if refused != want {
				t.Errorf("%q, run %d: %d refusals, want %d", c.query, i, refused, want)
			}
		}
		if len(keep) != c.keeps {
			t.Errorf("%q: %v is kept", c.query, keep)
		}
	}
}

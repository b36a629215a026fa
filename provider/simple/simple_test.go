package simple_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/provider/providertest"
	"tandem/provider/simple"
)

// shelf is a place in memory.
type shelf struct {
	mu     sync.Mutex
	bodies map[string][]byte
	bad    map[string]error
	gone   bool
}

func (s *shelf) Records(context.Context) (map[string][]byte, map[string]error, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, nil, errors.New("the shelf is gone")
	}
	return maps.Clone(s.bodies), maps.Clone(s.bad), nil
}

func (s *shelf) Write(_ context.Context, name string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies[name] = body
	return nil
}

func (s *shelf) Remove(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bodies, name)
	return nil
}

func sample(n, v, size int) []byte {
	head := fmt.Sprintf(`{"n":%d,"v":%d,"pad":"`, n, v)
	return []byte(head + strings.Repeat(".", max(0, size-len(head))) + `"}`)
}

// TestM041MinimalProvider: three functions are a provider that keeps the whole contract.
func TestM041MinimalProvider(t *testing.T) {
	for _, readOnly := range []bool{false, true} {
		providertest.Run(t, providertest.Factory{Kind: "x-thing", Body: sample, OddIDs: []tandem.ID{"a/b", "with space", "größer"},
			New: func(t *testing.T) *providertest.Place {
				s := &shelf{bodies: map[string][]byte{}, bad: map[string]error{}}
				id := t.TempDir() // a name nobody else has
				return &providertest.Place{
					Open: func(context.Context) (*provider.Opened, error) {
						return simple.Open(simple.Place{Kind: "x-thing", Identity: id, ReadOnly: readOnly, MaxSize: 8 << 20, Store: s}), nil
					},
					Edit: func(id tandem.ID, body []byte) error {
						if body == nil {
							return s.Remove(t.Context(), string(id))
						}
						return s.Write(t.Context(), string(id), body)
					},
					Spoil: func(id tandem.ID) error {
						s.mu.Lock()
						defer s.mu.Unlock()
						s.bad[string(id)] = tandem.Errorf(tandem.Unreadable, "torn")
						return nil
					},
					Vanish: func() (func(), error) {
						set := func(on bool) {
							s.mu.Lock()
							defer s.mu.Unlock()
							s.gone = on
						}
						set(true)
						return func() { set(false) }, nil
					},
				}
			}})
	}
}

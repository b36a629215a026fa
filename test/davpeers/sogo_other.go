//go:build !unix

package davpeers

import (
	"testing"

	"tandem/internal/need"
)

// SOGo is not to be had here.
func SOGo(t testing.TB) *Server {
	need.Missing(t, "SOGo")
	return nil
}

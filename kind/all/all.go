// Package all names every kind of record that Tandem knows. It is the one list of them.
package all

import (
	"tandem"
	"tandem/kind"
	"tandem/kind/file"
)

// Kinds returns a fresh map of all handlers by kind.
func Kinds() map[tandem.Kind]kind.Handler {
	kinds := map[tandem.Kind]kind.Handler{}
	for _, h := range []kind.Handler{file.Handler{}} {
		kinds[h.Kind()] = h
	}
	return kinds
}

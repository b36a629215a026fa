//go:build !unix

package control

import "io/fs"

// ownedByUs trusts the system's own temporary folder, which is per user where there are no owners to ask for.
func ownedByUs(fs.FileInfo) bool { return true }

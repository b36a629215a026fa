//go:build unix && !darwin

package files

// The defaults of this system's disks, where a place cannot be probed.
const (
	foldsByDefault = false
	nfcByDefault   = false
)

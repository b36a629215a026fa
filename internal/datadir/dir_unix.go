//go:build unix && !darwin

package datadir

import "path/filepath"

// defaultDir follows the XDG base directory specification: a relative $XDG_DATA_HOME is ignored.
func defaultDir(env func(string) string, home func() (string, error)) (string, error) {
	if dir := env("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "tandem"), nil
	}
	dir, err := home()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, ".local", "share", "tandem"), nil
}

package datadir

import "path/filepath"

func defaultDir(_ func(string) string, home func() (string, error)) (string, error) {
	dir, err := home()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "Library", "Application Support", "Tandem"), nil
}

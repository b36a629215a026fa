package datadir

import "path/filepath"

func defaultDir(env func(string) string, home func() (string, error)) (string, error) {
	if dir := env("LocalAppData"); dir != "" {
		return filepath.Join(dir, "Tandem"), nil
	}
	dir, err := home()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "AppData", "Local", "Tandem"), nil
}

package control

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// Stale is the path of a control socket that a process left behind when it died: the file is there, and nobody answers. It is "" where there is none, and while a hub serves.
func Stale(ctx context.Context, dir string) (string, error) {
	path, err := Address(dir)
	if err != nil {
		return "", err
	}
	fi, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if fi.Mode()&os.ModeSocket == 0 {
		return "", nil // somebody else's file is not ours to judge
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		return "", conn.Close()
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return path, nil
}

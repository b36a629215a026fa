package main

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"tandem/server/listen"
)

// TestStoppedAtOnce: a hub that is told to stop before it has begun ends as one that ran, without an error, and can be opened again.
func TestStoppedAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "hub")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for range 2 {
		h, err := openHub(dir, hubOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d, err := h.openDoors(doorPlan{addresses: []listen.Address{{TLS: true, Host: "127.0.0.1", Port: "0"}}}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		a := &app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
		if err := a.serveQuietly(ctx, h, d); err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

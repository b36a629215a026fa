package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem"
	"tandem/internal/datadir"
)

// A hub that has the data folder but cannot be reached yet is waited for; anybody else who has it is not.
func TestServiceWaitsForAHubThatStarts(t *testing.T) {
	for command, waits := range map[string]bool{"tandem serve": true, "tandem sync": false} {
		dir := filepath.Join(t.TempDir(), "data")
		lock, err := datadir.Acquire(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, datadir.LockName), []byte(`{"pid":1,"command":"`+command+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		a := &app{data: dir}
		if _, _, err := a.service(ctx); !tandem.IsKind(err, tandem.Busy) && ctx.Err() == nil {
			t.Fatalf("%s: %v", command, err)
		}
		if waited := ctx.Err() != nil; waited != waits {
			t.Errorf("%s: waited %v, want %v", command, waited, waits)
		}
		got := make(chan error, 1)
		go func() {
			_, done, err := a.service(t.Context())
			if err == nil {
				err = done()
			}
			got <- err
		}()
		if err := lock.Release(); err != nil {
			t.Fatal(err)
		}
		if err := <-got; waits && err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

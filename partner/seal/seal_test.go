package seal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"tandem"
	"tandem/partner/seal"
	"tandem/store/sqlite"
)

func TestKeeper(t *testing.T) {
	dir := t.TempDir()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ctx := t.Context()
	k, err := seal.Open(st.Secrets, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Put(ctx, "imap/anna", "hunter2"); err != nil {
		t.Fatal(err)
	}
	raw, err := st.Secrets.Secret(ctx, "imap/anna")
	if err != nil || bytes.Contains(raw, []byte("hunter2")) {
		t.Fatalf("kept as %q, %v", raw, err)
	}
	again, err := seal.Open(st.Secrets, dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Get(ctx, "imap/anna"); got != "hunter2" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(dir, seal.KeyFile)); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key's file: %v, %v", info, err)
	}
	if err := st.Secrets.PutSecret(ctx, "imap/ben", raw); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(ctx, "imap/ben"); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("a secret that was moved to another name: %v", err)
	}
	other, err := seal.Open(st.Secrets, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Get(ctx, "imap/anna"); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("with another key: %v", err)
	}
	if err := k.Put(ctx, "imap/anna", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(ctx, "imap/anna"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("removed: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, seal.KeyFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(st.Secrets, dir); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("a key cut short: %v", err)
	}
}

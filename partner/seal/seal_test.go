package seal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/partner/seal"
	"tandem/store"
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

// world is a keeper on a store in memory and a data folder.
type world struct {
	*testing.T
	dir string
	st  *store.Store
	*seal.Keeper
}

func newWorld(t *testing.T) *world {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	w := &world{T: t, dir: t.TempDir(), st: st}
	w.reopen()
	return w
}

func (w *world) reopen() {
	w.Helper()
	k, err := seal.Open(w.st.Secrets, w.dir)
	if err != nil {
		w.Fatal(err)
	}
	w.Keeper = k
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) holds(name, want string) {
	w.Helper()
	if got, err := w.Get(w.Context(), name); got != want || err != nil {
		w.Errorf("%s is %q, %v; want %q", name, got, err, want)
	}
}

func (w *world) wantKind(err error, kind tandem.ErrorKind) {
	w.Helper()
	if !tandem.IsKind(err, kind) {
		w.Errorf("%v, want %v", err, kind)
	}
}

// A key that went missing is never silently replaced while there is something that it opens.
func TestMissingKey(t *testing.T) {
	w := newWorld(t)
	ctx, key := t.Context(), filepath.Join(w.dir, seal.KeyFile)
	if _, err := os.Stat(key); !os.IsNotExist(err) {
		t.Errorf("a key without need: %v", err)
	}
	w.must(w.Put(ctx, "a", "1"))
	w.must(os.Rename(key, key+".aside"))
	w.reopen()
	_, err := w.Get(ctx, "a")
	w.wantKind(err, tandem.Unreadable)
	var e *tandem.Error
	if !errors.As(err, &e) || e.Remedy == "" || !strings.Contains(e.Error(), key) {
		t.Errorf("%v does not say what to do", err)
	}
	w.wantKind(w.Put(ctx, "b", "2"), tandem.Unreadable)
	_, err = w.Rotate(ctx)
	w.wantKind(err, tandem.Unreadable)
	_, err = w.Get(ctx, "b")
	w.wantKind(err, tandem.NotFound)
	w.must(os.Rename(key+".aside", key))
	w.reopen()
	w.holds("a", "1")
	w.must(os.Remove(key))
	w.reopen()
	w.must(w.Put(ctx, "a", "")) // given up
	w.must(w.Put(ctx, "b", "2"))
	w.holds("b", "2")
}

func TestKeyIsForItsOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("rights of files are something else there")
	}
	w := newWorld(t)
	key := filepath.Join(w.dir, seal.KeyFile)
	mode := func() {
		t.Helper()
		if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v; want 0600", info.Mode(), err)
		}
	}
	w.must(w.Put(t.Context(), "a", "1"))
	mode()
	w.must(os.Chmod(key, 0o644))
	w.reopen()
	mode()
	_, err := w.Rotate(t.Context())
	w.must(err)
	mode()
}

// broken fails the nth write.
type broken struct {
	store.Secrets
	left int
}

func (b *broken) PutSecret(ctx context.Context, name string, sealed []byte) error {
	if b.left--; b.left < 0 {
		return tandem.Errorf(tandem.Full, "no space")
	}
	return b.Secrets.PutSecret(ctx, name, sealed)
}

// A rotation may be cut short at any write; nothing is lost, and the next one finishes it.
func TestRotate(t *testing.T) {
	for left := range 5 {
		w := newWorld(t)
		ctx := t.Context()
		for _, name := range []string{"a", "b", "c"} {
			w.must(w.Put(ctx, name, "secret "+name))
		}
		old, err := os.ReadFile(filepath.Join(w.dir, seal.KeyFile))
		w.must(err)
		w.Store = &broken{w.st.Secrets, left}
		n, err := w.Rotate(ctx)
		if n != min(left, 3) || (err == nil) != (left >= 3) {
			t.Errorf("after %d writes: %d, %v", left, n, err)
		}
		for range 2 {
			for _, name := range []string{"a", "b", "c"} {
				w.holds(name, "secret "+name)
			}
			w.reopen()
		}
		n, err = w.Rotate(ctx)
		w.must(err)
		fresh, err := os.ReadFile(filepath.Join(w.dir, seal.KeyFile))
		w.must(err)
		if n != 3 || len(fresh) != len(old) || bytes.Contains(fresh, old) {
			t.Errorf("%d sealed anew, the key has %d bytes", n, len(fresh))
		}
		w.holds("c", "secret c")
		before, err := seal.New(w.st.Secrets, old, "the old key")
		w.must(err)
		_, err = before.Get(ctx, "a")
		w.wantKind(err, tandem.Unreadable)
	}
}

// What no key opens is left as it is, and named.
func TestRotateNamesWhatIsClosed(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.must(w.Put(ctx, "mine", "1"))
	w.must(w.st.Secrets.PutSecret(ctx, "closed", bytes.Repeat([]byte{7}, 60)))
	n, err := w.Rotate(ctx)
	if n != 1 || !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), "closed") {
		t.Errorf("%d, %v", n, err)
	}
	w.holds("mine", "1")
	if n, err := newWorld(t).Rotate(ctx); n != 0 || err != nil {
		t.Errorf("nothing to rotate: %d, %v", n, err)
	}
}

func oldName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// Files of earlier versions: sealed first, then removed, and found under their names.
func TestTakeOver(t *testing.T) {
	w := newWorld(t)
	ctx, folder := t.Context(), filepath.Join(w.dir, "secrets")
	if n, err := w.TakeOver(ctx, w.dir); n != 0 || err != nil {
		t.Errorf("no files: %d, %v", n, err)
	}
	w.must(os.Mkdir(folder, 0o700))
	write := func(name, text string) { w.must(os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)) }
	write(oldName("x"), "of x")
	write(oldName("y"), "of y")
	write(oldName("empty"), "")
	write("README", "not ours")
	w.Store = &broken{w.st.Secrets, 0}
	if _, err := w.TakeOver(ctx, w.dir); !tandem.IsKind(err, tandem.Full) {
		t.Errorf("a full disk: %v", err)
	}
	if list, err := os.ReadDir(folder); len(list) < 3 || err != nil { // an empty one may be gone
		t.Errorf("%d files left, %v; nothing was durable", len(list), err)
	}
	w.reopen()
	_, err := w.TakeOver(ctx, w.dir)
	w.must(err)
	if list, err := os.ReadDir(folder); len(list) != 1 || list[0].Name() != "README" {
		t.Errorf("left: %v, %v", list, err)
	}
	w.holds("x", "of x")
	w.holds("x", "of x")
	w.must(w.Put(ctx, "y", "newer"))
	w.holds("y", "newer")
	w.must(w.Put(ctx, "y", ""))
	_, err = w.Get(ctx, "y")
	w.wantKind(err, tandem.NotFound)
	names, err := w.Names(ctx)
	if !slices.Equal(names, []string{"x"}) || err != nil {
		t.Errorf("names %q, %v", names, err)
	}
	w.must(os.Remove(filepath.Join(folder, "README")))
	_, err = w.TakeOver(ctx, w.dir)
	w.must(err)
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the empty folder: %v", err)
	}
}

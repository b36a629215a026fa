package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"tandem"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t *testing.T, d *Dir, text string) tandem.Digest {
	t.Helper()
	sum, n, err := d.Put(t.Context(), strings.NewReader(text))
	if err != nil || n != int64(len(text)) || sum != sha256.Sum256([]byte(text)) {
		t.Fatalf("put %d bytes: %s, %d, %v", len(text), sum, n, err)
	}
	return sum
}

func read(t *testing.T, d *Dir, sum tandem.Digest) (string, error) {
	t.Helper()
	b, err := d.Open(sum)
	if err != nil {
		return "", err
	}
	data, err := tandem.ReadBody(b, 1<<30)
	return string(data), err
}

// files lists what is in the folder.
func files(t *testing.T, d *Dir) (names []string) {
	t.Helper()
	err := filepath.WalkDir(d.path, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPutAndRead(t *testing.T) {
	d := open(t)
	for _, text := range []string{"", "x", strings.Repeat("long ", 100_000)} {
		sum := put(t, d, text)
		put(t, d, text)
		if got, err := read(t, d, sum); err != nil || got != text {
			t.Fatalf("%d bytes came back as %d, %v", len(text), len(got), err)
		}
	}
	if n := len(files(t, d)); n != 3 {
		t.Fatalf("%d files of 3 bodies: %v", n, files(t, d))
	}
	if _, err := d.Open(tandem.Digest{1}); !tandem.IsKind(err, tandem.NotFound) {
		t.Fatalf("a body that is not there: %v", err)
	}
	again, err := Open(d.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, again, put(t, d, "x")); err != nil {
		t.Fatal(err)
	}
}

func TestBrokenAndCancelledPutsLeaveNothing(t *testing.T) {
	d := open(t)
	broken := errors.New("broken")
	if _, _, err := d.Put(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Fatalf("broken body: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := d.Put(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if got := files(t, d); len(got) != 0 {
		t.Fatalf("left %v", got)
	}
}

func TestDamageIsNoticed(t *testing.T) {
	d := open(t)
	sum, good := put(t, d, "content"), put(t, d, "good")
	if err := os.WriteFile(d.file(sum), []byte("c0ntent"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, d, sum); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), d.file(sum)) {
		t.Fatalf("damaged: %v", err)
	}
	bad := map[tandem.Digest]bool{}
	err := d.Each(t.Context(), func(int) {}, func(sum tandem.Digest, err error) error {
		bad[sum] = err != nil
		return nil
	})
	if err != nil || len(bad) != 2 || !bad[sum] || bad[good] {
		t.Fatalf("%v, %v", bad, err)
	}
}

func TestSweep(t *testing.T) {
	d := open(t)
	if n, err := d.Sweep(t.Context(), time.Now(), func(tandem.Digest) bool { return false }); n != 0 || err != nil {
		t.Fatalf("an empty folder: %d, %v", n, err)
	}
	wanted, old, young := put(t, d, "wanted"), put(t, d, "old"), put(t, d, "young")
	leftover := filepath.Join(d.path, tempDir, "put-1")
	foreign := filepath.Join(d.path, "README")
	past := time.Now().Add(-time.Hour)
	for _, name := range []string{leftover, foreign} {
		if err := os.WriteFile(name, []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{leftover, foreign, d.file(wanted), d.file(old)} {
		if err := os.Chtimes(name, past, past); err != nil {
			t.Fatal(err)
		}
	}
	freed, err := d.Sweep(t.Context(), time.Now().Add(-time.Minute), func(sum tandem.Digest) bool { return sum == wanted })
	if err != nil || freed != int64(len("old")+5) {
		t.Fatalf("freed %d, %v", freed, err)
	}
	for sum, want := range map[tandem.Digest]bool{wanted: true, old: false, young: true} {
		if _, err := read(t, d, sum); (err == nil) != want {
			t.Errorf("after the sweep: %v, want there: %v", err, want)
		}
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("somebody else's file was swept: %v", err)
	}
}

// TestPutAgainstSweep puts bodies that a sweep wants to remove at that moment: once Put has returned, they are there.
func TestPutAgainstSweep(t *testing.T) {
	d := open(t)
	past := time.Now().Add(-time.Hour)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 50 {
				text := fmt.Sprint("body ", w, i%3)
				sum, _, err := d.Put(t.Context(), strings.NewReader(text))
				if err != nil {
					t.Error(err)
					return
				}
				b, err := d.Open(sum)
				if err != nil {
					t.Errorf("put and then %v", err)
					return
				}
				if data, err := tandem.ReadBody(b, 100); err != nil || !bytes.Equal(data, []byte(text)) {
					t.Errorf("put and then %q, %v", data, err)
				}
				os.Chtimes(d.file(sum), past, past) // now it is old
			}
		})
	}
	done := make(chan struct{})
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := d.Sweep(t.Context(), time.Now().Add(-time.Minute), func(tandem.Digest) bool { return false }); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	wg.Wait()
	close(done)
	<-swept
}

func TestFileInTheWay(t *testing.T) {
	name := filepath.Join(t.TempDir(), "blobs")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name); !tandem.IsKind(err, tandem.Invalid) || !strings.Contains(err.Error(), name) {
		t.Fatal(err)
	}
}

func TestSeek(t *testing.T) {
	d := open(t)
	sum := put(t, d, "0123456789")
	b, err := d.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := r.(io.ReadSeeker)
	for _, c := range []struct {
		offset int64
		whence int
		n      int
		want   string
	}{{0, io.SeekEnd, 5, ""}, {0, io.SeekStart, 10, "0123456789"}, {3, io.SeekStart, 2, "34"}, {1, io.SeekCurrent, 20, "6789"}, {0, io.SeekStart, 4, "0123"},
		{-2, io.SeekEnd, 20, "89"}, {4, io.SeekStart, 20, "456789"}, {0, io.SeekStart, 20, "0123456789"}} {
		if _, err := s.Seek(c.offset, c.whence); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.LimitReader(s, int64(c.n)))
		if err != nil || string(got) != c.want {
			t.Errorf("from %d (%d): %q, %v; want %q", c.offset, c.whence, got, err, c.want)
		}
	}
	if _, err := s.Seek(-1, io.SeekStart); err == nil {
		t.Error("a place before the beginning")
	}
}

// TestDamageIsNoticedByWhoKnowsTheSize reads exactly as many bytes as there are: the last ones are held back.
func TestDamageIsNoticedByWhoKnowsTheSize(t *testing.T) {
	d := open(t)
	text := strings.Repeat("content ", 10000)
	sum := put(t, d, text)
	if err := os.WriteFile(d.file(sum), []byte(strings.Replace(text, "c", "k", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := d.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.CopyN(io.Discard, r, int64(len(text))); n == int64(len(text)) || !tandem.IsKind(err, tandem.Unreadable) {
		t.Fatalf("read %d bytes, %v", n, err)
	}
}

func TestRenew(t *testing.T) {
	d, other := open(t), open(t)
	sum := put(t, d, "content")
	b, err := d.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(d.file(sum), past, past); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := d.Renew(b); got != sum || !ok || err != nil {
		t.Fatalf("renewed %s, %v, %v", got, ok, err)
	}
	if freed, err := d.Sweep(t.Context(), time.Now().Add(-time.Minute), func(tandem.Digest) bool { return false }); freed != 0 || err != nil {
		t.Fatalf("swept %d, %v", freed, err)
	}
	if _, ok, err := other.Renew(b); ok || err != nil {
		t.Errorf("the blob of another folder: %v, %v", ok, err)
	}
	if _, ok, err := d.Renew(tandem.Bytes("content")); ok || err != nil {
		t.Errorf("bytes: %v, %v", ok, err)
	}
	if err := os.Remove(d.file(sum)); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := d.Renew(b); !ok || !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("one that is gone: %v, %v", ok, err)
	}
}

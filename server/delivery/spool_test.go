package delivery

import (
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
)

// peek is a reader that has something done while it is read.
type peek struct {
	io.Reader
	do func()
}

func (p peek) Read(b []byte) (int, error) {
	p.do()
	return p.Reader.Read(b)
}

// TestSpool: a message is read as often as it is wanted, and has no name while it comes in, so that one who is killed meanwhile leaves nothing.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	left := func() {
		t.Helper()
		if all, err := os.ReadDir(dir); err != nil || len(all) != 0 && runtime.GOOS != "windows" {
			t.Errorf("there is %v, %v", all, err)
		}
	}
	s, err := newSpool(dir, peek{strings.NewReader("a letter"), left})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != "a letter" || s.Size() != 8 {
			t.Errorf("%q, %v, %d bytes", got, err, s.Size())
		}
		r.Close()
	}
	s.remove()
	if all, err := os.ReadDir(dir); err != nil || len(all) != 0 {
		t.Errorf("left behind: %v, %v", all, err)
	}
	if _, err := newSpool(dir, io.MultiReader(strings.NewReader("half"), broken{})); err == nil {
		t.Error("half a letter is taken for a whole one")
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 0 {
		t.Errorf("left behind of half a letter: %v, %v", all, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

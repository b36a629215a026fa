package files

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/file"
)

// largePair is a large file in b, and in a the same with some blocks changed.
type largePair struct {
	a, b     *testPlace
	old, new []byte
	version  tandem.Version // in b
}

func newLargePair(t testing.TB, change func([]byte) []byte) *largePair {
	t.Helper()
	p := &largePair{a: newPlace(t), b: newPlace(t)}
	p.old = noise(largeFile+5*file.BlockSize/2, 1)
	p.new = change(bytes.Clone(p.old))
	p.b.put("d/big", string(p.old))
	p.a.put("big", string(p.new))
	p.version = p.b.version("d/big")
	return p
}

func (p *largePair) write() tandem.Write {
	rec := p.a.fetch("big")
	rec.Attrs = "mode=640&mtime=1234567890123456789"
	return tandem.Write{Op: tandem.Update, ID: "d/big", If: p.version, Record: rec}
}

func editMiddle(data []byte) []byte {
	copy(data[len(data)/2:], "edited in the middle")
	return data
}

func TestPatchLarge(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func([]byte) []byte
		patched bool
	}{
		{"middle", editMiddle, true},
		{"appended", func(d []byte) []byte { return append(d, noise(file.BlockSize+77, 9)...) }, true},
		{"truncated within block", func(d []byte) []byte { return d[:len(d)-1000] }, true},
		{"truncated by blocks", func(d []byte) []byte { return d[:len(d)-2*file.BlockSize] }, true},
		{"same content", func(d []byte) []byte { return d }, true},
		{"first and last byte", func(d []byte) []byte { d[0]++; d[len(d)-1]++; return d }, true},
		{"all different", func(d []byte) []byte { return noise(len(d), 7) }, false},
		{"shifted by one", func(d []byte) []byte { return append([]byte{1}, d...) }, false},
		{"emptied", func([]byte) []byte { return nil }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newLargePair(t, c.change)
			before := p.b.list()["d/big"].Node
			o := p.b.applied(p.write())[0]
			if got := p.b.get("d/big"); got != string(p.new) {
				t.Fatal("the content is not the new version's")
			}
			if o.Digest != file.Sum(p.new) {
				t.Error("the digest is not the new version's")
			}
			if o.Attrs != "mode=640&mtime=1234567890123456789" {
				t.Errorf("attributes %q", o.Attrs)
			}
			if patched := strings.HasPrefix(o.Parked, patchesName); patched != (o.Node == before) {
				t.Errorf("kept as %q, the same file: %v", o.Parked, o.Node == before)
			} else if patched != c.patched {
				t.Errorf("kept as %q, want a patch: %v", o.Parked, c.patched)
			}
			if got := p.b.unparked(o.Parked); got != string(p.old) {
				t.Errorf("the kept version has %d bytes and is not the old one", len(got))
			}
		})
	}
}

// TestPatchChain goes back through several patches, a file's removal included.
func TestPatchChain(t *testing.T) {
	p := newLargePair(t, editMiddle)
	first := p.b.applied(p.write())[0]
	third := bytes.Clone(p.new)
	copy(third[10:], "again")
	p.a.put("big", string(third))
	p.version = first.Version
	second := p.b.applied(p.write())[0]
	if first.Parked == second.Parked {
		t.Fatalf("both versions are kept as %q", first.Parked)
	}
	check := func(when string) {
		t.Helper()
		if p.b.unparked(second.Parked) != string(p.new) || p.b.unparked(first.Parked) != string(p.old) {
			t.Fatalf("%s: the kept versions are not the old ones", when)
		}
	}
	check("patched twice")
	p.b.applied(tandem.Write{Op: tandem.Delete, ID: "d/big", If: second.Version})
	check("deleted")
	if err := os.RemoveAll(p.b.path(metaName + "/" + historyName)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.b.Unpark(context.Background(), first.Parked); err == nil {
		rec, _ := p.b.Unpark(context.Background(), first.Parked)
		if _, err := rec.Body.Open(); !tandem.IsKind(err, tandem.Gone) {
			t.Errorf("rebuilt from nothing: %v", err)
		}
	}
}

func TestPatchRefusals(t *testing.T) {
	t.Run("target changed", func(t *testing.T) {
		p := newLargePair(t, editMiddle)
		w := p.write()
		f, err := os.OpenFile(p.b.path("d/big"), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("mine"), 100); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if o := p.b.apply(w)[0]; o.Status != tandem.PreconditionFailed {
			t.Errorf("%v, %v", o.Status, o.Err)
		}
		if !strings.Contains(p.b.get("d/big")[:200], "mine") {
			t.Error("the edit is gone")
		}
	})
	t.Run("target changed at the last instant", func(t *testing.T) {
		p := newLargePair(t, editMiddle)
		w := p.write()
		p.b.fault = func(step string) error {
			if step == "install" {
				return os.WriteFile(p.b.path("d/big"), []byte("mine"), 0o644)
			}
			return nil
		}
		if o := p.b.apply(w)[0]; o.Status != tandem.PreconditionFailed {
			t.Errorf("%v, %v", o.Status, o.Err)
		}
		if p.b.get("d/big") != "mine" {
			t.Error("the edit is gone")
		}
	})
	t.Run("source changed while patching", func(t *testing.T) {
		p := newLargePair(t, editMiddle)
		w := p.write()
		p.b.fault = func(step string) error {
			if step == "blocks" {
				p.a.put("big", "something else")
			}
			return nil
		}
		o := p.b.apply(w)[0]
		if o.Status != tandem.RetryAfter || !tandem.IsKind(o.Err, tandem.Changed) {
			t.Errorf("%v, %v", o.Status, o.Err)
		}
		if p.b.get("d/big") != string(p.old) {
			t.Error("the old version was not put back")
		}
	})
	t.Run("open elsewhere", func(t *testing.T) {
		p := newLargePair(t, editMiddle)
		f, err := os.Open(p.b.path("d/big"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		o := p.b.applied(p.write())[0]
		if p.b.get("d/big") != string(p.new) || p.b.unparked(o.Parked) != string(p.old) {
			t.Error("the file is not the new version, or the kept one not the old")
		}
		got := make([]byte, len(p.old))
		if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, p.old) {
			t.Error("who had the file open sees something else now")
		}
	})
}

var errDied = errors.New("died")

// TestPatchCrash lets the process die between any two steps of a patch: after the next open the file is the old or the
// new version.
func TestPatchCrash(t *testing.T) {
	for _, step := range []string{"staged", "install", "journal", "blocks", "patched", "installed"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			p := newLargePair(t, func(d []byte) []byte {
				return append(editMiddle(d), "and appended"...)
			})
			w := p.write()
			reached := false
			p.b.fault = func(s string) error {
				if s == step {
					reached = true
					return errDied
				}
				return nil
			}
			out, _ := p.b.Apply(context.Background(), []tandem.Write{w})
			if !reached || out[0].Status == tandem.Applied {
				t.Fatalf("reached: %v, outcome %v", reached, out[0].Status)
			}
			torn := step == "blocks" || step == "patched"
			if is := p.b.get("d/big"); torn && is == string(p.old) {
				t.Fatal("the crash came too early to show anything")
			}
			p.b.Close()
			b := openPlace(t, p.b.dir)
			got := b.get("d/big")
			if want := map[bool]string{true: string(p.new), false: string(p.old)}[step == "installed"]; got != want {
				t.Errorf("the file is neither version, or the wrong one: old %v, new %v", got == string(p.old), got == string(p.new))
			}
			left, err := os.ReadDir(b.path(metaName + "/tmp"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			// Running again is the whole recovery.
			w.If = b.version("d/big")
			b.applied(w)
			if b.get("d/big") != string(p.new) {
				t.Error("running again did not bring the new version")
			}
		})
	}
}

// TestRollBackAfterEdit: somebody works on a half-patched file before the next open.
func TestRollBackAfterEdit(t *testing.T) {
	crashed := func(t *testing.T) *largePair {
		p := newLargePair(t, editMiddle)
		p.b.fault = func(s string) error {
			if s == "blocks" {
				return errDied
			}
			return nil
		}
		if out, _ := p.b.Apply(context.Background(), []tandem.Write{p.write()}); out[0].Status == tandem.Applied {
			t.Fatal("applied")
		}
		p.b.Close()
		return p
	}
	t.Run("in place", func(t *testing.T) {
		p := crashed(t)
		f, err := os.OpenFile(p.b.path("d/big"), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("edit"), 5); err != nil {
			t.Fatal(err)
		}
		f.Close()
		edited := p.b.get("d/big")
		later := time.Now().Add(2 * editedAfter)
		if err := os.Chtimes(p.b.path("d/big"), later, later); err != nil {
			t.Fatal(err)
		}
		b := openPlace(t, p.b.dir)
		want := bytes.Clone(p.old)
		copy(want[5:], "edit")
		if b.get("d/big") != string(want) {
			t.Error("the file is not the old version with the edit")
		}
		found := 0
		for _, run := range b.namesIn(historyName) {
			if b.get(metaName+"/"+historyName+"/"+run+"/d/big") == edited {
				found++
			}
		}
		if found != 1 {
			t.Errorf("the edited file as it was is kept %d times", found)
		}
	})
	t.Run("replaced content", func(t *testing.T) {
		p := crashed(t)
		if err := os.WriteFile(p.b.path("d/big"), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if b := openPlace(t, p.b.dir); b.get("d/big") != "mine" {
			t.Error("what somebody wrote is gone")
		}
	})
	t.Run("deleted", func(t *testing.T) {
		p := crashed(t)
		if err := os.RemoveAll(p.b.path("d")); err != nil {
			t.Fatal(err)
		}
		if b := openPlace(t, p.b.dir); len(b.ids()) != 0 {
			t.Error("what somebody deleted is back")
		}
	})
}

func TestCopyLarge(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	data := noise(largeFile+12345, 3)
	a.put("big", string(data))
	f, err := os.Create(a.path("sparse"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(64 << 20); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x"), 40<<20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	out := b.applied(a.copyAll()...)
	if out[0].Digest != file.Sum(data) || b.get("big") != string(data) {
		t.Error("the large file is not the same")
	}
	if a.get("sparse") != b.get("sparse") {
		t.Error("the file with holes is not the same")
	}
	st, err := b.root.stat("sparse")
	if err != nil || st.room > 8<<20 {
		t.Errorf("holes were filled: %d bytes allocated (%v)", st.room, err)
	}
}

func TestCopyLargeOfWhatChanges(t *testing.T) {
	a, b := newPlace(t), newPlace(t)
	a.put("big", string(noise(largeFile, 3)))
	writes := a.copyAll()
	a.put("big", "short now")
	o := b.apply(writes...)[0]
	if o.Status != tandem.RetryAfter || !tandem.IsKind(o.Err, tandem.Changed) {
		t.Errorf("%v, %v", o.Status, o.Err)
	}
	if ids := b.ids(); len(ids) != 0 {
		t.Errorf("there is %q", ids)
	}
}

package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

func bytesOf(n int) []byte {
	data := make([]byte, n)
	src := rand.NewChaCha8([32]byte{1})
	_, _ = src.Read(data)
	return data
}

// reference computes the digest straight from its definition.
func reference(data []byte) tandem.Digest {
	if len(data) <= BlockSize {
		return sha256.Sum256(data)
	}
	list := []byte("tandem file tree 1\x00")
	list = binary.BigEndian.AppendUint64(list, uint64(len(data)))
	for len(data) > 0 {
		n := min(len(data), 1<<20)
		sum := sha256.Sum256(data[:n])
		list = append(list, sum[:]...)
		data = data[n:]
	}
	return sha256.Sum256(list)
}

func TestDigestSizes(t *testing.T) {
	all := bytesOf(3*BlockSize + 7)
	for _, n := range []int{0, 1, 4096, BlockSize - 1, BlockSize, BlockSize + 1, 2 * BlockSize, len(all)} {
		data := all[:n]
		want := reference(data)
		if got := Sum(data); got != want {
			t.Errorf("Sum of %d bytes: %v, want %v", n, got, want)
		}
		for _, workers := range []int{0, 1, 5} {
			got, err := SumAt(context.Background(), bytes.NewReader(data), int64(n), workers, nil)
			if err != nil || got != want {
				t.Errorf("SumAt of %d bytes with %d workers: %v, %v", n, workers, got, err)
			}
		}
		got, err := Handler{}.DigestReader(io.MultiReader(bytes.NewReader(data[:n/3]), bytes.NewReader(data[n/3:])))
		if err != nil || got != want {
			t.Errorf("DigestReader of %d bytes: %v, %v", n, got, err)
		}
		info, err := Handler{}.Inspect(data)
		if err != nil || info.Digest != want {
			t.Errorf("Inspect of %d bytes: %v, %v", n, info.Digest, err)
		}
	}
}

func TestSumAtStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := bytesOf(2 * BlockSize)
	if _, err := SumAt(ctx, bytes.NewReader(data), int64(len(data)), 2, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := SumAt(context.Background(), bytes.NewReader(data), int64(len(data))+1, 2, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short file: %v", err)
	}
}

func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 0, 5)
		base, a, b := text.Draw(t, "base"), text.Draw(t, "a"), text.Draw(t, "b")
		merge := func(base, a, b []byte) ([]byte, int) {
			m, err := Handler{}.Merge(base, a, b)
			if err != nil {
				t.Fatal(err)
			}
			return m.Body, len(m.Clashes)
		}
		if got, n := merge(base, a, base); !bytes.Equal(got, a) || n != 0 {
			t.Errorf("only a changed: %q, %d clashes", got, n)
		}
		if got, n := merge(base, base, b); !bytes.Equal(got, b) || n != 0 {
			t.Errorf("only b changed: %q, %d clashes", got, n)
		}
		if got, n := merge(base, a, a); !bytes.Equal(got, a) || n != 0 {
			t.Errorf("both changed alike: %q, %d clashes", got, n)
		}
		_, ab := merge(base, a, b)
		_, ba := merge(base, b, a)
		if ab != ba {
			t.Errorf("%d clashes one way, %d the other", ab, ba)
		}
	})
}

func TestMergeWithoutBaseClashes(t *testing.T) {
	m, err := Handler{}.Merge(nil, []byte(""), []byte("x"))
	if err != nil || len(m.Clashes) != 1 || m.Clashes[0].Field != "content" {
		t.Fatalf("%+v, %v", m, err)
	}
}

func TestMergeAttrs(t *testing.T) {
	for _, c := range []struct{ name, base, a, b, want string }{
		{"nothing", "mode=644&mtime=1", "mode=644&mtime=1", "mode=644&mtime=1", "mode=644&mtime=1"},
		{"one side each", "mode=644&mtime=1", "mode=755&mtime=1", "mode=644&mtime=2", "mode=755&mtime=2"},
		{"later time", "mtime=1", "mtime=9", "mtime=10", "mtime=10"},
		{"before 1970", "mtime=1", "mtime=-9", "mtime=-10", "mtime=-9"},
		{"time set back on one side", "mtime=10", "mtime=5", "mtime=10", "mtime=5"},
		{"no base", "", "mode=644&mtime=3", "mode=600&mtime=2", "mode=644&mtime=3"},
		{"side without modes", "mode=644&mtime=1", "mode=644&mtime=1", "mtime=2", "mtime=2"},
	} {
		for _, swap := range []bool{false, true} {
			a, b := tandem.Attrs(c.a), tandem.Attrs(c.b)
			if swap {
				a, b = b, a
			}
			if got := (Handler{}).MergeAttrs(tandem.Attrs(c.base), a, b); string(got) != c.want {
				t.Errorf("%s (swapped %v): %q, want %q", c.name, swap, got, c.want)
			}
		}
	}
}

func TestMergeText(t *testing.T) {
	for _, c := range []struct {
		name, base, a, b, want string
		ok                     bool
	}{
		{"apart", "1\n2\n3\n4\n5\n", "one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n", "one\n2\n3\n4\nfive\n", true},
		{"same edit", "1\n2\n3\n", "1\nx\n3\n", "1\nx\n3\n", "1\nx\n3\n", true},
		{"same line", "1\n2\n3\n", "1\nx\n3\n", "1\ny\n3\n", "", false},
		{"neighbours", "1\n2\n3\n", "x\n2\n3\n", "1\ny\n3\n", "", false},
		{"insert and delete", "1\n2\n3\n4\n5\n6\n", "0\n1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n6\n", "0\n1\n2\n3\n4\n6\n", true},
		{"both insert at one place", "1\n2\n", "1\nx\n2\n", "1\ny\n2\n", "", false},
		{"binary", "1\n", "1\n\x00", "2\n", "", false},
		{"all deleted", "1\n2\n3\n", "", "1\n2\n3\n", "", true},
	} {
		for _, swap := range []bool{false, true} {
			a, b := c.a, c.b
			if swap {
				a, b = b, a
			}
			m, ok := MergeText([]byte(c.base), []byte(a), []byte(b))
			if ok != c.ok || ok && string(m.Body) != c.want {
				t.Errorf("%s (swapped %v): %q, %v; want %q, %v", c.name, swap, m.Body, ok, c.want, c.ok)
			}
		}
	}
	if _, ok := MergeText(nil, []byte("1"), []byte("2")); ok {
		t.Error("merged without a base")
	}
}

func TestDiffRebuilds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.Custom(func(t *rapid.T) [][]byte {
			var out [][]byte
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, 4), 0, 30).Draw(t, "lines") {
				out = append(out, []byte(strconv.Itoa(n)+"\n"))
			}
			return out
		})
		o, x := lines.Draw(t, "o"), lines.Draw(t, "x")
		hunks, ok := diff(o, x)
		if !ok {
			t.Fatal("gave up")
		}
		var got [][]byte
		pos := 0
		for _, h := range hunks {
			if h.from < pos {
				t.Fatalf("hunks overlap: %v", hunks)
			}
			got = append(append(got, o[pos:h.from]...), h.lines...)
			pos = h.to
		}
		got = append(got, o[pos:]...)
		if !bytes.Equal(bytes.Join(got, nil), bytes.Join(x, nil)) {
			t.Fatalf("rebuilt %q, want %q", got, x)
		}
	})
}

func BenchmarkSumAt(b *testing.B) {
	data := bytesOf(64 << 20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := SumAt(context.Background(), bytes.NewReader(data), int64(len(data)), 0, nil); err != nil {
			b.Fatal(err)
		}
	}
}

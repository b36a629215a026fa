package text

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMerge3(t *testing.T) {
	tests := []struct {
		name, base, a, b, want string
		clean                  bool
	}{
		{"nothing", "", "", "", "", true},
		{"only a", "1\n2\n3", "1\nx\n3", "1\n2\n3", "1\nx\n3", true},
		{"only b", "1\n2\n3", "1\n2\n3", "1\n2", "1\n2", true},
		{"same edit", "1\n2\n3", "1\nx\n3", "1\nx\n3", "1\nx\n3", true},
		{"two lines apart", "1\n2\n3", "x\n2\n3", "1\n2\ny", "x\n2\ny", true},
		{"neighbouring lines", "1\n2", "x\n2", "1\ny", "x\ny", true},
		{"edit and append", "1", "x", "1\n2", "x\n2", true},
		{"edit and prepend", "1", "x", "0\n1", "0\nx", true},
		{"both append", "1", "1\nx", "1\ny", "1\nx", false},
		{"both append the same and one more elsewhere", "1\n2", "1\n2\nx", "0\n1\n2\nx", "0\n1\n2\nx", true},
		{"same line", "1\n2\n3", "1\nx\n3", "1\ny\n3", "1\nx\n3", false},
		{"overlapping deletions", "1\n2\n3\n4", "1\n4", "1\n2", "1\n4", false},
		{"delete and edit elsewhere", "1\n2\n3\n4", "1\n3\n4", "1\n2\n3\nx", "1\n3\nx", true},
		{"delete and edit inside", "1\n2\n3\n4", "1\n4", "1\nx\n3\n4", "1\n4", false},
		{"insert inside a deletion", "1\n2\n3\n4", "1\n4", "1\n2\nx\n3\n4", "1\n4", false},
		{"both write the first text", "", "x", "y", "x", false},
		{"deleted and edited", "1\n2", "", "1\nx", "", false},
		{"final line feed added and line edited", "1\n2", "1\n2\n", "x\n2", "x\n2\n", true},
		{"repeated lines", "a\na\na\nb", "a\na\nb", "a\na\na\nb\nc", "a\na\nb\nc", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, clean := Merge3(tt.base, tt.a, tt.b); got != tt.want || clean != tt.clean {
				t.Errorf("got %q, %v; want %q, %v", got, clean, tt.want, tt.clean)
			}
			got, clean := Merge3(tt.base, tt.b, tt.a)
			if clean != tt.clean || clean && got != tt.want || !clean && got != tt.b {
				t.Errorf("other way round: got %q, %v", got, clean)
			}
		})
	}
}

// texts draws short texts over few different lines, so that lines repeat and edits touch.
func texts() *rapid.Generator[string] {
	line := rapid.SampledFrom([]string{"a", "b", "c", "d", ""})
	return rapid.Map(rapid.SliceOfN(line, 0, 12), func(l []string) string { return strings.Join(l, "\n") })
}

func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, a, b := texts().Draw(t, "base"), texts().Draw(t, "a"), texts().Draw(t, "b")
		for _, c := range []struct{ base, a, b, want string }{{x, a, x, a}, {x, x, b, b}, {x, a, a, a}} {
			if got, clean := Merge3(c.base, c.a, c.b); got != c.want || !clean {
				t.Fatalf("Merge3(%q, %q, %q) = %q, %v", c.base, c.a, c.b, got, clean)
			}
		}
		ab, clean1 := Merge3(x, a, b)
		ba, clean2 := Merge3(x, b, a)
		if clean1 != clean2 || clean1 && ab != ba {
			t.Fatalf("not symmetric: %q, %v and %q, %v", ab, clean1, ba, clean2)
		}
		if !clean1 && ab != a {
			t.Fatalf("not clean, but not a: %q", ab)
		}
	})
}

func TestDiff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := strings.Split(texts().Draw(t, "a"), "\n"), strings.Split(texts().Draw(t, "b"), "\n")
		var out []string
		at, from := 0, 0
		for _, e := range diff(a, b) {
			if e.start < at || e.start-at != e.from-from || e.start == e.end && e.from == e.to {
				t.Fatalf("edit out of place: %+v", e)
			}
			out = append(append(out, a[at:e.start]...), b[e.from:e.to]...)
			at, from = e.end, e.to
		}
		if out = append(out, a[at:]...); !equal(out, b) {
			t.Fatalf("edits make %q of %q, not %q", out, a, b)
		}
	})
}

func TestHugeTexts(t *testing.T) {
	base := strings.Repeat("x\n", maxLines+1)
	if got, clean := Merge3(base, base+"a", "b\n"+base); clean || got != base+"a" {
		t.Error("a text over the bound was merged")
	}
	// All lines differ: the search gives up early instead of trying every pair.
	var a, b, x strings.Builder
	for i := range maxLines - 1 {
		a.WriteString(strings.Repeat("a", i%7+1) + "\n")
		b.WriteString(strings.Repeat("b", i%5+1) + "\n")
		x.WriteString(strings.Repeat("x", i%3+1) + "\n")
	}
	begin := time.Now()
	if _, clean := Merge3(x.String(), a.String(), b.String()); clean {
		t.Error("wholly different texts merged")
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func BenchmarkMerge3(b *testing.B) {
	base := strings.Repeat("one line of text\nanother\n\n", 50)
	x, y := "first\n"+base, base+"last"
	b.ReportAllocs()
	for b.Loop() {
		if _, clean := Merge3(base, x, y); !clean {
			b.Fatal("clash")
		}
	}
}

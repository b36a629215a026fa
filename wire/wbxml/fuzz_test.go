package wbxml

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// seeds are documents to begin from: those of the tests, and those of the corpus where it is there.
func seeds(t testing.TB) (documents, texts [][]byte) {
	for _, g := range golden() {
		b, err := Marshal(g.e)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, b)
	}
	for _, s := range []string{"03016a04'Foo'00 45 4400 03'1'00 c30101 45 05 01 01 0400 8400 01 c400 01 01 14 01", "03016a00 c5 05 03'x'00 85 c302'yz' 0007 0226 01 01",
		"03016a00 45 40'x'00 8105 c2 43 05 01 0226 01", "03010400 4b03'M'fc0001", "03016a00 4bc3 8fffffff7f 'abc'", "03016a00 45454545"} {
		documents = append(documents, unhex(t, s))
	}
	dir := os.Getenv("TANDEM_CORPORA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "reference", "corpora")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "wbxml", "*", "a*.xml"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
		if e, err := FromXML(bytes.NewReader(text)); err == nil {
			b, _ := Marshal(e)
			documents = append(documents, b)
		}
	}
	return documents, texts
}

// check holds a tree that was read to what every such tree promises: it is well-formed text, and it is the same after
// being written and read, as WBXML and as XML.
func check(t testing.TB, e *Element) {
	var walk func(*Element)
	walk = func(e *Element) {
		if !utf8.ValidString(e.Text) || !sound(e.Text) || !e.Tag.Valid() || e.Data != nil && e.Text != "" {
			t.Fatalf("not sound: %s", show(e))
		}
		for _, c := range e.Children {
			walk(c)
		}
	}
	walk(e)
	b, err := Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	back, notes, err := Unmarshal(b, Limits{})
	if err != nil || !reflect.DeepEqual(back, e) {
		t.Fatalf("%s became %s, %v", show(e), show(back), err)
	}
	for _, n := range notes {
		if n.Flaw != UnknownTag && n.Flaw != Mixed && n.Flaw != MoreNotes {
			t.Fatalf("what we write has a flaw: %s", n)
		}
	}
	var x bytes.Buffer
	if err := ToXML(&x, e); err != nil {
		t.Fatal(err)
	}
	text := x.String()
	if back, err = FromXML(&x); err != nil || !reflect.DeepEqual(back, e) {
		t.Fatalf("%s became %s, %v by way of %s", show(e), show(back), err, text)
	}
}

func FuzzUnmarshal(f *testing.F) {
	documents, _ := seeds(f)
	for _, b := range documents {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, notes, err := both(t, b, Limits{})
		var fault *Error
		if err != nil {
			if e != nil || !errors.As(err, &fault) || fault.Offset < 0 || fault.Offset > int64(len(b)) {
				t.Fatalf("%s, %v", show(e), err)
			}
			return
		}
		if len(notes) > maxNotes {
			t.Fatalf("%d notes", len(notes))
		}
		check(t, e)
	})
}

func FuzzTokens(f *testing.F) {
	documents, _ := seeds(f)
	for i, b := range documents {
		f.Add(b, int64(i%4))
	}
	f.Fuzz(func(t *testing.T, b []byte, take int64) {
		d := NewDecoder(bytes.NewReader(b), Limits{Depth: 10, Elements: 100, Bytes: 1000})
		_, err := tokens(d, take&0xff)
		var fault *Error
		if err != nil && !errors.As(err, &fault) {
			t.Fatal(err)
		}
		if _, tree := NewDecoder(bytes.NewReader(b), Limits{Depth: 10, Elements: 100, Bytes: 1000}).Decode(); len(b) > 0 && (err == nil) != (tree == nil) {
			t.Fatalf("tokens: %v; tree: %v", err, tree)
		}
	})
}

func FuzzXML(f *testing.F) {
	documents, texts := seeds(f)
	for _, b := range texts {
		f.Add(b)
	}
	for _, b := range documents {
		if e, _, err := Unmarshal(b, Limits{}); err == nil {
			var x bytes.Buffer
			if err := ToXML(&x, e); err != nil {
				f.Fatal(err)
			}
			f.Add(x.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := FromXML(bytes.NewReader(b))
		var fault *XMLError
		if err != nil {
			if e != nil || !errors.As(err, &fault) {
				t.Fatalf("%s, %v", show(e), err)
			}
			return
		}
		check(t, e)
	})
}

// anyElement draws a tree.
func anyElement(depth int) *rapid.Generator[*Element] {
	tags := allTags()
	return rapid.Custom(func(t *rapid.T) *Element {
		e := &Element{Tag: rapid.SampledFrom(tags).Draw(t, "tag")}
		if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
			e.Tag = Tag(rapid.Byte().Draw(t, "page"))<<8 | Tag(rapid.IntRange(firstTag, tagsPerPage-1).Draw(t, "token"))
		}
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0:
			e.Data = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data")
		case kind == 1:
			e.Text, _ = clean(rapid.String().Draw(t, "text"))
		case kind > 2 && depth > 0:
			for range rapid.IntRange(1, 6).Draw(t, "children") {
				e.Add(anyElement(depth-1).Draw(t, "child"))
			}
		}
		return e
	})
}

func clean(s string) (string, flaws) {
	b, found := tidy(nil, s)
	return string(b), found
}

// TestAnyTree sends random trees there and back.
func TestAnyTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyElement(4).Draw(t, "tree")
		b, err := Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		back, _, err := Unmarshal(b, Limits{})
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%s became %s, %v", show(e), show(back), err)
		}
		var x bytes.Buffer
		if err := ToXML(&x, e); err != nil {
			t.Fatal(err)
		}
		if back, err = FromXML(&x); err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%s became %s, %v", show(e), show(back), err)
		}
	})
}

// TestAnyDamage changes, cuts and doubles bytes of sound documents: there is a tree or an error, never a panic.
func TestAnyDamage(t *testing.T) {
	documents, _ := seeds(t)
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(rapid.SampledFrom(documents).Draw(t, "document"))
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			i := rapid.IntRange(0, len(b)).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				b = b[:i]
			case 1:
				b = append(b[:i:i], append(rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "bytes"), b[i:]...)...)
			case 2:
				if i < len(b) {
					b[i] = rapid.Byte().Draw(t, "byte")
				}
			}
		}
		if e, _, err := Unmarshal(b, Limits{}); (e == nil) != (err != nil) {
			t.Fatalf("%s, %v", show(e), err)
		}
	})
}

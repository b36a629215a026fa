package wbxml

import (
	"bytes"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// TestFrozen: a document with frozen parts is byte for byte the document without.
func TestFrozen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyElement(4).Draw(t, "tree")
		want, err := Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		var freeze func(e *Element) *Element
		freeze = func(e *Element) *Element {
			if rapid.IntRange(0, 2).Draw(t, "freeze") == 0 {
				f, err := Freeze(e)
				if err != nil {
					t.Fatal(err)
				}
				size += f.Size()
				return f.Element()
			}
			c := *e
			c.Children = nil
			for _, child := range e.Children {
				c.Children = append(c.Children, freeze(child))
			}
			return &c
		}
		frozen := freeze(e)
		for range 2 { // what is frozen serves more than once
			if got, err := Marshal(frozen); err != nil || !bytes.Equal(got, want) || size > len(want) {
				t.Fatalf("% x, %v, want % x", got, err, want)
			}
			var out bytes.Buffer
			enc := NewEncoder(&out)
			if err := enc.Element(frozen); err != nil || enc.Close() != nil || !bytes.Equal(out.Bytes(), want) {
				t.Fatalf("% x, %v, want % x", out.Bytes(), err, want)
			}
		}
	})
}

func TestFreezeRefuses(t *testing.T) {
	for name, e := range map[string]*Element{"nothing": nil, "no tag": Empty(0), "a child that is nil": {Tag: AirSyncSync, Children: []*Element{nil}},
		"both contents": {Tag: AirSyncSyncKey, Text: "a", Data: []byte("b")}} {
		if f, err := Freeze(e); err == nil || f != nil {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	f, err := Freeze(New(AirSyncSync, Text(AirSyncStatus, "1")))
	if err != nil {
		t.Fatal(err)
	}
	if e := f.Element(); e.Tag != AirSyncSync || e.Has(AirSyncStatus) {
		t.Errorf("one looks into it: %+v", e)
	}
	if err := ToXML(io.Discard, New(AirSyncSync, f.Element())); err == nil {
		t.Error("XML was made of it")
	}
	if _, err := Marshal(New(AirSyncSync, f.Element(), f.Element())); err != nil {
		t.Error(err)
	}
	enc := NewEncoder(io.Discard)
	if enc.Element(f.Element()) != nil || enc.Element(f.Element()) == nil {
		t.Error("two roots were written")
	}
}

// Freezing is done once; what follows is a copy.
func BenchmarkFrozen(b *testing.B) {
	doc := messages(25)
	f, err := Freeze(doc)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Marshal(f.Element()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

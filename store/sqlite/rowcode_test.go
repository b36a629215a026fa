package sqlite

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

func genShown(t *rapid.T, label string) tandem.Shown {
	s := tandem.Shown{
		ID:      tandem.ID(rapid.SampledFrom([]string{"", "a", "ordner/ä.txt", "bytes\xff\x00"}).Draw(t, label+" id")),
		Version: tandem.Version(rapid.SampledFrom([]string{"", "1", "etag-2"}).Draw(t, label+" version")),
		Attrs:   tandem.Attrs(rapid.SampledFrom([]string{"", "mode=644"}).Draw(t, label+" attrs")),
		Node:    rapid.SampledFrom([]string{"", "17:4"}).Draw(t, label+" node"),
		Size:    rapid.Int64().Draw(t, label+" size"),
	}
	s.Digest[0] = rapid.SampledFrom([]byte{0, 1, 2}).Draw(t, label+" digest")
	return s
}

func genRow(t *rapid.T) tandem.Row {
	r := tandem.Row{A: genShown(t, "a"), B: genShown(t, "b"), UID: rapid.String().Draw(t, "uid"), Durable: rapid.Bool().Draw(t, "durable")}
	if rapid.Bool().Draw(t, "same") {
		r.B = r.A
	}
	r.Body[31] = rapid.SampledFrom([]byte{0, 9}).Draw(t, "body")
	if rapid.Bool().Draw(t, "clash") {
		r.Clash = &tandem.Clash{Conflict: rapid.Int64().Draw(t, "conflict"), A: genShown(t, "clash a"), B: genShown(t, "clash b"), Decision: tandem.TakeBody,
			New: rapid.Bool().Draw(t, "new")}
		r.Clash.Body[3] = 7
	}
	if rapid.Bool().Draw(t, "aside") {
		r.Aside = &tandem.Aside{Reason: rapid.String().Draw(t, "reason"), Tries: rapid.Int().Draw(t, "tries"), Until: rapid.Int64().Draw(t, "until"),
			A: tandem.Version(rapid.String().Draw(t, "aside a")), B: tandem.Version(rapid.String().Draw(t, "aside b")), New: rapid.Bool().Draw(t, "aside new")}
	}
	return r
}

func TestRowsSurviveTheirEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genRow(t)
		raw := string(appendRow(nil, &want, 5))
		var got tandem.Row
		if err := decodeRow(raw, 4, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		got = tandem.Row{}
		if err := decodeRow(raw, 5, &got); err != nil || !got.Durable {
			t.Fatalf("a row of a durable commit is not durable (%v)", err)
		}
		k, err := rowKeys(raw)
		if err != nil || k.a != want.A.ID || k.b != want.B.ID || k.pending != (want.Clash != nil || want.Aside != nil) {
			t.Fatalf("keys %+v of %+v (%v)", k, want, err)
		}
	})
}

// TestEveryFieldOfARowIsKept sets every field there is, so that one added to the vocabulary and forgotten here shows.
func TestEveryFieldOfARowIsKept(t *testing.T) {
	want := tandem.Row{Clash: &tandem.Clash{}, Aside: &tandem.Aside{}}
	n := 0
	fill(reflect.ValueOf(&want).Elem(), &n)
	want.Link = 0 // kept by the page
	var got tandem.Row
	if err := decodeRow(string(appendRow(nil, &want, 1)), 0, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) || n < 30 {
		t.Fatalf("of %d fields\ngot  %+v\nwant %+v", n, got, want)
	}
}

// fill gives every field under v a value of its own.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Array:
		v.Index(0).SetUint(uint64(*n))
	case reflect.String:
		v.SetString(fmt.Sprint("value ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*n) % 100)
	default:
		v.SetInt(int64(*n))
	}
}

func TestTornRowsAreErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := genRow(t)
		raw := string(appendRow(nil, &r, 5))
		cut := rapid.IntRange(0, len(raw)-1).Draw(t, "cut")
		var got tandem.Row
		if err := decodeRow(raw[:cut], 0, &got); err == nil {
			t.Fatalf("a row of %d bytes cut to %d was read as %+v", len(raw), cut, got)
		}
	})
}

func TestDamagedPagesAreErrors(t *testing.T) {
	r := tandem.Row{A: tandem.Shown{ID: "a"}, B: tandem.Shown{ID: "a"}}
	page := encodePage(nil, []entry{{0, string(appendRow(nil, &r, 1))}, {63, string(appendRow(nil, &r, 2))}})
	read := func(p []byte) (n int, err error) {
		err = decodePage(p, func(int, string) error { n++; return nil })
		return n, err
	}
	if n, err := read(page); n != 2 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
	for i := range page {
		bad := append([]byte(nil), page...)
		bad[i] ^= 0x10
		if _, err := read(bad); err == nil {
			t.Fatalf("a flipped bit in byte %d went unnoticed", i)
		}
	}
	for n := range page {
		if _, err := read(page[:n]); err == nil {
			t.Fatalf("a page cut to %d bytes went unnoticed", n)
		}
	}
}

func FuzzDecodePage(f *testing.F) {
	r := tandem.Row{A: tandem.Shown{ID: "a"}, B: tandem.Shown{ID: "b"}, Clash: &tandem.Clash{}, Aside: &tandem.Aside{}}
	f.Add(appendRow(nil, &r, 1))
	f.Fuzz(func(t *testing.T, row []byte) {
		var out tandem.Row
		_ = decodeRow(string(row), 0, &out)
		_, _ = rowKeys(string(row))
		_ = decodePage(encodePage(nil, []entry{{1, string(row)}}), func(int, string) error { return nil })
	})
}

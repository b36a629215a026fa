package contact

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/wire/vcard"
)

func FuzzInspect(f *testing.F) {
	f.Add(body("2.1", "N;QUOTED-PRINTABLE:=C3=BC;x", "item1.TEL;HOME:1", "item1.X-ABLABEL:y", "AGENT:", "BEGIN:VCARD", "END:VCARD", "REV:20200101", "junk"))
	f.Add(body("4.0", "PHOTO:data:a;base64,AAA", "CATEGORIES:a\\,b,,c", "GEO:geo:1,2", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-01-01", "x.TEL:1", "x.TEL:2"))
	for _, file := range corpus.Files(f, "vcf", ".vcf") {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := Handler{}.Inspect(data)
		if err != nil {
			if !tandem.IsKind(err, tandem.Invalid) {
				t.Fatalf("not invalid: %v", err)
			}
			return
		}
		if info.Digest.IsZero() {
			t.Fatal("no digest")
		}
		lf := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
		if again, err := (Handler{}).Inspect(lf); !bytes.Contains(data, []byte("\r\r\n")) && (err != nil || again.Digest != info.Digest) {
			t.Fatalf("with other line ends it means something else: %v", err)
		}
		for _, to := range []vcard.Version{vcard.V21, vcard.V30, vcard.V40} {
			f, card, _ := parse(data)
			before := show(card)
			card.Convert(to)
			if again, err := (Handler{}).Inspect(f.Bytes()); err != nil || again.Digest != info.Digest {
				_, card, _ := parse(f.Bytes())
				t.Fatalf("as %s it means something else: %v\n%s\n%s", to, err, before, show(card))
			}
		}
		renamed, err := Handler{}.WithUID(data, "fuzz-uid")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := (Handler{}).Inspect(renamed); err != nil || again.Index.UID != "fuzz-uid" {
			t.Fatalf("renamed: %+v, %v", again.Index, err)
		}
	})
}

func FuzzMerge(f *testing.F) {
	base := "FN:x\nTEL;TYPE=home:1\nitem1.URL:u\nitem1.X-ABLABEL:l\nCATEGORIES:a,b\nNOTE:a\\nb\nX-Y:1"
	f.Add(base, strings.Replace(base, "FN:x", "FN:y", 1), strings.Replace(base, ":1", ":2", 1))
	f.Add(base, "NOTE;ENCODING=QUOTED-PRINTABLE:=C3", "N:a;b\nhome.TEL:1\nhome.X-ABLABEL:q")
	f.Add("", "PHOTO;ENCODING=b:AAAA\n\nFN:x", "CATEGORIES;X=y:a\nCATEGORIES:a,c\nEMAIL:a@b\nEMAIL;TYPE=work:A@B")
	f.Fuzz(func(t *testing.T, base, a, b string) {
		card := func(s string) []byte { return []byte("BEGIN:VCARD\nVERSION:3.0\n" + s + "\nEND:VCARD\n") }
		cards := [3][]byte{card(base), card(a), card(b)}
		var sums [3]tandem.Digest
		for i, c := range cards {
			info, err := Handler{}.Inspect(c)
			if err != nil || bytes.Contains(bytes.ToUpper(c[12:]), []byte("VERSION")) && !bytes.HasPrefix(c, []byte("BEGIN:VCARD\nVERSION:3.0\n")) {
				return
			}
			sums[i] = info.Digest
		}
		// The laws without the short cuts for sides that are equal.
		merge := func(base, a, b []byte) ([]byte, []string) {
			fa, ca, _ := parse(a)
			_, cb, _ := parse(b)
			_, cbase, _ := parse(base)
			clashes := mergeCards(fa.Doc, cbase, ca, cb)
			return fa.Bytes(), fields(clashes)
		}
		for _, law := range []struct{ base, a, b, want int }{{0, 1, 0, 1}, {0, 0, 2, 2}, {0, 1, 1, 1}} {
			got, clashes := merge(cards[law.base], cards[law.a], cards[law.b])
			if inspect(t, got) != sums[law.want] || len(clashes) > 0 {
				t.Fatalf("merge of %v: %v\n%s", law, clashes, got)
			}
		}
		if sharedNumbers(cards[:]) {
			return // such groups tie nothing together for sure
		}
		ab, c1 := merge(cards[0], cards[1], cards[2])
		ba, c2 := merge(cards[0], cards[2], cards[1])
		if !slices.Equal(c1, c2) || len(c1) == 0 && inspect(t, ab) != inspect(t, ba) {
			t.Fatalf("not symmetric: %v, %v\n%s\n%s", c1, c2, ab, ba)
		}
	})
}

// sharedNumbers reports whether a card has a numbered group of several properties, or of none.
func sharedNumbers(cards [][]byte) bool {
	for _, text := range cards {
		_, card, err := parse(text)
		if err != nil {
			return true
		}
		for name, g := range canonize(card).groups {
			if numbered(name) && g.mains != 1 {
				return true
			}
		}
	}
	return false
}

package contact

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/internal/corpus"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// body makes a card of this version.
func body(version string, lines ...string) []byte {
	return []byte("BEGIN:VCARD\r\nVERSION:" + version + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n")
}

func inspect(t testing.TB, b []byte) (d tandem.Digest) {
	t.Helper()
	info, err := Handler{}.Inspect(b)
	if err != nil {
		t.Fatalf("inspect %q: %v", b, err)
	}
	return info.Digest
}

func TestDigestIgnores(t *testing.T) {
	base := body("3.0", "UID:1", "FN:Anna Müller", "N:Müller;Anna;;;", "TEL;TYPE=HOME,VOICE:+49 1", "TEL;TYPE=CELL:+49 2", "EMAIL;TYPE=INTERNET:a@b.c",
		"CATEGORIES:x,y", "item1.URL:http://x", "item1.X-ABLabel:home page", "BDAY:1980-04-12", "NOTE:one\\, two\\nthree", "X-OWN;A=1;B=2:v",
		"PHOTO;ENCODING=b;TYPE=JPEG:QUJDRA==", "ADR;TYPE=HOME:;;Street 1;Town;;123;", "GEO:1.5;2.5")
	for name, other := range map[string][]byte{
		"itself": base,
		"version 2.1": body("2.1", "UID:1", "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Anna M=C3=BCller", "N;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:M=FCller;Anna",
			"TEL;HOME:+49 1", "TEL;CELL;VOICE:+49 2", "EMAIL;INTERNET:a@b.c", "CATEGORIES:x,y", "a1.URL:http://x", "a1.X-ABLabel:home page", "BDAY:19800412",
			"NOTE;ENCODING=QUOTED-PRINTABLE:one, two=0D=0A=\r\nthree", "X-OWN;B=2;A=1:v", "PHOTO;JPEG;BASE64:\r\nQUJD\r\nRA==\r\n", "ADR;HOME:;;Street 1;Town;;123", "GEO:1.5;2.5"),
		"version 4.0": body("4.0", "UID:urn:uuid:1", "FN:Anna Müller", "N:Müller;Anna", "TEL;VALUE=uri;TYPE=home:tel:+49 1", `TEL;TYPE="cell,voice":+49 2`, "EMAIL:a@b.c",
			"CATEGORIES:y", "CATEGORIES:x", "URL:http://x", "BDAY;VALUE=date:19800412", "NOTE:one\\, two\\nthree", "X-OWN;A=1;B=2:v", "PHOTO:data:image/jpeg;base64,QUJDRA==",
			"ADR;TYPE=home:;;Street 1;Town;;123;", "GEO:geo:1.5,2.5"),
		"order, folding, case and line ends": []byte("begin:vcard\nversion:3.0\nPRODID:x\nREV:20200101T000000Z\nx-own;b=2;a=1:v\nitem7.x-ablabel:home\n  page\nITEM7.url:http://x\n" +
			"note:one\\, two\\Nthree\nemail:a@b.c\ntel;type=cell:+49 2\ntel;type=voice;type=home:+49 1\nn:Müller;Anna\nfn:Anna M\xc3\n \xbcller\nuid:1\ncategories:y,x\n" +
			"bday:1980-04-12\nphoto;encoding=B:QUJD\n RA==\nadr;type=home:;;Street 1;Town;;123;\ngeo:1.5\\;2.5\nNOTE:\nTITLE:\nend:vcard"),
	} {
		other = []byte(strings.Replace(string(other), "\r\nURL:http://x", "\r\nz9.URL:http://x\r\nz9.X-ABLABEL:home page", 1))
		if inspect(t, other) != inspect(t, base) {
			_, a, _ := parse(base)
			_, b, _ := parse(other)
			t.Errorf("%s: another digest\n%s\n%s", name, show(a), show(b))
		}
	}
}

// show lists a card's units for messages.
func show(card *vcard.Card) string {
	c := canonize(card)
	var out []string
	for _, u := range c.units {
		out = append(out, fmt.Sprintf("%q", c.buf[u.start:u.end]))
	}
	return strings.Join(out, "\n")
}

func TestDigestCounts(t *testing.T) {
	base := []string{"UID:1", "FN:Anna", "TEL;TYPE=home:1", "item1.URL:http://x", "item1.X-ABLABEL:a", "X-OWN:v", "CATEGORIES:a,b", "NOTE:n"}
	seen := map[tandem.Digest]string{inspect(t, body("3.0", base...)): "the base"}
	for _, edit := range [][2]string{
		{"FN:Anna", "FN:anna"}, {"TYPE=home:1", "TYPE=work:1"}, {"TYPE=home:1", "TYPE=home:2"}, {"TYPE=home:1", "TYPE=home,pref:1"}, {"LABEL:a", "LABEL:b"},
		{"X-OWN:v", "X-OWN:w"}, {"X-OWN:v", "X-OWN;P=1:v"}, {"X-OWN:v", "X-OTHER:v"}, {"X-OWN:v", "no colon here"}, {"a,b", `a\,b`}, {"a,b", "a"},
		{"NOTE:n", "NOTE:n\\nm"}, {"NOTE:n", "X-NEW:"}, {"UID:1", "UID:2"}, {"URL:http://x", "URL:http://y"}, {"item1.X-ABLABEL:a", "X-ABLABEL:a"},
		{"NOTE:n", "BEGIN:VCARD\r\nFN:inner\r\nEND:VCARD"}, {"NOTE:n", "X-OWN;ENCODING=b:v"},
	} {
		text := body("3.0", strings.Replace(strings.Join(base, "\r\n"), edit[0], edit[1], 1))
		d := inspect(t, text)
		if other := seen[d]; other != "" {
			t.Errorf("%q for %q has the digest of %s", edit[1], edit[0], other)
		}
		seen[d] = fmt.Sprintf("%q for %q", edit[1], edit[0])
	}
}

func TestInvalid(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "read contact: line 1, column 1: no BEGIN line; repair the vCard at line 1, or restore it from where it came",
		"BEGIN:VCARD\r\nFN:An":           "read contact: line 2, column 6: the text ends inside the VCARD that begins in line 1; repair the vCard at line 2, or restore it from where it came",
		"BEGIN:VCALENDAR\nEND:VCALENDAR": "read contact: line 1, column 1: BEGIN:VCALENDAR where BEGIN:VCARD is due; repair the vCard at line 1, or restore it from where it came",
		string(body("3.0")) + "TAIL:x\n": "read contact: line 5, column 1: text outside of BEGIN:VCARD and END:VCARD; repair the vCard at line 5, or restore it from where it came",
		string(body("3.0", "FN:a")) + string(body("3.0", "FN:b")): "read contact: line 5, column 1: VCARD beside the first card: a contact is one card; repair the vCard at line 5, or restore it from where it came",
	} {
		_, err := Handler{}.Inspect([]byte(text))
		if !tandem.IsKind(err, tandem.Invalid) || err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
		var where *contentline.Error
		if !errors.As(err, &where) {
			t.Errorf("%q: no place in %v", text, err)
		}
		if _, err := (Handler{}).Merge(nil, body("3.0", "FN:x"), []byte(text)); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%q: merged, %v", text, err)
		}
	}
}

func TestInfo(t *testing.T) {
	info, err := Handler{}.Inspect(body("4.0", "UID:urn:uuid:7", "FN:Anna Müller", "EMAIL:Anna@Example.org", "TEL;VALUE=uri:tel:+49-30-1234;ext=5", "TEL:(030) 55",
		"TEL:ask her", "EMAIL:anna@example.org", "REV:20201112T131415+0100"))
	if err != nil {
		t.Fatal(err)
	}
	if want := (tandem.Index{UID: "urn:uuid:7", Name: "Anna Müller", Keys: []string{"03055", "49301234", "anna@example.org"}}); !reflect.DeepEqual(info.Index, want) {
		t.Errorf("index %+v, want %+v", info.Index, want)
	}
	if got := info.Summary.String(); got != "Anna Müller, Anna@Example.org" {
		t.Errorf("summary %q", got)
	}
	if want := time.Date(2020, 11, 12, 12, 14, 15, 0, time.UTC).UnixNano(); info.Modified != want {
		t.Errorf("modified %d, want %d", info.Modified, want)
	}
	for lines, want := range map[string]string{
		"N:Müller;Anna;;Dr.;": "Dr. Anna Müller", "ORG:ACME;Sales": "ACME, Sales", "EMAIL:a@b.c": "a@b.c", "NICKNAME:nick": "nick", "NOTE:x": "", "FN: ": "",
	} {
		if info, err := (Handler{}).Inspect(body("3.0", lines)); err != nil || info.Summary.Title != want || info.Index.Name != want || info.Index.UID != "" {
			t.Errorf("%s: %+v, %v", lines, info, err)
		}
	}
	for rev, want := range map[string]int64{"REV:1970-01-01": 0, "REV:nonsense": 0, "REV:--0412": 0, "REV:0001-01-01": 0, "REV:19700101T000001Z": 1e9} {
		if info, err := (Handler{}).Inspect(body("3.0", rev)); err != nil || info.Modified != want {
			t.Errorf("%s: %d, %v", rev, info.Modified, err)
		}
	}
}

func TestWithUID(t *testing.T) {
	for _, b := range [][]byte{body("3.0", "FN:x", "UID;X=y:old"), body("2.1", "FN:x")} {
		out, err := Handler{}.WithUID(b, "new,one")
		if err != nil {
			t.Fatal(err)
		}
		if info, err := (Handler{}).Inspect(out); err != nil || info.Index.UID != "new,one" || info.Index.Name != "x" {
			t.Errorf("%q: %+v, %v", out, info, err)
		}
	}
	if _, err := (Handler{}).WithUID([]byte("x"), "y"); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("got %v", err)
	}
}

// TestCorpus looks at every card of the corpus: its digest survives a conversion to every other version.
func TestCorpus(t *testing.T) {
	for _, card := range corpusCards(t) {
		want := inspect(t, card.data)
		for _, to := range []vcard.Version{vcard.V21, vcard.V30, vcard.V40} {
			f, c, err := parse(card.data)
			if err != nil {
				t.Fatal(err)
			}
			before := show(c)
			c.Convert(to)
			if inspect(t, f.Bytes()) != want {
				_, c, _ := parse(f.Bytes())
				t.Errorf("%s as %s: another digest\n%s\n%s", card.name, to, before, show(c))
			}
		}
	}
}

type corpusCard struct {
	name string
	data []byte
}

// corpusCards are all cards of the corpus, one by one.
func corpusCards(t testing.TB) []corpusCard {
	t.Helper()
	var out []corpusCard
	for _, f := range corpus.Files(t, "vcf", ".vcf") {
		parts, err := vcard.Split(f.Data, contentline.Limits{})
		if err != nil {
			continue
		}
		for _, p := range parts {
			out = append(out, corpusCard{fmt.Sprintf("%s line %d", f.Name, p.Line), p.Data})
		}
	}
	if len(out) < 100 {
		t.Fatalf("only %d cards", len(out))
	}
	return out
}

func BenchmarkInspect(b *testing.B) {
	card := body("3.0", "PRODID:-//Example//App 1.0//EN", "UID:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", "FN:Dr. Anna-Maria Müller", "N:Müller;Anna-Maria;;Dr.;", "NICKNAME:Anni",
		"ORG:Example GmbH;Research and Development", "TITLE:Head of Research", "TEL;TYPE=WORK,VOICE:+49 30 1234567", "TEL;TYPE=HOME,VOICE:+49 30 7654321",
		"TEL;TYPE=CELL:+49 170 1234567", "EMAIL;TYPE=INTERNET,WORK:anna.mueller@example.com", "EMAIL;TYPE=INTERNET,HOME:anna@example.org",
		"ADR;TYPE=WORK:;;Example Street 12;Berlin;;10115;Germany", "ADR;TYPE=HOME:;;Home Lane 3;Potsdam;;14467;Germany", "item1.URL:https://example.com/anna",
		"item1.X-ABLabel:_$!<HomePage>!$_", "BDAY:1980-04-12", "CATEGORIES:Friends,Work,Science", "NOTE:Met at the conference in Vienna\\, 2019.\\nLikes tea.\\nSpeaks German\\, E\r\n nglish and a little French.",
		"REV:20240102T030405Z")
	b.SetBytes(int64(len(card)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Handler{}).Inspect(card); err != nil {
			b.Fatal(err)
		}
	}
}

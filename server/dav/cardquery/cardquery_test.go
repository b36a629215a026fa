package cardquery_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/kind/contact"
	"tandem/server/dav/cardquery"
	"tandem/wire/davxml"
)

// parse reads XML whose default namespace is CardDAV's.
func parse(t testing.TB, doc string) *davxml.Element {
	t.Helper()
	i := strings.IndexAny(doc, " />")
	e, err := davxml.Parse(strings.NewReader(doc[:i]+` xmlns="`+davxml.CardDAV+`"`+doc[i:]), davxml.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return e
}

func filterOf(t testing.TB, doc string) *cardquery.Filter {
	t.Helper()
	f, err := cardquery.ParseFilter(parse(t, doc))
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return f
}

func card(version, lines string) []byte {
	return []byte("BEGIN:VCARD\r\nVERSION:" + version + "\r\n" + strings.ReplaceAll(lines, "|", "\r\n") + "\r\nEND:VCARD\r\n")
}

func TestFilter(t *testing.T) {
	body := card("3.0", `FN:Anna Müller|N:Müller;Anna;;;|TEL;TYPE=home,voice:+49 30 1234|item1.TEL;TYPE=work:+49 89 99|item2.EMAIL;TYPE=INTERNET:anna@example.com|`+
		`EMAIL;TYPE="home,pref":am@example.org|NOTE:one\, two\nthree|CATEGORIES:Friends,Choir`)
	prop := func(name, inner string) string {
		return `<filter><prop-filter name="` + name + `">` + inner + `</prop-filter></filter>`
	}
	for doc, want := range map[string]bool{
		`<filter/>`:                           true,
		`<filter test="allof"></filter>`:      true,
		prop("FN", ""):                        true,
		prop("NICKNAME", ""):                  false,
		prop("NICKNAME", "<is-not-defined/>"): true,
		prop("FN", "<is-not-defined/>"):       false,
		// text
		prop("fn", "<text-match>müller</text-match>"):                                              true,
		prop("FN", "<text-match>MÜLLER</text-match>"):                                              true, // the default is i;unicode-casemap
		prop("FN", `<text-match collation="i;ascii-casemap">MÜLLER</text-match>`):                  false,
		prop("FN", `<text-match collation="i;octet">müller</text-match>`):                          false,
		prop("FN", `<text-match match-type="equals">anna müller</text-match>`):                     true,
		prop("FN", `<text-match match-type="equals">anna</text-match>`):                            false,
		prop("FN", `<text-match match-type="starts-with">anna</text-match>`):                       true,
		prop("FN", `<text-match match-type="starts-with">müller</text-match>`):                     false,
		prop("FN", `<text-match match-type="ends-with">müller</text-match>`):                       true,
		prop("FN", `<text-match match-type="contains" negate-condition="yes">müller</text-match>`): false,
		prop("FN", `<text-match negate-condition="yes">berta</text-match>`):                        true,
		prop("NOTE", `<text-match>one, two</text-match>`):                                          true,
		prop("EMAIL", `<text-match match-type="ends-with">.org</text-match>`):                      true,
		prop("EMAIL", `<text-match>@example.net</text-match>`):                                     false,
		prop("EMAIL", `<text-match negate-condition="yes">example.com</text-match>`):               true, // the other one
		prop("CATEGORIES", `<text-match>choir</text-match>`):                                       true,
		// several
		prop("FN", `<text-match>anna</text-match><text-match>berta</text-match>`):                                                         true,
		`<filter><prop-filter name="FN" test="allof"><text-match>anna</text-match><text-match>berta</text-match></prop-filter></filter>`:  false,
		`<filter><prop-filter name="FN" test="allof"><text-match>anna</text-match><text-match>müller</text-match></prop-filter></filter>`: true,
		`<filter><prop-filter name="NICKNAME"/><prop-filter name="FN"/></filter>`:                                                         true,
		`<filter test="anyof"><prop-filter name="NICKNAME"/><prop-filter name="X"/></filter>`:                                             false,
		`<filter test="allof"><prop-filter name="NICKNAME"/><prop-filter name="FN"/></filter>`:                                            false,
		`<filter test="allof"><prop-filter name="NOTE"/><prop-filter name="FN"/></filter>`:                                                true,
		// groups
		prop("item1.TEL", ""):                              true,
		prop("ITEM1.tel", "<text-match>99</text-match>"):   true,
		prop("item1.TEL", "<text-match>1234</text-match>"): false,
		prop("item2.TEL", ""):                              false,
		prop("item2.TEL", "<is-not-defined/>"):             true,
		prop("TEL", "<text-match>99</text-match>"):         true,
		// parameters
		prop("TEL", `<param-filter name="TYPE"/>`):                                                                                                                                true,
		prop("FN", `<param-filter name="TYPE"/>`):                                                                                                                                 false,
		prop("FN", `<param-filter name="TYPE"><is-not-defined/></param-filter>`):                                                                                                  true,
		prop("TEL", `<param-filter name="TYPE"><is-not-defined/></param-filter>`):                                                                                                 false,
		prop("TEL", `<param-filter name="type"><text-match match-type="equals">VOICE</text-match></param-filter>`):                                                                true,
		prop("EMAIL", `<param-filter name="TYPE"><text-match match-type="equals">pref</text-match></param-filter>`):                                                               true,
		prop("TEL", `<param-filter name="TYPE"><text-match>fax</text-match></param-filter>`):                                                                                      false,
		prop("TEL", `<text-match>nothing</text-match><param-filter name="TYPE"><text-match>home</text-match></param-filter>`):                                                     true,
		`<filter><prop-filter name="TEL" test="allof"><text-match>1234</text-match><param-filter name="TYPE"><text-match>work</text-match></param-filter></prop-filter></filter>`: false,
		`<filter><prop-filter name="TEL" test="allof"><text-match>1234</text-match><param-filter name="TYPE"><text-match>home</text-match></param-filter></prop-filter></filter>`: true,
	} {
		if got, err := filterOf(t, doc).Match(body); err != nil || got != want {
			t.Errorf("%s: %v, %v", doc, got, err)
		}
	}
	old := card("2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller|TEL;HOME:1")
	for doc, want := range map[string]bool{
		prop("N", "<text-match>MÜLL</text-match>"):                                            true,
		prop("TEL", `<param-filter name="TYPE"><text-match>home</text-match></param-filter>`): true,
		prop("TEL", `<param-filter name="TYPE"><text-match>work</text-match></param-filter>`): false,
	} {
		if got, err := filterOf(t, doc).Match(old); err != nil || got != want {
			t.Errorf("2.1, %s: %v, %v", doc, got, err)
		}
	}
	if !filterOf(t, "<filter/>").Everything() || filterOf(t, prop("FN", "")).Everything() {
		t.Error("Everything")
	}
	if _, err := filterOf(t, "<filter/>").Match([]byte("torn")); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("torn: %v", err)
	}
}

func TestRefused(t *testing.T) {
	prop := func(inner string) string {
		return `<filter><prop-filter name="FN">` + inner + `</prop-filter></filter>`
	}
	for doc, want := range map[string]string{
		`<other/>`:                        "400",
		`<filter test="some"/>`:           "400",
		`<filter><prop-filter/></filter>`: "400",
		prop(`<param-filter/>`):           "400",
		prop(`<text-match negate-condition="1">x</text-match>`):                                      "400",
		prop(`<text-match match-type="sounds-like">x</text-match>`):                                  "403 supported-filter",
		prop(`<is-not-defined/><text-match>x</text-match>`):                                          "403 supported-filter",
		prop(`<param-filter name="X"><is-not-defined/><text-match>x</text-match></param-filter>`):    "403 supported-filter",
		prop(strings.Repeat(`<text-match>x</text-match>`, 1001)):                                     "403 supported-filter",
		prop(`<text-match collation="i;basic">x</text-match>`):                                       "403 supported-collation",
		prop(`<param-filter name="X"><text-match collation="i;basic">x</text-match></param-filter>`): "403 supported-collation",
	} {
		_, err := cardquery.ParseFilter(parse(t, doc))
		var c *davxml.Condition
		if !errors.As(err, &c) || strings.TrimSpace(fmt.Sprint(c.Status, " ", c.Name.Local)) != want {
			t.Errorf("%.100s: %v", doc, err)
		}
	}
	for doc, want := range map[string]string{
		`<address-data content-type="text/html"/>`:                                      "403 supported-address-data",
		`<address-data content-type="application/vcard+json"/>`:                         "403 supported-address-data",
		`<address-data version="2.1"/>`:                                                 "403 supported-address-data",
		`<address-data><prop/></address-data>`:                                          "400",
		`<address-data>` + strings.Repeat(`<prop name="X"/>`, 1001) + `</address-data>`: "403 supported-address-data",
	} {
		_, err := cardquery.ParseData(parse(t, doc))
		var c *davxml.Condition
		if !errors.As(err, &c) || strings.TrimSpace(fmt.Sprint(c.Status, " ", c.Name.Local)) != want {
			t.Errorf("%.100s: %v", doc, err)
		}
	}
}

func TestLimit(t *testing.T) {
	for doc, want := range map[string]string{
		`<q/>`: "0 false",
		`<q><limit><nresults>5</nresults></limit></q>`:   "5 true",
		`<q><limit><nresults> 0 </nresults></limit></q>`: "0 true",
		`<q><limit><nresults>-1</nresults></limit></q>`:  "error",
		`<q><limit/></q>`: "error",
	} {
		n, ok, err := cardquery.ParseLimit(parse(t, doc))
		got := fmt.Sprint(n, ok)
		if err != nil {
			got = "error"
		}
		if got != want && got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %s", doc, got)
		}
	}
}

func TestData(t *testing.T) {
	body := card("3.0", `FN:Anna|N:A;;;;|item1.TEL;TYPE=pref:1|TEL:2|EMAIL:a@b|PHOTO;ENCODING=b;TYPE=JPEG:QUJD`)
	for doc, want := range map[string]string{
		`<address-data><prop name="FN"/><prop name="tel"/></address-data>`:                  "VERSION:3.0|FN:Anna|item1.TEL;TYPE=pref:1|TEL:2",
		`<address-data><prop name="item1.TEL"/><prop name="VERSION"/></address-data>`:       "VERSION:3.0|item1.TEL;TYPE=pref:1",
		`<address-data><prop name="PHOTO" novalue="yes"/></address-data>`:                   "VERSION:3.0|PHOTO;ENCODING=b;TYPE=JPEG:",
		`<address-data version="4.0"><prop name="TEL"/><prop name="PHOTO"/></address-data>`: "VERSION:4.0|item1.TEL;PREF=1:1|TEL:2|PHOTO:data:image/jpeg;base64,QUJD",
		`<address-data version="4.0" content-type="text/vcard"><allprop/></address-data>`:   "VERSION:4.0|FN:Anna|N:A;;;;|item1.TEL;PREF=1:1|TEL:2|EMAIL:a@b|PHOTO:data:image/jpeg;base64,QUJD",
	} {
		d, err := cardquery.ParseData(parse(t, doc))
		if err != nil {
			t.Fatal(err)
		}
		out, err := d.Apply(body)
		got := strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(string(out), "\r\n", "|"), "BEGIN:VCARD|"), "|END:VCARD|")
		if err != nil || got != want || d.Whole() {
			t.Errorf("%s: %v\n%s", doc, err, got)
		}
	}
	for _, doc := range []string{`<address-data/>`, `<address-data content-type="text/vcard"/>`, `<address-data><allprop/></address-data>`} {
		d, err := cardquery.ParseData(parse(t, doc))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := d.Apply(body); err != nil || !d.Whole() || &out[0] != &body[0] {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if d, err := cardquery.ParseData(nil); err != nil || !d.Whole() {
		t.Error("nothing asked")
	}
	same, _ := cardquery.ParseData(parse(t, `<address-data version="3.0"/>`))
	if out, err := same.Apply(body); err != nil || !bytes.Equal(out, body) {
		t.Errorf("the version it has: %v", err)
	}
	var c *davxml.Condition
	if _, err := same.Apply([]byte("torn")); !errors.As(err, &c) || c.Name != davxml.A("supported-address-data-conversion") {
		t.Errorf("torn: %v", err)
	}
}

// TestDataCorpora: every card can be given in every version, and whole with all of its properties.
func TestDataCorpora(t *testing.T) {
	for _, file := range corpus.Files(t, "vcf", ".vcf") {
		if _, err := (contact.Handler{}).Inspect(file.Data); err != nil {
			continue
		}
		for _, v := range []string{"3.0", "4.0"} {
			d, err := cardquery.ParseData(parse(t, `<address-data version="`+v+`"><prop name="FN"/><prop name="N"/></address-data>`))
			if err != nil {
				t.Fatal(err)
			}
			out, err := d.Apply(file.Data)
			if err != nil || !bytes.Contains(bytes.ToUpper(out), []byte("VERSION:"+v)) {
				t.Errorf("%s: %v\n%s", file.Name, err, out)
			}
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	var bodies [][]byte
	for i := range 10_000 {
		bodies = append(bodies, card("3.0", fmt.Sprintf("UID:%d|FN:Person number %d|N:%d;Person;;;|TEL;TYPE=home:+49 30 %d|TEL;TYPE=cell:+49 170 %d|EMAIL;TYPE=INTERNET:p%d@example.com|ADR;TYPE=home:;;Street %d;Town;;12345;Germany|NOTE:Some words\\, and more", i, i, i, i, i, i, i)))
	}
	f := filterOf(b, `<filter><prop-filter name="EMAIL"><text-match>P77</text-match></prop-filter><prop-filter name="FN"><text-match>ber 77</text-match></prop-filter></filter>`)
	for b.Loop() {
		n := 0
		for _, body := range bodies {
			if ok, _ := f.Match(body); ok {
				n++
			}
		}
		b.ReportMetric(float64(n), "matches")
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("FN:x|TEL;HOME:1|item1.X-ABLabel:y", `<filter><prop-filter name="FN" test="allof"><text-match>x</text-match></prop-filter></filter>`)
	f.Fuzz(func(t *testing.T, lines, doc string) {
		e, err := davxml.Parse(strings.NewReader(strings.Replace(doc, "<filter", `<filter xmlns="`+davxml.CardDAV+`"`, 1)), davxml.Limits{})
		if err != nil {
			return
		}
		filter, err := cardquery.ParseFilter(e)
		if err != nil {
			return
		}
		for _, v := range []string{"2.1", "3.0", "4.0"} {
			_, _ = filter.Match(card(v, lines))
		}
	})
}

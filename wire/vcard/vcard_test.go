package vcard

import (
	"bytes"
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/internal/corpus"
	"tandem/wire/contentline"
)

// one parses a card of this version with these lines.
func one(t testing.TB, version string, lines ...string) (*File, *Card) {
	t.Helper()
	text := "BEGIN:VCARD\r\nVERSION:" + version + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
	f, err := Parse([]byte(text), contentline.Limits{})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return f, f.Cards[0]
}

func find(t testing.TB, c *Card, name string) Property {
	t.Helper()
	p, ok := c.Find(name)
	if !ok {
		t.Fatalf("no %s", name)
	}
	return p
}

func TestText(t *testing.T) {
	tests := []struct{ version, line, want string }{
		{"3.0", `NOTE:one\, two\nthree\\n`, "one, two\nthree\\n"},
		{"4.0", `NOTE:a\;b\Nc`, "a;b\nc"},
		{"2.1", `NOTE:a\;b, c\new`, `a;b, c\new`},
		{"2.1", "NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0A=\r\nb=3Dc", "a\nb=c"},
		{"2.1", "NOTE;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller", "Müller"},
		{"2.1", "NOTE;CHARSET=UTF-8;QUOTED-PRINTABLE:M=C3=BCller", "Müller"},
		{"2.1", "NOTE;CHARSET=windows-1251:\xcf\xf0", "Пр"},
		{"2.1", "NOTE:M\xfcller", "Müller"},
		{"2.1", "NOTE;CHARSET=nonsense:x", "x"},
		{"2.1", "NOTE;QUOTED-PRINTABLE:100=% =4", "100=% =4"},
		{"3.0", "NOTE;ENCODING=QUOTED-PRINTABLE:a=20", "a "},
	}
	for _, tt := range tests {
		_, c := one(t, tt.version, tt.line)
		if got := c.Text("note"); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.version, tt.line, got, tt.want)
		}
	}
}

func TestStructured(t *testing.T) {
	_, c := one(t, "3.0", `N:Public;John\;J.;Quinlan,Paul;Mr.;Esq.`, "ADR:;;123 Main\\, St;Any;CA;91921;USA", `ORG:A\;B;C`, "NICKNAME:a,b\\,c", "GENDER:m;x")
	if got := find(t, c, "N").PersonName(); got != (Name{"Public", "John;J.", "Quinlan,Paul", "Mr.", "Esq."}) {
		t.Errorf("N: %q", got)
	}
	if got := find(t, c, "N").PersonName().String(); got != "Mr. John;J. Quinlan,Paul Public Esq." {
		t.Errorf("N: %q", got)
	}
	if got := find(t, c, "ADR").Address().String(); got != "123 Main, St, 91921 Any, CA, USA" {
		t.Errorf("ADR: %q", got)
	}
	if got := find(t, c, "ORG").Components(); !slices.Equal(got, []string{"A;B", "C"}) {
		t.Errorf("ORG: %q", got)
	}
	if got := find(t, c, "NICKNAME").List(); !slices.Equal(got, []string{"a", "b,c"}) {
		t.Errorf("NICKNAME: %q", got)
	}
	if got := find(t, c, "GENDER").Gender(); got != (Gender{"M", "x"}) {
		t.Errorf("GENDER: %q", got)
	}
	if got := find(t, c, "ORG").Component(7); got != "" {
		t.Errorf("component that is not there: %q", got)
	}
}

func TestTypes(t *testing.T) {
	for line, want := range map[string]string{
		"TEL;HOME;VOICE:1":                      "home voice",
		"TEL;TYPE=HOME,voice:1":                 "home voice",
		`TEL;TYPE="home,Voice":1`:               "home voice",
		"TEL;type=HOME;type=VOICE;type=home:1":  "home voice",
		"TEL;HOME;ENCODING=BASE64:1":            "home",
		"TEL;QUOTED-PRINTABLE;CELL;CHARSET=x:1": "cell",
		"TEL:1":                                 "",
	} {
		_, c := one(t, "2.1", line)
		if got := strings.Join(find(t, c, "TEL").Types(), " "); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

func TestSetters(t *testing.T) {
	tests := []struct {
		version, line string
		edit          func(Property)
		want          string
	}{
		{"3.0", "NOTE:x", func(p Property) { p.SetText("a,b\r\nc") }, `NOTE:a\,b\nc`},
		{"2.1", "NOTE:x", func(p Property) { p.SetText("a,b;c") }, `NOTE:a,b;c`},
		{"2.1", "NOTE:x", func(p Property) { p.SetText("ä\nb=") }, `NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=A4=0D=0Ab=3D`},
		{"2.1", "NOTE;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:=FC", func(p Property) { p.SetText("x") }, `NOTE:x`},
		{"2.1", "NOTE;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:=FC", func(p Property) { p.SetText("ü") }, `NOTE;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:=FC`},
		{"3.0", "NOTE;X=y;ENCODING=QUOTED-PRINTABLE:=C3", func(p Property) { p.SetText("é") }, `NOTE;X=y:é`},
		{"3.0", "NOTE:x", func(p Property) { p.SetList([]string{"a,b", "c"}) }, `NOTE:a\,b,c`},
		{"3.0", "NOTE:x", func(p Property) { p.SetComponents([]string{"a;b", "", "c"}) }, `NOTE:a\;b;;c`},
		{"2.1", "NOTE:x", func(p Property) { p.SetPersonName(Name{Family: "a;b"}) }, `NOTE:a\;b;;;;`},
		{"3.0", "NOTE;TYPE=home;X=y:x", func(p Property) { p.SetTypes("work", "cell") }, `NOTE;X=y;TYPE=work,cell:x`},
		{"2.1", "NOTE;HOME;X=y;BASE64:x", func(p Property) { p.SetTypes("work", "my own") }, `NOTE;X=y;BASE64;WORK;TYPE=my own:x`},
		{"3.0", "NOTE;TYPE=home:x", func(p Property) { p.SetPref(1) }, `NOTE;TYPE=home,pref:x`},
		{"4.0", "NOTE;TYPE=home,pref:x", func(p Property) { p.SetPref(7) }, `NOTE;TYPE=home;PREF=7:x`},
		{"3.0", "NOTE;TYPE=home,pref:x", func(p Property) { p.SetPref(0) }, `NOTE;TYPE=home:x`},
	}
	for _, tt := range tests {
		f, c := one(t, tt.version, tt.line)
		p := find(t, c, "NOTE")
		tt.edit(p)
		got := strings.Split(string(f.Bytes()), "\r\n")[2]
		if got != tt.want {
			t.Errorf("%s %s: got %s, want %s", tt.version, tt.line, got, tt.want)
		}
	}
	f, c := one(t, "2.1", "FN:x")
	c.New("NOTE").SetText(strings.Repeat("long ", 40))
	if !strings.Contains(string(f.Bytes()), "\r\nNOTE:"+strings.Repeat("long ", 40)+"\r\n") {
		t.Errorf("text of vCard 2.1 was folded: %q", f.Bytes())
	}
}

func TestPref(t *testing.T) {
	for line, want := range map[string]int{"TEL;PREF:1": 1, "TEL;TYPE=home,pref:1": 1, "TEL;PREF=50:1": 50, "TEL;PREF=x:1": 0, "TEL:1": 0} {
		_, c := one(t, "3.0", line)
		if got := find(t, c, "TEL").Pref(); got != want {
			t.Errorf("%s: got %d", line, got)
		}
	}
}

func TestBlob(t *testing.T) {
	data := []byte("\xff\xd8\xff\xe0 not a picture")
	b64 := base64.StdEncoding.EncodeToString(data)
	for _, tt := range []struct{ version, line, kind, uri string }{
		{"2.1", "PHOTO;JPEG;ENCODING=BASE64:" + b64 + "\r\n", "image/jpeg", ""},
		{"2.1", "PHOTO;TYPE=JPEG;BASE64:\r\n" + b64[:8] + "\r\n" + b64[8:] + "\r\n", "image/jpeg", ""},
		{"3.0", "PHOTO;ENCODING=b;TYPE=jpeg:" + b64[:10] + "\r\n  " + b64[10:], "image/jpeg", ""},
		{"3.0", "PHOTO;ENCODING=B:" + strings.TrimRight(b64, "="), "", ""},
		{"4.0", "PHOTO:data:image/jpeg;base64," + b64, "image/jpeg", ""},
		{"4.0", `PHOTO:data:image/jpeg\;base64\,` + b64, "image/jpeg", ""},
		{"3.0", "PHOTO;VALUE=uri:http://a/b.jpg", "", "http://a/b.jpg"},
		{"4.0", "PHOTO;MEDIATYPE=image/gif:http://a/b", "image/gif", "http://a/b"},
	} {
		_, c := one(t, tt.version, tt.line)
		b, err := find(t, c, "PHOTO").Blob()
		if err != nil || b.Type != tt.kind || b.URI != tt.uri || tt.uri == "" && !bytes.Equal(b.Data, data) {
			t.Errorf("%s: got %+v, %v", tt.line, b, err)
		}
		if s, ok := find(t, c, "PHOTO").InlineBase64(); ok != (tt.uri == "") || ok && strings.TrimRight(strings.ReplaceAll(s, " ", ""), "=") != strings.TrimRight(b64, "=") {
			t.Errorf("%s: base64 %q, %v", tt.line, s, ok)
		}
	}
	_, c := one(t, "3.0", "PHOTO;ENCODING=b:?")
	if _, err := find(t, c, "PHOTO").Blob(); err == nil {
		t.Error("broken base64 was read")
	}
	for _, v := range []string{"2.1", "3.0", "4.0"} {
		for _, want := range []Blob{{Type: "image/png", Data: data}, {URI: "http://x/y"}} {
			f, c := one(t, v, "PHOTO;TYPE=GIF,work;ENCODING=b:AAAA", "FN:after")
			find(t, c, "PHOTO").SetBlob(want)
			again, err := Parse(f.Bytes(), contentline.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			p := find(t, again.Cards[0], "PHOTO")
			got, err := p.Blob()
			if err != nil || !reflect.DeepEqual(got, want) || !slices.Contains(p.Types(), "work") || again.Cards[0].Text("FN") != "after" {
				t.Errorf("%s: got %+v, %v from %q", v, got, err, f.Bytes())
			}
		}
	}
}

func TestWhen(t *testing.T) {
	for in, want := range map[string]string{
		"19960415": "19960415", "1996-04-15": "19960415", "1996-04": "1996-04", "1996": "1996", "--0412": "--0412", "--04-12": "--0412",
		"--04": "--04", "---12": "---12", "T102200": "T102200", "T1022": "T1022", "T10": "T10", "T-2200": "T-2200", "T--00": "T--00",
		"19961022T140000": "19961022T140000", "1996-10-22T14:00:00Z": "19961022T140000Z", "19961022T140000-05": "19961022T140000-0500",
		"20090808T1430-0500": "20090808T1430-0500", "--1022T1400": "--1022T1400", "1996-10-22T14:00:00.000+00:00": "19961022T140000Z",
		"T102200-0800": "T102200-0800", "0000": "0000",
	} {
		w, err := ParseWhen(in)
		if err != nil || w.String() != want {
			t.Errorf("%s: got %s, %v, want %s", in, w, err, want)
		}
	}
	for _, in := range []string{"", "circa 1800", "1996-13-01", "19960400", "199604150", "--", "T", "T1", "T25", "1996-04-15T", "19960415Tx"} {
		if w, err := ParseWhen(in); err == nil {
			t.Errorf("%q was read as %s", in, w)
		}
	}
	_, c := one(t, "3.0", "BDAY;X-APPLE-OMIT-YEAR=1604;VALUE=date:1604-05-06")
	if w, err := find(t, c, "BDAY").When(); err != nil || w.String() != "--0506" {
		t.Errorf("got %v, %v", w, err)
	}
}

func TestLabels(t *testing.T) {
	_, c := one(t, "3.0", "item1.TEL:1", "ITEM1.X-ABLabel:_$!<HomePage>!$_", "item2.URL:2", "item2.X-ABLABEL:my\\, own", "FN:x")
	for name, want := range map[string]string{"TEL": "HomePage", "URL": "my, own", "FN": ""} {
		if got := c.Label(find(t, c, name).Line); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestAgent(t *testing.T) {
	_, c := one(t, "2.1", "AGENT:", "BEGIN:VCARD", "VERSION:2.1", "FN:Inner", "END:VCARD", "FN:Outer")
	if a := c.Agent(); a == nil || a.Text("FN") != "Inner" || a.Version != V21 || c.Text("FN") != "Outer" {
		t.Errorf("nested agent: %+v", a)
	}
	_, c = one(t, "3.0", `AGENT:BEGIN:VCARD\nFN:Inner\nEND:VCARD\n`)
	if a := c.Agent(); a == nil || a.Text("FN") != "Inner" {
		t.Errorf("agent in text: %+v", a)
	}
	_, c = one(t, "3.0", "AGENT;VALUE=uri:http://x", "FN:x")
	if a := c.Agent(); a != nil {
		t.Errorf("agent elsewhere: %+v", a)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"BEGIN:VCALENDAR\nEND:VCALENDAR\n": "line 1, column 1: BEGIN:VCALENDAR where BEGIN:VCARD is due",
		"BEGIN:VCARD\nFN:x":                "line 2, column 5: the text ends inside the VCARD that begins in line 1",
	} {
		_, err := Parse([]byte(text), contentline.Limits{})
		var e *contentline.Error
		if !errors.As(err, &e) || e.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestSplit(t *testing.T) {
	one := "BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\n"
	two := "begin:vcard\nVERSION:2.1\nAGENT:\nBEGIN:VCARD\nEND:VCARD\nEND:VCARD"
	parts, err := Split([]byte("\n"+one+"\n\n"+two), contentline.Limits{})
	if err != nil || len(parts) != 2 || string(parts[0].Data) != one || string(parts[1].Data) != two || parts[1].Line != 7 {
		t.Errorf("got %d, %v", len(parts), err)
	}
}

func TestConvert(t *testing.T) {
	tests := []struct {
		from, to    string
		lines, want []string
	}{
		{"2.1", "3.0",
			[]string{"N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;A,b", "TEL;HOME;PREF:1", "PHOTO;JPEG;BASE64:AAAA\r\n", "X-FOO;QUOTED-PRINTABLE:=C3=BC", "NOTE:a,b"},
			[]string{`N:Müller;A\,b`, "TEL;TYPE=home,pref:1", "PHOTO;TYPE=JPEG;ENCODING=b:AAAA", "", "X-FOO:ü", `NOTE:a\,b`}},
		{"3.0", "4.0",
			[]string{"N:a;b,c", "TEL;TYPE=home,PREF:1", "PHOTO;TYPE=JPEG;ENCODING=b:AAAA", "X-FOO;TYPE=a:b\\,c"},
			[]string{"N:a;b,c", "TEL;TYPE=home;PREF=1:1", "PHOTO:data:image/jpeg;base64,AAAA", "X-FOO;TYPE=a:b\\,c"}},
		{"4.0", "2.1",
			[]string{"N:Müller;b", "TEL;TYPE=home;PREF=1:1", "NOTE:one\\ntwo\\, three", "PHOTO:data:image/png;base64,AAAA"},
			[]string{"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;b", "TEL;HOME;PREF:1",
				"NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo, three", "PHOTO;PNG;ENCODING=BASE64:AAAA", ""}},
	}
	for _, tt := range tests {
		f, c := one(t, tt.from, tt.lines...)
		to := map[string]Version{"2.1": V21, "3.0": V30, "4.0": V40}[tt.to]
		c.Convert(to)
		lines := strings.Split(string(f.Bytes()), "\r\n")
		if got := lines[2 : len(lines)-2]; !slices.Equal(got, tt.want) || lines[1] != "VERSION:"+tt.to {
			t.Errorf("%s to %s: got %q, want %q", tt.from, tt.to, got, tt.want)
		}
	}
}

// TestConvertKeepsMeaning converts all cards of the corpus to every version and reads them again.
func TestConvertKeepsMeaning(t *testing.T) {
	for _, file := range corpus.Files(t, "vcf", ".vcf") {
		for _, to := range []Version{V21, V30, V40} {
			f, err := Parse(file.Data, contentline.Limits{})
			if err != nil {
				continue
			}
			var want []string
			for _, c := range f.Cards {
				want = append(want, plain(c)...)
				c.Convert(to)
			}
			again, err := Parse(f.Bytes(), contentline.Limits{})
			if err != nil {
				t.Errorf("%s as %s: %v", file.Name, to, err)
				continue
			}
			var got []string
			for _, c := range again.Cards {
				got = append(got, plain(c)...)
			}
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Errorf("%s as %s:\ngot  %q\nwant %q", file.Name, to, got[i], want[i])
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s as %s: %d properties, want %d", file.Name, to, len(got), len(want))
			}
		}
	}
}

// plain lists names and texts of a card's properties, without what depends on the version.
func plain(c *Card) []string {
	var out []string
	for p := range c.Properties() {
		if p.Is("VERSION") {
			continue
		}
		text := p.Plain()
		switch ClassOf(p.Name()) {
		case Text, Date, URI:
			if !p.Is("GEO") {
				text = p.Text()
			}
		case List:
			text = strings.Join(p.List(), "\x00")
		case Structured:
			text = strings.Join(p.Components(), "\x00")
		case Media:
			if b, err := p.Blob(); err == nil {
				text = string(b.Data) + b.URI
			}
		}
		out = append(out, strings.ToUpper(p.Name())+" "+text)
	}
	return out
}

func TestCorpus(t *testing.T) {
	for _, f := range corpus.Files(t, "vcf", ".vcf") {
		checkText(t, f.Name, f.Data)
	}
}

// checkText parses a text: it is written back as it was, or refused with a place.
func checkText(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := Parse(data, contentline.Limits{})
	if err != nil {
		var e *contentline.Error
		if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 {
			t.Errorf("%s: error without a place: %v", name, err)
		}
		return
	}
	for _, c := range f.Cards {
		for p := range c.Properties() {
			p.Text()
			p.List()
			p.Components()
			p.Types()
			p.Pref()
			p.When()
			p.Blob()
			c.Label(p.Line)
		}
		c.Agent()
	}
	if !bytes.Equal(f.Bytes(), data) {
		t.Errorf("%s: not written back as read", name)
	}
}

func FuzzCard(f *testing.F) {
	for _, version := range []string{"2.1", "3.0", "4.0"} {
		file, _ := one(f, version, "N;QUOTED-PRINTABLE:=C3=BC=\r\n;x", "item1.TEL;HOME:1", "item1.X-ABLABEL:y", "BDAY:--0412", "PHOTO;ENCODING=b:AA\r\n",
			"AGENT:", "BEGIN:VCARD", "END:VCARD", "NOTE;CHARSET=utf-16:\xff", "PHOTO:data:a;base64,AAA", "CATEGORIES:a\\,b,c")
		f.Add(file.Bytes())
	}
	for _, file := range corpus.Files(f, "vcf", ".vcf") {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkText(t, "input", data)
		file, err := Parse(data, contentline.Limits{})
		if err != nil {
			return
		}
		for _, to := range []Version{V21, V40, V30} {
			for _, c := range file.Cards {
				c.Convert(to)
			}
			if _, err := Parse(file.Bytes(), contentline.Limits{}); err != nil {
				t.Fatalf("converted to %s, it is refused: %v\n%q", to, err, file.Bytes())
			}
		}
	})
}

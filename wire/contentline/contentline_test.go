package contentline

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tandem/internal/corpus"
)

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse([]byte(text), Limits{})
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return d
}

func first(d *Document) *Component {
	for c := range d.Components() {
		return c
	}
	return nil
}

// card wraps lines into a component with LF endings.
func card(lines ...string) string {
	return "BEGIN:VCARD\n" + strings.Join(lines, "\n") + "\nEND:VCARD\n"
}

func TestLines(t *testing.T) {
	tests := []struct {
		name, text  string // the text between BEGIN and END
		group, prop string
		params      []Param
		value       string
	}{
		{"plain", "FN:Anna", "", "FN", nil, "Anna"},
		{"spelling is kept", "fN:Anna", "", "fN", nil, "Anna"},
		{"colon in the value", "URL:http://a:8/x;y", "", "URL", nil, "http://a:8/x;y"},
		{"group", "item1.TEL;type=HOME:1", "item1", "TEL", []Param{{"type", "HOME"}}, "1"},
		{"bare parameters", "TEL;HOME;VOICE:1", "", "TEL", []Param{{"", "HOME"}, {"", "VOICE"}}, "1"},
		{"quoted colon and semicolon", `X;A="b:c;d":v`, "", "X", []Param{{"A", `"b:c;d"`}}, "v"},
		{"quote never closed", `X;A="b:v`, "", "X", []Param{{"A", `"b`}}, "v"},
		{"equals sign in a parameter value", "X;A=b=c:v", "", "X", []Param{{"A", "b=c"}}, "v"},
		{"empty parameter", "X;;A=b:v", "", "X", []Param{{"", ""}, {"A", "b"}}, "v"},
		{"empty value", "NOTE:", "", "NOTE", nil, ""},
		{"fold with space", "NOTE:one\n  two\n three", "", "NOTE", nil, "one twothree"},
		{"fold with tab", "NOTE:one\n\ttwo", "", "NOTE", nil, "onetwo"},
		{"fold in the name", "NO\n TE:x", "", "NOTE", nil, "x"},
		{"fold in a parameter", "X;A\n =b:v", "", "X", []Param{{"A", "b"}}, "v"},
		{"fold inside a character", "NOTE:M\xc3\n \xbcller", "", "NOTE", nil, "Müller"},
		{"fold of nothing", "NOTE:x\n \n y", "", "NOTE", nil, "xy"},
		{"soft breaks", "N;ENCODING=QUOTED-PRINTABLE:a=\nb=\n c", "", "N", []Param{{"ENCODING", "QUOTED-PRINTABLE"}}, "ab c"},
		{"soft break, bare", "N;QUOTED-PRINTABLE:a=\nb", "", "N", []Param{{"", "QUOTED-PRINTABLE"}}, "ab"},
		{"equals sign without encoding", "N:a=", "", "N", nil, "a="},
		{"unindented base64", "PHOTO;BASE64:AAAA\nBBBB\nCC==\n", "", "PHOTO", []Param{{"", "BASE64"}}, "AAAABBBBCC=="},
		{"indented base64", "PHOTO;ENCODING=b:\n AAAA\n BBBB\n", "", "PHOTO", []Param{{"ENCODING", "b"}}, "AAAABBBB"},
		{"NUL and broken UTF-8", "NOTE:a\x00\xff", "", "NOTE", nil, "a\x00\xff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, eol := range []string{"\n", "\r\n", "\r"} {
				text := strings.ReplaceAll(card(tt.text, "FN:next"), "\n", eol)
				d := parse(t, text)
				c := first(d)
				l := c.Items[0].Line
				if l.Opaque() || l.Group() != tt.group || l.Name() != tt.prop || l.Value() != tt.value || len(l.Params()) != len(tt.params) ||
					len(tt.params) > 0 && !reflect.DeepEqual(l.Params(), tt.params) {
					t.Errorf("%q: got %q %q %q %q", text, l.Group(), l.Name(), l.Params(), l.Value())
				}
				if l := c.Get("FN"); l == nil || (tt.prop != "FN" && tt.prop != "fN" && l.Value() != "next") {
					t.Errorf("%q: the next line was swallowed", text)
				}
				if got := string(d.Bytes()); got != text {
					t.Errorf("wrote %q, read %q", got, text)
				}
			}
		})
	}
}

func TestOpaqueLines(t *testing.T) {
	tests := []struct {
		text, want string
	}{
		{"nonsense", "line 2, column 9: no colon in the line"},
		{":value", "line 2, column 1: no property name before the colon"},
		{"TWO WORDS:x", `line 2, column 4: ' ' in a property name`},
		{"X;A=b", "line 2, column 6: no colon after the parameters"},
		{"non\n sense is\n here:x", `line 3, column 7: ' ' in a property name`},
	}
	for _, tt := range tests {
		text := card(tt.text, "FN:x")
		d := parse(t, text)
		l := first(d).Items[0].Line
		if !l.Opaque() || l.Err().Error() != tt.want {
			t.Errorf("%q: got %v, want %s", tt.text, l.Err(), tt.want)
		}
		if got := string(d.Bytes()); got != text {
			t.Errorf("wrote %q, read %q", got, text)
		}
	}
}

func TestStructureErrors(t *testing.T) {
	deep := strings.Repeat("BEGIN:X\n", 65)
	tests := []struct {
		name, text string
		limits     Limits
		want       string
	}{
		{"empty", "", Limits{}, "line 1, column 1: no BEGIN line"},
		{"no BEGIN", "FN:x\n", Limits{}, "line 1, column 1: no BEGIN line"},
		{"UTF-16", "\xff\xfeB\x00E\x00", Limits{}, "line 1, column 1: no BEGIN line: the text is UTF-16, not UTF-8"},
		{"no END", "BEGIN:VCARD\nFN:x\n", Limits{}, "line 3, column 1: the text ends inside the VCARD that begins in line 1"},
		{"torn line", "BEGIN:VCARD\r\nFN:An", Limits{}, "line 2, column 6: the text ends inside the VCARD that begins in line 1"},
		{"END only", "FN:x\nEND:VCARD\n", Limits{}, "line 2, column 1: END:VCARD without a BEGIN"},
		{"wrong END", "BEGIN:A\nBEGIN:B\nEND:A\n", Limits{}, "line 3, column 1: END:A where END:B is due for the BEGIN in line 2"},
		{"too deep", deep, Limits{}, "line 65, column 1: components nested more than 64 deep"},
		{"too large", card("NOTE:x"), Limits{Size: 10}, "line 1, column 1: text of 29 bytes, more than 10"},
		{"too many lines", card("A:1", "A:2"), Limits{Lines: 3}, "line 4, column 1: more than 3 lines"},
		{"END swallowed by no soft break", "BEGIN:V\nN;QUOTED-PRINTABLE:a=\nEND:V\nEND:V", Limits{}, "line 4, column 1: END:V without a BEGIN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text), tt.limits)
			var e *Error
			if !errors.As(err, &e) || e.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	for _, text := range []string{
		"BEGIN:A\r\nX:1\nY:2\rZ:3\r\r\nEND:A",
		"\ufeffBEGIN:A\nEND:A\n\n\ufeffBEGIN:B\nEND:B\n \nstray",
		"BEGIN:A\nBEGIN:B\nX:1\nBEGIN:C\nEND:c\nEND:B\nY:2\nEND:a \n",
		"begin:a\n\n\n x\nend:A",
	} {
		if got := string(parse(t, text).Bytes()); got != text {
			t.Errorf("wrote %q, read %q", got, text)
		}
	}
}

func TestTree(t *testing.T) {
	d := parse(t, "BEGIN:A\nX:1\nBEGIN:B\nY:2\nEND:B\nX:3\nEND:A\n\nBEGIN:A\nEND:A\n")
	a := first(d)
	var kids []string
	for c := range a.Children() {
		kids = append(kids, c.Name())
	}
	if len(kids) != 1 || kids[0] != "B" || len(a.Items) != 3 || a.Items[2].Line.Value() != "3" || d.Stray() != nil {
		t.Errorf("wrong tree: %v, %d items", kids, len(a.Items))
	}
	parts := Split([]byte("BEGIN:A\nX:1\nBEGIN:B\nY:2\nEND:B\nX:3\nEND:A\n\nBEGIN:A\nEND:A\n"), d)
	if len(parts) != 2 || string(parts[1].Data) != "BEGIN:A\nEND:A\n" || parts[1].Line != 9 || !bytes.HasSuffix(parts[0].Data, []byte("X:3\nEND:A\n")) {
		t.Errorf("wrong parts: %d", len(parts))
	}
	if l := parse(t, "BEGIN:A\nEND:A\njunk\n").Stray(); l == nil || l.Num() != 3 {
		t.Errorf("stray line not found: %v", l)
	}
}

func TestEdit(t *testing.T) {
	text := "BEGIN:A\r\nx:1\r\nTEL;type=a;type=b:\r\n 5\r\nX:2\r\nEND:A\r\n"
	d := parse(t, text)
	c := first(d)
	c.Get("x").SetValue("1")
	if string(d.Bytes()) != text {
		t.Error("setting the same value made an edit")
	}
	c.Get("X").SetValue("one\ntwo")
	c.Get("tel").SetParam("TYPE", "c,d", "e")
	c.Add(Item{Line: NewLine("TEL", "6", NewParam("LABEL", "a^b\"\nc"))})
	c.Set("NEW", "n")
	c.Remove(Item{Line: c.Items[len(c.Items)-2].Line})
	want := "BEGIN:A\r\nx:one\\ntwo\r\nTEL;type=\"c,d\",e:5\r\nTEL;LABEL=a^^b^'^nc:6\r\nNEW:n\r\nEND:A\r\n"
	if got := string(d.Bytes()); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	again := parse(t, want)
	if v, _ := first(again).Items[2].Line.Param("label"); v != "a^b\"\nc" {
		t.Errorf("parameter came back as %q", v)
	}
}

func TestLineEdits(t *testing.T) {
	d := parse(t, "BEGIN:A\nitem1.TEL;HOME;TYPE=x;B=c;type=y:5\nX:1\nBEGIN:B\nX:2\nEND:B\nx:3\nEND:A\n")
	c := first(d)
	l := c.Items[0].Line
	if l.Edited() || l.Raw() != "item1.TEL;HOME;TYPE=x;B=c;type=y:5\n" || d.EOL() != "\n" || !c.Is("a") {
		t.Errorf("read as %+v", l)
	}
	copied := l.Clone()
	for _, edit := range []struct {
		do   func()
		want string
	}{
		{func() { l.SetParam("type", "z") }, "item1.TEL;HOME;TYPE=z;B=c:5"},
		{func() { l.SetParam("NEW", "n") }, "item1.TEL;HOME;TYPE=z;B=c;NEW=n:5"},
		{func() { l.DelParam("b") }, "item1.TEL;HOME;TYPE=z;NEW=n:5"},
		{func() { l.SetParam("TYPE") }, "item1.TEL;HOME;NEW=n:5"},
		{func() { l.SetGroup("") }, "TEL;HOME;NEW=n:5"},
		{func() { l.SetName("FAX") }, "FAX;HOME;NEW=n:5"},
		{func() { l.SetParams(nil) }, "FAX:5"},
	} {
		edit.do()
		if got := strings.Split(string(d.Bytes()), "\n")[1]; got != edit.want || !l.Edited() {
			t.Errorf("got %s, want %s", got, edit.want)
		}
	}
	if copied.Edited() || len(copied.Params()) != 4 {
		t.Error("a copy follows the edits of what it was made from")
	}
	if n := c.RemoveAll("X"); n != 2 {
		t.Errorf("removed %d lines", n)
	}
	if got, want := string(c.Bytes("\r\n")), "BEGIN:A\nFAX:5\r\nBEGIN:B\nX:2\nEND:B\nEND:A\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEditKeepsMissingFinalNewline(t *testing.T) {
	d := parse(t, "BEGIN:A\nX:1\nEND:A")
	first(d).Get("X").SetValue("2")
	d.Items = append(d.Items, Item{Child: NewComponent("B")})
	if got, want := string(d.Bytes()), "BEGIN:A\nX:2\nEND:A\nBEGIN:B\nEND:B\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEditKeepsLinesApart: a line that comes to stand after another must not be read as its continuation.
func TestEditKeepsLinesApart(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"base64", "BEGIN:A\nP;ENCODING=b:AA\nX:1\nword\nEND:A\n", "BEGIN:A\nP;ENCODING=b:AA\n\nword\nEND:A\n"},
		{"fold", "BEGIN:A\nY:1\nX:1\n\n word\nEND:A\n", "BEGIN:A\nY:1\n\n word\nEND:A\n"},
		{"soft break", "BEGIN:A\nP;QUOTED-PRINTABLE:x=\nEND:A\n", "BEGIN:A\nP;QUOTED-PRINTABLE:x=\n\nNEW:n\nEND:A\n"},
		{"base64 that ended with a blank line", "BEGIN:A\nP;ENCODING=b:AA\n\nX:1\nword\nEND:A\n", "BEGIN:A\nP;ENCODING=b:AA\n\nword\nEND:A\n"},
		{"base64 before a fold in the source", "BEGIN:A\nP;ENCODING=b:AA\nBB\n :x\nX:1\nEND:A\n", "BEGIN:A\nP;ENCODING=b:AA\nBB\n :x\nEND:A\n"},
	} {
		d := parse(t, tt.text)
		c := first(d)
		if c.RemoveAll("X") == 0 {
			c.Add(Item{Line: NewLine("NEW", "n")})
		}
		if tt.name == "fold" {
			c.Items = append(c.Items[:1], c.Items[2:]...) // the blank line that kept it apart
		}
		if got := string(d.Bytes()); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFolding(t *testing.T) {
	for _, value := range []string{
		strings.Repeat("x", 71), strings.Repeat("x", 300), strings.Repeat("ü", 200), strings.Repeat("€", 100),
		strings.Repeat("😀", 100), strings.Repeat("\x80", 200), "a" + strings.Repeat("😀", 50),
	} {
		d := NewDocument(NewComponent("A"))
		first(d).Set("NOTE", value)
		out := d.Bytes()
		for line := range bytes.SplitSeq(out, []byte("\r\n")) {
			if len(line) > 75 {
				t.Errorf("line of %d octets", len(line))
			}
			if utf8.ValidString(value) && !utf8.Valid(line) {
				t.Errorf("a character was split: %q", line)
			}
		}
		if got := first(parse(t, string(out))).Get("NOTE").Value(); got != value {
			t.Errorf("came back as %q", got)
		}
	}
}

func TestFoldingOfQuotedPrintable(t *testing.T) {
	for i := range 80 { // BEGIN and END at the start of a line would be taken for what they say
		checkQuoted(t, strings.Repeat("x", i)+"BEGIN:X =C3=BCEND:X"+strings.Repeat("=C3=BC x", 20))
	}
	checkQuoted(t, strings.Repeat("=C3=BC x", 60))
}

func checkQuoted(t *testing.T, value string) {
	t.Helper()
	d := NewDocument(NewComponent("A"))
	first(d).Add(Item{Line: NewLine("NOTE", value, Param{Value: "QUOTED-PRINTABLE"})})
	out := d.Bytes()
	for line := range bytes.SplitSeq(out, []byte("\r\n")) {
		if len(line) > 76 || bytes.HasSuffix(line, []byte("=C=")) || bytes.HasSuffix(line, []byte("==")) {
			t.Errorf("bad break: %q", line)
		}
	}
	if got := first(parse(t, string(out))).Get("NOTE").Value(); got != value {
		t.Errorf("came back as %q", got)
	}
}

func TestAdopt(t *testing.T) {
	from := first(parse(t, "BEGIN:A\nPHOTO;ENCODING=b:AA\n BB\n\nX:1\nEND:A"))
	d := parse(t, "BEGIN:B\r\nEND:B\r\n")
	to := first(d)
	to.Items = append(to.Items, d.AdoptItem(from.Items[0]), d.AdoptItem(Item{Child: from}))
	want := "BEGIN:B\r\nPHOTO;ENCODING=b:AA\r\n BB\r\n\r\nBEGIN:A\r\nPHOTO;ENCODING=b:AA\r\n BB\r\n\r\nX:1\r\nEND:A\r\nEND:B\r\n"
	if got := string(d.Bytes()); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	to.Items[0].Line.SetValue("CC")
	if got := string(d.Bytes()); !strings.HasPrefix(got, "BEGIN:B\r\nPHOTO;ENCODING=b:CC\r\n\r\nBEGIN:A") {
		t.Errorf("the blank line after base64 was lost: %q", got)
	}
}

func TestText(t *testing.T) {
	for plain, escaped := range map[string]string{
		"":               "",
		"a,b;c":          `a\,b\;c`,
		`C:\new`:         `C:\\new`,
		"one\ntwo\n":     `one\ntwo\n`,
		`\`:              `\\`,
		"tab\tand umläü": "tab\tand umläü",
	} {
		if got := EscapeText(plain); got != escaped {
			t.Errorf("escape %q: got %q, want %q", plain, got, escaped)
		}
		if got := UnescapeText(escaped); got != plain {
			t.Errorf("unescape %q: got %q, want %q", escaped, got, plain)
		}
	}
	for in, want := range map[string]string{`a\Nb`: "a\nb", `http\://x`: "http://x", `a\qb`: `a\qb`, `end\`: `end\`, `\\n`: `\n`} {
		if got := UnescapeText(in); got != want {
			t.Errorf("unescape %q: got %q, want %q", in, got, want)
		}
	}
	if got := EscapeText("a\r\nb\rc"); got != `a\nb\nc` {
		t.Errorf("got %q", got)
	}
	var parts []string
	for p := range SplitText(`a\;b;c\\;;d\`, ';') {
		parts = append(parts, p)
	}
	if want := []string{`a\;b`, `c\\`, ``, `d\`}; !reflect.DeepEqual(parts, want) {
		t.Errorf("got %q, want %q", parts, want)
	}
}

func TestParamValues(t *testing.T) {
	for in, want := range map[string][]string{
		`a,b`:       {"a", "b"},
		`"a,b",c`:   {"a,b", "c"},
		`"a;b"`:     {"a;b"},
		``:          {""},
		`x^ny^^z^q`: {"x\ny^z^q"},
		`a,`:        {"a", ""},
	} {
		if got := (Param{Value: in}).Values(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	for _, v := range []string{"plain", "a,b", "a:b;c", `say "hi"`, "two\nlines", "^n", " padded "} {
		l := NewLine("X", "v", NewParam("P", v, "w"))
		d := NewDocument(NewComponent("A"))
		first(d).Add(Item{Line: l})
		if got := first(parse(t, string(d.Bytes()))).Get("X").ParamValues("p"); !reflect.DeepEqual(got, []string{v, "w"}) {
			t.Errorf("%q came back as %q", v, got)
		}
	}
}

func TestCorpora(t *testing.T) {
	for _, c := range []struct{ folder, ending string }{{"vcf", ".vcf"}, {"ics", ".ics"}} {
		accepted := 0
		for _, f := range corpus.Files(t, c.folder, c.ending) {
			d, err := Parse(f.Data, Limits{})
			if err != nil {
				checkError(t, f.Data, err)
				t.Logf("%s: %v", f.Name, err)
				continue
			}
			accepted++
			if !bytes.Equal(d.Bytes(), f.Data) {
				t.Errorf("%s: not written back as read", f.Name)
			}
		}
		if accepted == 0 {
			t.Errorf("nothing of %s was accepted", c.folder)
		}
	}
}

// checkError fails unless err names a place within the text.
func checkError(t *testing.T, text []byte, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error without a place: %v", err)
	}
	lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 1
	if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Column > len(text)+1 || e.Msg == "" {
		t.Fatalf("place outside of the text: %v", e)
	}
}

func TestLinear(t *testing.T) {
	// Each of these would take minutes if any step looked at the rest of the text for every line.
	const n = 400_000
	for name, text := range map[string]string{
		"carriage returns": "BEGIN:A\r" + strings.Repeat("X:1\r", n) + "END:A\r",
		"one long fold":    "BEGIN:A\n" + "X:" + strings.Repeat("\n x", n) + "\nEND:A\n",
		"soft breaks":      "BEGIN:A\nX;QUOTED-PRINTABLE:" + strings.Repeat("x=\n", n) + "\nEND:A\n",
		"base64 lines":     "BEGIN:A\nX;BASE64:" + strings.Repeat("AAAA\n", n) + "\nEND:A\n",
		"parameters":       "BEGIN:A\nX" + strings.Repeat(";A=b", n) + ":v\nEND:A\n",
		"quotes":           "BEGIN:A\nX" + strings.Repeat(`;"`, n+1) + ":v\nEND:A\n",
		"q in the head":    "BEGIN:A\nX;" + strings.Repeat("q", n) + ":=\n x\nEND:A\n",
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			d := parse(t, text)
			if string(d.Bytes()) != text {
				t.Error("not written back as read")
			}
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		card("FN:x"), card("item1.TEL;HOME;ENCODING=QUOTED-PRINTABLE:a=\nb"), card("PHOTO;ENCODING=B:AA\nBB\n"),
		"\ufeffBEGIN:A\r\nX;A=\"b:c\";D=^n:\r\n \tv\r\nEND:A", "BEGIN:A\rBEGIN:B\rEND:B\rEND:A\r", card("bad", ":x", "X;y", " z"),
	} {
		f.Add([]byte(seed))
	}
	for _, file := range corpus.Files(f, "vcf", ".vcf") {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data, Limits{Size: 1 << 20})
		if err != nil {
			checkError(t, data, err)
			return
		}
		if !bytes.Equal(d.Bytes(), data) {
			t.Fatal("not written back as read")
		}
		rewriteAll(t, d)
	})
}

// rewriteAll has every content line written anew and checks that they mean the same when read again.
func rewriteAll(t *testing.T, d *Document) {
	var want []string
	var visit func(items []Item)
	visit = func(items []Item) {
		for _, it := range items {
			switch {
			case it.Child != nil:
				visit(it.Child.Items)
			case it.Line.kind == content && !it.Line.Quoted() && !it.Line.Base64() && utf8.ValidString(it.Line.value):
				it.Line.edited = true
				want = append(want, meaning(it.Line))
			}
		}
	}
	visit(d.Items)
	again, err := Parse(d.Bytes(), Limits{})
	if err != nil {
		t.Fatalf("rewritten text is refused: %v", err)
	}
	var got []string
	var collect func(items []Item)
	collect = func(items []Item) {
		for _, it := range items {
			switch {
			case it.Child != nil:
				collect(it.Child.Items)
			case it.Line.kind == content && !it.Line.Quoted() && !it.Line.Base64() && utf8.ValidString(it.Line.value):
				got = append(got, meaning(it.Line))
			}
		}
	}
	collect(again.Items)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("rewritten lines differ:\n%q\n%q", got, want)
	}
}

func meaning(l *Line) string { return fmt.Sprintf("%q %q %q %q", l.group, l.name, l.params, l.value) }

func BenchmarkParse(b *testing.B) {
	var text []byte
	for _, f := range corpus.Files(b, "vcf", ".vcf") {
		if _, err := Parse(f.Data, Limits{}); err == nil {
			text = append(append(text, f.Data...), '\n')
		}
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

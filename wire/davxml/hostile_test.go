package davxml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"tandem/wire/davxml"
)

func read(doc string) (*davxml.Element, error) {
	return davxml.Parse(strings.NewReader(doc), davxml.Limits{})
}

// TestWellFormed: what XML allows is read as it says.
func TestWellFormed(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{ // want: as String writes it, without the declarations
		"declaration":         {`<?xml version='1.0' encoding="UTF-8" standalone="yes" ?>` + "\n<a/>", `<a></a>`},
		"version 1.1":         {`<?xml version="1.1"?><a/>`, `<a></a>`},
		"byte order mark":     {"\ufeff<?xml version=\"1.0\"?><a/>", `<a></a>`},
		"comments":            {"<!-- <x> & - --><a><!----><b/><!-- é --></a><!-- -->", `<a><b/></a>`},
		"instructions":        {`<?pi?><a><?p <x> & ?></a><?other ?> `, `<a></a>`},
		"references":          {`<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;&#13;</a>`, "<a>&lt;&gt;&amp;\"'AB\U0001F600&#13;</a>"},
		"CDATA":               {"<a>x<![CDATA[<b>&amp;]] >]]>y<![CDATA[]]></a>", `<a>x&lt;b&gt;&amp;amp;]] &gt;y</a>`},
		"brackets":            {"<a>]] ]> ]</a>", `<a>]] ]&gt; ]</a>`},
		"ends of lines":       {"<a>1\r\n2\r3\n4</a>", "<a>1\n2\n3\n4</a>"},
		"in attributes":       {"<a b='1\r\n2\r3\n4\t5' c=\"&#13;&#10;&#9;'>\" />", `<a b="1 2 3 4 5" c="&#13;&#10;&#9;'&gt;"></a>`},
		"spaces in tags":      {"<a\n b = '1'\tc=\"2\"\r></a \n>", `<a b="1" c="2"></a>`},
		"names":               {`<äöü-1._é b.c-d_·="1"/>`, `<äöü-1._é b.c-d_·="1"></äöü-1._é>`},
		"layout":              {"<a>\n  <b/>\n\t<c> </c>\r\n</a>", "<a><b/><c> </c></a>"},
		"mixed":               {"<a> x <b/> y </a>", "<a> x <b/> y </a>"},
		"no-break space":      {"<a>\u00a0<b/></a>", "<a>\u00a0<b/></a>"},
		"text only of spaces": {"<a> \n </a>", "<a> \n </a>"},
		"prefixes":            {`<D:a xmlns:D="DAV:"><x xmlns="DAV:"><y xmlns=""/></x><D:b xmlns:D="urn:z"/></D:a>`, `<d:a><d:x><y/></d:x><x:b xmlns:x="urn:z"/></d:a>`},
		"attributes":          {`<a xmlns:p="urn:p" p:b="1" b="2" xml:lang="de"/>`, `<a xmlns:a0="urn:p" a0:b="1" b="2" xml:lang="de"></a>`},
		"xml is bound":        {`<a xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="de"/>`, `<a xml:lang="de"></a>`},
		"a private character": {"<a>\ue000\U000f0000\ufffd</a>", "<a>\ue000\U000f0000\ufffd</a>"},
	} {
		e, err := read(c.doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := bare(e); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

// bare is an element as String writes it, without the declarations.
func bare(e *davxml.Element) string {
	declared := davxml.New(davxml.Name{Local: "z"}).String()
	return strings.Replace(e.String(), strings.TrimSuffix(strings.TrimPrefix(declared, "<z"), "></z>"), "", 1)
}

// TestMalformed: what XML forbids is a SyntaxError.
func TestMalformed(t *testing.T) {
	for name, doc := range map[string]string{
		"nothing but space":      " \n",
		"nothing but a mark":     "\ufeff",
		"nothing but a comment":  "<!-- -->",
		"declaration twice":      `<?xml version="1.0"?><?xml version="1.0"?><a/>`,
		"declaration late":       ` <?xml version="1.0"?><a/>`,
		"version 2":              `<?xml version="2.0"?><a/>`,
		"Latin-1":                `<?xml version="1.0" encoding="iso-8859-1"?><a/>`,
		"encoding unknown":       `<?xml version="1.0" encoding="klingon"?><a/>`,
		"declaration open":       `<?xml version="1.0"`,
		"doctype":                `<!DOCTYPE a><a/>`,
		"doctype inside":         `<a><!DOCTYPE a></a>`,
		"element declaration":    `<!ELEMENT a EMPTY><a/>`,
		"external entity":        `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`,
		"comment with --":        `<a><!-- -- --></a>`,
		"comment ends in --->":   `<a><!-- ---></a>`,
		"comment open":           `<a><!-- </a>`,
		"CDATA open":             `<a><![CDATA[ </a>`,
		"CDATA outside":          `<![CDATA[x]]><a/>`,
		"instruction open":       `<a><?x </a>`,
		"instruction unnamed":    `<a><? x?></a>`,
		"text outside":           `<a/>x`,
		"reference outside":      `<a/>&#32;`,
		"]]>":                    `<a>]]></a>`,
		"bare &":                 `<a> & </a>`,
		"& at the end":           `<a>&</a>`,
		"reference open":         `<a>&amp</a>`,
		"reference empty":        `<a>&;</a>`,
		"number empty":           `<a>&#;</a>`,
		"hexadecimal empty":      `<a>&#x;</a>`,
		"X in capitals":          `<a>&#X41;</a>`,
		"number with letters":    `<a>&#4a;</a>`,
		"number too large":       `<a>&#x110000;</a>`,
		"number overflows":       `<a>&#99999999999999999999;</a>`,
		"surrogate":              `<a>&#xD800;</a>`,
		"zero":                   `<a>&#0;</a>`,
		"control by number":      `<a>&#11;</a>`,
		"no character":           `<a>&#xFFFE;</a>`,
		"no character, written":  "<a>\uffff</a>",
		"entity":                 `<a>&nbsp;</a>`,
		"entity in attribute":    `<a b="&nbsp;"/>`,
		"< in attribute":         `<a b="<"/>`,
		"NUL":                    "<a>\x00</a>",
		"NUL at first":           "\x00<a/>",
		"NUL in a name":          "<a\x00/>",
		"NUL in an attribute":    "<a b='\x00'/>",
		"NUL in a comment":       "<a><!--\x00--></a>",
		"NUL in CDATA":           "<a><![CDATA[\x00]]></a>",
		"control":                "<a>\x0b</a>",
		"bad UTF-8":              "<a>\xff</a>",
		"bad UTF-8 in a name":    "<a\xc3/>",
		"bad UTF-8 in attribute": "<a b='\xc3'/>",
		"bad UTF-8 in comment":   "<a><!--\xc3--></a>",
		"overlong":               "<a>\xc0\xaf</a>",
		"encoded surrogate":      "<a>\xed\xa0\x80</a>",
		"no name":                `<>`,
		"space before the name":  `< a/>`,
		"digit first":            `<1/>`,
		"hyphen first":           `<-a/>`,
		"colon first":            `<:a/>`,
		"colon last":             `<a:/>`,
		"two colons":             `<a:b:c xmlns:a="u"/>`,
		"attribute bare":         `<a b/>`,
		"attribute unquoted":     `<a b=c/>`,
		"attribute open":         `<a b="c/>`,
		"attributes joined":      `<a b="c"d="e"/>`,
		"attribute twice":        `<a b="1" b="2"/>`,
		"attribute twice by ns":  `<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`,
		"prefix twice":           `<a xmlns:p="u" xmlns:p="v"/>`,
		"default twice":          `<a xmlns="u" xmlns="v"/>`,
		"prefix unknown":         `<p:a/>`,
		"attribute's prefix":     `<a p:b="1"/>`,
		"prefix out of scope":    `<a><b xmlns:p="u"/><p:c/></a>`,
		"prefix to nothing":      `<a xmlns:p=""/>`,
		"prefix xmlns":           `<a xmlns:xmlns="u"/>`,
		"prefix xml to other":    `<a xmlns:xml="u"/>`,
		"other to xml":           `<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>`,
		"default to xml":         `<a xmlns="http://www.w3.org/XML/1998/namespace"/>`,
		"prefix to xmlns":        `<a xmlns:p="http://www.w3.org/2000/xmlns/"/>`,
		"slash apart":            `<a / >`,
		"end with attribute":     `<a></a b="c">`,
		"end unnamed":            `<a></>`,
		"end of another":         `<a></b>`,
		"end of another prefix":  `<p:a xmlns:p="u" xmlns:q="u"></q:a>`,
		"end too many":           `<a/></a>`,
		"crossed":                `<a><b></a></b>`,
		"open":                   `<a><b/>`,
		"tag open":               `<a`,
		"< at the end":           `<a/><`,
		"! at the end":           `<a/><!`,
	} {
		for _, r := range []io.Reader{strings.NewReader(doc), iotest.OneByteReader(strings.NewReader(doc)), iotest.DataErrReader(strings.NewReader(doc))} {
			e, err := davxml.Parse(r, davxml.Limits{})
			var s *davxml.SyntaxError
			if !errors.As(err, &s) {
				t.Errorf("%s: %v, %v", name, e, err)
			}
		}
	}
}

func TestWideCharacters(t *testing.T) {
	for name, enc := range map[string]func(...uint16) []byte{"little endian": func(u ...uint16) (b []byte) {
		for _, c := range u {
			b = append(b, byte(c), byte(c>>8))
		}
		return b
	}, "big endian": func(u ...uint16) (b []byte) {
		for _, c := range u {
			b = append(b, byte(c>>8), byte(c))
		}
		return b
	}} {
		for _, doc := range []string{"\ufeff<a/>", "<a/>", `<?xml version="1.0" encoding="UTF-16"?><a/>`} {
			_, err := davxml.Parse(bytes.NewReader(enc(utf16.Encode([]rune(doc))...)), davxml.Limits{})
			var s *davxml.SyntaxError
			if !errors.As(err, &s) {
				t.Errorf("%s, %q: %v", name, doc, err)
			}
		}
	}
}

// endless is a document made while it is read: a piece again and again between head and tail.
type endless struct {
	head, many, tail string
	left             int // of the pieces
}

func (e *endless) Read(p []byte) (int, error) {
	if e.head == "" {
		switch {
		case e.left > 0:
			e.head = e.many
			e.left -= 1000
		case e.tail == "":
			return 0, io.EOF
		default:
			e.head, e.tail = e.tail, ""
		}
	}
	n := copy(p, e.head)
	e.head = e.head[n:]
	return n, nil
}

func repeated(head, piece string, n int, tail string) io.Reader {
	return &endless{head: head, many: strings.Repeat(piece, 1000), tail: tail, left: n}
}

// TestHostile: documents that want to be expensive end as a SyntaxError, soon and in little memory.
func TestHostile(t *testing.T) {
	const million = 1_000_000
	laughs := "<!DOCTYPE lolz [<!ENTITY lol \"lol\">"
	for i := range 10 {
		laughs += fmt.Sprintf("<!ENTITY lol%d \"%s\">", i, strings.Repeat("&lol;", 10))
	}
	for name, doc := range map[string]func() io.Reader{
		"deep":                  func() io.Reader { return repeated("", "<a>", million, "") },
		"siblings":              func() io.Reader { return repeated("<a>", "<b/>", million, "</a>") },
		"siblings with text":    func() io.Reader { return repeated("<a>", "<b>x</b>", million, "</a>") },
		"attributes":            func() io.Reader { return repeated("<a", ` b="c"`, million, "/>") },
		"huge attribute":        func() io.Reader { return repeated(`<a b="`, "xxxxxxxxxxxxxxxxxxxx", million, `"/>`) },
		"huge attribute, open":  func() io.Reader { return repeated(`<a b="`, "xxxxxxxxxxxxxxxxxxxx", million, ``) },
		"prefixes":              func() io.Reader { return repeated("<a", ` xmlns:b="c"`, million, "/>") },
		"huge text":             func() io.Reader { return repeated("<a>", "xxxxxxxxxxxxxxxxxxxx", million, "</a>") },
		"huge comment":          func() io.Reader { return repeated("<a><!--", "xxxxxxxxxxxxxxxxxxxx", million, "--></a>") },
		"huge CDATA":            func() io.Reader { return repeated("<a><![CDATA[", "xxxxxxxxxxxxxxxxxxxx", million, "]]></a>") },
		"huge instruction":      func() io.Reader { return repeated("<a><?x ", "xxxxxxxxxxxxxxxxxxxx", million, "?></a>") },
		"huge name":             func() io.Reader { return repeated("<", "xxxxxxxxxxxxxxxxxxxx", million, "/>") },
		"huge prefix":           func() io.Reader { return repeated("<", "xxxxxxxxxxxxxxxxxxxx", million, ":a/>") },
		"huge space":            func() io.Reader { return repeated("", "                    ", million, "<a/>") },
		"references":            func() io.Reader { return repeated("<a>", "&amp;&amp;&amp;&amp;", million, "</a>") },
		"a long reference":      func() io.Reader { return repeated("<a>&#", "00000000000000000000", million/10, "1;</a>") },
		"comments":              func() io.Reader { return repeated("<a>", "<!--xxxxxxxxxxx-->", million, "</a>") },
		"pieces of CDATA":       func() io.Reader { return repeated("<a>", "<![CDATA[xxxxxxxxx]]>", million, "</a>") },
		"quotes":                func() io.Reader { return repeated("<a ", `'"`, million*10, "/>") },
		"brackets":              func() io.Reader { return repeated("<a>", `]]]]]]]]]]]]]]]]]]]]`, million, "</a>") },
		"billion laughs":        func() io.Reader { return strings.NewReader(laughs + "]><a>&lol9;</a>") },
		"never ends":            func() io.Reader { return repeated("<a>", "<!-- -->", 1<<62, "") },
		"never begins":          func() io.Reader { return repeated("", "          ", 1<<62, "") },
		"declaration that does": func() io.Reader { return repeated("<?xml ", "          ", 1<<62, "") },
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			e, err := davxml.Parse(doc(), davxml.Limits{})
			runtime.ReadMemStats(&after)
			var s *davxml.SyntaxError
			if !errors.As(err, &s) {
				t.Errorf("read: %v, %v", e != nil, err)
			}
			// A document of 16 MiB is held in a buffer that doubled its size as it came, and twice more as texts and elements.
			if used := after.TotalAlloc - before.TotalAlloc; used > 160<<20 {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

// TestManyPieces: pieces of text that belong together take linear time.
func TestManyPieces(t *testing.T) {
	e, err := davxml.Parse(repeated("<a>", "x<!---->", 1_000_000, "</a>"), davxml.Limits{})
	if err != nil || len(e.Chars()) != 1_000_000 || len(e.Children) != 1 {
		t.Errorf("%v", err)
	}
}

func TestLimits(t *testing.T) {
	doc := "<a>" + strings.Repeat("<b>x</b>", 10) + "</a>"
	for name, c := range map[string]struct {
		lim davxml.Limits
		ok  bool
	}{
		"as large as it may be": {davxml.Limits{Bytes: int64(len(doc))}, true},
		"a byte more":           {davxml.Limits{Bytes: int64(len(doc)) - 1}, false},
		"as many":               {davxml.Limits{Elements: 11}, true},
		"one more":              {davxml.Limits{Elements: 10}, false},
		"as deep":               {davxml.Limits{Depth: 2}, true},
		"deeper":                {davxml.Limits{Depth: 1}, false},
	} {
		_, err := davxml.Parse(strings.NewReader(doc), c.lim)
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, davxml.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMend: with Mend, characters that no document may have spoil nothing but the text they are in.
func TestMend(t *testing.T) {
	for doc, want := range map[string]string{
		"<a>x\x0by</a>":                  "<a>x\ufffdy</a>",
		"<a>\x00&amp;\xff\r\n</a>":       "<a>\ufffd&amp;\ufffd\n</a>",
		"<a>&#11;&#xFFFE;&#0;</a>":       "<a>\ufffd\ufffd\ufffd</a>",
		"<a><![CDATA[\x01<\uffff]]></a>": "<a>\ufffd&lt;\ufffd</a>",
		"<a b='\x02\t\xc3'/>":            `<a b="` + "\ufffd \ufffd" + `"></a>`,
		"<a>\xed\xa0\x80</a>":            "<a>\ufffd\ufffd\ufffd</a>",
		"<a><!--\x01--></a>":             "<a></a>",
	} {
		e, err := davxml.Parse(strings.NewReader(doc), davxml.Limits{Mend: true})
		if err != nil || bare(e) != want {
			t.Errorf("%q: %v", doc, err)
		}
	}
	for _, doc := range []string{"<a b='\x01<'/>", "<a\x01/>", "<a>&nbsp;</a>", "<a>\x01]]></a>", "<a>\x01&</a>", "\x01<a/>", "<a/>\x01", "<\xff/>"} {
		if e, err := davxml.Parse(strings.NewReader(doc), davxml.Limits{Mend: true}); err == nil {
			t.Errorf("%q: read as %s", doc, e)
		}
	}
	doc := `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>` +
		"<d:response><d:href>/b</d:href><d:propstat><d:prop><d:displayname>x\x0b</d:displayname></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>" +
		`<d:response><d:href>/c</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response></d:multistatus>`
	var got []string
	seq, _ := davxml.ReadMultistatus(strings.NewReader(doc), davxml.Limits{Mend: true})
	for r, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(r.Href, r.Mended))
	}
	if strings.Join(got, " ") != "/afalse /btrue /cfalse" {
		t.Errorf("%v", got)
	}
}

// TestBrokenLine: an error of the reader is passed on as it is.
func TestBrokenLine(t *testing.T) {
	broken := errors.New("the line broke")
	for _, head := range []string{"", "<", "<a", "<a>", "<a>x", "<a><", "<a><!", "<a><!-", "<a><!--", "<a><![CDA", "<a></", "<a><?", "<?xml", "<a b='", "<a/>", "<a/> "} {
		_, err := davxml.Parse(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)), davxml.Limits{})
		if err != broken {
			t.Errorf("%q: %v", head, err)
		}
	}
	if _, err := davxml.Parse(io.MultiReader(), davxml.Limits{}); err != io.EOF {
		t.Errorf("nothing: %v", err)
	}
}

func TestLine(t *testing.T) {
	_, err := read("<a>\n<b>\n\n</c></a>")
	var s *davxml.SyntaxError
	if !errors.As(err, &s) || s.Line != 4 || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("%v", err)
	}
	long := strings.Repeat("<b>\n</b>", 10_000)
	if _, err := read("<a>" + long + "<c></a>"); !errors.As(err, &s) || s.Line != 10_001 {
		t.Errorf("%v", err)
	}
}

// TestAsEncodingXML: for documents that encoding/xml reads, both see the same elements and texts.
func TestAsEncodingXML(t *testing.T) {
	for _, write := range shapes {
		var b bytes.Buffer
		if err := write(&b, 100); err != nil {
			t.Fatal(err)
		}
		e, err := davxml.Parse(&b, davxml.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := flat(e), flatXML(t, e.String()); got != want {
			t.Errorf("read\n%.500s\nencoding/xml reads\n%.500s", got, want)
		}
	}
}

// flat lists what is in an element.
func flat(e *davxml.Element) string {
	var b strings.Builder
	var walk func(e *davxml.Element)
	walk = func(e *davxml.Element) {
		if e.Name.Local == "" {
			fmt.Fprintf(&b, "%q ", e.Text)
			return
		}
		fmt.Fprintf(&b, "<%s %s", e.Name.Space, e.Name.Local)
		for _, a := range e.Attrs {
			fmt.Fprintf(&b, " %s %s=%q", a.Name.Space, a.Name.Local, a.Value)
		}
		b.WriteString("> ")
		for _, c := range e.Children {
			walk(c)
		}
		b.WriteString("</> ")
	}
	walk(e)
	return b.String()
}

// flatXML lists what encoding/xml sees.
func flatXML(t testing.TB, doc string) string {
	t.Helper()
	var b strings.Builder
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatalf("encoding/xml: %v\n%.1000q", err, doc)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			fmt.Fprintf(&b, "<%s %s", tok.Name.Space, tok.Name.Local)
			for _, a := range tok.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
					continue
				}
				fmt.Fprintf(&b, " %s %s=%q", a.Name.Space, a.Name.Local, a.Value)
			}
			b.WriteString("> ")
		case xml.EndElement:
			b.WriteString("</> ")
		case xml.CharData:
			fmt.Fprintf(&b, "%q ", tok)
		}
	}
}

// FuzzParse: the reader never panics; what it read is read again as it was, by itself and by encoding/xml; how the bytes arrive does not matter.
func FuzzParse(f *testing.F) {
	for _, doc := range []string{`<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/><x xmlns="u" a="b">t&amp;<![CDATA[<]]></x></D:prop></D:propfind>`,
		"<a>\r\n<b c='&#13;'/>\r</a>", "\ufeff<ä xml:lang='x'>\u00a0</ä>", "<a><!-- --><?p q?></a>", `<a xmlns:p="u" p:b="1"><p:c xmlns:p="v"/>x y<d/></a>`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		lim := davxml.Limits{Bytes: 1 << 20, Depth: 32, Elements: 10_000}
		e, err := davxml.Parse(bytes.NewReader(doc), lim)
		slow, err2 := davxml.Parse(iotest.OneByteReader(bytes.NewReader(doc)), lim)
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("all at once: %v; byte by byte: %v", err, err2)
		}
		seq, _ := davxml.ReadMultistatus(bytes.NewReader(doc), lim)
		for _, err := range seq {
			if err != nil {
				break
			}
		}
		var s *davxml.SyntaxError
		if err != nil {
			if err != io.EOF && !errors.As(err, &s) {
				t.Fatalf("%v", err)
			}
			return
		}
		if flat(e) != flat(slow) {
			t.Fatal("byte by byte it is another document")
		}
		again, err := read(e.String())
		if err != nil || flat(again) != flat(e) {
			t.Fatalf("read again: %v\n%q\n%q", err, doc, e.String())
		}
		if got := flatXML(t, e.String()); got != flat(e) {
			t.Fatalf("encoding/xml reads\n%s\nnot\n%s", got, flat(e))
		}
	})
}

// FuzzText: every text is read back as it was written, but for what XML cannot hold.
func FuzzText(f *testing.F) {
	f.Add("a\r\n\tb<&>\"'", "]]>")
	f.Add("\x00\xff\uffff\u0085\u2028", " \n")
	f.Fuzz(func(t *testing.T, text, attr string) {
		e := davxml.NewText(davxml.D("x"), text).With("a", attr)
		got, err := read(e.String())
		if err != nil {
			t.Fatal(err)
		}
		fit := func(s string) string {
			var b strings.Builder
			for _, r := range s {
				if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
					r = 0xFFFD
				}
				b.WriteRune(r)
			}
			return b.String()
		}
		if got.Chars() != fit(text) || got.Attr("a") != fit(attr) {
			t.Fatalf("%q and %q became %q and %q", text, attr, got.Chars(), got.Attr("a"))
		}
	})
}

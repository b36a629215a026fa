package page

import (
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/kind"
	"tandem/provider"
	"tandem/provider/all"
	"tandem/server/web/page/words"
)

func TestSideBySide(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b string
		want []line
	}{
		"equal":   {"x\ny\n", "x\ny\n", []line{{"x", "x", true}, {"y", "y", true}}},
		"changed": {"x\n1\ny\n", "x\n2\ny\n", []line{{"x", "x", true}, {"1", "2", false}, {"y", "y", true}}},
		"added":   {"x\ny\n", "x\nnew\ny\n", []line{{"x", "x", true}, {"", "new", false}, {"y", "y", true}}},
		"gone":    {"x\nold\n", "x\n", []line{{"x", "x", true}, {"old", "", false}}},
		"nothing": {"", "x", []line{{"", "x", false}}},
		"folded":  {"BEGIN:VCARD\r\nFN:A\r\n B\r\n", "BEGIN:VCARD\r\nFN:AB\r\n", []line{{"BEGIN:VCARD", "BEGIN:VCARD", true}, {"FN:AB", "FN:AB", true}}},
	} {
		if got := sideBySide(c.a, c.b); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	many := strings.Repeat("line\n", 1200)
	if got := sideBySide(many, many+"more\n"); len(got) != 1201 || got[1200].Same {
		t.Errorf("%d lines", len(got))
	}
}

// TestPlaces: what people type becomes the text of a place.
func TestPlaces(t *testing.T) {
	t.Parallel()
	dav := &provider.Provider{Name: "carddavs", Options: []provider.Option{{Name: "user", Type: "string"}, {Name: "password", Type: "string", Secret: true}}}
	vdir, webcal := &provider.Provider{Name: "vdir", Local: true}, &provider.Provider{Name: "webcal", Address: true}
	for _, c := range []struct {
		p          *provider.Provider
		path, want string
	}{
		{dav, "anna@dav.example.org/", "carddavs://anna@dav.example.org/?user=a%26b"}, {dav, "https://dav.example.org/x", "carddavs://dav.example.org/x?user=a%26b"},
		{dav, "anna@example.org", "carddavs:anna@example.org?user=a%26b"}, {dav, "carddavs://x/", "carddavs://x/?user=a%26b"},
		{vdir, "/home/anna/what?", "vdir:/home/anna/what%3F"}, {vdir, "~/100%", "vdir:~/100%25"}, {webcal, "//example.org/a.ics?x=1", "webcal://example.org/a.ics?x=1"},
	} {
		d := &placeForm{Provider: c.p, Path: c.path}
		for _, o := range c.p.Options {
			d.Basic = append(d.Basic, placeOption{Option: o, Value: "a&b"})
		}
		if got := d.text(); got != c.want {
			t.Errorf("%q: %q, want %q", c.path, got, c.want)
		}
	}
	for _, c := range []struct{ top, place, sub string }{
		{"carddavs://a/?x=1", "carddavs://a/book?x=1", "book"}, {"carddavs://a", "carddavs://a/book/", "book"}, {"carddavs://a/?x=1", "carddavs://a/book", ""}, {"carddavs://a/", "carddavs://b/book", ""},
		{"carddavs://a/", "carddavs://a/", ""},
	} {
		if sub, ok := below(c.top, c.place); ok != (c.sub != "") || ok && sub != c.sub {
			t.Errorf("%s below %s: %q %v", c.place, c.top, sub, ok)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{near("/home/anna/phone-book"), "/home/anna/phone-book"}, {near("/home/anna/documents/phone-book"), "…/documents/phone-book"}, {near("anna@dav.example.org/some/long/path/book"), "anna@dav.example.org/…"},
		{slug("My Book / 2"), "my-book-2"}, {slug("///"), "collection"}, {slug("Geburtstäge"), "geburtstäge"},
		{browserName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"), "Chrome, Linux"},
		{browserName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"), "Safari, iPhone"}, {browserName("curl/8"), "curl/8"},
		{string(ticks("run `x<y>` & go")), "run <code>x&lt;y&gt;</code> &amp; go"}, {cut(3, "abcd"), "ab…"},
		{totals(words.In("en"), engine.Totals{}), "nothing"}, {totals(words.In("de"), engine.Totals{Creates: 2, Deletes: 1}), "2 angelegt, 1 gelöscht"},
		{suggest(provider.Place{Path: "//anna@dav.example.org/book/"}), "dav.example.org"}, {suggest(provider.Place{Path: "anna@example.org"}), "example.org"}, {suggest(provider.Place{Path: "/home/anna/My Book"}), "my-book"},
		{asWritten("a\r\nb", "x\ny"), "a\nb"}, {asWritten("a\nb", "x\r\ny"), "a\r\nb"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestFieldPick: each field can be taken from any version; what all come to together is chosen at first, as one of them or as itself.
func TestFieldPick(t *testing.T) {
	t.Parallel()
	field := func(label string, picks bool, values ...string) center.FieldView {
		return center.FieldView{Label: label, Values: values, Picks: picks, Differs: true}
	}
	for name, c := range map[string]struct {
		chosen map[string]string
		want   string
	}{
		"at first":   {nil, "phone a(1) b 2 c 3; e-mail a x b y c  (x\ny); "},
		"as chosen":  {map[string]string{"phone": "c", "e-mail": "b"}, "phone a 1 b 2 c(3); e-mail a x b(y) c  x\ny; "},
		"of nowhere": {map[string]string{"phone": "z"}, "phone a 1 b 2 c 3; e-mail a x b y c  (x\ny); "},
	} {
		d := &clash{Differ: []center.FieldView{field("phone", true, "1", "2", "3", ""), field("e-mail", true, "x", "y", "", ""), field("other", false, "1", "2", "", "")}}
		for _, take := range []string{"a", "b", "c", "d"} {
			d.Versions = append(d.Versions, version{VersionView: center.VersionView{Take: take, Kept: take != "d"}, Name: take})
		}
		d.pickable([]kind.Field{{Label: "phone", Text: "1"}, {Label: "e-mail", Text: "x\ny"}}, c.chosen)
		got := ""
		for _, p := range d.Picks {
			got += p.Label
			for _, v := range p.Values {
				got += " " + v.Take
				if v.Chosen {
					got += "(" + v.Text + ")"
				} else {
					got += " " + v.Text
				}
			}
			if p.Joined && p.Default {
				got += " (" + p.Merged + ")"
			} else if p.Joined {
				got += " " + p.Merged
			}
			got += "; "
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	r := httptest.NewRequest("POST", "/x", strings.NewReader("field-0=phone&pick-0=b&field-1=note&pick-1=&field-2=title&pick-2=c&field-4=left&pick-4=a"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := (&call{r: r}).picked(); !maps.Equal(got, map[string]string{"phone": "b", "title": "c"}) {
		t.Errorf("%v", got)
	}
}

// TestWriter: who wrote a version is said as people say it.
func TestWriter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ who, from, en, de string }{
		{"cli", "vdir:/home/anna/some/books/north", "by a sync from the command line, from …/books/north", "von einem Abgleich der Befehlszeile, aus …/books/north"},
		{"cli", "", "by a sync from the command line", "von einem Abgleich der Befehlszeile"},
		{"hub", "", "by the hub, syncing by itself", "von dem Hub, der von selbst abgleicht"},
		{"web:anna", "carddavs://dav.example.org/", "by anna, from dav.example.org/", "von anna, aus dav.example.org/"},
		{"anna", "eas:ANNAPHONE01", "by anna, with the phone ANNAPHONE01", "von anna, mit dem Telefon ANNAPHONE01"},
		{"anna", "undo", "by anna, who put it back", "von anna (zurückgelegt)"},
		{"", "", "", ""},
	} {
		if got := writer(words.In("en"), c.who, c.from); got != c.en {
			t.Errorf("%q", got)
		}
		if got := writer(words.In("de"), c.who, c.from); got != c.de {
			t.Errorf("%q", got)
		}
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	runs := []*run{{Done: [2]engine.Totals{{Creates: 100, Bytes: 1 << 20}}}, {}, {Done: [2]engine.Totals{{}, {Updates: 1, Bytes: 10}}}}
	c := chartOf(words.In("en"), runs, now)
	if len(c.Bars) != 3 || c.Bars[2].High != 64 || c.Bars[1].High != 0 || c.Bars[0].High < 2 || c.Bars[0].X >= c.Bars[2].X || c.Bars[2].X+c.Bars[2].Wide > c.Width {
		t.Errorf("%+v", c)
	}
	if chartOf(words.In("en"), runs[:1], now) != nil {
		t.Error("one run is no history")
	}
}

// TestMessages: of what was not told yet, the newest of each name is, in the order in which the names came up.
func TestMessages(t *testing.T) {
	t.Parallel()
	m := &messages{data: map[string]string{}, more: make(chan struct{}, 1)}
	m.put("a", "1")
	m.put("b", "<p>\nx\r</p>")
	m.put("a", "2")
	<-m.more
	if got := m.take(); got != "id: 1\nevent: a\ndata: 2\n\nid: 1\nevent: b\ndata: <p> x </p>\n\n" || m.take() != "" {
		t.Errorf("%q", got)
	}
}

// TestAway: a form cannot send the browser to another host.
func TestAway(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{"/items/a?x=1": "/items/a?done=saved&x=1", "//evil.example.org/": "/?done=saved", "https://evil.example.org/": "/?done=saved", "": "/?done=saved", "items": "/?done=saved", "/?done=x": "/?done=saved"} {
		w := httptest.NewRecorder()
		c := &call{w: w, r: httptest.NewRequest("POST", "/x", nil)}
		if err := c.away(to, "saved"); err != nil || w.Header().Get("Location") != want {
			t.Errorf("%q: %v %q", to, err, w.Header().Get("Location"))
		}
	}
}

// TestStatus: every kind of error has a status of its own class.
func TestStatus(t *testing.T) {
	t.Parallel()
	for k, want := range map[tandem.ErrorKind]int{tandem.NotFound: 404, tandem.Invalid: 400, tandem.Exists: 409, tandem.Denied: 403, tandem.Full: 507, tandem.Transient: 503, tandem.Internal: 500, tandem.Gone: 410, tandem.TooLarge: 413} {
		if got := statusOf(k); got != want {
			t.Errorf("%v: %d", k, got)
		}
	}
}

// TestGermanProviders: whatever a provider of this program declares is said in German.
func TestGermanProviders(t *testing.T) {
	t.Parallel()
	en, de := words.In("en"), words.In("de")
	for _, d := range all.Registry().Describe() {
		if said, ok := de.Said(d.Title); !ok || said == d.Title {
			t.Errorf("%s: the title %q", d.Name, d.Title)
		}
		if d.Name != "home" && (de.Provider(d.Name) == "" || strings.Contains(en.Provider(d.Name), "tandem ")) {
			t.Errorf("%s: what it is for", d.Name)
		}
		for _, o := range d.Options {
			if o.Name == provider.OnBehalf { // no form has it
				continue
			}
			if _, ok := de.Said(o.Help); !ok {
				t.Errorf("%s: the help of %s: %q", d.Name, o.Name, o.Help)
			}
			if label := optionWords(de, o.Name); label == optionWords(en, o.Name) && o.Name != "proxy" {
				t.Errorf("%s: the option %s is called %q", d.Name, o.Name, label)
			}
		}
	}
}

// TestPlaceText: what people type where a place is becomes a place: with or without a scheme, as a user at a server or as a mail address.
func TestPlaceText(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"anna@example.org": "imap:anna@example.org", "anna@127.0.0.1": "imap://anna@127.0.0.1", "anna@127.0.0.1:1143": "imap://anna@127.0.0.1:1143", "anna@localhost": "imap://anna@localhost",
		"mail.example.org": "imap://mail.example.org", "anna@mail.example.org/INBOX": "imap://anna@mail.example.org/INBOX", "//mail.example.org": "imap://mail.example.org", "imap://mail.example.org/a?b": "imap://mail.example.org/a%3Fb",
	} {
		d := &placeForm{Provider: &provider.Provider{Name: "imap"}, Path: typed}
		if got := d.text(); got != want {
			t.Errorf("%s: %s, want %s", typed, got, want)
		}
	}
}

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tandem"
)

func opener(context.Context, Place, Env) (*Opened, error) { return &Opened{}, nil }

func testRegistry(windows bool, dirs ...string) *Registry {
	r := NewRegistry(
		&Provider{Name: "vdir", Title: "Folder of cards", Help: "h", Local: true, Kinds: []tandem.Kind{tandem.Contact}, Open: opener,
			Examples: []string{"vdir:~/contacts?kind=contact"},
			Options: []Option{
				{Name: "kind", Type: "choice", Choices: []string{"contact", "event"}, Help: "what it holds"},
				{Name: "cap", Type: "size", Default: "10MiB", Help: "largest"},
				{Name: "ignore", Type: "list", Help: "patterns"},
				{Name: "strict", Type: "bool", Default: "false", Help: "strict"},
				{Name: "depth", Type: "int", Help: "depth"},
				{Name: "trash", Type: "path", Help: "trash"},
			}},
		&Provider{Name: "files", Title: "Tree of files", Help: "h", Local: true, Kinds: []tandem.Kind{tandem.File}, Open: opener},
		&Provider{Name: "home", Title: "Home", Help: "h", Kinds: []tandem.Kind{tandem.Contact}, Open: opener, Examples: []string{"home:Contacts"}},
		&Provider{Name: "imap", Title: "Mail", Help: "h", Kinds: []tandem.Kind{tandem.Mail}, Open: opener,
			Options: []Option{{Name: "password", Type: "string", Secret: true, Help: "p"}, {Name: "folder", Type: "string", Help: "f"}}},
	)
	r.around = func() surroundings {
		s := surroundings{windows: windows, dir: func() (string, error) { return "/work dir", nil }, home: func() (string, error) { return "/home/anna", nil },
			isDir: func(p string) bool {
				for _, d := range dirs {
					if d == p {
						return true
					}
				}
				return false
			}}
		if windows {
			s.dir = func() (string, error) { return `D:\start`, nil }
			s.home = func() (string, error) { return `C:\Users\Anna`, nil }
		}
		return s
	}
	return r
}

func TestParsePlace(t *testing.T) {
	for _, c := range []struct {
		windows    bool
		text       string
		path, want string
	}{
		{false, "vdir:./phone-book?kind=contact", "/work dir/phone-book", "vdir:/work dir/phone-book?kind=contact"},
		{false, "files:~/x", "/home/anna/x", "files:/home/anna/x"},
		{false, "files:~", "/home/anna", "files:/home/anna"},
		{false, "files:~other/x", "/work dir/~other/x", "files:/work dir/~other/x"},
		{false, "files:/a//b/../c/", "/a/c", "files:/a/c"},
		{false, "files:///srv/data", "/srv/data", "files:/srv/data"},
		{false, "FILES:/a", "/a", "files:/a"},
		{false, "  files:/a ", "/a", "files:/a"},
		{false, "files:/50%25%3F%20x", "/50%? x", "files:/50%25%3F x"},
		{false, "files:/ende%20", "/ende ", "files:/ende%20"},
		{false, "files:/Möbel/Käse", "/Möbel/Käse", "files:/Möbel/Käse"},
		{false, `files:a\b`, `/work dir/a\b`, `files:/work dir/a\b`},
		{false, "home:Contacts", "Contacts", "home:Contacts"},
		{false, "imap://anna@example.org/INBOX?folder=a%2Fb", "//anna@example.org/INBOX", "imap://anna@example.org/INBOX?folder=a%2Fb"},
		{false, "vdir:/a?cap=10240K", "/a", "vdir:/a"},
		{false, "vdir:/a?cap=2048K&strict=yes&strict=yes", "", "read place vdir:/a?cap=2048K&strict=yes&strict=yes: read option strict: it is given twice; give it once"},
		{false, "vdir:/a?strict=ON&cap=2048K", "/a", "vdir:/a?cap=2MiB&strict=true"},
		{false, "vdir:/a?ignore=x,y&ignore=z", "/a", "vdir:/a?ignore=x%2Cy%2Cz"},
		{false, "vdir:/a?depth=007", "/a", "vdir:/a?depth=7"},
		{false, "vdir:/a?trash=~/trash", "/a", "vdir:/a?trash=%2Fhome%2Fanna%2Ftrash"},
		{true, `files:C:\Users\x`, `C:\Users\x`, "files:C:/Users/x"},
		{true, `files:c:/x/`, `C:\x`, "files:C:/x"},
		{true, `files:c:`, `C:\`, "files:C:/"},
		{true, `files:c:\`, `C:\`, "files:C:/"},
		{true, `files:///C:/x`, `C:\x`, "files:C:/x"},
		{true, `files:.\x`, `D:\start\x`, "files:D:/start/x"},
		{true, `files:\x`, `D:\x`, "files:D:/x"},
		{true, `files:~\x`, `C:\Users\Anna\x`, "files:C:/Users/Anna/x"},
		{true, `files:\\server\share\x`, `\\server\share\x`, "files://server/share/x"},
	} {
		r := testRegistry(c.windows)
		place, err := r.ParsePlace(c.text)
		if c.path == "" {
			if err == nil || err.Error() != c.want {
				t.Errorf("%s: error %v, want %s", c.text, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if place.Path != c.path || place.Text != c.want {
			t.Errorf("%s: path %q text %q, want %q %q", c.text, place.Path, place.Text, c.path, c.want)
		}
		again, err := r.ParsePlace(place.Text)
		if err != nil || !reflect.DeepEqual(again, place) {
			t.Errorf("%s: canonical text reads back as %+v (%v), want %+v", c.text, again, err, place)
		}
	}
}

// TestParsePlaceTellsNoPassword: a password in an address is refused, and not repeated, whatever is in it.
func TestParsePlaceTellsNoPassword(t *testing.T) {
	for _, text := range []string{"imap://anna:hunter2@host/INBOX", "imap://anna:hun@ter2/hunter2@host/", "imap://:hunter2@host", "gopher://anna:hunter2@host/", "//anna:hunter2@host"} {
		_, err := testRegistry(false).ParsePlace(text)
		if !tandem.IsKind(err, tandem.Invalid) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), ":***@host") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestParsePlaceRefuses(t *testing.T) {
	for _, c := range []struct {
		windows bool
		text    string
		want    []string
	}{
		{false, "", []string{"empty", "files, home, imap, vdir"}},
		{false, "nonsense", []string{"no provider is named", "files, home, imap, vdir"}},
		{false, "gopher:x", []string{`no provider "gopher"`, "files, home, imap, vdir"}},
		{false, "./book", []string{"files:./book (Tree of files)", "vdir:./book (Folder of cards)"}},
		{false, "odd:name", []string{"files:odd:name (Tree of files)"}},
		{false, "100%", []string{"files:100%25"}},
		{true, `C:\book`, []string{`files:C:\book`}},
		{true, `files:C:book`, []string{"C:/folder"}},
		{false, "vdir:", []string{"the path is empty", "vdir:~/contacts"}},
		{false, "vdir:/a?color=red", []string{"color", "vdir has no such option", "cap, depth, ignore, kind, strict, trash"}},
		{false, "files:/a?x=1", []string{"files has no options"}},
		{false, "vdir:/a?kind=row", []string{"kind", `"row"`, "one of contact, event"}},
		{false, "vdir:/a?strict=perhaps", []string{"yes or no"}},
		{false, "vdir:/a?depth=x", []string{"whole number"}},
		{false, "vdir:/a?cap=big", []string{"10MiB"}},
		{false, "vdir:/a?cap=-1", []string{"10MiB"}},
		{false, "files:/100%", []string{"%25"}},
		{false, "files:/a%00b", []string{"zero byte"}},
		{false, "files://server/share", []string{"another machine"}},
		{false, "vdir:/a?kind=%zz", []string{"options are malformed"}},
	} {
		_, err := testRegistry(c.windows, "/work dir/book", "/work dir/odd:name", "/work dir/100%", `C:\book`).ParsePlace(c.text)
		if !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v, want kind invalid", c.text, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", c.text, err, w)
			}
		}
	}
}

func TestSecretsAreRefused(t *testing.T) {
	for _, text := range []string{"imap://h/?password=hush", "imap://anna:hush@h/"} {
		_, err := testRegistry(false).ParsePlace(text)
		if !tandem.IsKind(err, tandem.Invalid) {
			t.Fatalf("%s: %v, want kind invalid", text, err)
		}
	}
	d, _ := json.Marshal(testRegistry(false).Describe())
	if !strings.Contains(string(d), `"name":"password","type":"string","help":"p","secret":true`) {
		t.Errorf("description does not mark the secret: %s", d)
	}
}

func TestOptionGetters(t *testing.T) {
	place, err := testRegistry(false).ParsePlace(`vdir:/a?strict=on&depth=3&ignore=a\,b,c`)
	if err != nil {
		t.Fatal(err)
	}
	if !place.Bool("strict") || place.Int("depth") != 3 || place.Size("cap") != 10<<20 || place.Int("kind") != 0 || place.Size("none") != 0 ||
		!reflect.DeepEqual(place.List("ignore"), []string{"a,b", "c"}) || place.List("none") != nil {
		t.Errorf("wrong values: %+v", place.Options)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "500": 500, "1B": 1, "64KiB": 65536, "1.5 MiB": 3 << 19, "2kb": 2000, "3m": 3 << 20, "1T": 1 << 40, "8TB": 8e12} {
		if n, err := ParseSize(text); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "B", "x", "-1", "1e3", "NaN", "inf", "9999999999T", "0x10", "1_0"} {
		if n, err := ParseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, n)
		}
	}
	for _, n := range []int64{0, 1, 1000, 1024, 1536, 10 << 20, 1 << 40, 1<<63 - 1} {
		if back, err := ParseSize(FormatSize(n)); err != nil || back != n {
			t.Errorf("%d is written %s and read %d, %v", n, FormatSize(n), back, err)
		}
	}
}

func TestOpen(t *testing.T) {
	var got Place
	boom := errors.New("boom")
	r := NewRegistry(&Provider{Name: "vdir", Local: true, Open: func(_ context.Context, p Place, _ Env) (*Opened, error) {
		got = p
		if strings.HasSuffix(p.Path, "bad") {
			return nil, boom
		}
		return &Opened{}, nil
	}})
	o, err := r.Open(t.Context(), "vdir:./x", Env{})
	if err != nil || o.Place != "vdir:./x" || !filepath.IsAbs(got.Path) {
		t.Errorf("opened %+v, place %+v, %v", o, got, err)
	}
	if _, err := r.Open(t.Context(), "vdir:./bad", Env{}); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	if _, err := r.Open(t.Context(), "x", Env{}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("error %v", err)
	}
	if _, err := r.Open(t.Context(), t.TempDir(), Env{}); err == nil || !strings.Contains(err.Error(), "vdir:") {
		t.Errorf("error %v does not suggest the provider", err)
	}
	if _, err := r.Provider("nope"); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("error %v", err)
	}
}

func TestCheck(t *testing.T) {
	if err := testRegistry(false).Check(); err != nil {
		t.Error(err)
	}
	ok := Provider{Name: "ok", Title: "t", Help: "h", Kinds: []tandem.Kind{tandem.File}, Open: opener}
	for name, broken := range map[string]func(p *Provider){
		"name":    func(p *Provider) { p.Name = "x" },
		"title":   func(p *Provider) { p.Title = "" },
		"option":  func(p *Provider) { p.Options = []Option{{Name: "a"}} },
		"twice":   func(p *Provider) { p.Options = []Option{{Name: "a", Help: "h"}, {Name: "a", Help: "h"}} },
		"default": func(p *Provider) { p.Options = []Option{{Name: "a", Help: "h", Type: "int", Default: "x"}} },
		"example": func(p *Provider) { p.Examples = []string{"ok:x?y=z"} },
	} {
		p := ok
		broken(&p)
		if err := NewRegistry(&p).Check(); err == nil {
			t.Errorf("%s: a broken declaration passes", name)
		}
	}
	if err := NewRegistry(&ok, &ok).Check(); err == nil {
		t.Error("a doubled provider passes")
	}
}

func FuzzParsePlace(f *testing.F) {
	for _, s := range []string{"vdir:~/x?kind=event", `files:C:\x`, "imap://a@b/c?folder=%2F", "files:%", "home:a/b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, windows := range []bool{false, true} {
			r := testRegistry(windows)
			place, err := r.ParsePlace(text)
			if err != nil {
				continue
			}
			again, err := r.ParsePlace(place.Text)
			if err != nil || again.Text != place.Text || again.Path != place.Path {
				t.Errorf("windows %v: %q has text %q, which reads as %q %q (%v)", windows, text, place.Text, again.Path, again.Text, err)
			}
		}
	})
}

func TestRealSurroundings(t *testing.T) {
	s := realSurroundings()
	if !s.isDir(t.TempDir()) || s.isDir(filepath.Join(t.TempDir(), "none")) {
		t.Error("folders are not told from what is not there")
	}
	wd, _ := os.Getwd()
	if abs, err := s.abs("x"); err != nil || abs != filepath.Join(wd, "x") {
		t.Errorf("abs %q %v", abs, err)
	}
}

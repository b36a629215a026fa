package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"time"

	"tandem/server/web/page/words"
)

var verbs = regexp.MustCompile(`%[a-z]`)

// TestEveryLanguageSaysEverything: what templates and code say is there in every language, with the same places for values.
func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	said := map[string]string{} // by text, where it is said
	inTemplates(t, said)
	inCode(t, said)
	if len(said) < 400 {
		t.Fatalf("only %d texts were found", len(said))
	}
	for _, lang := range words.Languages()[1:] {
		w := words.In(lang)
		for text, where := range said {
			got, ok := w.Has(text)
			switch {
			case !ok:
				t.Errorf("%s: %s does not say %q", where, lang, text)
			case strings.TrimSpace(got) == "" || !slices.Equal(verbs.FindAllString(got, -1), verbs.FindAllString(text, -1)):
				t.Errorf("%s: %q is said as %q", lang, text, got)
			}
		}
		for _, text := range w.Texts() {
			if said[text] == "" && !strings.HasSuffix(text, ".") { // whole sentences may come from other packages
				t.Errorf("%s: nobody says %q", lang, text)
			}
		}
	}
}

// inTemplates gathers what templates say: {{t "…"}} and {{n … "…" "…"}}.
func inTemplates(t *testing.T, said map[string]string) {
	t.Helper()
	pages := os.DirFS("../files")
	names, err := fs.Glob(pages, "*.html")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(pages, name)
		if err != nil {
			t.Fatal(err)
		}
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		set := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(body), "", "", set); err != nil {
			t.Fatal(err)
		}
		for _, one := range set {
			walk(one.Root, func(c *parse.CommandNode) {
				f, ok := c.Args[0].(*parse.IdentifierNode)
				if !ok || f.Ident != "t" && f.Ident != "n" {
					return
				}
				args := c.Args[1:]
				if f.Ident == "t" {
					args = args[:1]
				}
				for _, a := range args {
					if s, ok := a.(*parse.StringNode); ok {
						said[s.Text] = name
					}
				}
			})
		}
	}
}

// walk visits all commands below a node of a template.
func walk(n parse.Node, visit func(*parse.CommandNode)) {
	pipe := func(p *parse.PipeNode) {
		if p == nil {
			return
		}
		for _, c := range p.Cmds {
			visit(c)
			for _, a := range c.Args {
				walk(a, visit)
			}
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, x := range n.Nodes {
				walk(x, visit)
			}
		}
	case *parse.ActionNode:
		pipe(n.Pipe)
	case *parse.PipeNode:
		pipe(n)
	case *parse.TemplateNode:
		pipe(n.Pipe)
	case *parse.IfNode:
		pipe(n.Pipe)
		walk(n.List, visit)
		walk(n.ElseList, visit)
	case *parse.RangeNode:
		pipe(n.Pipe)
		walk(n.List, visit)
		walk(n.ElseList, visit)
	case *parse.WithNode:
		pipe(n.Pipe)
		walk(n.List, visit)
		walk(n.ElseList, visit)
	}
}

// inCode gathers what code says: T("…"), t("…") and N(…, "…", "…").
func inCode(t *testing.T, said map[string]string) {
	t.Helper()
	for _, dir := range []string{"..", "."} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), dir+"/"+f.Name(), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name := ""
				switch fun := c.Fun.(type) {
				case *ast.SelectorExpr:
					name = fun.Sel.Name
				case *ast.Ident:
					name = fun.Name
				}
				args := c.Args
				if name == "add" { // of totals
					name = "N"
				}
				switch {
				case name != "T" && name != "t" && name != "N" || len(args) == 0:
					return true
				case name != "N":
					args = args[:1]
				}
				for _, a := range args {
					if l, ok := a.(*ast.BasicLit); ok && l.Kind == token.STRING {
						text, err := strconv.Unquote(l.Value)
						if err != nil {
							t.Fatal(err)
						}
						said[text] = f.Name()
					}
				}
				return true
			})
		}
	}
}

func TestPrefer(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "en-GB,de;q=0.9": "en", "fr,de;q=0.5,en;q=0.4": "de", "fr": "en", "de;q=0,en": "en", "de;q=x": "en", ",;,": "en",
	} {
		if got := words.Prefer(header, words.Languages()); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestSaying(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	en, de := words.In("en"), words.In("de")
	for _, c := range []struct{ got, want string }{
		{en.N(1, "%s record", "%s records"), "1 record"}, {en.N(12345, "%s record", "%s records"), "12,345 records"}, {de.N(12345, "%s record", "%s records"), "12.345 Datensätze"},
		{en.Number(-1234567), "-1,234,567"}, {en.Size(-1), "0 B"}, {en.Size(1023), "1023 B"}, {en.Size(1536), "1.5 KiB"}, {de.Size(1536), "1,5 KiB"}, {en.Size(1 << 40), "1.0 TiB"},
		{en.Seconds(0.25), "0.2 s"}, {en.Seconds(42), "42 s"}, {en.Seconds(600), "10 min"}, {en.Seconds(7200), "2 h"}, {de.Seconds(86400 * 5), "5 Tage"}, {en.Seconds(-1), "?"},
		{en.Ago(0, now), "never"}, {en.Ago(now.Unix(), now), "just now"}, {en.Ago(now.Unix()-120, now), "2 min ago"}, {de.Ago(now.Unix()-120, now), "vor 2 min"}, {en.Ago(now.Unix()+3600, now), "in 1 h"},
		{en.When(now.Unix(), now), "22 Nov 2026, 12:00"}, {de.When(now.Unix(), now), "22.11.2026, 12:00"}, {de.When(0, now), "nie"},
		{words.In("xx").T("Save"), "Save"}, {de.T("no such text %d", 5), "no such text 5"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestSaid: what other packages say is put into the language, also where it is put together of several; what is not known is said as it is, and said to be so.
func TestSaid(t *testing.T) {
	t.Parallel()
	en, de := words.In("en"), words.In("de")
	for _, c := range []struct {
		text, de string
		known    bool
	}{
		{"Folder of files", "Ordner mit Dateien", true}, {"to contacts: 1 new, 2 changed; in step", "zu contacts: 1 neu, 2 geändert; abgeglichen", true},
		{"it is not connected: open folder /a b: there is no such folder", "es ist nicht verbunden: der Ordner /a b ist nicht da", true},
		{"open folder /a: there is no such folder – check the path and whether its disk is mounted; if it is to be a new folder, create it first", "der Ordner /a ist nicht da – prüfen, ob der Pfad stimmt und der Datenträger eingehängt ist; ein neuer Ordner muss erst angelegt werden", true},
		{"see `tandem conflict list`", "unter Konflikte entscheiden", true}, {"phone (cell)", "Telefon (mobil)", true}, {"phone (odd)", "Telefon (odd)", false},
		{"the sync by frame 1.0 failed: nothing more was heard of it", "der Abgleich durch frame 1.0 ist gescheitert: davon war nichts mehr zu hören", true},
		{"this nobody foresaw", "this nobody foresaw", false}, {"", "", true}, {"100% of it; in step", "100% of it; abgeglichen", false},
	} {
		if got, ok := de.Said(c.text); got != c.de || ok != c.known {
			t.Errorf("%q: %q %v", c.text, got, ok)
		}
		if _, ok := en.Said(c.text); !ok {
			t.Errorf("%q is not English", c.text)
		}
	}
	if got := en.Say("see `tandem conflict list`"); got != "decide under Conflicts" {
		t.Error(got)
	}
	if de.Provider("nobody's") != "" || de.Provider("vdir") == en.Provider("vdir") || !strings.Contains(de.Provider("caldav"), "Unverschlüsselt") {
		t.Error("providers")
	}
}

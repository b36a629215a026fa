package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/center/notify"
	"tandem/server/web/page/words"
	"tandem/store"
)

// TestNoticesInEveryLanguage: what people are told is told in the languages of the pages. The titles are read from the code that makes them.
func TestNoticesInEveryLanguage(t *testing.T) {
	t.Parallel()
	if !slices.Equal(notify.Languages(), words.Languages()) {
		t.Errorf("people are told in %v, pages speak %v", notify.Languages(), words.Languages())
	}
	f, err := parser.ParseFile(token.NewFileSet(), "../../../../center/causes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	title := func(e ast.Expr) {
		if text := textOf(e); strings.TrimSpace(text) != "X" {
			titles = append(titles, text)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Title" {
				title(n.Value)
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				name := ""
				switch l := l.(type) {
				case *ast.Ident:
					name = l.Name
				case *ast.SelectorExpr:
					name = l.Sel.Name
				}
				if strings.EqualFold(name, "title") && (len(n.Lhs) == len(n.Rhs)) {
					title(n.Rhs[i])
				}
			}
		}
		return true
	})
	if len(titles) < 9 {
		t.Fatalf("found only %q", titles)
	}
	for _, lang := range words.Languages()[1:] {
		w := words.In(lang)
		for _, text := range titles {
			if said := w.Say(text); said == text {
				t.Errorf("%s does not say %q", lang, text)
			}
		}
	}
}

// textOf is a text as code makes it, with X for what is not known before.
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.BinaryExpr:
		return textOf(e.X) + textOf(e.Y)
	case *ast.CallExpr:
		if s, ok := e.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Sprintf" {
			return strings.NewReplacer("%d", "3", "%s", "X").Replace(textOf(e.Args[0]))
		}
	}
	return "X"
}

// TestMessagesInGerman: one cause, and several together.
func TestMessagesInGerman(t *testing.T) {
	t.Parallel()
	w := words.In("de")
	s := notify.New(notify.Config{Say: func(lang, text string) string {
		if lang != "de" {
			t.Errorf("asked for %q", lang)
		}
		return w.Say(text)
	}})
	n := store.Notice{ID: 1, Sort: notify.Problem, Title: "kontakte fails", Text: "wrong user name or password – ask an administrator", Link: "/x"}
	one := s.Message([]store.Notice{n}, "de")
	if one.Title != "kontakte scheitert" || one.Text != "Benutzername oder Passwort falsch – einen Administrator fragen" || one.Open != "Öffnen" || !strings.HasPrefix(one.Foot, "Jedes davon") {
		t.Errorf("%+v", one)
	}
	c := store.Notice{ID: 2, Sort: notify.Conflict, Title: "Conflict in kontakte", Text: "Anna"}
	two := s.Message([]store.Notice{c, n}, "de")
	if two.Title != "2 Dinge brauchen Sie" || two.Text != "1 Problem, 1 Konflikt" || two.Lines[0] != "Konflikt in kontakte: Anna" {
		t.Errorf("%+v", two)
	}
}

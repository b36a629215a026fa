package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/server/web/page/words"
)

// TestRepairsInGerman: what a repair finds is told in German, too. The texts are read from the code that makes them: those that say after a semicolon what is done.
func TestRepairsInGerman(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"../../../../store/sqlite/mend*.go", "../../../../center/repair*.go"} {
		list, err := filepath.Glob(pattern)
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, list...)
	}
	fill := strings.NewReplacer("%d", "3", "%s", "X", "%q", `"X"`)
	var found []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			text := ""
			switch n := n.(type) {
			case *ast.BinaryExpr:
				text = textOf(n)
			case *ast.BasicLit:
				text, _ = strconv.Unquote(n.Value) // a number has no semicolon
			}
			if sql := strings.ToUpper(text[:min(4, len(text))]) == text[:min(4, len(text))]; strings.Contains(text, "; ") && !sql && !strings.HasPrefix(text, "; ") && !strings.HasPrefix(text, "X; ") {
				found = append(found, fill.Replace(text))
			}
			_, put := n.(*ast.BinaryExpr)
			return !put
		})
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) < 40 {
		t.Errorf("found only %q", found)
	}
	w := words.In("de")
	for _, text := range append(found, "the message X of anna on its way out (failed)", "the record a; b in papers of anna, an earlier version of X in papers by anna and 3 more", "mended: body the record X in papers of anna: its bytes are not those that were stored",
		"could not be mended: record X: fetch X: no partner and no version in history has it") {
		if said, ok := w.Said(text); !ok || said == text {
			t.Errorf("nobody says %q: %q", text, said)
		}
	}
}

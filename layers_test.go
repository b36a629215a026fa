package tandem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors are the storeys of the house, from the ground up. Nobody imports from a floor above. A package belongs to the
// longest prefix that matches. Packages of one floor may use each other unless a never below forbids it.
var floors = [][]string{
	{"wire"},
	{".", "internal"}, // the vocabulary, and tiny helpers that belong to nobody
	{"engine", "kind", "store", "link"},
	{"provider", "partner"},
	{"session"},
	{"center"},
	{"server", "test/easclient"}, // the client is also the demo's phone
	{"cmd", "internal/ui"},
	{"test"},
}

// nevers forbid imports that the floors would allow. From and to are prefixes of package paths below the module.
var nevers = []struct{ from, to, except, why string }{
	{"wire", ".", "wire", "formats on the wire know nothing of Tandem"},
	{"wire", "internal", "internal/corpus internal/need", "formats on the wire know nothing of Tandem"},
	{"engine", "kind", "", "the engine decides from digests and versions, never from bodies"},
	{"engine", "store", "", "the engine is a function: rows come in as values"},
	{"engine", "internal", "", "the engine imports only the vocabulary"},
	{"kind", "store", "", "what a body means does not depend on where it is kept"},
	{"kind", "engine", "", "what a body means does not depend on what is decided about it"},
	{"store", "engine", "", "the store keeps rows; what they mean is decided above"},
	{"store", "kind", "", "the store parses nothing"},
	{"server/eas", "center", "", "a phone must sync while the Sync Center is busy or broken"},
	{"server/dav", "center", "", "a desktop must sync while the Sync Center is busy or broken"},
	{"server/eas", "server/dav", "", "front doors never import each other"},
	{"server/eas", "server/web", "", "front doors never import each other"},
	{"server/dav", "server/eas", "", "front doors never import each other"},
	{"server/dav", "server/web", "", "front doors never import each other"},
	{"server/web", "server/eas", "", "front doors never import each other"},
	{"server/web", "server/dav", "", "front doors never import each other"},
	{"server/web", "session", "", "the web speaks to the center, and to no run itself"},
	{"server/web/page", "store/sqlite", "", "only cmd names implementations"},
	{"server/web/api", "server/web/page", "", "the API knows nothing of pages"},
	{"server/web/login", "server/web/page", "", "who logs in does not depend on how pages look"},
}

// engineMayImport are the standard packages without I/O, clocks or contexts.
var engineMayImport = map[string]bool{
	"bytes": true, "cmp": true, "crypto/sha256": true, "encoding/binary": true, "encoding/hex": true, "errors": true, "fmt": true, "hash": true,
	"hash/fnv": true, "hash/maphash": true, "iter": true, "maps": true, "math": true, "math/bits": true, "path": true, "slices": true, "sort": true,
	"strconv": true, "strings": true, "unicode": true, "unicode/utf8": true, "golang.org/x/text/unicode/norm": true, "golang.org/x/text/cases": true,
}

type pkg struct {
	dir     string // slash path below the module, "." for the root
	name    string
	doc     bool
	imports map[string]string // import path → file that has it; without tests
	inits   []string
}

func under(p, prefix string) bool {
	return p == prefix || strings.HasPrefix(p, prefix+"/")
}

func floorOf(dir string) int {
	best, length := -1, -1
	for i, names := range floors {
		for _, n := range names {
			if under(dir, n) && len(n) > length {
				best, length = i, len(n)
			}
		}
	}
	return best
}

func load(t *testing.T) []*pkg {
	t.Helper()
	found := map[string]*pkg{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(p))
		one := found[dir]
		if one == nil {
			one = &pkg{dir: dir, name: f.Name.Name, imports: map[string]string{}}
			found[dir] = one
		}
		one.doc = one.doc || f.Doc != nil
		for _, imp := range f.Imports {
			ip, _ := strconv.Unquote(imp.Path.Value)
			one.imports[ip] = p
		}
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				one.inits = append(one.inits, p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*pkg
	for _, one := range found {
		all = append(all, one)
	}
	return all
}

// TestLayers holds the house to its floor plan.
func TestLayers(t *testing.T) {
	for _, p := range load(t) {
		if !p.doc {
			t.Errorf("%s: no package comment: say what the package provides", p.dir)
		}
		for _, file := range p.inits {
			t.Errorf("%s: func init: nothing registers itself, two hubs must run in one process", file)
		}
		mine := floorOf(p.dir)
		if mine < 0 {
			t.Errorf("%s: stands on no floor; add it to floors and to doc/architecture.md", p.dir)
			continue
		}
		for ip, file := range p.imports {
			if under(p.dir, "engine") && ip != "tandem" && !under(strings.TrimPrefix(ip, "tandem/"), "engine") && !engineMayImport[ip] {
				t.Errorf("%s imports %s: the engine is a function without I/O, clock or context", file, ip)
			}
			if ip != "tandem" && !strings.HasPrefix(ip, "tandem/") {
				continue
			}
			to := "."
			if ip != "tandem" {
				to = strings.TrimPrefix(ip, "tandem/")
			}
			if floorOf(to) > mine {
				t.Errorf("%s imports %s: no door opens upward", file, ip)
			}
			checkNevers(t, p.dir, to, file)
		}
	}
}

func checkNevers(t *testing.T, from, to, file string) {
	t.Helper()
	for _, n := range nevers {
		if !under(from, n.from) || (n.to == "." && to != ".") || (n.to != "." && !under(to, n.to)) {
			continue
		}
		allowed := false
		for _, x := range strings.Fields(n.except) {
			allowed = allowed || under(to, x)
		}
		if !allowed {
			t.Errorf("%s imports %s: %s", file, to, n.why)
		}
	}
	// One provider is one folder; only the folders named all may name several.
	if a, ok := strings.CutPrefix(from, "provider/"); ok && a != "all" {
		if b, ok := strings.CutPrefix(to, "provider/"); ok && strings.Split(a, "/")[0] != strings.Split(b, "/")[0] && !under(b, "providertest") && !under(a, "wrap") {
			t.Errorf("%s imports %s: no provider imports another", file, to)
		}
	}
}

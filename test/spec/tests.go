package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// finder knows which tests there are. It reads each package once.
type finder struct {
	root  string
	known map[string]map[string]bool // package folder → names of its tests
}

// find tells why a test that a page names does not exist. A test is `wire/wbxml.TestTags`, of a subtest
// `wire/wbxml.TestTags/MS-ASWBXML_R36` (of which only the test's own name is checked), or a file of test/script.
func (f *finder) find(name string) error {
	if strings.HasSuffix(name, ".txtar") {
		if _, err := os.Stat(filepath.Join(f.root, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("there is no script %s", name)
		}
		return nil
	}
	// A subtest's name may hold slashes and dots of its own: the first dot ends the package.
	dir, after, ok := strings.Cut(name, ".")
	test, _, _ := strings.Cut(after, "/")
	if !ok || dir == "" || test == "" {
		return fmt.Errorf("%q is not written package/path.TestName", name)
	}
	tests, err := f.tests(dir)
	if err != nil {
		return err
	}
	if !tests[test] {
		return fmt.Errorf("package %s has no test %s", dir, test)
	}
	return nil
}

// tests are the names of the tests in a folder.
func (f *finder) tests(dir string) (map[string]bool, error) {
	if got, ok := f.known[dir]; ok {
		return got, nil
	}
	files, err := filepath.Glob(filepath.Join(f.root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("package %s has no tests", dir)
	}
	names := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				for _, prefix := range []string{"Test", "Fuzz", "Benchmark", "Example"} {
					names[fn.Name.Name] = names[fn.Name.Name] || strings.HasPrefix(fn.Name.Name, prefix)
				}
			}
		}
	}
	if f.known == nil {
		f.known = map[string]map[string]bool{}
	}
	f.known[dir] = names
	return names, nil
}

// checkTests tells of all tests that the pages name and that do not exist.
func checkTests(root string, pages []*page) error {
	f := &finder{root: root}
	var problems []error
	for _, p := range pages {
		for _, r := range p.rows {
			for _, name := range r.tests {
				if err := f.find(name); err != nil {
					problems = append(problems, fmt.Errorf("%s:%d: %w", p.file, r.line, err))
				}
			}
		}
	}
	return errors.Join(problems...)
}

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/internal/need"
)

const root = "../.."

// TestPages checks the pages by themselves: their form, and that every test they name exists.
func TestPages(t *testing.T) {
	pages, err := readPages(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) == 0 {
		t.Fatal("no pages in doc/spec")
	}
	if err := checkTests(root, pages); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(root, index))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if !strings.Contains(string(text), "(spec/"+p.spec+".md)") {
			t.Errorf("%s does not link %s; run: go run ./test/spec -write", index, p.file)
		}
	}
}

// TestFigures checks the pages against the requirements: nothing is claimed that is not required, and the figures are
// those of the rows. The index's own figures are demanded only where everything is, so that several pages can change at
// a time.
func TestFigures(t *testing.T) {
	tables, err := tablesDir(root)
	if err != nil {
		need.Missing(t, "the requirements of the specifications: "+err.Error())
	}
	pages, err := readPages(root)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := countAll(tables, pages)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkForeign(counts); err != nil {
		t.Error(err)
	}
	for _, p := range pages {
		for _, c := range counts {
			if _, within, _, err := figures(p.text); c.spec == p.spec && (err != nil || within != c.line()+"\n") {
				t.Errorf("%s: %v: it should say: %s", p.file, errors.Join(errStale, err), c.line())
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(root, index))
	if err != nil {
		t.Fatal(err)
	}
	if _, within, _, err := figures(string(text)); err != nil || within != summary(counts, listed(pages)) {
		if err := errors.Join(errStale, err); os.Getenv("TANDEM_REQUIRE") == "all" {
			t.Errorf("%s: %v", index, err)
		} else {
			t.Logf("%s: %v", index, err)
		}
	}
}

func TestParseRow(t *testing.T) {
	good := []struct{ line, want string }{
		{"| MS-ASX_R1 | a \\| b | Yes | `a/b.TestC` |", "MS-ASX_R1/a | b/Yes/a/b.TestC"},
		{"| MS-ASX_R1, R2 MS-ASX_R3 | a | Partial | `a/b.TestC/x y`, `test/script/z.txtar` |", "MS-ASX_R1,MS-ASX_R2,MS-ASX_R3/a/Partial/a/b.TestC/x y,test/script/z.txtar"},
		{"|MS-ASX_R1|a|No||", "MS-ASX_R1/a/No/"},
	}
	for _, tt := range good {
		r, err := parseRow("MS-ASX", tt.line)
		if got := strings.Join(r.ids, ",") + "/" + r.what + "/" + r.state + "/" + strings.Join(r.tests, ","); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.line, got, err, tt.want)
		}
	}
	bad := []struct{ line, want string }{
		{"| MS-ASX_R1 | a | Yes |", "3 cells, want 4"},
		{"| MS-ASX_R1 | a | b | Yes | `a.Test` |", "5 cells, want 4"},
		{"| MS-ASY_R1 | a | No | |", `"MS-ASY_R1" is no requirement of MS-ASX`},
		{"| MS-ASX_R | a | No | |", `"MS-ASX_R" is no requirement of MS-ASX`},
		{"| MS-ASX_R1 | | No | |", "say what is required"},
		{"| MS-ASX_R1 | a | yes | `a.Test` |", `the state "yes" is not Yes, Partial, No or Later`},
		{"| MS-ASX_R1 | a | Yes | a.Test |", "Yes needs a test"},
		{"| MS-ASX_R1 | a | Partial | |", "Partial needs a test"},
	}
	for _, tt := range bad {
		if _, err := parseRow("MS-ASX", tt.line); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.line, err, tt.want)
		}
	}
}

// TestClauses: the page of an RFC names clauses, several rows may be about one, and its rows are counted by themselves.
func TestClauses(t *testing.T) {
	r, err := parseRow("RFC-4918", "| 9.1, 9.1.2 | a | Yes | `a/b.TestC` |")
	if err != nil || strings.Join(r.ids, ",") != "9.1,9.1.2" {
		t.Errorf("read as %+v, %v", r, err)
	}
	if _, err := parseRow("RFC-4918", "| R9 | a | No | |"); err == nil {
		t.Error("R9 passed for a clause")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "RFC-4918.md")
	if err := os.WriteFile(file, []byte("| requirement | what | state | tests |\n|---|---|---|---|\n| 9.1 | a | Yes | `a.TestA` |\n| 9.1 | b | No | |\n| 9.2 | c | Later | |\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := readPage(dir, "RFC-4918.md")
	if err != nil {
		t.Fatal(err)
	}
	if c := tallyClauses(p); c.line() != "Of 2 rows, 1 are kept (50 %), 0 in part, 1 not. 1 more are about what is not served yet." {
		t.Error(c.line())
	}
}

func TestFind(t *testing.T) {
	f := &finder{root: root}
	for name, want := range map[string]string{
		"test/spec.TestFind":               "",
		"test/spec.TestFind/a.b/c":         "",
		"wire/wbxml.TestTags/MS-ASWBXML_R": "",
		"wire/wbxml.FuzzUnmarshal":         "",
		"test/script/help.txtar":           "",
		"test/script/nope.txtar":           "there is no script test/script/nope.txtar",
		"test/spec.TestNope":               "package test/spec has no test TestNope",
		"test/spec.root":                   "package test/spec has no test root",
		"test/nope.TestFind":               "package test/nope has no tests",
		"TestFind":                         "is not written package/path.TestName",
		"test/spec.":                       "is not written package/path.TestName",
	} {
		if err := f.find(name); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// world lays out a small tree with one specification.
func world(t *testing.T, page string) string {
	t.Helper()
	dir := t.TempDir()
	table := "MS-ASX\tOpen Specification\n" +
		"MS-ASX_R1\t1\tThe server MUST.\t\tProtocol\tServer\tNormative\tTest Case\t\n" +
		"MS-ASX_R2\t1.1\tBoth MUST.\t\tProtocol\tBoth\tNormative\tUnverified\t\n" +
		"MS-ASX_R3\t1.1\tThe client MUST.\t\tProtocol\tClient\tNormative\tAdapter\t\n" +
		"MS-ASX_R4\t1.10\tThe server is.\t\tProtocol\tServer\tInformative\tAdapter\t\n" +
		"MS-ASX_R5\t1.10\tAnybody MUST.\t\t\t\tNormative\t\t\n" +
		"MS-ASX_R7\t3\tThe server MUST mail.\t\tProtocol\tServer\tNormative\tTest Case\t\n" +
		"MS-ASY_R6\t2\tOf another specification.\t\tProtocol\tServer\tNormative\tAdapter\t\n"
	for name, text := range map[string]string{
		"m/doc/spec/MS-ASX.md":          page,
		"m/doc/spec-index.md":           "# Index\n\n" + figuresBegin + figuresEnd + "\nThe end.\n",
		"m/a/a_test.go":                 "package a\nfunc TestA(t *testing.T) {}\n",
		"eas/requirements/MS-ASX.tsv":   table,
		"eas/requirements/MS-ASNOT.tsv": "MS-ASNOT_R1\t1\tx\t\t\t\tNormative\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TANDEM_CORPORA", filepath.Join(dir, "corpora"))
	return filepath.Join(dir, "m")
}

func TestRun(t *testing.T) {
	m := world(t, "# X\n\n"+figuresBegin+"old\n"+figuresEnd+"\n| requirement | what | state | tests |\n|---|---|---|---|\n| MS-ASX_R1 | must | Yes | `a.TestA` |\n| MS-ASX_R5 | must | No | |\n| MS-ASX_R7 | mail | Later | |\n")
	var out bytes.Buffer
	if err := run(m, true, "", "", &out); err != nil {
		t.Fatal(err)
	}
	want := "| specification | requirements | kept | in part | not | not listed | for later | verified by Microsoft's suite | of which kept |\n|---|---|---|---|---|---|---|---|---|\n" +
		"| MS-ASNOT | 1 | 0 (0 %) | 0 | 0 | 1 | 0 | 0 | 0 (–) |\n" +
		"| [MS-ASX](spec/MS-ASX.md) | 3 | 1 (33 %) | 0 | 1 | 1 | 1 | 1 | 1 (100 %) |\n" +
		"| all | 4 | 1 (25 %) | 0 | 1 | 2 | 1 | 1 | 1 (100 %) |\n"
	if out.String() != want {
		t.Errorf("printed %s, want %s", out.String(), want)
	}
	text, err := os.ReadFile(filepath.Join(m, index))
	if err != nil || string(text) != "# Index\n\n"+figuresBegin+want+figuresEnd+"\nThe end.\n" {
		t.Errorf("the index is %s, %v", text, err)
	}
	text, err = os.ReadFile(filepath.Join(m, "doc/spec/MS-ASX.md"))
	if line := "Of 3 normative requirements on a server, 1 are kept (33 %), 0 in part, 1 not, and 1 are not listed. 1 more are about what is not served yet. Of the 1 that Microsoft's own test suite verifies, 1 are kept (100 %).\n"; err != nil ||
		!strings.Contains(string(text), figuresBegin+line+figuresEnd+"\n| requirement") {
		t.Errorf("the page is %s, %v", text, err)
	}
	out.Reset()
	if err := run(m, false, "MS-ASX", "", &out); err != nil || out.String() != "  MS-ASX_R2\t1.1\tBoth MUST.\n" {
		t.Errorf("missing: %s, %v", out.String(), err)
	}
	out.Reset()
	if err := run(m, false, "MS-ASX", "1.10", &out); err != nil || out.String() != "" {
		t.Errorf("missing in 1.10: %s, %v", out.String(), err)
	}
	if err := run(m, false, "MS-NOPE", "", &out); err == nil {
		t.Error("missing of no specification: no error")
	}
}

func TestRunRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ page, want string }{
		"foreign":    {"| MS-ASX_R3 | x | No | |\n", "doc/spec/MS-ASX.md: no normative requirement on a server: MS-ASX_R3"},
		"twice":      {"| MS-ASX_R1 | x | No | |\n| MS-ASX_R2, R1 | x | No | |\n", "doc/spec/MS-ASX.md:2: MS-ASX_R1 is in line 1 already"},
		"bad row":    {"\n| MS-ASX_R1 | x | Maybe | |\n", "doc/spec/MS-ASX.md:2: the state"},
		"no test":    {"| MS-ASX_R1 | x | Yes | `a.TestB` |\n", "doc/spec/MS-ASX.md:1: package a has no test TestB"},
		"no figures": {"| MS-ASX_R1 | x | Yes | `a.TestA` |\n", "MS-ASX.md: no lines"},
	} {
		t.Run(name, func(t *testing.T) {
			m := world(t, tt.page)
			if err := run(m, name == "no figures", "", "", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	t.Setenv("TANDEM_CORPORA", filepath.Join(t.TempDir(), "corpora"))
	if err := run(t.TempDir(), false, "", "", &bytes.Buffer{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without requirements: %v", err)
	}
}

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// row is one line of a page: requirements that are kept, or not, in one way.
type row struct {
	line  int
	ids   []string
	what  string
	state string
	tests []string
}

// page is a file of doc/spec.
type page struct {
	spec string // MS-ASWBXML
	file string // slash path below the module
	text string
	rows []row
}

const (
	yes     = "Yes"
	partial = "Partial"
	no      = "No"
	later   = "Later" // of a command or a kind of record that is not served yet, and not counted
)

var (
	idForm   = regexp.MustCompile(`^(MS-[A-Z]+)_R\d+$`)
	rfcForm  = regexp.MustCompile(`^\d+(\.\d+)*$`) // a clause of an RFC
	testForm = regexp.MustCompile("`([^`]+)`")
)

// readPage reads a page. What is wrong with it is told line by line, all at once.
func readPage(root, file string) (*page, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return nil, err
	}
	p := &page{spec: strings.TrimSuffix(filepath.Base(file), ".md"), file: file, text: string(text)}
	var problems []error
	seen := map[string]int{}
	for i, line := range strings.Split(p.text, "\n") {
		if !p.begins(line) {
			continue
		}
		r, err := parseRow(p.spec, line)
		r.line = i + 1
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", file, r.line, err))
			continue
		}
		for _, id := range r.ids {
			if before, ok := seen[id]; ok && !p.clauses() { // a clause says more than one thing
				problems = append(problems, fmt.Errorf("%s:%d: %s is in line %d already", file, r.line, id, before))
			}
			seen[id] = r.line
		}
		p.rows = append(p.rows, r)
	}
	return p, errors.Join(problems...)
}

// clauses reports whether the page is about clauses, and not about numbered requirements.
func (p *page) clauses() bool { return byClause(p.spec) }

// byClause reports whether a specification is an RFC or another for which nobody numbered the requirements.
func byClause(spec string) bool { return strings.HasPrefix(spec, "RFC-") || spec == "MS-ASMS" }

// begins reports whether a line is a row of the table.
func (p *page) begins(line string) bool {
	if p.clauses() {
		return len(line) > 2 && line[:2] == "| " && line[2] >= '0' && line[2] <= '9'
	}
	return strings.HasPrefix(line, "| "+p.spec+"_R")
}

// parseRow reads "| 9.1.2, 9.2 | what | Yes | `pkg.Test` |" of the page of an RFC, or "| MS-ASWBXML_R1, R2 | what | Yes | `pkg.Test` |". After the first id, "R2" stands for the whole.
func parseRow(spec, line string) (row, error) {
	cells := splitCells(line)
	if len(cells) != 4 {
		return row{}, fmt.Errorf("%d cells, want 4: requirement, what, state, tests (write a bar as \\|)", len(cells))
	}
	r := row{what: cells[1], state: cells[2]}
	for _, id := range strings.FieldsFunc(cells[0], func(c rune) bool { return c == ',' || c == ' ' }) {
		if byClause(spec) {
			if !rfcForm.MatchString(id) {
				return row{}, fmt.Errorf("%q is no clause of %s", id, spec)
			}
			r.ids = append(r.ids, id)
			continue
		}
		if strings.HasPrefix(id, "R") {
			id = spec + "_" + id
		}
		if m := idForm.FindStringSubmatch(id); m == nil || m[1] != spec {
			return row{}, fmt.Errorf("%q is no requirement of %s", id, spec)
		}
		r.ids = append(r.ids, id)
	}
	for _, m := range testForm.FindAllStringSubmatch(cells[3], -1) {
		r.tests = append(r.tests, m[1])
	}
	switch {
	case r.what == "":
		return r, errors.New("say what is required, in a few words")
	case !slices.Contains([]string{yes, partial, no, later}, r.state):
		return r, fmt.Errorf("the state %q is not %s, %s, %s or %s", r.state, yes, partial, no, later)
	case r.state != no && r.state != later && len(r.tests) == 0:
		return r, fmt.Errorf("%s needs a test, written `package/path.TestName`", r.state)
	}
	return r, nil
}

// splitCells cuts a line of a Markdown table at its bars.
func splitCells(line string) []string {
	line = strings.ReplaceAll(line, `\|`, "\x00")
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|"), "|")
	for i, c := range cells {
		cells[i] = strings.TrimSpace(strings.ReplaceAll(c, "\x00", "|"))
	}
	return cells
}

// readPages reads all pages of doc/spec.
func readPages(root string) ([]*page, error) {
	files, err := filepath.Glob(filepath.Join(root, "doc", "spec", "MS-*.md"))
	if err != nil {
		return nil, err
	}
	rfcs, err := filepath.Glob(filepath.Join(root, "doc", "spec", "RFC-*.md"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rfcs, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	files = append(files, rfcs...)
	var pages []*page
	var problems []error
	for _, file := range files {
		p, err := readPage(root, "doc/spec/"+filepath.Base(file))
		if p != nil {
			pages = append(pages, p)
		}
		problems = append(problems, err)
	}
	return pages, errors.Join(problems...)
}

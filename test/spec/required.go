package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// requirement is a normative sentence of a specification that binds a server.
type requirement struct {
	id, section, text string
	suite             bool // Microsoft's own test suite verifies it
}

// required reads the requirements of a specification: of its table, the normative rows that bind a server. Where a table
// does not say whom a row binds, it binds everybody.
func required(tables, spec string) ([]requirement, error) {
	f, err := os.Open(filepath.Join(tables, spec+".tsv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []requirement
	seen := map[string]bool{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		// id, section, sentence, derived from, behaviour, side, normative, verification, comment
		cells := strings.Split(s.Text()+strings.Repeat("\t", 9), "\t")
		id, side := cells[0], cells[5]
		if !strings.HasPrefix(id, spec+"_R") || cells[6] != "Normative" || side == "Client" || seen[id] {
			continue
		}
		seen[id] = true
		all = append(all, requirement{id: id, section: cells[1], text: cells[2], suite: cells[7] == "Test Case" || cells[7] == "Adapter"})
	}
	return all, s.Err()
}

// tablesDir finds the requirements: $TANDEM_CORPORA/../eas/requirements, or below ../shared beside the module's root.
func tablesDir(root string) (string, error) {
	corpora := os.Getenv("TANDEM_CORPORA")
	if corpora == "" {
		corpora = filepath.Join(root, "..", "shared", "reference", "corpora")
	}
	dir := filepath.Join(filepath.Dir(corpora), "eas", "requirements")
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("no requirements at %s: %w", dir, fs.ErrNotExist)
	}
	return dir, nil
}

// count is how a specification stands.
type count struct {
	spec             string
	clauses          bool // of an RFC: total are the rows of its page
	total            int  // without those for later
	later            int
	yes, partial, no int
	suite, suiteYes  int // those that Microsoft's suite verifies
	missing          []requirement
	foreign          []string // in the page, and no requirement on a server
}

// tally counts a page against its requirements. p may be nil: nothing is listed then.
func tally(spec string, all []requirement, p *page) count {
	c := count{spec: spec, total: len(all)}
	states := map[string]string{}
	if p != nil {
		for _, r := range p.rows {
			for _, id := range r.ids {
				states[id] = r.state
			}
		}
	}
	for _, r := range all {
		state := states[r.id]
		delete(states, r.id)
		switch state {
		case yes:
			c.yes++
		case partial:
			c.partial++
		case no:
			c.no++
		case later:
			c.later++
			c.total--
			continue
		default:
			c.missing = append(c.missing, r)
		}
		if r.suite {
			c.suite++
			if state == yes {
				c.suiteYes++
			}
		}
	}
	for id := range states {
		c.foreign = append(c.foreign, id)
	}
	return c
}

// tallyClauses counts the rows of the page of an RFC. Nobody has numbered what an RFC requires, so that nothing can be said of what is not listed.
func tallyClauses(p *page) count {
	c := count{spec: p.spec, clauses: true}
	for _, r := range p.rows {
		switch r.state {
		case yes:
			c.yes++
		case partial:
			c.partial++
		case no:
			c.no++
		case later:
			c.later++
			continue
		}
		c.total++
	}
	return c
}

func percent(n, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", n*100/of)
}

// line is the sentence by which a page tells how it stands.
func (c count) line() string {
	if c.clauses {
		s := fmt.Sprintf("Of %d rows, %d are kept (%s), %d in part, %d not.", c.total, c.yes, percent(c.yes, c.total), c.partial, c.no)
		if c.later > 0 {
			s += fmt.Sprintf(" %d more are about what is not served yet.", c.later)
		}
		return s
	}
	s := fmt.Sprintf("Of %d normative requirements on a server, %d are kept (%s), %d in part, %d not, and %d are not listed.", c.total, c.yes, percent(c.yes, c.total),
		c.partial, c.no, len(c.missing))
	if c.later > 0 {
		s += fmt.Sprintf(" %d more are about what is not served yet.", c.later)
	}
	if c.suite > 0 {
		s += fmt.Sprintf(" Of the %d that Microsoft's own test suite verifies, %d are kept (%s).", c.suite, c.suiteYes, percent(c.suiteYes, c.suite))
	}
	return s
}

// summary is the table of doc/spec-index.md.
func summary(counts []count, listed map[string]bool) string {
	var b strings.Builder
	b.WriteString("| specification | requirements | kept | in part | not | not listed | for later | verified by Microsoft's suite | of which kept |\n|---|---|---|---|---|---|---|---|---|\n")
	sum := count{spec: "all"}
	var rfcs []count
	for _, c := range counts {
		if c.clauses {
			rfcs = append(rfcs, c)
			continue
		}
		name := c.spec
		if listed[c.spec] {
			name = fmt.Sprintf("[%s](spec/%s.md)", c.spec, c.spec)
		}
		writeCount(&b, name, c)
		sum.total, sum.yes, sum.partial, sum.no = sum.total+c.total, sum.yes+c.yes, sum.partial+c.partial, sum.no+c.no
		sum.later += c.later
		sum.suite, sum.suiteYes = sum.suite+c.suite, sum.suiteYes+c.suiteYes
		sum.missing = append(sum.missing, c.missing...)
	}
	writeCount(&b, "all", sum)
	if len(rfcs) > 0 {
		b.WriteString("\n| RFC | rows | kept | in part | not | for later |\n|---|---|---|---|---|---|\n")
	}
	for _, c := range rfcs {
		fmt.Fprintf(&b, "| [%s](spec/%s.md) | %d | %d (%s) | %d | %d | %d |\n", strings.Replace(c.spec, "RFC-", "RFC ", 1), c.spec, c.total, c.yes, percent(c.yes, c.total), c.partial, c.no, c.later)
	}
	return b.String()
}

func writeCount(b *strings.Builder, name string, c count) {
	fmt.Fprintf(b, "| %s | %d | %d (%s) | %d | %d | %d | %d | %d | %d (%s) |\n", name, c.total, c.yes, percent(c.yes, c.total), c.partial, c.no, len(c.missing), c.later, c.suite,
		c.suiteYes, percent(c.suiteYes, c.suite))
}

var errStale = errors.New("the figures are not those of the rows; run: go run ./test/spec -write")

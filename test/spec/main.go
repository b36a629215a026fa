// Command spec keeps the index of the specifications: which of their requirements are kept, and which test shows it.
// Each specification has a page in doc/spec; doc/spec-index.md sums them up and says how to write one.
//
//	go run ./test/spec                               check the pages and print how all stand
//	go run ./test/spec -write                        and write the figures into the pages
//	go run ./test/spec -missing MS-ASCMD             print the requirements that no row names
//	go run ./test/spec -missing MS-ASCMD -section 2.2.1.21
//
// The requirements themselves are no part of the source tree: without them only the pages are checked.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	write := flag.Bool("write", false, "write the figures into the pages and the index")
	missing := flag.String("missing", "", "print the requirements of this specification that its page does not name")
	section := flag.String("section", "", "with -missing: only of this section and those below it")
	flag.Parse()
	err := run(".", *write, *missing, *section, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string, write bool, missing, section string, out io.Writer) error {
	pages, err := readPages(root)
	if err != nil && missing == "" {
		return err
	}
	tables, err := tablesDir(root)
	if err != nil {
		return err
	}
	counts, err := countAll(tables, pages)
	if err != nil {
		return err
	}
	if missing != "" {
		return printMissing(counts, missing, section, out)
	}
	if err := checkTests(root, pages); err != nil {
		return err
	}
	if write {
		if err := writeFigures(root, pages, counts); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, summary(counts, listed(pages)))
	return errors.Join(err, checkForeign(counts))
}

func listed(pages []*page) map[string]bool {
	names := map[string]bool{}
	for _, p := range pages {
		names[p.spec] = true
	}
	return names
}

// countAll counts every specification that has a table of requirements, and the pages of RFCs.
func countAll(tables string, pages []*page) ([]count, error) {
	files, err := filepath.Glob(filepath.Join(tables, "*.tsv"))
	if err != nil {
		return nil, err
	}
	var counts []count
	for _, file := range files {
		spec := strings.TrimSuffix(filepath.Base(file), ".tsv")
		all, err := required(tables, spec)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(pages, func(p *page) bool { return p.spec == spec })
		var p *page
		if i >= 0 {
			p = pages[i]
		}
		counts = append(counts, tally(spec, all, p))
	}
	for _, p := range pages {
		if p.clauses() {
			counts = append(counts, tallyClauses(p))
		}
	}
	return counts, nil
}

func checkForeign(counts []count) error {
	var problems []error
	for _, c := range counts {
		if len(c.foreign) > 0 {
			slices.Sort(c.foreign)
			problems = append(problems, fmt.Errorf("doc/spec/%s.md: no normative requirement on a server: %s", c.spec, strings.Join(c.foreign, ", ")))
		}
	}
	return errors.Join(problems...)
}

func printMissing(counts []count, spec, section string, out io.Writer) error {
	i := slices.IndexFunc(counts, func(c count) bool { return c.spec == spec })
	if i < 0 {
		return fmt.Errorf("there are no requirements of %q", spec)
	}
	for _, r := range counts[i].missing {
		if section != "" && r.section != section && !strings.HasPrefix(r.section, section+".") {
			continue
		}
		mark := " "
		if r.suite {
			mark = "*"
		}
		if _, err := fmt.Fprintf(out, "%s %s\t%s\t%s\n", mark, r.id, r.section, r.text); err != nil {
			return err
		}
	}
	return nil
}

const (
	figuresBegin = "<!-- figures, written by go run ./test/spec -write -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
)

// figures returns what stands between the marks, or an error where there are none.
func figures(text string) (before, within, after string, err error) {
	before, rest, ok := strings.Cut(text, figuresBegin)
	within, after, end := strings.Cut(rest, figuresEnd)
	if !ok || !end {
		return "", "", "", fmt.Errorf("no lines %q and %q", strings.TrimSpace(figuresBegin), strings.TrimSpace(figuresEnd))
	}
	return before, within, after, nil
}

const index = "doc/spec-index.md"

func writeFigures(root string, pages []*page, counts []count) error {
	for _, p := range pages {
		for _, c := range counts {
			if c.spec == p.spec {
				if err := replace(root, p.file, c.line()+"\n"); err != nil {
					return err
				}
			}
		}
	}
	return replace(root, index, summary(counts, listed(pages)))
}

func replace(root, file, with string) error {
	file = filepath.Join(root, filepath.FromSlash(file))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, within, after, err := figures(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if within == with {
		return nil
	}
	return os.WriteFile(file, []byte(before+figuresBegin+with+figuresEnd+after), 0o644)
}

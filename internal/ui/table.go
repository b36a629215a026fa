package ui

import (
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Table is rows of text in aligned columns. The last column is never padded.
type Table struct {
	head []string
	rows [][]string
}

// NewTable starts a table with column headings; none given: no heading line.
func NewTable(head ...string) *Table { return &Table{head: head} }

// Add appends a row. Cells are cleaned of control characters.
func (t *Table) Add(cells ...string) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = Clean(c)
	}
	t.rows = append(t.rows, row)
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Write prints the table. Columns that are empty in every row are left out.
func (t *Table) Write(w io.Writer) error {
	rows := t.rows
	if len(t.head) > 0 {
		rows = append([][]string{t.head}, rows...)
	}
	width := t.widths()
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			if width[i] == 0 {
				continue
			}
			line += runewidth.FillRight(cell, width[i]) + "  "
		}
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// widths measures the columns: 0 where no row has anything.
func (t *Table) widths() []int {
	var width []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], runewidth.StringWidth(cell))
		}
	}
	for i, h := range t.head {
		if i == len(width) {
			width = append(width, 0)
		}
		if width[i] > 0 || len(t.rows) == 0 {
			width[i] = max(width[i], runewidth.StringWidth(h))
		}
	}
	return width
}

// Cut shortens s to at most n columns, ending in "…" where something was left out.
func Cut(s string, n int) string { return runewidth.Truncate(Clean(s), n, "…") }

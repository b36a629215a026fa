package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

// pickFlags say which fields of a version are from where.
type pickFlags struct {
	fields  []string
	rest    string
	preview bool
}

func (p *pickFlags) add(c *cobra.Command) {
	c.Flags().StringArrayVar(&p.fields, "field", nil, "FIELD=VERSION: take this field from version a, b and so on; may be repeated")
	c.Flags().StringVar(&p.rest, "rest", "", "with --field: take everything else from this version")
	c.Flags().BoolVar(&p.preview, "preview", false, "with --field: show the version and decide nothing")
}

func (p *pickFlags) used() bool { return len(p.fields) > 0 || p.rest != "" || p.preview }

// read splits at the last equals sign: labels of fields may hold some.
func (p *pickFlags) read() (map[string]string, error) {
	out := map[string]string{}
	for _, text := range p.fields {
		i := strings.LastIndexByte(text, '=')
		if i < 1 || i == len(text)-1 {
			return nil, errUsage{fmt.Errorf("%q is not FIELD=VERSION, such as \"phone (cell)=b\"", text)}
		}
		out[strings.TrimSpace(text[:i])] = strings.ToLower(strings.TrimSpace(text[i+1:]))
	}
	return out, nil
}

type mergedJSON struct {
	Title  string            `json:"title"`
	Fields []mergedFieldJSON `json:"fields"`
	Body   string            `json:"body"`
}

type mergedFieldJSON struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// showMerged shows what a choice of fields comes to.
func (a *app) showMerged(c *cobra.Command, s center.Service, r center.Resolution) error {
	v, err := s.MergeFields(c.Context(), center.FieldChoice{ID: r.ID, Rest: r.Rest, Fields: r.Fields})
	if err != nil {
		return err
	}
	out := mergedJSON{v.Title, []mergedFieldJSON{}, string(v.Body)}
	t := ui.NewTable("FIELD", "VALUE")
	for _, f := range v.Fields {
		out.Fields = append(out.Fields, mergedFieldJSON{f.Label, f.Text})
		t.Add(f.Label, strings.ReplaceAll(f.Text, "\n", ", "))
	}
	if a.json {
		return ui.JSON(a.out, out)
	}
	return t.Write(a.out)
}

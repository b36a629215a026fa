package provider

import (
	"fmt"
	"slices"

	"tandem"
)

// Description is a provider's declaration as plain data, for listings, forms and documentation.
type Description struct {
	Name     string              `json:"name"`
	Title    string              `json:"title"`
	Help     string              `json:"help"`
	Examples []string            `json:"examples"`
	Icon     string              `json:"icon,omitempty"` // a drawing's name
	Kinds    []tandem.Kind       `json:"kinds"`
	Options  []OptionDescription `json:"options"`
	Features []string            `json:"features"` // what it can do at most, one sentence part each
}

// OptionDescription is an option's declaration as plain data.
type OptionDescription struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Choices []string `json:"choices,omitempty"`
	Default string   `json:"default,omitempty"`
	Help    string   `json:"help"`
	Secret  bool     `json:"secret,omitempty"`
}

// Describe returns the declarations of all providers, sorted by name.
func (r *Registry) Describe() []Description {
	out := make([]Description, 0, len(r.byName))
	for _, name := range slices.Compact(r.Names()) {
		if p := r.find(name); p != nil {
			out = append(out, p.Describe())
		}
	}
	return out
}

// Describe returns the provider's declaration as plain data.
func (p *Provider) Describe() Description {
	d := Description{Name: p.Name, Title: p.Title, Help: p.Help, Icon: p.Icon,
		Examples: append([]string{}, p.Examples...), Kinds: append([]tandem.Kind{}, p.Kinds...),
		Options: make([]OptionDescription, 0, len(p.Options)), Features: p.Features.Words()}
	for _, o := range p.Options {
		d.Options = append(d.Options, OptionDescription{Name: o.Name, Type: o.Type,
			Choices: append([]string(nil), o.Choices...), Default: o.Default, Help: o.Help, Secret: o.Secret})
	}
	return d
}

// Words says the features in words, those that hold, in a fixed order.
func (f Features) Words() []string {
	out := []string{}
	for _, w := range []struct {
		on   bool
		text string
	}{
		{f.Tree, "folders within folders"},
		{f.ReadOnly, "read only"},
		{f.Watch, "notices changes at once"},
		{f.Cursor, "tells what changed since the last time"},
		{f.Rename, "renames without sending again"},
		{f.Parks, "keeps overwritten versions itself"},
		{f.FoldCase, "does not tell upper from lower case in names"},
		{f.NFC, "does not tell Unicode normal forms of names apart"},
		{f.OneUID, "holds no two records of one UID"},
		{f.Attrs, "keeps attributes"},
		{f.Lasting, "never changes a record's body"},
		{f.Names == "windows", "names by Windows' rules"},
		{f.MaxSize > 0, fmt.Sprintf("records up to %s", FormatSize(f.MaxSize))},
	} {
		if w.on {
			out = append(out, w.text)
		}
	}
	return out
}

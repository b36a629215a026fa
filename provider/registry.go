package provider

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"tandem"
)

// Registry knows providers by name. It is built once, is never changed afterwards but for what With tells, and is safe for concurrent use.
type Registry struct {
	byName map[string]*Provider
	names  []string
	around func() surroundings
	more   func() []*Provider // besides those, which may come and go; nil: none
}

// NewRegistry makes a registry of the given providers. Where two have one name, the first counts; see Check.
func NewRegistry(ps ...*Provider) *Registry {
	r := &Registry{byName: make(map[string]*Provider, len(ps)), around: realSurroundings}
	for _, p := range ps {
		if _, taken := r.byName[p.Name]; !taken {
			r.byName[p.Name] = p
		}
		r.names = append(r.names, p.Name)
	}
	sort.Strings(r.names)
	return r
}

// With is a registry that has the same providers, and besides them those that more tells each time. Where a name is taken, the one that was there first counts.
// more is called concurrently.
func (r *Registry) With(more func() []*Provider) *Registry {
	out := *r
	out.more = more
	return &out
}

// find finds a provider by its name, nil if there is none.
func (r *Registry) find(name string) *Provider {
	if p, ok := r.byName[name]; ok || r.more == nil {
		return p
	}
	for _, p := range r.more() {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Names are the names of all providers, sorted.
func (r *Registry) Names() []string {
	out := slices.Clone(r.names)
	if r.more != nil {
		for _, p := range r.more() {
			if !slices.Contains(out, p.Name) {
				out = append(out, p.Name)
			}
		}
		slices.Sort(out)
	}
	return out
}

// Provider returns the provider of a name. The error is NotFound and lists the known ones.
func (r *Registry) Provider(name string) (*Provider, error) {
	if p := r.find(name); p != nil {
		return p, nil
	}
	return nil, &tandem.Error{Kind: tandem.NotFound, Op: "find provider", Thing: name,
		Err: fmt.Errorf("there is no provider of this name"), Remedy: "the known providers are " + r.known()}
}

// Open parses a place and opens the collection it names.
func (r *Registry) Open(ctx context.Context, text string, env Env) (*Opened, error) {
	place, err := r.ParsePlace(text)
	if err != nil {
		return nil, err
	}
	p := r.find(place.Provider)
	if p == nil { // it went meanwhile
		_, err := r.Provider(place.Provider)
		return nil, err
	}
	opened, err := p.Open(ctx, place, env)
	if err != nil {
		return nil, err
	}
	// ParsePlace refuses secrets, so the text as written is fit to be shown.
	opened.Place = strings.TrimSpace(text)
	return opened, nil
}

// Check reports declarations that contradict themselves: for tests of whoever builds a registry.
func (r *Registry) Check() error {
	for i, name := range r.names {
		if i > 0 && r.names[i-1] == name {
			return tandem.Errorf(tandem.Invalid, "provider %s is declared twice", name)
		}
		if err := r.check(r.byName[name]); err != nil {
			return fmt.Errorf("provider %s: %w", name, err)
		}
	}
	return nil
}

func (r *Registry) check(p *Provider) error {
	switch {
	case !isScheme(p.Name):
		return tandem.Errorf(tandem.Invalid, "the name is not two or more of a-z, 0-9, + and -, starting with a letter")
	case p.Title == "" || p.Help == "" || len(p.Kinds) == 0 || p.Open == nil:
		return tandem.Errorf(tandem.Invalid, "title, help, kinds or open is missing")
	}
	seen := map[string]bool{}
	for _, o := range p.Options {
		if o.Name == "" || o.Help == "" || seen[o.Name] {
			return tandem.Errorf(tandem.Invalid, "option %q is without help or declared twice", o.Name)
		}
		seen[o.Name] = true
		if o.Default == "" {
			continue
		}
		if canon, err := o.parse(o.Default, r.around()); err != nil || canon != o.Default {
			return tandem.Errorf(tandem.Invalid, "the default of option %s is not in canonical form: %q (%v)", o.Name, o.Default, err)
		}
	}
	for _, example := range p.Examples {
		if place, err := r.ParsePlace(example); err != nil {
			return fmt.Errorf("example %s: %w", example, err)
		} else if place.Provider != p.Name {
			return tandem.Errorf(tandem.Invalid, "example %s names another provider", example)
		}
	}
	return nil
}

func (r *Registry) known() string {
	names := r.Names()
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// isScheme tells a scheme from a path; one letter is a Windows drive.
func isScheme(s string) bool {
	if len(s) < 2 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' {
			return false
		}
	}
	return true
}

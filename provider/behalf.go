package provider

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"tandem"
)

// OnBehalf is the name of the option that says on whose behalf a place is opened: with the secrets of that user, within what users may reach. A place without it is opened
// with the hub's. It is part of the place, so that nothing that comes of the place is ever opened otherwise. People do not write it.
const OnBehalf = "on-behalf"

// BehalfOption declares OnBehalf. A provider with it connects by Env.Dial only, and what it reads of the hub's computer it reads because of options that are declared Machine.
func BehalfOption() Option {
	return Option{Name: OnBehalf, Type: "string", Help: "the user of the hub who added the place; set by the hub"}
}

// For is a place as a user of the hub may name it, bound to that user. Denied: only administrators name such places.
func (r *Registry) For(user, text string) (string, error) {
	const op = "name place"
	place, err := r.ParsePlace(text)
	if err != nil {
		return "", err
	}
	if place.Options[OnBehalf] != "" {
		return "", &tandem.Error{Kind: tandem.Denied, Op: op, Thing: text, Err: errors.New("the option " + OnBehalf + " is set by the hub"), Remedy: "leave it out"}
	}
	if err := r.MayBe(place); err != nil {
		return "", err
	}
	bound, err := r.ParsePlace(place.Text + separator(place.Text) + OnBehalf + "=" + url.QueryEscape(user))
	if err != nil {
		return "", err
	}
	if bound.Options[OnBehalf] != user || bound.Path != place.Path || bound.Provider != place.Provider {
		return "", &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: text, Err: errors.New("it cannot be told on whose behalf it is"), Remedy: "write the place without what follows a question mark"}
	}
	return bound.Text, nil
}

// Unbound is the text of a place as its user would name it: without whose it is.
func Unbound(text string) string {
	where, query, ok := strings.Cut(text, "?")
	if !ok {
		return text
	}
	var rest []string
	for _, o := range strings.Split(query, "&") {
		if name, _, _ := strings.Cut(o, "="); name != OnBehalf {
			rest = append(rest, o)
		}
	}
	if len(rest) == 0 {
		return where
	}
	return where + "?" + strings.Join(rest, "&")
}

// MayBind reports whether places of the provider can be opened on behalf of a user at all.
func (p *Provider) MayBind() bool {
	return slices.ContainsFunc(p.Options, func(o Option) bool { return o.Name == OnBehalf })
}

func separator(text string) string {
	for _, c := range text {
		if c == '?' {
			return "&"
		}
	}
	return "?"
}

// MayBe reports whether a place may be opened on behalf of a user: its provider can do that, and no option reaches for the hub's computer. Denied.
func (r *Registry) MayBe(place Place) error {
	const op = "name place"
	p, err := r.Provider(place.Provider)
	if err != nil {
		return err
	}
	declared := false
	for _, o := range p.Options {
		declared = declared || o.Name == OnBehalf
		if v := place.Options[o.Name]; o.Machine && v != "" && v != o.Default {
			return &tandem.Error{Kind: tandem.Denied, Op: op, Thing: place.Text, Err: errors.New("the option " + o.Name + " reaches for the hub's own computer"), Remedy: "leave it out, or ask an administrator to add the place"}
		}
	}
	if !declared {
		return &tandem.Error{Kind: tandem.Denied, Op: op, Thing: place.Text, Err: errors.New("only administrators name places of the sort " + p.Name), Remedy: "ask one to add it"}
	}
	return nil
}

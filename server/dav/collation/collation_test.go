package collation_test

import (
	"errors"
	"testing"

	"tandem/server/dav/collation"
	"tandem/wire/davxml"
)

func TestParse(t *testing.T) {
	refusal := davxml.C("supported-collation")
	for _, name := range collation.Names() {
		if _, err := collation.Parse(name, 0, refusal); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "default", " I;Octet "} {
		if c, err := collation.Parse(name, collation.Octet, refusal); err != nil || c != collation.Octet {
			t.Errorf("%q: %v, %v", name, c, err)
		}
	}
	_, err := collation.Parse("i;basic", 0, refusal)
	var c *davxml.Condition
	if !errors.As(err, &c) || c.Status != 403 || c.Name != refusal {
		t.Errorf("unknown collation: %v", err)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		value, text string
		with        collation.Collation
		how         collation.How
		want        bool
	}{
		{"Hello World", "LO W", collation.ASCIICase, collation.Contains, true},
		{"Hello World", "LO W", collation.Octet, collation.Contains, false},
		{"Müller", "MÜLLER", collation.ASCIICase, collation.Equals, false},
		{"Müller", "MÜLLER", collation.UnicodeCase, collation.Equals, true},
		{"Mu\u0308ller", "M\u00fcller", collation.UnicodeCase, collation.Equals, true},
		{"Mu\u0308ller", "M\u00fcller", collation.Octet, collation.Equals, false},
		{"Straße", "STRASSE", collation.UnicodeCase, collation.Equals, true},
		{"ﬁle", "file", collation.UnicodeCase, collation.StartsWith, true},
		{"Anna Berg", "anna", collation.ASCIICase, collation.StartsWith, true},
		{"Anna Berg", "berg", collation.ASCIICase, collation.StartsWith, false},
		{"Anna Berg", "berg", collation.ASCIICase, collation.EndsWith, true},
		{"Anna Berg", "anna berg", collation.ASCIICase, collation.Equals, true},
		{"", "", collation.ASCIICase, collation.Equals, true},
		{"x", "", collation.ASCIICase, collation.Contains, true},
		{"\xff\xfe", "\xff", collation.Octet, collation.Contains, true},
	} {
		if got := collation.NewMatch(c.text, c.with, c.how, false).Match(c.value); got != c.want {
			t.Errorf("%q in %q (%d, %d): %v", c.text, c.value, c.with, c.how, got)
		}
		if got := collation.NewMatch(c.text, c.with, c.how, true).Match(c.value); got == c.want {
			t.Errorf("not %q in %q (%d, %d): %v", c.text, c.value, c.with, c.how, got)
		}
	}
	m := collation.NewMatch("b", collation.Octet, collation.Equals, false)
	if m.Any() || !m.Any("a", "b") || m.Any("a") {
		t.Error("Any")
	}
}

package propmerge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem/kind"
	"tandem/wire/contentline"
)

// The tests use a small kind of their own: TEL is a list with roles, CAT a list in one line, NOTE is there once and
// merges by its parameters, all else is what it says.

func open(t interface {
	Helper()
	Fatalf(string, ...any)
}, lines []string) (*contentline.Document, *contentline.Component) {
	t.Helper()
	d, err := contentline.Parse([]byte("BEGIN:A\n"+strings.Join(lines, "\n")+"\nEND:A\n"), contentline.Limits{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	for c := range d.Components() {
		return d, c
	}
	return nil, nil
}

func elems(c *contentline.Component) []Elem {
	var out []Elem
	for l := range c.Lines() {
		types := l.ParamValues("TYPE")
		slices.Sort(types)
		slot := strings.Join(types, ",")
		e := Elem{Field: l.Name(), Value: slot + ":" + l.Value(), Ident: l.Value(), Slot: slot, Label: l.Name() + " " + slot, Text: l.Value(),
			Items: []contentline.Item{{Line: l}}}
		switch l.Name() {
		case "NOTE":
			e.Single = true
		case "CAT":
			for p := range contentline.SplitText(l.Value(), ',') {
				e.List, e.Part, e.Lists, e.Value, e.Ident = true, p, slot, slot+":"+p, p
				out = append(out, e)
			}
			continue
		}
		out = append(out, e)
	}
	return out
}

func combine(base, a, b *Elem) ([]contentline.Item, bool) {
	rules := LineRules{Value: (*contentline.Line).Value, Sets: []string{"TYPE"}}
	var was *contentline.Line
	if base != nil {
		was = base.Items[0].Line
	}
	l, ok := rules.Combine(was, a.Items[0].Line, b.Items[0].Line)
	return []contentline.Item{{Line: l}}, ok
}

func merge(t *testing.T, base, a, b []string) ([]string, []kind.Clash) {
	out, clashes := mergeLines(t, base, a, b)
	return out, clashes
}

func mergeLines(t interface {
	Helper()
	Fatalf(string, ...any)
}, base, a, b []string) ([]string, []kind.Clash) {
	t.Helper()
	_, cb := open(t, base)
	da, ca := open(t, a)
	_, cc := open(t, b)
	steps, clashes := Merge(elems(cb), elems(ca), elems(cc), combine)
	Apply(da, ca, steps, nil)
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(string(da.Bytes()), "BEGIN:A\n"), "\nEND:A\n"), "\n"), clashes
}

func TestMerge(t *testing.T) {
	tests := []struct {
		name             string
		base, a, b, want string // lines separated by spaces
		clashes          string
	}{
		{"two phones", "TEL;TYPE=home:1 TEL;TYPE=work:2", "TEL;TYPE=home:3 TEL;TYPE=work:2", "TEL;TYPE=home:1 TEL;TYPE=work:4", "TEL;TYPE=home:3 TEL;TYPE=work:4", ""},
		{"same phone", "TEL;TYPE=home:1", "TEL;TYPE=home:3", "TEL;TYPE=home:4", "TEL;TYPE=home:3", "TEL home: 1|3|4"},
		{"same phone, same edit", "TEL;TYPE=home:1", "TEL;TYPE=home:3", "TEL;TYPE=home:3", "TEL;TYPE=home:3", ""},
		{"number here, role there", "TEL;TYPE=home:1", "TEL;TYPE=home:3", "TEL;TYPE=home,cell:1", "TEL;TYPE=home,cell:3", ""},
		{"deleted and unchanged", "TEL:1 TEL:2", "TEL:1 TEL:2", "TEL:2", "TEL:2", ""},
		{"deleted and changed", "TEL:1 X:1", "X:1", "TEL:2 X:1", "X:1", "TEL : 1||2"},
		{"changed and deleted", "TEL:1", "TEL:2", "X:1", "TEL:2 X:1", "TEL : 1|2|"},
		{"both add", "X:1", "X:1 TEL;TYPE=work:1", "X:1 TEL;TYPE=work:2", "X:1 TEL;TYPE=work:1 TEL;TYPE=work:2", ""},
		{"both add the same with other roles", "X:1", "X:1 TEL;TYPE=work:1", "X:1 TEL;TYPE=cell:1", "X:1 TEL;TYPE=work,cell:1", ""},
		{"both add the only one", "X:1", "X:1 NOTE:a", "X:1 NOTE:b", "X:1 NOTE:a", "NOTE : |a|b"},
		{"lists by element", "CAT:a,b,c", "CAT:b,c,x", "CAT:a,b,y", "CAT:b,x,y", ""},
		{"list emptied", "CAT:a X:1", "X:1", "CAT:a X:1", "X:1", ""},
		{"list emptied from there", "CAT:a,b X:1", "CAT:b X:1", "CAT:a X:1", "X:1", ""},
		{"list over several lines", "CAT:a CAT:b", "CAT:a CAT:b", "CAT:a,b,c", "CAT:a CAT:b,c", ""},
		{"list that a has not", "X:1", "X:1 CAT;TYPE=q:z", "X:1 CAT:a,b", "X:1 CAT;TYPE=q:z CAT:a,b", ""},
		{"copies go together", "TEL:1 TEL:1 X:1", "TEL:1 TEL:1 X:1", "X:1", "X:1", ""},
		{"place is kept", "TEL:1 X:1", "TEL:1 X:1", "X:1 TEL:2", "TEL:2 X:1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, clashes := merge(t, strings.Fields(tt.base), strings.Fields(tt.a), strings.Fields(tt.b))
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), tt.want)
			}
			var names []string
			for _, c := range clashes {
				names = append(names, fmt.Sprintf("%s: %s|%s|%s", c.Field, c.Base, c.A, c.B))
			}
			if got := strings.Join(names, "; "); got != tt.clashes {
				t.Errorf("clashes %q, want %q", got, tt.clashes)
			}
		})
	}
}

func meaning(t *rapid.T, lines []string) []string {
	_, c := open(t, lines)
	var out []string
	for _, e := range elems(c) {
		out = append(out, e.Field+" "+e.Value)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func record() *rapid.Generator[[]string] {
	line := rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom([]string{"TEL", "TEL", "CAT", "X"}).Draw(t, "name")
		l := name + rapid.SampledFrom([]string{"", ";TYPE=home", ";TYPE=work", ";TYPE=home,work"}).Draw(t, "type")
		l += ":" + rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "value")
		if name == "CAT" && rapid.Bool().Draw(t, "more") {
			l += "," + rapid.SampledFrom([]string{"1", "2", "5"}).Draw(t, "part")
		}
		return l
	})
	return rapid.Custom(func(t *rapid.T) []string {
		lines := append([]string{"FIX:1"}, rapid.SliceOfN(line, 0, 6).Draw(t, "lines")...)
		if rapid.Bool().Draw(t, "has note") {
			lines = append(lines, "NOTE:"+rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "note"))
		}
		return lines
	})
}

func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, a, b := record().Draw(t, "base"), record().Draw(t, "a"), record().Draw(t, "b")
		for _, c := range []struct{ base, a, b, want []string }{{x, a, x, a}, {x, x, b, b}, {x, a, a, a}} {
			got, clashes := mergeLines(t, c.base, c.a, c.b)
			if !slices.Equal(meaning(t, got), meaning(t, c.want)) || len(clashes) > 0 {
				t.Fatalf("merge of %q, %q, %q: %q, %v", c.base, c.a, c.b, got, clashes)
			}
		}
		ab, c1 := mergeLines(t, x, a, b)
		ba, c2 := mergeLines(t, x, b, a)
		names := func(cs []kind.Clash) (out []string) {
			for _, c := range cs {
				out = append(out, c.Field)
			}
			slices.Sort(out)
			return out
		}
		if !slices.Equal(names(c1), names(c2)) {
			t.Fatalf("other clashes the other way round: %v and %v", c1, c2)
		}
		if len(c1) == 0 && !slices.Equal(meaning(t, ab), meaning(t, ba)) {
			t.Fatalf("not symmetric:\n%q\n%q", ab, ba)
		}
	})
}

func TestMergeSet(t *testing.T) {
	for _, tt := range []struct {
		base, a, b, want string
		ok               bool
	}{
		{"home", "home pref", "home cell", "home pref cell", true},
		{"home pref", "home", "home pref cell", "home cell", true},
		{"home", "work", "cell", "work", false},
		{"home", "work", "work", "work", true},
		{"", "work", "home", "work home", true},
	} {
		got, ok := MergeSet(strings.Fields(tt.base), strings.Fields(tt.a), strings.Fields(tt.b))
		if strings.Join(got, " ") != tt.want || ok != tt.ok {
			t.Errorf("%v: got %v, %v", tt, got, ok)
		}
	}
}

func TestLineRules(t *testing.T) {
	rules := LineRules{Value: func(l *contentline.Line) string { v, _ := l.Param("TZID"); return v + l.Value() }, With: []string{"TZID"}, Sets: []string{"MEMBER"}, Ignore: []string{"X-SEEN"}}
	for _, tt := range []struct{ base, a, b, want string }{
		{"A;P=1;Q=1:v", "A;P=2;Q=1:v", "A;P=1;Q=2:w", "A;P=2;Q=2:w"},
		{"A;P=1:v", "A;P=2:v", "A;P=3:v", ""},
		{"A;P=1:v", "A:v", "A;P=1;Q=\"x:y\":v", "A;Q=\"x:y\":v"},
		{"A;TZID=x:v", "A;TZID=x;P=1:v", "A;TZID=y:v", "A;TZID=y;P=1:v"},
		{"A;TZID=x:v", "A;TZID=z:v", "A;TZID=y:v", ""},
		{"A;TZID=x:v", "A;TZID=x;P=1:v", "A:w", "A;P=1:w"},
		{"A;MEMBER=a,b:v", "A;MEMBER=a,b,c:v", "A;MEMBER=b:v", "A;MEMBER=b,c:v"},
		{"A;X-SEEN=1:v", "A;X-SEEN=2:v", "A;X-SEEN=3:w", "A;X-SEEN=2:w"},
		{"", "A;P=1:v", "A;Q=2:v", "A;P=1;Q=2:v"},
		{"", "A;P=1:v", "A;P=1:w", ""},
	} {
		line := func(s string) *contentline.Line {
			if s == "" {
				return nil
			}
			_, c := open(t, []string{s})
			return c.Items[0].Line
		}
		d, c := open(t, []string{tt.a})
		l, ok := rules.Combine(line(tt.base), c.Items[0].Line, line(tt.b))
		got := ""
		if ok {
			c.Items[0].Line = l
			got = strings.Split(string(d.Bytes()), "\n")[1]
		}
		if got != tt.want {
			t.Errorf("%v: got %q", tt, got)
		}
	}
}

package provider

import "testing"

// TestReset changes options of a place and nothing else.
func TestReset(t *testing.T) {
	r := NewRegistry(&Provider{Name: "ex", Title: "X", Help: "X.", Local: true, Options: []Option{{Name: "days", Type: "int", Default: "0"}, {Name: "max-size", Type: "size"},
		{Name: "ignore", Type: "list"}, {Name: "password", Type: "string", Secret: true}}})
	for _, tc := range []struct {
		place string
		set   map[string]string
		want  string // "": refused
	}{
		{"ex:/a?days=30&max-size=10", map[string]string{"days": "90"}, "ex:/a?days=90&max-size=10"},
		{"ex:/a?days=30", map[string]string{"days": ""}, "ex:/a"},
		{"ex:/a?days=30", map[string]string{"days": "0"}, "ex:/a"},
		{"ex:/a%3Fb", map[string]string{"ignore": "*.tmp,b&c"}, "ex:/a%3Fb?ignore=%2A.tmp%2Cb%26c"},
		{"ex:/a", nil, "ex:/a"},
		{"ex:/a", map[string]string{"days": "many"}, ""},
		{"ex:/a", map[string]string{"colour": "red"}, ""},
		{"ex:/a", map[string]string{"password": "p"}, ""},
		{"why:/a", nil, ""},
	} {
		got, err := r.Reset(tc.place, tc.set)
		if got.Text != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s with %v: %q, %v; want %q", tc.place, tc.set, got.Text, err, tc.want)
		}
	}
}

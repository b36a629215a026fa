package refill

import (
	"net/url"
	"strings"
	"testing"
)

const page = `<!doctype html><html><head><title>x</title></head><body><main><div id="notice"></div><h1>x</h1>
<section><form method="post" action="/a" class="filters"><input type="hidden" name="do" value="one"><input name="name" autofocus></form></section>
<section><form method="post" action="/a" class="stack"><input type="hidden" name="do" value="two"><div class="field"><input name="name" aria-describedby="help"></div>
<details><div class="stack"><p class="field"><input name="deep" required></p></div></details><select name="sort"><option>x</option><option value="y">Y</option></select>
<input type="checkbox" name="on" value="yes" checked><input type="password" name="secret" value="old"><textarea name="text"></textarea><button formaction="/b">B</button></form></section>
<form method="post" action="/gone"><button>gone</button></form></main></body></html>`

// TestFill: what was sent stands in the form that sent it, the problem before the part with the field that it is about, which has the focus.
func TestFill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f    Form
		has  []string
		hasn []string
	}{
		"the field that is named": {Form{Path: "/a", Sent: url.Values{"do": {"two"}, "name": {"<b>"}, "deep": {"d"}, "sort": {"y"}, "secret": {"s3"}, "text": {"\nline"}}, Fields: []string{"none", "deep"}},
			[]string{`value="&lt;b&gt;"`, `<details open="">`, `name="deep" required="" value="d" aria-invalid="true" aria-describedby="wrong" autofocus=""`, `<option value="y" selected="">`, "<textarea name=\"text\">\n\nline</textarea>",
				`<div class="stack"><b class="problem" id="wrong">no</b><p class="field">`}, []string{"s3", `value="old"`, "checked"}},
		"the one that is repeated": {Form{Path: "/a", Sent: url.Values{"do": {"two"}, "name": {"Zoe"}, "deep": {"o"}}, Said: `"zoe" is nobody`}, []string{`aria-describedby="wrong help"`}, nil},
		"the one that is missing":  {Form{Path: "/a", Sent: url.Values{"do": {"two"}, "name": {"x y"}}}, []string{`name="deep" required="" aria-invalid="true"`}, nil},
		"a password in an address": {Form{Path: "/a", Sent: url.Values{"do": {"two"}, "name": {"https://zoe:hun/t@er2@example.org/x"}, "deep": {"mailto:zoe@example.org"}}}, []string{`value="https://zoe@example.org/x"`, `value="mailto:zoe@example.org"`}, []string{"er2"}},
		"one that is told of":      {Form{Path: "/a", Sent: url.Values{"do": {"two"}, "name": {"https://zoe:hunter2@example.org/x"}}, Said: "passwords are not taken from here"}, []string{`value="https://zoe@example.org/x"`}, []string{"hunter2"}},
		"one without slashes":      {Form{Path: "/a", Sent: url.Values{"do": {"two"}, "name": {"zoe:hunter2@example.org/x"}}, Said: "passwords are not taken from here"}, []string{`value="zoe@example.org/x"`}, []string{"hunter2"}},
		"of one line":              {Form{Path: "/a", Sent: url.Values{"do": {"one"}, "name": {"n"}}}, []string{`<section><b class="problem" id="wrong">no</b><form`, `value="n"`}, nil},
		"another button":           {Form{Path: "/b", Sent: url.Values{"do": {"two"}, "name": {"n"}}, Fields: []string{"name"}}, []string{`value="n"`}, nil},
		"a button":                 {Form{Path: "/gone", Sent: url.Values{}}, []string{`<div id="notice"><b class="problem" id="wrong" tabindex="-1" autofocus="">no</b></div>`}, []string{"aria-invalid"}},
		"no form":                  {Form{Path: "/else", Sent: url.Values{"name": {"n"}}}, []string{`<div id="notice"><b`}, []string{`value="n"`}},
	} {
		c.f.Problem = []byte(`<b class="problem">no</b>`)
		out, err := Fill([]byte(page), c.f)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.has {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: lacks %s\n%s", name, want, out)
			}
		}
		for _, not := range c.hasn {
			if strings.Contains(string(out), not) {
				t.Errorf("%s: has %s\n%s", name, not, out)
			}
		}
		if n := strings.Count(string(out), "autofocus"); n != 1 {
			t.Errorf("%s: %d have the focus", name, n)
		}
	}
}

package web_test

import (
	"net/url"
	"strings"
	"testing"

	"tandem/provider"
)

// TestRefusedPlaces sends the form of each provider with what cannot be used: no address, markup, one that is too long, and for each option what it cannot be. Nothing is reached,
// since nothing is there.
func TestRefusedPlaces(t *testing.T) {
	t.Parallel()
	h := &refusing{kit: (&kit{T: t, dir: t.TempDir(), every: true}).furnished(), browsers: map[string]*browser{}, ids: strings.NewReplacer()}
	before := h.all()
	for _, d := range h.registry.Describe() {
		if d.Name == "home" {
			continue
		}
		page := "/places/add/" + url.PathEscape(d.Name)
		rows := []refusal{{page: page, send: sent("path", ""), field: "path", says: "no address was typed"}, {page: page, send: sent("path", markup+"/\x07"), field: "path"},
			{page: page, send: sent("path", "localhost:1/"+strings.Repeat("ä", 3000)), field: "path"}}
		for _, o := range d.Options {
			if wrong := map[string]string{"int": "many", "size": "huge", "choice": markup, "bool": ""}[o.Type]; wrong != "" && o.Name != provider.OnBehalf {
				rows = append(rows, refusal{page: page, send: sent("path", "localhost:1/nowhere", "o-"+o.Name, wrong), field: "o-" + o.Name, says: wrong[:1]})
			}
		}
		for _, r := range rows {
			for _, lang := range []string{"en", "de"} {
				t.Run(d.Name+" "+r.field+" "+lang, func(t *testing.T) { h.try(t, r, lang) })
			}
		}
	}
	if after := h.all(); after != before {
		t.Errorf("something was done:\n%s\n%s", before, after)
	}
}

package scope_test

import (
	"strings"
	"testing"

	"tandem"
	"tandem/center/scope"
	"tandem/provider"
)

// TestSetPartner checks who changes options of a place, and that it stays on behalf of whom it was named for.
func TestSetPartner(t *testing.T) {
	w := newWorld(t)
	ctx, ben, anna := t.Context(), w.as("ben"), w.as("anna")
	if _, err := ben.AddPartner(ctx, "", "mine", "net://dav.example.org?folder=x"); err != nil {
		t.Fatal(err)
	}
	p, err := ben.SetPartner(ctx, "mine", map[string]string{"folder": "y"})
	if err != nil || !strings.Contains(p.Place, "folder=y") || !strings.Contains(p.Place, provider.OnBehalf+"=ben") {
		t.Errorf("one's own: %+v, %v", p, err)
	}
	for name, set := range map[string]map[string]string{"a file of the hub": {"password-from": "file:/etc/passwd"}, "another": {provider.OnBehalf: "anna"}, "nobody": {provider.OnBehalf: ""}} {
		if p, err := ben.SetPartner(ctx, "mine", set); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if _, err := ben.SetPartner(ctx, "mine", map[string]string{"folder": "z", "nothing": "x"}); !tandem.IsKind(err, tandem.Invalid) {
		t.Errorf("an option that is not there: %v", err)
	}
	if _, err := w.as("ben", func(p *scope.Who) { p.App = true }).SetPartner(ctx, "mine", nil); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("by an app password: %v", err)
	}
	if _, err := anna.SetPartner(ctx, "mine", nil); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("an administrator, of ben's: %v", err)
	}
	if _, err := ben.SetPartner(ctx, w.things["ben"].partner, nil); !tandem.IsKind(err, tandem.Denied) {
		t.Errorf("what an administrator named for ben: %v", err)
	}
	if list, err := ben.ListPartners(ctx); err != nil || !strings.Contains(list[len(list)-1].Place+list[0].Place, "folder=y") {
		t.Errorf("%+v, %v", list, err)
	}
}

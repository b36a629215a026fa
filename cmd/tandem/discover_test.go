package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/provider/all"
)

// TestSC43DiscoverMedia: a medium is there while it is mounted, known folders while they exist, and what is gone is not set up.
func TestSC43DiscoverMedia(t *testing.T) {
	top := t.TempDir()
	d := discoverer{media: []string{filepath.Join(top, "m"), filepath.Join(top, "m", "anna"), filepath.Join(top, "none")}, home: filepath.Join(top, "h")}
	for _, dir := range []string{"m/anna/STICK", "m/cd?100%", "m/.hidden", "h/Maildir"} {
		if err := os.MkdirAll(filepath.Join(top, filepath.FromSlash(dir)), 0o777); err != nil {
			t.Skip("this system has no such names: ", err)
		}
	}
	names := func() (out []string) {
		list, err := d.find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			place, err := all.Registry().ParsePlace(x.Place)
			if err != nil || !isDir(place.Path) || x.Type != handler.Folder || x.Comment == "" {
				t.Errorf("%+v: %+v, %v", x, place, err)
			}
			out = append(out, x.Name)
		}
		slices.Sort(out)
		return out
	}
	list, err := d.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var stick center.Discovered
	for _, x := range list {
		if x.Name == "STICK" {
			stick = x
		}
	}
	if got := names(); !slices.Equal(got, []string{"Maildir", "STICK", "cd?100%"}) {
		t.Errorf("found %v", got)
	}
	order := center.HandlerOrder{Handler: "setup/" + stick.ID, Do: handler.Activate}
	if err := d.query(t.Context(), order); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(top, "m", "anna", "STICK")); err != nil {
		t.Fatal(err)
	}
	if got := names(); slices.Contains(got, "STICK") {
		t.Errorf("found %v", got)
	}
	if err := d.query(t.Context(), order); !tandem.IsKind(err, tandem.NotFound) {
		t.Errorf("setting up what is gone: %v", err)
	}
	if err := d.query(t.Context(), center.HandlerOrder{Handler: "setup/vdir", Do: handler.Activate}); err != nil {
		t.Errorf("a provider: %v", err)
	}
}

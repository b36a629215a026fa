package page

import (
	"testing"

	"tandem/center/handler"
	"tandem/provider"
)

// TestM045Drawings: the drawing that a handler or provider names is shown; one that is not there is that of its sort.
func TestM045Drawings(t *testing.T) {
	for want, x := range map[string]handler.Handler{"picture": {Icon: "picture", Type: handler.Application}, "folder": {Icon: "zeppelin", Type: handler.Folder}, "cards": {Place: "vdir:/x"}, "row": {Icon: "row", Place: "vdir:/x"}} {
		if got := handlerIcon(x); got != want {
			t.Errorf("%+v: %s, want %s", x, got, want)
		}
	}
	for want, d := range map[string]provider.Description{"bookmark": {Name: "stocks", Icon: "bookmark"}, "service": {Name: "stocks", Icon: "<svg>"}, "mail": {Name: "imaps"}} {
		if got := providerIcon(d); got != want {
			t.Errorf("%+v: %s, want %s", d, got, want)
		}
	}
}

package synckey

import (
	"slices"
	"testing"

	"tandem/partner/device"
)

// TestAsksFor: the Sync Center reads from the state what a device asks for.
func TestAsksFor(t *testing.T) {
	doc, err := (&State{Options: Options{Filter: 3, MIME: 2}, Now: &Generation{Key: "k", Kin: []int64{7, 9}}}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if a := device.AsksFor(doc); a.Filter != 3 || !slices.Equal(a.Beyond, []int64{7, 9}) {
		t.Errorf("%+v", a)
	}
}

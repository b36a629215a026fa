package main

import (
	"reflect"
	"strings"
	"testing"

	"tandem/center/shape"
)

// fieldsOf are the names that a type has as JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for n, x := range fieldsOf(f.Type) {
				out[n] = x
			}
		case name != "" && name != "-":
			out[name] = f.Type
		}
	}
	return out
}

// TestShapesAgree holds --json and the API to one set of names.
func TestShapesAgree(t *testing.T) {
	for _, c := range []struct{ line, api any }{
		{itemJSON{}, shape.Item{}}, {partnerJSON{}, shape.Partner{}}, {eventJSON{}, shape.Event{}}, {conflictJSON{}, shape.Conflict{}}, {conflictVersionJSON{}, shape.ConflictVersion{}},
		{conflictFieldJSON{}, shape.ConflictField{}}, {pastJSON{}, shape.Past{}}, {collectionJSON{}, shape.Collection{}}, {shareJSON{}, shape.Share{}}, {linkJSON{}, shape.Link{}},
		{loginJSON{}, shape.Login{}}, {deviceJSON{}, shape.Device{}}, {outgoingJSON{}, shape.Outgoing{}}, {progressJSON{}, shape.Progress{}}, {totalsJSON{}, shape.Totals{}},
		{kindRuleJSON{}, shape.KindRule{}}, {mergedJSON{}, shape.ChosenVersion{}}, {mergedFieldJSON{}, shape.ChosenField{}}, {stepJSON{}, shape.Step{}}, {planJSON{}, shape.Plan{}}, {reportJSON{}, shape.Report{}}, {errorJSON{}, shape.Failure{}},
	} {
		line, api := reflect.TypeOf(c.line), reflect.TypeOf(c.api)
		has := fieldsOf(api)
		for name, typ := range fieldsOf(line) {
			other, ok := has[name]
			if !ok {
				t.Errorf("%s has %q, %s has not", line, name, api)
			} else if other.Kind() != typ.Kind() {
				t.Errorf("%q is %s in %s and %s in %s", name, typ, line, other, api)
			}
		}
	}
}

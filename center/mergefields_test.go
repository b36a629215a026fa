package center

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"tandem"
	"tandem/provider/memory"
)

// fieldClash is Anna with other numbers here and at the places, a note that was changed here only, and a mail address that is new at the first place.
func fieldClash(t *testing.T, places ...string) *world {
	w := newWorld(t, memory.Knobs{}, places...)
	for _, p := range places {
		w.add("c", p, p, manual)
		w.put(p, "anna", card("anna", "Anna", "TEL:1", "NOTE:old", "TITLE:Dr"))
	}
	w.sync()
	w.sync()
	it, err := w.hub.item(t.Context(), places[0])
	if err != nil {
		t.Fatal(err)
	}
	w.edit(it.Collection, "Anna", "TEL:1\r\nNOTE:old\r\nTITLE:Dr", "TEL:2\r\nNOTE:new here\r\nTITLE:Prof")
	for i, p := range places {
		w.put(p, "anna", card("anna", "Anna", fmt.Sprintf("TEL:%d", 3+i), "NOTE:old", "EMAIL:anna@"+p, "TITLE:Dr. Dr."))
	}
	for _, p := range places {
		w.sync(p)
	}
	return w
}

func fieldsOf(v ChosenVersion) string {
	var out []string
	for _, f := range v.Fields {
		if f.Label != "name" && f.Label != "name in parts" {
			out = append(out, f.Label+" "+f.Text)
		}
	}
	return strings.Join(out, ", ")
}

// TestM096MergedFieldByField: a version is put together from fields of all versions; what is not named follows the merge, or one version.
func TestM096MergedFieldByField(t *testing.T) {
	w := fieldClash(t, "p", "q")
	defer w.close()
	id := w.open()[0].ID
	for _, c := range []struct {
		rest   string
		fields map[string]string
		want   string
	}{
		{"", nil, "phone 2, note new here, title Prof, e-mail anna@p\nanna@q"},
		{"", map[string]string{"phone": "b"}, "phone 3, note new here, title Prof, e-mail anna@p\nanna@q"},
		{"", map[string]string{"phone": "C", "title": "b"}, "phone 4, note new here, title Dr. Dr., e-mail anna@p\nanna@q"},
		{"b", map[string]string{"note": "a"}, "phone 3, note new here, e-mail anna@p, title Dr. Dr."},
		{"B", map[string]string{"e-mail": "a"}, "phone 3, note old, title Dr. Dr."},
	} {
		got, err := w.hub.MergeFields(t.Context(), FieldChoice{id, c.rest, c.fields})
		if err != nil || fieldsOf(got) != c.want || got.Title != "Anna" {
			t.Errorf("%q %v: %q, %v; want %q", c.rest, c.fields, fieldsOf(got), err, c.want)
		}
	}
	for name, c := range map[string]FieldChoice{
		"unknown field": {id, "", map[string]string{"shoe size": "a"}}, "unknown version": {id, "", map[string]string{"phone": "z"}}, "unknown rest": {id, "z", nil},
	} {
		if _, err := w.hub.MergeFields(t.Context(), c); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.open()) != 2 {
		t.Error("looking decided something")
	}
	w.resolve(Resolution{ID: id, Take: "fields", Fields: map[string]string{"phone": "c"}})
	w.sync()
	w.sync()
	for _, p := range []string{"p", "q"} {
		if got := w.phones(p); got != "Anna 4" {
			t.Errorf("%s holds %q", p, got)
		}
	}
	if list := w.open(); len(list) != 0 {
		t.Errorf("%+v is still open", list)
	}
}

// TestM096UsualChoice: of each field it is told which of all versions it is from where nobody chooses, and it is so.
func TestM096UsualChoice(t *testing.T) {
	w := fieldClash(t, "p", "q")
	defer w.close()
	id := w.open()[0].ID
	got := map[string]string{}
	for _, f := range w.compare(id).Fields {
		if f.Differs {
			got[f.Label] = f.Usual
		}
	}
	if want := map[string]string{"phone": "a", "note": "a", "title": "a", "e-mail": ""}; !maps.Equal(got, want) {
		t.Errorf("usual choices %v, want %v", got, want)
	}
	delete(got, "e-mail") // put together from two
	as, err := w.hub.MergeFields(t.Context(), FieldChoice{ID: id, Fields: got})
	if err != nil {
		t.Fatal(err)
	}
	none, err := w.hub.MergeFields(t.Context(), FieldChoice{ID: id})
	if err != nil || fieldsOf(as) != fieldsOf(none) {
		t.Errorf("chosen as usual: %q; nothing chosen: %q, %v", fieldsOf(as), fieldsOf(none), err)
	}
}

// TestM096FieldsOfSomeKindsOnly: where a kind cannot put versions together, or only one version is there, it is no answer.
func TestM096FieldsOfSomeKindsOnly(t *testing.T) {
	w := pairWorld(t, "p")
	defer w.close()
	w.set("p", "delete-vs-change", "ask")
	w.edit(1, "Anna", "TEL:1", "TEL:2")
	w.places["p"].Remove("anna")
	w.set("p", "guard", "off")
	w.sync()
	id := w.open()[0].ID
	if c := w.compare(id); strings.Contains(strings.Join(c.Takes, " "), TakeFields) {
		t.Errorf("takes %v", c.Takes)
	}
	if _, err := w.hub.MergeFields(t.Context(), FieldChoice{ID: id}); !tandem.IsKind(err, tandem.Invalid) {
		t.Error(err)
	}
	if _, err := w.hub.Resolve(t.Context(), Resolution{ID: id, Take: TakeFields}); !tandem.IsKind(err, tandem.Invalid) {
		t.Error(err)
	}
}

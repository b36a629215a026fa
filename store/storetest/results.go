package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

func runResults(t *testing.T, run runner) {
	run(t, "Find", testFindEvents)
	run(t, "Clear", testClearEvents)
	run(t, "Written", testWritten)
}

// trouble fills the log with ten events.
func (k *kit) trouble() []store.Event {
	k.Helper()
	var in []store.Event
	for i := range 10 {
		e := store.Event{When: int64(100 + i), Session: 3, User: []string{"ann", "bob", ""}[i%3], Item: []string{"a", "b"}[i%2], Level: store.Level(i % 3),
			Text: fmt.Sprintf("line %d of 100%%", i), Record: tandem.ID(fmt.Sprintf("R_%d", i)), Remedy: "do it", Link: "conflict/1", LinkText: "look"}
		if i%5 == 0 {
			e.Code = "busy"
		}
		in = append(in, e)
	}
	k.must(k.st.Events.Add(k.ctx, in...))
	list, err := k.st.Events.List(k.ctx, 0, "", 0)
	k.must(err)
	for i := range list {
		in[i].ID = list[i].ID
	}
	if !reflect.DeepEqual(list, in) {
		k.Fatalf("%+v, want %+v", list, in)
	}
	return in
}

func testFindEvents(k *kit) {
	in := k.trouble()
	ann, nobody := "ann", ""
	for name, c := range map[string]struct {
		f    store.EventFilter
		want string
	}{
		"all":              {store.EventFilter{}, "0123456789"},
		"warnings":         {store.EventFilter{Level: store.Warning}, "124578"},
		"errors":           {store.EventFilter{Level: store.Error}, "258"},
		"after":            {store.EventFilter{After: in[6].ID}, "789"},
		"before":           {store.EventFilter{Before: in[2].ID}, "01"},
		"one item":         {store.EventFilter{Items: []string{"a"}}, "02468"},
		"two items":        {store.EventFilter{Items: []string{"a", "b"}, Limit: 3}, "012"},
		"no such item":     {store.EventFilter{Items: []string{"c"}}, ""},
		"user":             {store.EventFilter{User: &ann}, "0369"},
		"nobody's":         {store.EventFilter{User: &nobody}, "258"},
		"span":             {store.EventFilter{Since: 103, Until: 106}, "345"},
		"code":             {store.EventFilter{Code: "busy"}, "05"},
		"text":             {store.EventFilter{Text: "LINE 4"}, "4"},
		"text of a record": {store.EventFilter{Text: "r_7"}, "7"},
		"no pattern":       {store.EventFilter{Text: "e%4"}, ""},
		"a percent sign":   {store.EventFilter{Text: "100%", Limit: 1}, "0"},
		"newest":           {store.EventFilter{Newest: true, Limit: 2}, "89"},
		"newest errors":    {store.EventFilter{Newest: true, Limit: 2, Level: store.Error}, "58"},
		"all of it":        {store.EventFilter{Level: store.Warning, Items: []string{"b"}, Since: 104, Until: 109, After: in[0].ID, Before: in[9].ID}, "57"},
	} {
		list, err := k.st.Results.Find(k.ctx, c.f)
		k.must(err)
		var got strings.Builder
		for _, e := range list {
			i := slices.IndexFunc(in, func(x store.Event) bool { return x.ID == e.ID })
			if i < 0 || e != in[i] {
				k.Errorf("%s: %+v", name, e)
			}
			fmt.Fprint(&got, i)
		}
		if got.String() != c.want {
			k.Errorf("%s: %s, want %s", name, got.String(), c.want)
		}
	}
}

func testClearEvents(k *kit) {
	in := k.trouble()
	id, err := k.st.Events.StartRun(k.ctx, store.Run{Item: "a", Started: 1})
	k.must(err)
	n, err := k.st.Results.Clear(k.ctx, store.EventFilter{Level: store.Warning, Items: []string{"a"}, Limit: 1})
	k.must(err)
	if n != 3 {
		k.Errorf("%d cleared", n)
	}
	n, err = k.st.Results.Clear(k.ctx, store.EventFilter{Until: in[2].When})
	k.must(err)
	list, lerr := k.st.Results.Find(k.ctx, store.EventFilter{})
	k.must(lerr)
	if n != 2 || len(list) != 5 {
		k.Errorf("%d cleared, %d left", n, len(list))
	}
	runs, err := k.st.Events.Runs(k.ctx, store.RunFilter{Item: "a"})
	k.must(err)
	if len(runs) != 1 || runs[0].ID != id {
		k.Errorf("runs %+v", runs)
	}
}

// testWritten: when a document was last written is known, and changing it to the same counts.
func testWritten(k *kit) {
	k.user("ann")
	d, err := k.st.Devices.ChangeDevice(k.ctx, "ann", "D", whole)
	k.must(err)
	if list, err := k.st.Devices.Written(k.ctx, d.Number); err != nil || len(list) != 0 {
		k.Errorf("%v, %v", list, err)
	}
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "b", New: []byte("1")}, store.Swap{Name: "a", New: []byte("")}))
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "b", Old: []byte("1"), New: []byte("1")}))
	list, err := k.st.Devices.Written(k.ctx, d.Number)
	k.must(err)
	if len(list) != 2 || list[0].Name != "a" || list[1].Name != "b" || list[0].When == 0 || list[1].When < list[0].When {
		k.Errorf("%+v", list)
	}
	k.must(k.st.Devices.SwapState(k.ctx, d.Number, store.Swap{Name: "b", Old: []byte("1")}))
	if list, err := k.st.Devices.Written(k.ctx, d.Number); err != nil || len(list) != 1 {
		k.Errorf("%v, %v", list, err)
	}
}

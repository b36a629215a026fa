package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tandem"
)

func runProperties(t *testing.T, run runner) {
	run(t, "Set", testSetProperties)
	run(t, "FollowRecord", testPropertiesFollowRecord)
	run(t, "FollowTree", testPropertiesFollowTree)
	run(t, "GoWithCollection", testPropertiesGoWithCollection)
	run(t, "Many", testManyProperties)
}

type props = map[string]string

func (k *kit) setProps(c tandem.Collection, number int64, set props) {
	k.Helper()
	k.must(k.st.Props.SetProperties(k.ctx, c.ID, number, set))
}

func (k *kit) wantProps(what string, c tandem.Collection, want map[int64]props, numbers ...int64) {
	k.Helper()
	got, err := k.st.Props.Properties(k.ctx, c.ID, numbers...)
	k.must(err)
	if !reflect.DeepEqual(got, want) {
		k.Fatalf("%s: properties of %v are %v, want %v", what, numbers, got, want)
	}
}

func testSetProperties(k *kit) {
	c, other := k.collection(tandem.Contact), k.collection(tandem.Event)
	a := k.applied(c, put(tandem.Create, "a", "", "x"))
	k.applied(c, put(tandem.Create, "b", "", "x"))
	na, nb := k.number(c, "a"), k.number(c, "b")
	name := "{http://example.org/ns}colour"
	k.setProps(c, na, props{name: "<x>blau & grün</x>", "second": "2"})
	k.setProps(c, 0, props{name: "of the collection"})
	k.setProps(other, 0, props{name: "of another one"})
	k.setProps(c, nb, props{})
	k.setProps(c, nb, nil)
	k.wantProps("set", c, map[int64]props{na: {name: "<x>blau & grün</x>", "second": "2"}, 0: {name: "of the collection"}}, na, 0, nb, 9999)
	k.wantProps("one", c, map[int64]props{0: {name: "of the collection"}}, 0)
	k.wantProps("none asked", c, map[int64]props{})
	k.wantProps("asked twice", c, map[int64]props{0: {name: "of the collection"}}, 0, 0)
	k.setProps(c, na, props{name: "", "third": "3", "never": ""})
	k.wantProps("changed", c, map[int64]props{na: {"second": "2", "third": "3"}}, na)
	k.setProps(c, na, props{"second": "", "third": ""})
	k.wantProps("emptied", c, map[int64]props{}, na)

	// It is no write.
	if r := k.get(c, "a")["a"]; r.Version != a.Meta.Version || len(k.since(c, 2)) != 0 {
		k.Fatalf("the record is at %s", r.Version)
	}
	for _, bad := range []struct{ collection, number int64 }{{9999, 0}, {c.ID, 9999}, {other.ID, na}, {9999, na}} {
		k.wantKind(k.st.Props.SetProperties(k.ctx, bad.collection, bad.number, props{"x": "y"}), tandem.NotFound)
	}
	k.wantProps("after what was refused", other, map[int64]props{}, na, 9999)
}

func testPropertiesFollowRecord(k *kit) {
	c := k.collection(tandem.Bookmark)
	first := k.applied(c, put(tandem.Create, "a", "", "x"))
	n := k.number(c, "a")
	mine := map[int64]props{n: {"p": "1"}}
	k.setProps(c, n, props{"p": "1"})
	changed := k.applied(c, put(tandem.Update, "a", first.Meta.Version, "y"))
	k.wantProps("edited", c, mine, n)
	move := put(tandem.Move, "a", changed.Meta.Version, "y")
	move.To = "b"
	moved := k.applied(c, move)
	if k.number(c, "b") != n {
		k.Fatal("a move changed the number")
	}
	k.wantProps("moved", c, mine, n)
	// What is made where it was is another record.
	k.applied(c, put(tandem.Create, "a", "", "new"))
	k.wantProps("made at the old id", c, mine, n, k.number(c, "a"))

	k.applied(c, put(tandem.Delete, "b", moved.Meta.Version, ""))
	k.wantProps("deleted", c, map[int64]props{}, n)
	k.wantKind(k.st.Props.SetProperties(k.ctx, c.ID, n, props{"p": "2"}), tandem.NotFound)
	for i := range 3 { // the second life has the number of the first, the third has not
		made := k.applied(c, put(tandem.Create, "b", "", "again"))
		n := k.number(c, "b")
		k.wantProps(fmt.Sprint("made again ", i), c, map[int64]props{}, n)
		k.setProps(c, n, props{"p": "2"})
		k.applied(c, put(tandem.Delete, "b", made.Meta.Version, ""))
	}
}

// testPropertiesFollowTree moves a directory: what is below keeps its properties, too.
func testPropertiesFollowTree(k *kit) {
	c := k.collection(tandem.File)
	dir := put(tandem.Create, "d", "", "")
	dir.Record.Body, dir.Record.Attrs = nil, tandem.MakeAttrs(props{"type": "dir"})
	at := k.applied(c, dir)
	k.applied(c, put(tandem.Create, "d/f", "", "x"))
	nd, nf := k.number(c, "d"), k.number(c, "d/f")
	k.setProps(c, nd, props{"p": "dir"})
	k.setProps(c, nf, props{"p": "file"})
	move := put(tandem.Move, "d", at.Meta.Version, "")
	move.To = "e"
	k.applied(c, move)
	k.wantProps("moved", c, map[int64]props{nd: {"p": "dir"}, nf: {"p": "file"}}, k.number(c, "e"), k.number(c, "e/f"))
}

func testPropertiesGoWithCollection(k *kit) {
	c := k.collection(tandem.Contact)
	k.applied(c, put(tandem.Create, "a", "", "x"))
	n := k.number(c, "a")
	k.setProps(c, n, props{"p": "1"})
	k.setProps(c, 0, props{"p": "1"})
	k.must(k.st.Home.RemoveCollection(k.ctx, c.ID))
	k.wantProps("removed", c, map[int64]props{}, 0, n)
	again := k.collection(tandem.Contact)
	k.wantProps("made again", again, map[int64]props{}, 0, n)
}

func testManyProperties(k *kit) {
	c := k.collection(tandem.Contact)
	want := map[int64]props{}
	var numbers []int64
	for i := range 300 {
		id := tandem.ID(fmt.Sprint(i))
		k.applied(c, put(tandem.Create, id, "", "x"))
		n := k.number(c, id)
		numbers = append(numbers, n)
		if i%3 == 0 {
			want[n] = props{"p": strings.Repeat("long ", 1000), "q": string(id)}
			k.setProps(c, n, want[n])
		}
	}
	k.wantProps("many", c, want, numbers...)
}

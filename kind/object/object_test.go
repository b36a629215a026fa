package object

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tandem"
)

var stocks = Handler{Of: "x-stock"}

func TestNames(t *testing.T) {
	for k, want := range map[tandem.Kind]bool{"x-stock": true, "x-a1-b": true, "x-": false, "x-Stock": false, "x--a": false, "contact": false, "x-a b": false, "x-" + tandem.Kind(strings.Repeat("a", 31)): false} {
		if h, ok := For(k); ok != want || ok && h.Kind() != k {
			t.Errorf("%q: %v", k, ok)
		}
	}
}

func TestInspect(t *testing.T) {
	a, err := stocks.Inspect([]byte("{\"uid\":\"u1\",\"name\":\"ACME\",\n \"price\":{\"amount\":12.5,\"currency\":\"EUR\"},\"modified\":1700000000}"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := stocks.Inspect([]byte(`{"price":{"currency":"EUR","amount":12.5},"modified":1700000000,"name":"ACME","uid":"u1"}`))
	if err != nil || a.Digest != b.Digest || a.Summary.Title != "ACME" || a.Index.UID != "u1" || a.Modified != 1700000000e9 || !strings.Contains(a.Index.Text, "EUR") {
		t.Errorf("%+v\n%+v %v", a, b, err)
	}
	for name, body := range map[string]string{"torn": `{"a":`, "two": `{} {}`, "list": `[1]`, "null": `null`, "nothing": ``, "no UTF-8": "{\"a\":\"\xff\"}"} {
		if _, err := stocks.Inspect([]byte(body)); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMerge: what two sides changed in different fields goes together; the same field clashes and holds a's.
func TestMerge(t *testing.T) {
	for name, c := range map[string]struct{ base, a, b, want, clashes string }{
		"different fields":   {`{"n":1,"m":1}`, `{"n":2,"m":1}`, `{"n":1,"m":3}`, `{"m":3,"n":2}`, ""},
		"same field":         {`{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":2}`, "n 1 2 3"},
		"within objects":     {`{"p":{"x":1,"y":1}}`, `{"p":{"x":2,"y":1}}`, `{"p":{"x":1,"y":2}}`, `{"p":{"x":2,"y":2}}`, ""},
		"clash in an object": {`{"p":{"x":1}}`, `{"p":{"x":2}}`, `{"p":{"x":3}}`, `{"p":{"x":2}}`, "p.x 1 2 3"},
		"taken out":          {`{"n":1,"m":1}`, `{"m":1}`, `{"n":1,"m":2}`, `{"m":2}`, ""},
		"out and changed":    {`{"n":1,"m":1}`, `{"m":1}`, `{"n":2,"m":1}`, `{"m":1}`, "n 1  2"},
		"lists":              {`{"t":["a","b"]}`, `{"t":["a","c"]}`, `{"t":["d","a","b"]}`, `{"t":["a","c","d"]}`, ""},
		"a value twice":      {`{"t":[1,1]}`, `{"t":[1,1,2]}`, `{"t":[1,3,1]}`, `{"t":[1,1,2]}`, "t 1\n1 1\n1\n2 1\n3\n1"},
		"lists of objects":   {`{"t":[{"a":1}]}`, `{"t":[{"a":2}]}`, `{"t":[{"a":3}]}`, `{"t":[{"a":2}]}`, `t {"a":1} {"a":2} {"a":3}`},
		"no base":            {"", `{"n":1,"m":1}`, `{"n":1,"k":2}`, `{"k":2,"m":1,"n":1}`, ""},
		"no base, clash":     {"", `{"n":1}`, `{"n":2}`, `{"n":1}`, "n  1 2"},
		"new on both sides":  {`{}`, `{"n":1}`, `{"n":2}`, `{"n":1}`, "n  1 2"},
	} {
		t.Run(name, func(t *testing.T) {
			var base []byte
			if c.base != "" {
				base = []byte(c.base)
			}
			m, err := stocks.Merge(base, []byte(c.a), []byte(c.b))
			var clashes []string
			for _, x := range m.Clashes {
				clashes = append(clashes, fmt.Sprint(x.Field, " ", x.Base, " ", x.A, " ", x.B))
			}
			if err != nil || strings.TrimSpace(string(m.Body)) != c.want || strings.Join(clashes, ";") != c.clashes {
				t.Errorf("%s %q, %v", m.Body, clashes, err)
			}
		})
	}
}

func TestPickTitleUID(t *testing.T) {
	a, b := []byte(`{"uid":"1","name":"A","p":{"x":1,"y":1},"old":true}`), []byte(`{"uid":"1","name":"B","p":{"x":2,"y":2}}`)
	got, err := stocks.Pick(a, b, []string{"p.x", "old"})
	if err != nil || strings.TrimSpace(string(got)) != `{"name":"A","p":{"x":2,"y":1},"uid":"1"}` {
		t.Errorf("%s %v", got, err)
	}
	if got, err = stocks.WithTitle(a, "New"); err != nil || !strings.Contains(string(got), `"name":"New"`) || strings.Contains(string(got), "title") {
		t.Errorf("%s %v", got, err)
	}
	if got, err = stocks.WithUID(a, "2"); err != nil || !strings.Contains(string(got), `"uid":"2"`) {
		t.Errorf("%s %v", got, err)
	}
}

// TestLaws: the laws of kind.Handler and kind.Picker hold for any objects.
func TestLaws(t *testing.T) {
	value := rapid.SampledFrom([]string{"1", "2", `"a"`, `["a"]`, `["a","b"]`, `["c"]`, `{"in":1}`, `{"in":2,"on":1}`, `{}`, "null", `[{"a":1}]`})
	object := rapid.Custom(func(t *rapid.T) []byte {
		var parts []string
		for _, k := range []string{"k", "l", "m.n"} {
			if rapid.Bool().Draw(t, "there") {
				parts = append(parts, fmt.Sprintf("%q:%s", k, value.Draw(t, "value")))
			}
		}
		return []byte("{" + strings.Join(parts, ",") + "}")
	})
	digest := func(t *rapid.T, body []byte) tandem.Digest {
		info, err := stocks.Inspect(body)
		if err != nil {
			t.Fatal(err)
		}
		return info.Digest
	}
	merged := func(t *rapid.T, base, a, b []byte) ([]byte, int) {
		m, err := stocks.Merge(base, a, b)
		if err != nil {
			t.Fatal(err)
		}
		return m.Body, len(m.Clashes)
	}
	rapid.Check(t, func(t *rapid.T) {
		o, a, b := object.Draw(t, "base"), object.Draw(t, "a"), object.Draw(t, "b")
		for name, x := range map[string][3][]byte{"other unchanged": {o, a, o}, "this unchanged": {o, o, a}, "equal": {o, a, a}, "equal without a base": {nil, a, a}} {
			if got, n := merged(t, x[0], x[1], x[2]); n != 0 || digest(t, got) != digest(t, a) {
				t.Errorf("%s: %s of %s and %s", name, got, o, a)
			}
		}
		x, n := merged(t, o, a, b)
		y, m := merged(t, o, b, a)
		if n != m || n == 0 && digest(t, x) != digest(t, y) {
			t.Errorf("not symmetric: %s and %s from %s: %s, %s", a, b, o, x, y)
		}
		fields, err := stocks.Fields(b)
		if err != nil {
			t.Fatal(err)
		}
		mine, err := stocks.Fields(a)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range slices.Concat(fields, mine) {
			all = append(all, f.Label)
		}
		if got, err := stocks.Pick(a, b, all); err != nil || !slices.Equal(must(stocks.Fields(got)), fields) {
			t.Errorf("all of %s in %s: %s, %v", b, a, got, err)
		}
	})
}

func must[T any](v T, _ error) T { return v }

func FuzzInspect(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if info, err := stocks.Inspect(body); err == nil {
			o, _ := stocks.parse(body)
			if again, err := stocks.Inspect(write(o)); err != nil || again.Digest != info.Digest {
				t.Errorf("%q is not read as it is written: %v", body, err)
			}
		}
	})
}

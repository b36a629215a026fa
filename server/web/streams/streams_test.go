package streams

import "testing"

func TestCount(t *testing.T) {
	var c Count
	var leave func()
	for range Most {
		l, ok := c.Enter("anna")
		if !ok {
			t.Fatal("anna is refused before she has the most")
		}
		leave = l
	}
	if _, ok := c.Enter("anna"); ok {
		t.Error("anna has more than the most")
	}
	if _, ok := c.Enter("bert"); !ok {
		t.Error("bert is refused for what anna has")
	}
	leave()
	leave() // counts once
	if _, ok := c.Enter("anna"); !ok {
		t.Error("anna is refused although she left one")
	}
	if _, ok := c.Enter("anna"); ok {
		t.Error("one that was left twice counts twice")
	}
}

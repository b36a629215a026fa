package dav

import (
	"net/http"
	"testing"

	"tandem"
)

// TestCollectionTag: a server without sync reports whose collection's tag is as it was is not listed again; one whose tag is another is listed as a whole.
func TestCollectionTag(t *testing.T) {
	f := newFake(t)
	f.token, f.ctag = "", true
	f.put("a.vcf", card(1, 1, 0))
	f.put("b.vcf", card(2, 1, 0))
	o := f.open()
	if !o.Features.Cursor {
		t.Error("its cursors are not said to be honoured")
	}
	list := func(what string, since tandem.Cursor, members int, full bool) tandem.Cursor {
		t.Helper()
		all, l, err := listed(t, o, since)
		if err != nil || !l.Complete || l.Full != full || len(all) != members {
			t.Fatalf("%s: %d listed, %+v, %v", what, len(all), l, err)
		}
		return l.Next
	}
	first := list("first", "", 2, true)
	if got := list("nothing happened", first, 0, false); got != first {
		t.Errorf("the cursor went from %s to %s", first, got)
	}
	f.put("c.vcf", card(3, 1, 0))
	second := list("a new one", first, 3, true)
	f.remove("a.vcf")
	third := list("one less", second, 2, true)
	list("an old cursor", first, 2, true)
	list("another sort of cursor", "sync:1", 2, true)
	list("nothing happened", third, 0, false)

	// What is written while it lists is news the next time.
	f.set(func() {
		f.before = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Depth") == "1" {
				f.before = nil
				f.store("late.vcf", card(4, 1, 0)) // after the tag was read
			}
			return false
		}
	})
	fourth := list("written meanwhile", "", 3, true)
	list("after that", fourth, 3, true)

	// What could not be read is looked at again.
	f.set(func() { f.noTag = true })
	open := f.open()
	f.set(func() {
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "REPORT" || r.Method == "GET" {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		}
	})
	if _, l, err := listed(t, open, ""); err != nil || l.Next != "" {
		t.Errorf("a listing with problems has the cursor %q (%v)", l.Next, err)
	}
	f.set(func() {
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
	})
	if _, l, err := listed(t, o, fourth); err == nil || l.Complete {
		t.Errorf("a server that is down: %+v, %v", l, err)
	}
}

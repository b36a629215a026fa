package main

import (
	"net"
	"strings"
	"testing"

	"tandem/center/reach"
	"tandem/store"
)

// TestSE04PartnerTest: the host of a partner is measured; one that does not answer, a local folder and a partner that is not known are told apart.
func TestSE04PartnerTest(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	known := []store.Partner{{Name: "near", Place: "vdir:/tmp/book"}, {Name: "far", Place: "imap://anna@" + l.Addr().String() + "/INBOX"}, {Name: "gone", Place: "imap://anna@" + gone.Addr().String() + "/INBOX"}}
	for name, want := range map[string]string{"near": "is not across a network", "far": l.Addr().String() + " answers in ", "gone": gone.Addr().String() + " cannot be reached: "} {
		var book reach.Book
		got, err := (&app{}).testPartner(t.Context(), &book, known, name)
		if err != nil || !strings.HasPrefix(got.text(), want) || got.Reached == (name == "gone") {
			t.Errorf("%s: %q, %+v, %v", name, got.text(), got, err)
		}
	}
	if _, err := (&app{}).testPartner(t.Context(), &reach.Book{}, known, "nobody"); err == nil {
		t.Error("a partner that is not known was measured")
	}
}

package eas_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"tandem/partner/mailbox"
)

// TestMailByParameters: with 12.1 a message is the body of the request, and what else is to be known stands in the query. MS-ASHTTP 2.2.1.1.1.2.4
func TestMailByParameters(t *testing.T) {
	h := newPostHouse(t)
	inbox, sent, bob := h.box("ann", mailbox.Inbox), h.box("ann", mailbox.Sent), h.box("bob", mailbox.Inbox)
	id := h.server(inbox, h.arrive(inbox, 1, letterOf("Plan", "bob@example.org", "ann@example.org", "the original")))
	folder, _, _ := strings.Cut(id, ":")
	c := h.phone("ann", "phone1", "12.1").Client
	for _, step := range []struct {
		command, subject string
		params           url.Values
		original, saved  bool
	}{
		{"SendMail", "one", url.Values{"SaveInSent": {"T"}}, false, true},
		{"SendMail", "two", url.Values{"SaveInSent": {"F"}}, false, false},
		{"SendMail", "three", nil, false, false},
		{"SmartReply", "four", url.Values{"CollectionId": {folder}, "ItemId": {id}, "SaveInSent": {"T"}}, true, true},
		{"SmartForward", "five", url.Values{"CollectionId": {folder}, "ItemId": {id}, "SaveInSent": {"T"}}, true, true},
		{"SmartForward", "six", url.Values{"LongId": {id}}, true, false},
		{"SmartReply", "seven", url.Values{"LongId": {id}}, true, false},
	} {
		before := len(h.live(sent))
		a, err := c.Post(context.Background(), step.command, step.params, "message/rfc822", []byte("To: bob@example.org\r\nSubject: "+step.subject+"\r\n\r\nmine\r\n"))
		if err != nil || a.Code != 200 || len(a.Raw) != 0 {
			t.Fatalf("%s: %+v, %v", step.subject, a, err)
		}
		h.sendAll()
		in := h.texts(bob)
		if last := in[len(in)-1]; !strings.Contains(last, "Subject: "+step.subject) || strings.Contains(last, "the original") != step.original {
			t.Errorf("%s: bob has %q", step.subject, last)
		}
		if saved := len(h.live(sent)) > before; saved != step.saved {
			t.Errorf("%s: saved is %v", step.subject, saved)
		}
	}
}

package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

// TestOutgoingPage: a member sees what they sent and what became of it, and says what becomes of those of whom nobody knows; on the page and through the API, and nobody does so for them.
func TestOutgoingPage(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	queue := func(user, key string, change func(m *store.Outgoing)) store.Outgoing {
		t.Helper()
		m, _, err := k.st.Queue.Enqueue(ctx, store.Outgoing{User: user, Key: key, From: user + "@hub.test", To: []string{"x@else.test"}}, tandem.Bytes("Subject: x\r\n\r\nx\r\n"))
		k.must(err)
		m, err = k.st.Queue.ChangeOutgoing(ctx, m.ID, func(m *store.Outgoing) error { change(m); return nil })
		k.must(err)
		return m
	}
	doubtful := func(to ...string) func(m *store.Outgoing) {
		return func(m *store.Outgoing) {
			m.To, m.Doubt, m.State, m.Error = nil, to, store.Failed, "the server did not say whether it took the message"
		}
	}
	in := queue("ben", "doubt", doubtful("a@else.test", "b@else.test", "c@else.test"))
	letter, _, err := k.st.Queue.Enqueue(ctx, store.Outgoing{User: "ben", Key: "told", From: "ben@hub.test", To: []string{"zoe@else.test"}},
		tandem.Bytes("To: Zoe <zoe@else.test>\r\nBcc: yan@else.test\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= & more\r\n\r\nx\r\n"))
	k.must(err)
	_, err = k.st.Queue.ChangeOutgoing(ctx, letter.ID, func(m *store.Outgoing) error { m.State, m.To = store.Sent, nil; return nil })
	k.must(err)
	waiting := queue("ben", "waits", func(m *store.Outgoing) { m.Tries, m.Next = 3, m.Next+5000 })
	given := queue("ben", "given up", func(m *store.Outgoing) { m.State, m.Error = store.Failed, "no such user" })
	queue("ben", "sent", func(m *store.Outgoing) { m.State, m.To = store.Sent, nil })
	annas := queue("anna", "hers", doubtful("d@else.test"))

	ben := k.in("ben")
	body := ben.get("/settings/mail").body
	for _, want := range []string{"perhaps not delivered", `value="a@else.test"`, `value="c@else.test"`, "no such user", "given up", "waits", "Nobody knows whether they got it", "Grüße &amp; more", "to Zoe, yan@else.test"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if strings.Contains(body, "d@else.test") {
		t.Error("the page shows what another sent")
	}
	if a := ben.call("GET", "/api/outgoing", nil); !strings.Contains(a.body, `"subject":"Grüße & more"`) && !strings.Contains(a.body, `"subject":"Grüße \u0026 more"`) || !strings.Contains(a.body, `"for":["Zoe","yan@else.test"]`) {
		t.Errorf("the API tells %s", a.body)
	}
	for _, c := range []struct {
		id   int64
		form url.Values
		want int
	}{
		{in.ID, url.Values{"do": {"again"}}, http.StatusBadRequest},
		{in.ID, url.Values{"do": {"drop"}, "to": {"x@else.test"}}, http.StatusBadRequest},
		{annas.ID, url.Values{"do": {"drop"}, "to": {"d@else.test"}}, http.StatusNotFound},
		{in.ID, url.Values{"do": {"again"}, "to": {"a@else.test"}}, http.StatusSeeOther},
		{in.ID, url.Values{"do": {"drop"}, "to": {"b@else.test"}}, http.StatusSeeOther},
		{waiting.ID, url.Values{"do": {"remove"}}, http.StatusSeeOther},
		{given.ID, url.Values{"do": {"retry"}}, http.StatusSeeOther},
	} {
		c.form.Set("csrf", ben.csrf)
		if a := ben.form(fmt.Sprint("/mail/", c.id), c.form); a.status != c.want {
			t.Errorf("%v: %d, want %d: %.300s", c.form, a.status, c.want, a.body)
		}
	}
	if a := ben.call("POST", fmt.Sprintf("/api/outgoing/%d/doubt", annas.ID), map[string]any{"again": true}); a.status != http.StatusNotFound {
		t.Errorf("about another's: %d", a.status)
	}
	if a := ben.call("POST", fmt.Sprintf("/api/outgoing/%d/doubt", in.ID), map[string]any{"again": true, "to": []string{"c@else.test"}}); a.status >= 300 {
		t.Errorf("%d %s", a.status, a.body)
	}
	list, err := k.st.Queue.Outgoing(ctx, "", 0)
	k.must(err)
	var got []string
	for _, m := range list {
		got = append(got, fmt.Sprintf("%s: %s to %v doubt %v", m.Key, m.State, m.To, m.Doubt))
	}
	slices.Sort(got)
	want := []string{"doubt/again/a@else.test: waiting to [a@else.test] doubt []", "doubt/again/c@else.test: waiting to [c@else.test] doubt []", "doubt: sent to [] doubt []",
		"given up: waiting to [x@else.test] doubt []", "hers: failed to [] doubt [d@else.test]", "sent: sent to [] doubt []", "told: sent to [] doubt []"}
	if !slices.Equal(got, want) {
		t.Errorf("the queue is %q, want %q", got, want)
	}
}

package post_test

import (
	"strings"

	"tandem/test/easclient"
	"tandem/wire/wbxml"
)

// ask sends a MeetingResponse and returns the Result.
func (h *hub) ask(p *easclient.Phone, said, id, more string) *wbxml.Element {
	h.Helper()
	folder, _, _ := strings.Cut(id, ":")
	doc, err := wbxml.FromXML(strings.NewReader("<MeetingResponse><Request><UserResponse>" + said + "</UserResponse><CollectionId>" + folder + "</CollectionId><RequestId>" + id + "</RequestId>" + more + "</Request></MeetingResponse>"))
	h.must(err)
	a, err := p.Do(h.Context(), "MeetingResponse", doc)
	h.must(err)
	if a.Code != 200 || a.Doc == nil {
		h.Fatalf("HTTP %d", a.Code)
	}
	return a.Doc.Child(wbxml.MeetingResponseResult)
}

// answer answers an invitation, and returns the CalendarId.
func (h *hub) answer(p *easclient.Phone, said, id, more string) string {
	h.Helper()
	r := h.ask(p, said, id, more)
	if st := r.Get(wbxml.MeetingResponseStatus); st != "1" {
		h.Fatalf("answer %s: status %s", said, st)
	}
	return r.Get(wbxml.MeetingResponseCalendarId)
}

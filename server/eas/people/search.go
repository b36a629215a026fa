package people

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// The statuses of Search and of its store, MS-ASCMD 2.2.3.177.13.
const (
	searchOK        = "1"
	searchInvalid   = "2"
	searchBadLink   = "4"
	searchDenied    = "5"
	searchComplex   = "8"
	searchRangeOver = "12"
	searchPart      = "164"
)

// window is a range of results: 0-based, both ends belong to it.
type window struct {
	from, to int
	past     bool // it was asked for more than the first hundred
}

// maxWindow is how many results one answer holds, and Search tells of at all. MS-ASCMD_R3735
const maxWindow = 100

// readWindow reads a Range; without one, it is the first hundred. ok is false if it makes no sense.
func readWindow(text string) (w window, ok bool) {
	if text == "" {
		return window{to: maxWindow - 1}, true
	}
	first, last, cut := strings.Cut(text, "-")
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if !cut || err1 != nil || err2 != nil || from < 0 || to < from || to > 999 {
		return w, false
	}
	return window{from, min(to, from+maxWindow-1), to >= maxWindow}, true
}

// cut are the results within the window, and the range that they are; "" if there are none.
func (w window) cut(list []entry) ([]entry, string) {
	if w.from >= len(list) {
		return nil, ""
	}
	to := min(w.to, len(list)-1)
	return list[w.from : to+1], strconv.Itoa(w.from) + "-" + strconv.Itoa(to)
}

// maxQuery is the length in bytes of the longest question.
const maxQuery = 256

// Search implements proto.Command: the directory, and the user's own records. There is no document library. MS-ASCMD 2.2.1.16
func (s *Service) Search(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	doc := wbxml.Empty(wbxml.SearchSearch)
	in := r.Body.Child(wbxml.SearchStore)
	if r.Body == nil || r.Body.Tag != wbxml.SearchSearch || in == nil {
		return proto.Answer(doc.Add(wbxml.Text(wbxml.SearchStatus, "3"))), nil
	}
	out, err := s.searchStore(ctx, r, in)
	if err != nil {
		return nil, err
	}
	return proto.Answer(doc.Add(wbxml.Text(wbxml.SearchStatus, searchOK), wbxml.New(wbxml.SearchResponse, out))), nil
}

func (s *Service) searchStore(ctx context.Context, r *proto.Request, in *wbxml.Element) (*wbxml.Element, error) {
	status := func(v string, more ...*wbxml.Element) *wbxml.Element {
		return wbxml.New(wbxml.SearchStore, wbxml.Text(wbxml.SearchStatus, v)).Add(more...)
	}
	options := in.Child(wbxml.SearchOptions)
	w, ok := readWindow(options.Get(wbxml.SearchRange))
	query := in.Child(wbxml.SearchQuery)
	switch name := in.Get(wbxml.SearchName); {
	case strings.EqualFold(name, "DocumentLibrary"):
		return status(searchBadLink), nil
	case strings.EqualFold(name, "Mailbox"):
		switch {
		case !ok || query == nil || asksFields(query) || !proto.SoundBodies(options): // MS-ASTASK_R364, MS-ASEMAIL_R68, MS-ASAIRS_R10033
			return status(searchInvalid), nil
		case w.past:
			return status(searchRangeOver), nil
		case !proto.PartFits(proto.PartPreference(options), r.Version):
			return status(searchPart), nil
		}
		v, results, err := s.searchMailbox(ctx, r, query, options, w)
		if err != nil {
			return nil, err
		}
		return status(v, results...), nil
	case !strings.EqualFold(name, "GAL"), !ok, query == nil:
		return status(searchInvalid), nil
	case w.past: // MS-ASCMD_R3736
		return status(searchRangeOver), nil
	}
	text := strings.TrimSpace(query.String())
	switch {
	case text == "":
		return status(searchInvalid), nil
	case len(text) > maxQuery:
		return status(searchComplex), nil
	}
	list, err := s.find(ctx, r, text)
	if err != nil {
		return nil, err
	}
	part, rng := w.cut(list)
	switch {
	case len(list) == 0: // MS-ASCMD_R3847: no Result; only a mailbox has an empty one (R3850)
		return status(searchOK), nil
	case rng == "":
		return status(searchRangeOver), nil
	}
	p := readPictures(r, options.Child(wbxml.SearchPicture), wbxml.SearchMaxSize, wbxml.SearchMaxPictures)
	out := status(searchOK)
	for _, e := range part {
		out.Add(wbxml.New(wbxml.SearchResult, wbxml.New(wbxml.SearchProperties, e.gal(p, galPicture)...)))
	}
	return out.Add(wbxml.Text(wbxml.SearchRange, rng), wbxml.Text(wbxml.SearchTotal, strconv.Itoa(len(list)))), nil
}

// asksFields reports whether a question asks for elements of tasks or messages, which cannot be searched for but by when a message was received.
func asksFields(e *wbxml.Element) bool {
	switch e.Tag.Page() {
	case wbxml.TasksSubject.Page(), wbxml.EmailSubject.Page(), wbxml.Email2Bcc.Page():
		if e.Tag != wbxml.EmailDateReceived {
			return true
		}
	}
	return slices.ContainsFunc(e.Children, asksFields)
}

// The statuses of Find, MS-ASCMD 2.2.3.177.2.
const (
	findOK        = "1"
	findInvalid   = "2"
	findStartZero = "4"
)

// Find implements proto.Command: the directory and the mailbox, in the manner of 16.1. MS-ASCMD 2.2.1.2
func (s *Service) Find(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	answer := func(v string, more ...*wbxml.Element) (*proto.Response, error) {
		return proto.Answer(wbxml.New(wbxml.FindFind, wbxml.Text(wbxml.FindStatus, v)).Add(more...)), nil
	}
	in := r.Body.Child(wbxml.FindExecuteSearch)
	if r.Body == nil || r.Body.Tag != wbxml.FindFind || in == nil || r.Body.Get(wbxml.FindSearchId) == "" {
		return answer(findInvalid)
	}
	gal, mailbox := in.Child(wbxml.FindGalSearchCriterion), in.Child(wbxml.FindMailBoxSearchCriterion)
	switch {
	case gal == nil && mailbox != nil:
		status, more, err := s.findMail(ctx, r, mailbox)
		if err != nil {
			return nil, err
		}
		return answer(status, more...)
	case gal == nil:
		return answer(findInvalid)
	}
	options := gal.Child(wbxml.FindOptions)
	w, ok := readWindow(options.Get(wbxml.FindRange))
	query := gal.Child(wbxml.FindQuery)
	text := strings.TrimSpace(query.String())
	if free := query.Get(wbxml.FindFreeText); free != "" {
		text = strings.TrimSpace(free)
	}
	if !ok || text == "" || len(text) > maxQuery {
		return answer(findInvalid)
	}
	// The store is "Mailbox" whatever is searched: MS-ASCMD_R45251807.
	out := wbxml.New(wbxml.FindResponse, wbxml.Text(wbxml.ItemOperationsStore, "Mailbox"))
	if w.from != 0 {
		return answer(findOK, out.Add(wbxml.Text(wbxml.FindStatus, findStartZero)))
	}
	list, err := s.find(ctx, r, text)
	if err != nil {
		return nil, err
	}
	out.Add(wbxml.Text(wbxml.FindStatus, findOK))
	part, rng := w.cut(list)
	p := readPictures(r, options.Child(wbxml.FindPicture), wbxml.FindMaxSize, wbxml.FindMaxPictures)
	for _, e := range part {
		out.Add(wbxml.New(wbxml.FindResult, wbxml.New(wbxml.FindProperties, e.gal(p, galPicture)...)))
	}
	if rng != "" { // MS-ASCMD_R38391805: without matches there is no Result
		out.Add(wbxml.Text(wbxml.FindRange, rng), wbxml.Text(wbxml.FindTotal, strconv.Itoa(len(list))))
	}
	return answer(findOK, out)
}

package people

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// sought is what a search of the mailbox asks for.
type sought struct {
	text    string
	classes []string // none: all
	folders []string // none: all
	mail    bool     // it asks for what only mail or documents have
}

// readSought reads the Query of a search of the mailbox. ok is false for one that is not And alone with what belongs there. MS-ASCMD_R2032, R3143, R3220
func readSought(query *wbxml.Element) (q sought, ok bool) {
	var text []string
	for _, top := range query.Children {
		switch top.Tag {
		case wbxml.SearchAnd:
		case wbxml.SearchEqualTo: // of document libraries alone, MS-ASCMD_R2278
			q.mail = true
			continue
		default:
			return q, false
		}
		for _, e := range top.Children {
			switch e.Tag {
			case wbxml.SearchFreeText:
				text = append(text, strings.TrimSpace(e.String()))
			case wbxml.AirSyncClass:
				q.classes = append(q.classes, e.String())
			case wbxml.AirSyncCollectionId:
				q.folders = append(q.folders, e.String())
			case wbxml.SearchConversationId, wbxml.SearchGreaterThan, wbxml.SearchLessThan:
				q.mail = true
			default:
				return q, false
			}
		}
	}
	q.text = strings.Join(text, " ")
	return q, len(q.text) <= maxQuery
}

// asks reports whether records of a class are asked for by a client of a version. MS-ASCMD_R7534
func (q sought) asks(class string, v eas.Version) bool {
	if q.mail || class == "Notes" && v < eas.V140 {
		return false
	}
	return len(q.classes) == 0 || slices.ContainsFunc(q.classes, func(c string) bool { return strings.EqualFold(c, class) })
}

// hit is a record that a search found.
type hit struct {
	store.HomeRecord
	class      string
	collection int64
	view       eas.View
}

// searchable are the kinds in the order in which they are searched.
var searchable = [...]tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note}

// hits finds the user's records, by title.
func (s *Service) hits(ctx context.Context, r *proto.Request, q sought, deep bool) ([]hit, error) {
	all := slices.Contains(q.folders, "0") && deep // the root, with all that is below it
	var out []hit
	var collections []tandem.Collection
	for _, kind := range searchable {
		view := s.Views[kind]
		if view == nil || !q.asks(view.Class(), r.Version) {
			continue
		}
		var found []int64
		for rec, err := range s.Lookup.Match(ctx, r.User.Name, kind, q.text, maxWindow) {
			if err != nil {
				return nil, err
			}
			found = append(found, rec.Number)
		}
		if len(found) > 0 && collections == nil {
			var err error
			if collections, err = s.Home.Collections(ctx, r.User.Name); err != nil {
				return nil, err
			}
		}
		for _, c := range collections {
			if c.Kind != kind || len(q.folders) > 0 && !all && !slices.Contains(q.folders, strconv.FormatInt(c.ID, 10)) {
				continue
			}
			for rec, err := range s.Lookup.ByNumber(ctx, c.ID, found) {
				if err != nil {
					return nil, err
				}
				if !rec.Deleted {
					out = append(out, hit{rec, view.Class(), c.ID, view})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b hit) int { return cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	return out, nil
}

// maxFound is the size in bytes of the bodies beyond which an answer holds no more results.
const maxFound = 4 << 20

// searchMailbox answers a search of the user's own records. There is no mail among them yet. MS-ASCMD 2.2.1.16
func (s *Service) searchMailbox(ctx context.Context, r *proto.Request, query, options *wbxml.Element, w window) (status string, results []*wbxml.Element, err error) {
	empty := []*wbxml.Element{wbxml.Empty(wbxml.SearchResult)} // MS-ASCMD_R3850
	q, ok := readSought(query)
	if !ok {
		return searchComplex, nil, nil
	}
	list, err := s.hits(ctx, r, q, options.Has(wbxml.SearchDeepTraversal))
	if err != nil {
		return "", nil, err
	}
	if len(list) == 0 {
		return searchOK, empty, nil
	}
	if w.from >= len(list) {
		return searchRangeOver, nil, nil
	}
	o := r.Options
	o.Bodies = proto.BodyPreferences(options)
	size, last := 0, w.from-1
	for i := w.from; i <= min(w.to, len(list)-1) && size < maxFound; i++ {
		last = i
		e, n, err := list[i].result(o)
		if err != nil {
			return "", nil, err
		}
		if size += n; e != nil {
			results = append(results, e)
		}
	}
	if len(results) == 0 {
		return searchOK, empty, nil
	}
	return searchOK, append(results, wbxml.Text(wbxml.SearchRange, strconv.Itoa(w.from)+"-"+strconv.Itoa(last)), wbxml.Text(wbxml.SearchTotal, strconv.Itoa(len(list)))), nil
}

// result is a record as a result, and the size of its body; nil for one that cannot be shown.
func (h hit) result(o eas.Options) (e *wbxml.Element, size int, err error) {
	body, err := tandem.ReadBody(h.Body, maxCard)
	if tandem.IsKind(err, tandem.TooLarge) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	folder := strconv.FormatInt(h.collection, 10)
	id := folder + ":" + strconv.FormatInt(h.Number, 10)
	o.Attachment = func(n int) string { return id + ":" + strconv.Itoa(n) }
	data, err := h.view.Get(body, o)
	if err != nil {
		return nil, 0, nil // the record itself is set aside where it syncs, with the reason
	}
	data = slices.DeleteFunc(data, func(e *wbxml.Element) bool { return e == nil || untold(e.Tag) })
	return wbxml.New(wbxml.SearchResult, wbxml.Text(wbxml.AirSyncClass, h.class), wbxml.Text(wbxml.SearchLongId, id), wbxml.Text(wbxml.AirSyncCollectionId, folder),
		wbxml.New(wbxml.SearchProperties, data...)), len(body), nil
}

// untold reports whether an element of a record is not told by Search. It is not in the schema of its answer.
func untold(t wbxml.Tag) bool {
	switch t {
	case wbxml.CalendarCategories, wbxml.CalendarClientUid, wbxml.CalendarOnlineMeetingConfLink, wbxml.CalendarOnlineMeetingExternalLink,
		wbxml.TasksOrdinalDate, wbxml.TasksSubOrdinalDate:
		return true
	}
	return false
}

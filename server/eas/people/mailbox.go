package people

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/kql"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// sought is what a search of the mailbox asks for.
type sought struct {
	text         string
	classes      []string // none: all
	folders      []string // none: all
	conversation []byte   // nil: any
	from, to     int64    // when mail was received, Unix seconds: [from, to), 0 for no bound
	mail         bool     // it asks for what only mail has
	none         bool     // it asks for what nothing has
}

// readSought reads the Query of a search of the mailbox; the status is not "" for one that is not And alone with what belongs there. MS-ASCMD_R2032, R3143, R3220
func readSought(query *wbxml.Element) (q sought, status string) {
	var text []string
	ands := 0
	for _, top := range query.Children {
		switch top.Tag {
		case wbxml.SearchAnd:
			if ands++; ands > 1 { // MS-ASCMD_R772
				return q, searchComplex
			}
		case wbxml.SearchEqualTo: // of document libraries alone, MS-ASCMD_R2278
			q.none = true
			continue
		default:
			return q, searchComplex
		}
		for _, e := range top.Children {
			switch e.Tag {
			case wbxml.SearchFreeText:
				text = append(text, strings.TrimSpace(e.String()))
			case wbxml.AirSyncClass:
				q.classes = append(q.classes, e.String())
			case wbxml.AirSyncCollectionId:
				q.folders = append(q.folders, e.String())
			case wbxml.SearchConversationId:
				if q.conversation != nil { // MS-ASCMD_R5815
					return q, searchInvalid
				}
				q.conversation, q.mail = e.Content(), true
			case wbxml.SearchGreaterThan, wbxml.SearchLessThan: // MS-ASCMD 2.2.3.86, 2.2.3.96
				at, err := eas.ParseTime(e.Get(wbxml.SearchValue))
				if err != nil || !e.Has(wbxml.EmailDateReceived) {
					return q, searchInvalid
				}
				if q.mail = true; e.Tag == wbxml.SearchGreaterThan {
					q.from = max(q.from, at.Unix()+1)
				} else if q.to == 0 || at.Unix() < q.to {
					q.to = at.Unix()
				}
			default:
				return q, searchComplex
			}
		}
	}
	if q.text = strings.Join(text, " "); len(q.text) > maxQuery {
		return q, searchComplex
	}
	return q, ""
}

// asks reports whether records of a class are asked for by a client of a version. MS-ASCMD_R7534
func (q sought) asks(class string, v eas.Version) bool {
	if q.none || q.mail && class != "Email" || class == "Notes" && v < eas.V140 {
		return false
	}
	return len(q.classes) == 0 || slices.ContainsFunc(q.classes, func(c string) bool { return strings.EqualFold(c, class) })
}

// letters finds the messages that are asked for, the latest first.
func (s *Service) letters(ctx context.Context, r *proto.Request, q sought, deep bool) ([]hit, error) {
	view := s.Views[tandem.Mail]
	if view == nil || !q.asks("Email", r.Version) || q.text == "" && !q.mail {
		return nil, nil
	}
	folders, err := s.mailFolders(ctx, r, q.folders, deep && slices.Contains(q.folders, "0"))
	if err != nil {
		return nil, err
	}
	var list []letter
	if q.conversation != nil {
		list, err = s.conversation(ctx, r, folders, q.conversation, q.text, q.from, q.to)
	} else {
		list, err = s.seekAll(ctx, r, folders, kql.Query{{Words: q.text}}, q.from, q.to)
	}
	var out []hit
	for _, l := range list {
		out = append(out, hit{HomeRecord: l.HomeRecord, class: "Email", collection: l.collection, view: view, sketch: l.envelope.Marshal(), far: l.far, cut: l.cut})
	}
	return out, err
}

// hit is a record that a search found.
type hit struct {
	store.HomeRecord
	class      string
	collection int64
	within     int64 // the folder that shows it, where that is another; 0: it is not
	view       eas.View
	sketch     []byte // of messages
	far        string // as of a letter
	cut        bool
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
					out = append(out, hit{HomeRecord: rec, class: view.Class(), collection: c.ID, view: view})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b hit) int { return cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	return out, nil
}

// maxFound is the size in bytes of the bodies beyond which an answer holds no more results.
const maxFound = 4 << 20

// searchMailbox answers a search of the user's own records. Mail comes first, the latest before the older. MS-ASCMD 2.2.1.16
func (s *Service) searchMailbox(ctx context.Context, r *proto.Request, query, options *wbxml.Element, w window) (status string, results []*wbxml.Element, err error) {
	empty := []*wbxml.Element{wbxml.Empty(wbxml.SearchResult)} // MS-ASCMD_R3850
	q, status := readSought(query)
	if status != "" {
		return status, nil, nil
	}
	deep := options.Has(wbxml.SearchDeepTraversal)
	if deep {
		if q.folders, err = s.within(ctx, r, q.folders); err != nil {
			return "", nil, err
		}
	}
	list, err := s.letters(ctx, r, q, deep)
	if err != nil {
		return "", nil, err
	}
	texts, err := s.textMessages(ctx, r, q, deep)
	if err != nil {
		return "", nil, err
	}
	list = append(list, texts...)
	others, err := s.hits(ctx, r, q, deep)
	if err != nil {
		return "", nil, err
	}
	list = append(list, others...)
	if len(list) == 0 {
		return searchOK, empty, nil
	}
	if w.from >= len(list) {
		return searchRangeOver, nil, nil
	}
	o := r.Options
	proto.Shown(&o, options)
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

// within adds to the ids of folders those of the folders that lie within them. MS-ASCMD_R5856
func (s *Service) within(ctx context.Context, r *proto.Request, ids []string) ([]string, error) {
	if s.Folders == nil {
		return ids, nil
	}
	out := slices.Clone(ids)
	for _, id := range ids {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n == 0 {
			continue
		}
		below, err := s.Folders.Below(ctx, r.User.Name, n)
		if err != nil {
			return nil, err
		}
		for _, c := range below {
			out = append(out, strconv.FormatInt(c.ID, 10))
		}
	}
	return out, nil
}

// result is a record as a result, and the size of its body; nil for one that cannot be shown.
func (h hit) result(o eas.Options) (e *wbxml.Element, size int, err error) {
	folder := strconv.FormatInt(h.collection, 10)
	id := recordID(h.collection, h.Number, h.far)
	if h.within != 0 {
		folder = strconv.FormatInt(h.within, 10)
	}
	o.Attachment = func(n int) string { return id + ":" + strconv.Itoa(n) }
	if v, ok := h.view.(eas.Recorder); ok {
		data, err := v.GetRecord(eas.Record{Body: h.Body, Attrs: h.Attrs, Sketch: h.sketch}, o)
		if err != nil {
			return nil, 0, nil
		}
		if h.cut {
			shortened(data, h.Size)
		}
		size := 0
		for _, e := range data {
			size += len(e.Child(wbxml.AirSyncBaseData).Content())
		}
		return h.named(folder, id, data), size, nil
	}
	body, err := tandem.ReadBody(h.Body, maxCard)
	if tandem.IsKind(err, tandem.TooLarge) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	data, err := h.view.Get(body, o)
	if err != nil {
		return nil, 0, nil // the record itself is set aside where it syncs, with the reason
	}
	return h.named(folder, id, data), len(body), nil
}

// named is what is shown of a record, with what names it.
func (h hit) named(folder, id string, data []*wbxml.Element) *wbxml.Element {
	data = slices.DeleteFunc(data, func(e *wbxml.Element) bool { return e == nil || untold(e.Tag) })
	return wbxml.New(wbxml.SearchResult, wbxml.Text(wbxml.AirSyncClass, h.class), wbxml.Text(wbxml.SearchLongId, id), wbxml.Text(wbxml.AirSyncCollectionId, folder),
		wbxml.New(wbxml.SearchProperties, data...))
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

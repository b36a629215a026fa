// Package items answers ItemOperations: it fetches records and attachments by name, whole or in ranges, inline or as parts of a multipart answer, and
// empties folders. MS-ASCMD 2.2.1.10
package items

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/access"
	"tandem/partner/mailbox"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Folders finds the collection behind a folder's id.
type Folders interface {
	// FindView returns a folder's collection and how its records are shown; NotFound.
	FindView(ctx context.Context, r *proto.Request, id string) (access.Reach, eas.View, error)
	// Below are the folders that lie within one, at any depth, those deepest in it first.
	Below(ctx context.Context, user string, collection int64) ([]access.Reach, error)
}

// Service answers ItemOperations.
type Service struct {
	Home    store.Home
	Lookup  store.Lookup
	Texts   store.Texts // nil: what was noted of messages is not known, and they are read
	Folders Folders
	Always  Always      // nil: no conversations are moved
	Far     mailbox.Far // reads messages that are not in the hub; nil: there are none

	Meetings proto.Meetings // nil: nobody is told of meetings in a calendar that is emptied

	indexes indexes
}

// The statuses of ItemOperations, MS-ASCMD 2.2.3.177.8.
const (
	statusOK         = "1"
	statusSyntax     = "2"
	statusServer     = "3"
	statusNotFound   = "6"
	statusRange      = "8"
	statusStore      = "9"
	statusConversion = "14"
	statusAttachment = "15"
	statusTooLarge   = "11"
	statusPartly     = "17"
	statusOptions    = "155"
	statusNotAllowed = "156"
	statusPart       = "164"
	statusIDs        = "105"
)

// maxOperations bounds how many operations one request may hold.
const maxOperations = 256

// maxAnswer is the size in bytes beyond which no more is fetched for one answer.
const maxAnswer = 32 << 20

// answer gathers what is answered.
type answer struct {
	*Service
	r        *proto.Request
	response *wbxml.Element
	parts    []tandem.Body
	size     int
}

// sound reports whether a request consists of operations that its version has.
func sound(r *proto.Request) bool {
	if r.Body == nil || r.Body.Tag != wbxml.ItemOperationsItemOperations || len(r.Body.Children) == 0 || len(r.Body.Children) > maxOperations {
		return false
	}
	for _, op := range r.Body.Children {
		switch op.Tag {
		case wbxml.ItemOperationsFetch, wbxml.ItemOperationsEmptyFolderContents:
		case wbxml.ItemOperationsMove:
			if r.Version < eas.V140 { // MS-ASCMD_R7244
				return false
			}
		default:
			return false
		}
	}
	return true
}

// ItemOperations implements proto.Command. Operations are performed in their order. MS-ASCMD_R193
func (s *Service) ItemOperations(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	if !sound(r) {
		return proto.Answer(wbxml.New(wbxml.ItemOperationsItemOperations, wbxml.Text(wbxml.ItemOperationsStatus, statusSyntax))), nil
	}
	a := &answer{Service: s, r: r, response: wbxml.Empty(wbxml.ItemOperationsResponse)}
	var moves, empties, fetches []*wbxml.Element // in the order of the schema; each sort keeps the order of the request
	for _, op := range r.Body.Children {
		switch op.Tag {
		case wbxml.ItemOperationsFetch:
			e, err := a.fetch(ctx, op)
			if err != nil {
				return nil, err
			}
			fetches = append(fetches, e)
		case wbxml.ItemOperationsEmptyFolderContents:
			e, err := a.empty(ctx, op)
			if err != nil {
				return nil, err
			}
			empties = append(empties, e)
		case wbxml.ItemOperationsMove:
			e, err := a.move(ctx, op)
			if err != nil {
				return nil, err
			}
			moves = append(moves, e)
		}
	}
	a.response.Add(moves...).Add(empties...).Add(fetches...)
	doc := wbxml.New(wbxml.ItemOperationsItemOperations, wbxml.Text(wbxml.ItemOperationsStatus, statusOK), a.response)
	return &proto.Response{Body: doc, Parts: a.parts}, nil
}

// misplaced reports whether an operation has an option of another one. MS-ASCMD_R3547
func misplaced(op *wbxml.Element) bool {
	options := op.Child(wbxml.ItemOperationsOptions)
	if options == nil {
		return false
	}
	return slices.ContainsFunc(options.Children, func(e *wbxml.Element) bool {
		switch e.Tag {
		case wbxml.ItemOperationsMoveAlways:
			return op.Tag != wbxml.ItemOperationsMove
		case wbxml.ItemOperationsDeleteSubFolders:
			return op.Tag != wbxml.ItemOperationsEmptyFolderContents
		case wbxml.ItemOperationsSchema, wbxml.ItemOperationsRange, wbxml.AirSyncMIMESupport, wbxml.AirSyncBaseBodyPreference, wbxml.AirSyncBaseBodyPartPreference:
			return op.Tag != wbxml.ItemOperationsFetch
		}
		return false
	})
}

// Number reads a ServerId or the beginning of a LongId: the folder's id and the record's number.
func Number(serverID string) (folder string, number int64, ok bool) {
	folder, rest, ok := strings.Cut(serverID, ":")
	n, err := strconv.ParseInt(rest, 10, 64)
	return folder, n, ok && err == nil && n > 0
}

// clip shortens what a client sent to what an answer may hold; nothing that long names anything.
func clip(id string, tag wbxml.Tag) string {
	most := 64
	switch tag {
	case wbxml.SearchLongId:
		most = 256
	case wbxml.DocumentLibraryLinkId, wbxml.AirSyncBaseFileReference:
		most = 1024
	}
	return eas.Clean(strings.ToValidUTF8(id[:min(len(id), most)], ""))
}

// fetch answers one fetch. An error is the server's.
func (a *answer) fetch(ctx context.Context, op *wbxml.Element) (*wbxml.Element, error) {
	e := wbxml.Empty(wbxml.ItemOperationsFetch)
	status := func(v string) *wbxml.Element {
		e.Children = append([]*wbxml.Element{wbxml.Text(wbxml.ItemOperationsStatus, v)}, e.Children...)
		return e
	}
	names := 0
	for _, tag := range []wbxml.Tag{wbxml.AirSyncCollectionId, wbxml.AirSyncServerId, wbxml.SearchLongId, wbxml.DocumentLibraryLinkId, wbxml.AirSyncBaseFileReference} {
		if id := clip(op.Get(tag), tag); id != "" || tag != wbxml.SearchLongId && op.Has(tag) {
			e.Add(wbxml.Text(tag, id))
		}
		for range op.All(tag) {
			if tag != wbxml.AirSyncCollectionId {
				names++
			}
		}
	}
	if names > 1 { // MS-ASCMD_R765: one thing only
		return status(statusSyntax), nil
	}
	if st := op.Get(wbxml.ItemOperationsStore); !strings.EqualFold(st, "Mailbox") {
		return status(statusStore), nil
	}
	if misplaced(op) || !proto.SoundBodies(op.Child(wbxml.ItemOperationsOptions)) { // MS-ASAIRS_R346
		return status(statusSyntax), nil
	}
	var (
		props *wbxml.Element
		st    string
		err   error
	)
	switch {
	case a.size > maxAnswer:
		return status(statusTooLarge), nil
	case op.Has(wbxml.AirSyncBaseFileReference):
		props, st, err = a.attachment(ctx, op)
	case op.Has(wbxml.AirSyncServerId) || op.Has(wbxml.SearchLongId):
		props, st, err = a.record(ctx, op, e)
	default:
		st = statusSyntax
	}
	if tandem.IsKind(err, tandem.TooLarge) {
		return status(statusTooLarge), nil
	}
	if err != nil {
		return nil, err
	}
	e.Add(props)
	return status(st), nil
}

// sketch is what was noted of a record.
func (a *answer) sketch(ctx context.Context, collection, number int64) ([]byte, error) {
	if a.Texts == nil {
		return nil, nil
	}
	all, err := a.Texts.Sketches(ctx, collection, number)
	return all[number], err
}

// item is a record that was asked for.
type item struct {
	store.HomeRecord
	collection int64
	view       eas.View
	sketch     []byte
}

// of is the record as views of records take it.
func (i item) of() eas.Record { return eas.Record{Body: i.Body, Attrs: i.Attrs, Sketch: i.sketch} }

// find reads the record that an id names, of this user and no other.
func (a *answer) find(ctx context.Context, id string) (item, error) {
	folder, number, ok := Number(id)
	name := ""
	if a.Far != nil && !ok {
		folder, name, ok = FarID(id)
	}
	if !ok {
		return item{}, tandem.Errorf(tandem.NotFound, "no record has the id %q", id)
	}
	c, view, err := a.Folders.FindView(ctx, a.r, folder)
	if err != nil {
		return item{}, err
	}
	if name != "" {
		rec, err := FarRecord(ctx, a.Far, a.r.User.Name, c.ID, name)
		return item{rec, c.ID, view, nil}, err
	}
	for rec, err := range a.Lookup.ByNumber(ctx, c.ID, []int64{number}) {
		if err != nil {
			return item{}, err
		}
		if !rec.Deleted {
			sketch, err := a.sketch(ctx, c.ID, number)
			return item{rec, c.ID, view, sketch}, err
		}
	}
	return item{}, &tandem.Error{Kind: tandem.NotFound, Op: "find record", Thing: id}
}

// maxBody is the size in bytes of the largest record that is shown.
const maxBody = 64 << 20

// record fetches a record. e is completed by what names it.
func (a *answer) record(ctx context.Context, op, e *wbxml.Element) (props *wbxml.Element, status string, err error) {
	id := op.Get(wbxml.AirSyncServerId)
	if id == "" {
		id = op.Get(wbxml.SearchLongId)
	}
	rec, err := a.find(ctx, id)
	if tandem.IsKind(err, tandem.NotFound) {
		return nil, statusNotFound, nil
	}
	if tandem.IsKind(err, tandem.Unreadable) {
		return nil, statusServer, nil
	}
	if err != nil {
		return nil, "", err
	}
	o := a.r.Options
	options := op.Child(wbxml.ItemOperationsOptions)
	proto.Shown(&o, options)
	o.Attachment = Reference(id)
	if !proto.PartFits(o.Part, a.r.Version) {
		return nil, statusPart, nil
	}
	list, size, err := rec.shown(o)
	if err != nil {
		return nil, statusConversion, nil
	}
	e.Add(wbxml.Text(wbxml.AirSyncClass, rec.view.Class()))
	props = wbxml.New(wbxml.ItemOperationsProperties, list...)
	if schema := op.Child(wbxml.ItemOperationsOptions).Child(wbxml.ItemOperationsSchema); schema != nil && len(schema.Children) > 0 {
		props.Children = only(list, schema)
	}
	a.parted(props)
	a.size += size
	return props, statusOK, nil
}

// shown shows a record, and tells about how much memory that takes.
func (i item) shown(o eas.Options) ([]*wbxml.Element, int, error) {
	if v, ok := i.view.(eas.Recorder); ok {
		list, err := v.GetRecord(i.of(), o)
		return list, len(wbxml.New(wbxml.ItemOperationsProperties, list...).Child(wbxml.AirSyncBaseBody).Child(wbxml.AirSyncBaseData).Content()), err
	}
	body, err := tandem.ReadBody(i.Body, maxBody)
	if err != nil {
		return nil, 0, err
	}
	list, err := i.view.Get(body, o)
	return list, len(body), err
}

// only are the elements that a schema names. MS-ASCMD 2.2.3.158
func only(list []*wbxml.Element, schema *wbxml.Element) []*wbxml.Element {
	var out []*wbxml.Element
	for _, e := range list {
		if schema.Has(e.Tag) {
			out = append(out, e)
		}
	}
	return out
}

// Reference names the attachments of a record: its ServerId, and the attachment's place in it.
func Reference(serverID string) func(n int) string {
	return func(n int) string { return serverID + ":" + strconv.Itoa(n) }
}

// parted moves the text of a body into a part of its own where the client wants that.
func (a *answer) parted(props *wbxml.Element) {
	if !a.r.Multipart {
		return
	}
	body := props.Child(wbxml.AirSyncBaseBody)
	data := body.Child(wbxml.AirSyncBaseData)
	if data == nil {
		return
	}
	a.parts = append(a.parts, tandem.Bytes(data.Content()))
	for i, c := range body.Children {
		if c == data { // MS-ASAIRS 2.2.2.34: Part takes the place of Data
			body.Children[i] = wbxml.Text(wbxml.ItemOperationsPart, strconv.Itoa(len(a.parts)))
		}
	}
	// The schema wants Part last.
	for i, c := range body.Children {
		if c.Tag == wbxml.ItemOperationsPart {
			body.Children = append(append(body.Children[:i:i], body.Children[i+1:]...), c)
			break
		}
	}
}

// inlineMost is the size in bytes of the largest piece of an attachment that is put into the document; larger ones are fetched in ranges, or as parts.
const inlineMost = 32 << 20

// attachment fetches an attachment, or a range of it.
func (a *answer) attachment(ctx context.Context, op *wbxml.Element) (props *wbxml.Element, status string, err error) {
	content, media, err := a.named(ctx, op.Get(wbxml.AirSyncBaseFileReference))
	switch {
	case tandem.IsKind(err, tandem.NotFound), tandem.IsKind(err, tandem.Unreadable), tandem.IsKind(err, tandem.Invalid):
		return nil, statusAttachment, nil
	case err != nil:
		return nil, "", err
	}
	props = wbxml.Empty(wbxml.ItemOperationsProperties)
	if text := op.Child(wbxml.ItemOperationsOptions).Get(wbxml.ItemOperationsRange); text != "" { // none unless asked: field note 24
		from, to, err := Range(text, int(content.Size()))
		if err != nil {
			return nil, statusRange, nil
		}
		props.Add(wbxml.Text(wbxml.ItemOperationsRange, strconv.Itoa(from)+"-"+strconv.Itoa(to)), wbxml.Text(wbxml.ItemOperationsTotal, strconv.FormatInt(content.Size(), 10)))
		content = stretch{content, int64(from), int64(to) - int64(from) + 1}
	}
	if media != "" {
		props.Add(wbxml.Text(wbxml.AirSyncBaseContentType, media))
	}
	if a.r.Multipart {
		a.parts = append(a.parts, content)
		return props.Add(wbxml.Text(wbxml.ItemOperationsPart, strconv.Itoa(len(a.parts)))), statusOK, nil
	}
	data, err := tandem.ReadBody(content, inlineMost)
	if err != nil {
		return nil, "", err
	}
	a.size += len(data)
	return props.Add(wbxml.Text(wbxml.ItemOperationsData, base64(data))), statusOK, nil
}

// Range reads "from-to", both within size; to is cut at the end. MS-ASCMD 2.2.3.143.2
func Range(text string, size int) (from, to int, err error) {
	first, last, ok := strings.Cut(text, "-")
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if !ok || err1 != nil || err2 != nil || from < 0 || to < from || from >= size {
		return 0, 0, errors.New("the range makes no sense")
	}
	return from, min(to, size-1), nil
}

// Package meeting answers MeetingResponse: what a person says to an invitation in the calendar. MS-ASCMD 2.2.1.11
package meeting

import (
	"context"
	"slices"
	"strings"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/kind/eas/body"
	"tandem/kind/event"
	"tandem/partner/access"
	"tandem/partner/schedule"
	"tandem/server/eas/folders"
	"tandem/server/eas/items"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Folders finds the collection behind a folder's id.
type Folders interface {
	// FindView returns a folder's collection and how its records are shown; NotFound.
	FindView(ctx context.Context, r *proto.Request, id string) (access.Reach, eas.View, error)
}

// Service answers MeetingResponse.
type Service struct {
	Home    store.Home
	Lookup  store.Lookup
	Events  store.Events
	Folders Folders
	Kind    kind.Handler // of events

	Meetings proto.Meetings // nil: organizers are not told
	Boxes    Boxes          // mail folders; nil: invitations are answered in the calendar only
}

// The statuses, MS-ASCMD 2.2.3.177.9 and 2.2.2.
const (
	statusOK           = "1"
	statusInvalid      = "2"
	statusServer       = "4"
	statusTooMany      = "103"
	statusInstance     = "104" // no time at all
	statusNotRecurring = "146"
)

// maxRequests is how many answers one request may hold. MS-ASCMD_R5650
const maxRequests = 100

// answers are the values of UserResponse, MS-ASCMD 2.2.3.188.
var answers = map[string]event.Answer{"1": event.Accept, "2": event.Tentative, "3": event.Decline}

// MeetingResponse implements proto.Command.
func (s *Service) MeetingResponse(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	doc := wbxml.Empty(wbxml.MeetingResponseMeetingResponse)
	result := func(status string, more ...*wbxml.Element) *wbxml.Element {
		return wbxml.New(wbxml.MeetingResponseResult).Add(more...).Add(wbxml.Text(wbxml.MeetingResponseStatus, status))
	}
	if r.Body == nil || r.Body.Tag != wbxml.MeetingResponseMeetingResponse || !r.Body.Has(wbxml.MeetingResponseRequest) {
		return proto.Answer(doc.Add(result(statusInvalid))), nil
	}
	requests := slices.Collect(r.Body.All(wbxml.MeetingResponseRequest))
	if len(requests) > maxRequests {
		return proto.Answer(doc.Add(result(statusTooMany))), nil
	}
	for _, e := range requests {
		status, calendar, err := s.answer(ctx, r, e)
		if err != nil {
			return nil, err
		}
		var id *wbxml.Element // MS-ASCMD_R5374
		if in := e.Child(wbxml.MeetingResponseRequestId); in != nil {
			id = wbxml.Text(in.Tag, in.String()[:min(len(in.String()), 64)])
		}
		out := result(status, id)
		if calendar != "" { // MS-ASCMD_R3843
			out.Add(wbxml.Text(wbxml.MeetingResponseCalendarId, calendar))
		}
		doc.Add(out)
	}
	return proto.Answer(doc), nil
}

// wanted is what a request says.
type wanted struct {
	said     event.Answer
	folder   string // CollectionId, "" if it is not given
	id       string // of the event, or of the message that invites
	instance string
	send     bool // the organizer shall be told
	comment  string
	propose  schedule.Span
}

// read reads a request. MS-ASCMD 2.2.3.147.2
func read(r *proto.Request, e *wbxml.Element) (w wanted, ok bool) {
	w = wanted{folder: e.Get(wbxml.MeetingResponseCollectionId), id: e.Get(wbxml.MeetingResponseRequestId), instance: e.Get(wbxml.MeetingResponseInstanceId)}
	if w.said, ok = answers[e.Get(wbxml.MeetingResponseUserResponse)]; !ok || e.Has(wbxml.MeetingResponseInstanceId) && (r.Version < eas.V141 || w.instance == "") {
		return w, false // MS-ASCMD_R6712, R4186
	}
	if w.id == "" {
		w.id = e.Get(wbxml.SearchLongId)
	}
	// Some clients leave out the instance and name it behind the id: "5:3<!ExceptionDate!>20260304T090000Z" (field note 27).
	if i := strings.IndexAny(w.id, "<!"); i >= 0 {
		behind := w.id[i:]
		w.id = w.id[:i]
		if w.instance == "" {
			w.instance = behind[strings.LastIndexAny(behind, "!>")+1:]
		}
	}
	send := e.Child(wbxml.MeetingResponseSendResponse)
	w.send = send != nil
	text := send.Child(wbxml.AirSyncBaseBody)
	if w.comment = text.Get(wbxml.AirSyncBaseData); text.Get(wbxml.AirSyncBaseType) == "2" {
		w.comment = body.ToPlain(w.comment)
	}
	from, to := send.Get(wbxml.MeetingResponseProposedStartTime), send.Get(wbxml.MeetingResponseProposedEndTime)
	if from == "" && to == "" {
		return w, true
	}
	start, err1 := eas.ParseTime(from)
	end, err2 := eas.ParseTime(to)
	w.propose = schedule.Span{Start: start.Unix(), End: end.Unix()} // MS-ASCMD_R69901704, R69901725: both, or none
	return w, err1 == nil && err2 == nil && end.After(start) && r.Version >= eas.V161
}

// target is the event that is answered.
type target struct {
	c    access.Reach
	view eas.View
	rec  store.HomeRecord
	id   string // ServerId
}

// answer answers one invitation, and returns the ServerId of the event in the calendar; "" where there is none any longer. An error is the
// server's.
func (s *Service) answer(ctx context.Context, r *proto.Request, e *wbxml.Element) (status, calendar string, err error) {
	w, ok := read(r, e)
	if !ok {
		return statusInvalid, "", nil
	}
	t, letter, err := s.open(ctx, r, w)
	switch {
	case tandem.IsKind(err, tandem.NotFound), tandem.IsKind(err, tandem.Invalid), tandem.IsKind(err, tandem.TooLarge):
		return statusInvalid, "", nil
	case err != nil:
		return "", "", err
	case t.id == "": // declined, and taken away before
		return statusOK, "", s.dispose(ctx, r, letter)
	case t.c.Right < access.Write: // it is somebody else's to answer
		return statusInvalid, "", nil
	}
	for range tries { // another program may write the event at the same time
		a := attempt{Service: s, r: r, wanted: w, target: t}
		status, again, err := a.run(ctx)
		if err != nil || !again {
			if status == statusOK && w.said != event.Decline {
				calendar = t.id
			}
			if status == statusOK && err == nil && w.instance == "" {
				err = s.dispose(ctx, r, letter)
			}
			return status, calendar, err
		}
		if t, err = s.find(ctx, r, "", t.id, tandem.Event); err != nil {
			return statusInvalid, "", nil
		}
	}
	return statusServer, "", nil
}

// tries is how often an answer is written anew because the event changed meanwhile.
const tries = 3

// open finds the event that is answered, and the message that invites, if that is what the request names.
func (s *Service) open(ctx context.Context, r *proto.Request, w wanted) (t target, l *letter, err error) {
	t, err = s.find(ctx, r, w.folder, w.id, tandem.Event)
	if !tandem.IsKind(err, tandem.NotFound) || s.Meetings == nil || s.Boxes == nil {
		return t, nil, err
	}
	if l, err = s.letter(ctx, r, w); err != nil {
		return target{}, nil, err
	}
	in, err := s.Meetings.Invited(ctx, r.User, l.said, w.said == event.Decline)
	if err != nil || in.Record.Number == 0 {
		return target{}, l, err
	}
	t.rec, t.id = in.Record, folders.ID(in.Collection.ID)+":"+folders.ID(in.Record.Number)
	t.c, t.view, err = s.Folders.FindView(ctx, r, folders.ID(in.Collection.ID))
	return t, l, err
}

// find finds the record that an id names, in a folder of this user's and of a kind.
func (s *Service) find(ctx context.Context, r *proto.Request, folder, id string, kd tandem.Kind) (t target, err error) {
	of, number, ok := items.Number(id)
	notFound := &tandem.Error{Kind: tandem.NotFound, Op: "find invitation", Thing: id}
	if !ok || folder != "" && folder != of {
		return t, notFound
	}
	t.id = id
	if t.c, t.view, err = s.Folders.FindView(ctx, r, of); err != nil {
		return t, err
	}
	if t.c.Kind != kd {
		return t, notFound
	}
	for rec, err := range s.Lookup.ByNumber(ctx, t.c.ID, []int64{number}) {
		if err != nil {
			return t, err
		}
		if !rec.Deleted {
			t.rec = rec
			return t, nil
		}
	}
	return t, notFound
}

// attempt is one try to write an answer into an event as it stands.
type attempt struct {
	*Service
	r *proto.Request
	wanted
	target
}

// maxEvent is the size in bytes of the largest event that is answered.
const maxEvent = 16 << 20

// run writes the answer. again tells that the event was changed meanwhile.
func (a *attempt) run(ctx context.Context) (status string, again bool, err error) {
	old, err := tandem.ReadBody(a.rec.Body, maxEvent)
	if tandem.IsKind(err, tandem.TooLarge) {
		return statusInvalid, false, nil
	}
	if err != nil {
		return "", false, err
	}
	now, reply, err := event.Respond(old, a.r.Options.Address, a.said, a.instance, a.comment, a.r.Options.Now)
	switch {
	case tandem.IsKind(err, tandem.Invalid) && a.instance != "": // MS-ASCMD_R3195
		return statusInstance, false, nil
	case tandem.IsKind(err, tandem.NotFound) && a.instance != "" && !event.Repeats(old): // MS-ASCMD_R3196
		return statusNotRecurring, false, nil
	case tandem.IsKind(err, tandem.NotFound), tandem.IsKind(err, tandem.Invalid):
		return statusInvalid, false, nil
	case err != nil:
		return "", false, err
	case reply == nil: // MS-ASCMD_R4184: the user is the organizer, or nobody is
		return statusInvalid, false, nil
	}
	w := store.HomeWrite{Write: tandem.Write{Op: tandem.Update, ID: a.rec.ID, If: a.rec.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: a.rec.Attrs}, Body: tandem.Bytes(now)}}}
	if a.said == event.Decline {
		// What is declined leaves the calendar, as the protocol has it; history keeps it.
		if a.instance == "" {
			w = store.HomeWrite{Write: tandem.Write{Op: tandem.Delete, ID: a.rec.ID, If: a.rec.Version}, Title: a.rec.Title}
		} else if drop, ok := a.view.(eas.Instancer); ok {
			if now, err = drop.DropInstance(now, a.instance, a.r.Options); err != nil {
				return statusInvalid, false, nil
			}
			w.Record.Body = tandem.Bytes(now)
		}
	}
	plan, err := a.plan(ctx, old, &w)
	if err != nil {
		return "", false, err
	}
	who := store.Author{User: a.r.User.Name, Via: a.r.Device.Via()}
	done, err := a.write(ctx, a.c.ID, who, w)
	a.settle(ctx, plan, done, err)
	if tandem.IsKind(err, tandem.Invalid) || tandem.IsKind(err, tandem.NotFound) {
		return statusInvalid, false, nil
	}
	if err != nil || !done {
		return statusServer, !done && err == nil, err
	}
	a.tell(ctx, plan)
	return statusOK, false, nil
}

// plan asks what the organizer is told. From 16.0 on the person chooses whether anything is. MS-ASCMD 2.2.3.162
func (a *attempt) plan(ctx context.Context, old []byte, w *store.HomeWrite) (plan schedule.Plan, err error) {
	if a.Meetings == nil {
		return plan, nil
	}
	ch := schedule.Change{Collection: a.c.Collection, Old: old, Lenient: true, Comment: a.comment, Propose: a.propose, Silent: a.r.Version >= eas.V160 && !a.send,
		Mailed: repliesItself(a.r)}
	if b, ok := w.Record.Body.(tandem.Bytes); ok && w.Op == tandem.Update {
		ch.New = b
	}
	plan, err = a.Meetings.Write(ctx, ch)
	if tandem.IsKind(err, tandem.Invalid) {
		return schedule.Plan{}, nil
	}
	if err == nil && w.Op == tandem.Update {
		w.Record.Body = tandem.Bytes(plan.Body)
	}
	return plan, err
}

// settle delivers the answer if it is in the calendar. What cannot be delivered now is noted, and the log has it.
func (a *attempt) settle(ctx context.Context, plan schedule.Plan, done bool, err error) {
	switch {
	case a.Meetings == nil:
	case done:
		_ = a.Meetings.Deliver(ctx, plan)
	case err == nil, tandem.IsKind(err, tandem.Invalid), tandem.IsKind(err, tandem.NotFound):
		_ = a.Meetings.Drop(ctx, plan)
	} // else a look at the store will tell whether it is there
}

// write writes an event whose meaning the kind has looked up. done is false if it was changed meanwhile.
func (s *Service) write(ctx context.Context, collection int64, who store.Author, w store.HomeWrite) (done bool, err error) {
	if b, ok := w.Record.Body.(tandem.Bytes); ok && w.Op == tandem.Update {
		info, err := s.Kind.Inspect(b)
		if err != nil {
			return false, err
		}
		w.Digest, w.Index, w.Title = info.Digest, info.Index, info.Summary.String()
		w.Record.UID, w.Record.Modified = info.Index.UID, info.Modified
	}
	out, err := s.Home.Write(ctx, collection, who, []store.HomeWrite{w})
	if err != nil {
		return false, err
	}
	return out[0].Status == tandem.Applied, nil
}

// tell notes in the log that an answer is in the calendar, and whether the organizer hears of it. That the line may be missing is no reason for the phone to
// answer again.
func (a *attempt) tell(ctx context.Context, plan schedule.Plan) {
	heard := "no mail tells the organizer"
	if repliesItself(a.r) {
		heard = "the phone sends the mail that tells the organizer"
	}
	if len(plan.Messages()) > 0 && len(plan.Unreached()) == 0 {
		heard = "the organizer is told"
	}
	_ = a.Events.Add(ctx, store.Event{When: a.r.Options.Now, User: a.r.Device.User, Item: "eas:" + a.r.Device.ID, Level: store.Info, Record: a.rec.ID,
		Text: "the answer of " + a.r.User.Name + " to " + a.rec.Title + " is in the calendar; " + heard})
}

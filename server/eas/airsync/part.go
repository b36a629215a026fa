package airsync

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"math"
	"slices"
	"strconv"

	"tandem"
	"tandem/kind"
	"tandem/kind/eas"
	"tandem/kind/sms"
	"tandem/partner/access"
	"tandem/partner/device"
	"tandem/server/eas/proto"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// part is one collection in one request.
type part struct {
	s *Service
	r *proto.Request
	w *wish
	b *budget

	col  tandem.Collection
	own  bool // the collection is the user's
	may  bool // the user may change what is in it
	view eas.View
	kind kind.Handler

	box    string // of text messages that the folder shows; "": it is no part about text messages
	folder int64  // in which they are shown
	shut   bool   // the device is not to send what is in the outbox

	doc  []byte // of the state, as read; nil: none
	st   *synckey.State
	g    *synckey.Generation // being made
	base *synckey.Generation // what it is made from, as stored; nil: of what only the numbers are known
	show eas.Options
	to   string // audience of show
	tell bool   // what is listed is shown at once
	// began is the window at the beginning of the work.
	began   synckey.Window
	gone    []int64          // records that were deleted, whose tombstones are not noted yet
	ahead   bool             // the device knows more than the hub, which was put back to an earlier state
	reasked bool             // the write whose end is being noted took back answers of others
	fresh   map[int64]bool   // records of which a change was refused in this very request
	sketch  map[int64][]byte // of records that are about to be shown, by number
	kin     *kin             // what was looked up last
}

// digest names what a request says about a collection.
func digest(e *wbxml.Element) []byte {
	b, err := wbxml.Marshal(e)
	if err != nil { // it came from outside: what cannot be written again is told apart by nothing
		return nil
	}
	sum := sha256.Sum256(b)
	return sum[:16]
}

// tries is how often a state that somebody else changed meanwhile is looked at again.
const tries = 5

// sync answers for one collection; nil when there is nothing to say.
func (s *Service) sync(ctx context.Context, r *proto.Request, w *wish, b *budget) (*wbxml.Element, error) {
	mails, texts, err := s.both(ctx, r, w)
	if err != nil {
		return nil, err
	}
	if texts != nil {
		return s.pair(ctx, r, mails, texts, b)
	}
	return s.one(ctx, r, w, b)
}

// one answers for one part of a collection.
func (s *Service) one(ctx context.Context, r *proto.Request, w *wish, b *budget) (*wbxml.Element, error) {
	for n := 0; ; n++ {
		p := &part{s: s, r: r, w: w, b: b}
		left := *b
		e, err := p.sync(ctx)
		if err == nil || n == tries || !tandem.IsKind(err, tandem.Changed) {
			return e, err
		}
		b.room, b.bytes = left.room, left.bytes
	}
}

func (p *part) sync(ctx context.Context) (*wbxml.Element, error) {
	if err := p.find(ctx); tandem.IsKind(err, tandem.NotFound) {
		return p.missing(ctx)
	} else if err != nil {
		return nil, err
	}
	if p.w.bad || p.col.Kind == tandem.Recipient && slices.ContainsFunc(p.w.commands, func(c *command) bool { return c.op == 'a' || c.op == 'c' }) || // MS-ASCMD_R756
		p.w.convs && p.recorder() == nil || p.w.support != nil && p.col.Kind == tandem.Note { // MS-ASCMD_R2117, MS-ASNOTE_R114
		return p.status(statusProtocol), nil
	}
	if p.box == sms.Outbox {
		sends, err := p.s.sends(ctx, p.r)
		if err != nil {
			return nil, err
		}
		p.shut = !sends
	}
	if err := p.load(ctx); err != nil && !(p.w.key == synckey.Zero && tandem.IsKind(err, tandem.Invalid)) {
		return nil, err
	}
	if p.w.key == synckey.Zero {
		return p.prime(ctx)
	}
	if p.st == nil { // MS-ASCMD_R4425: we gave this device no key for the collection
		return p.status(statusBadKey), nil
	}
	if !p.remember() {
		return p.status(statusProtocol), nil
	}
	if p.unfit() {
		return p.status(statusNoPart), nil
	}
	p.st.Look = false
	return p.choose(ctx)
}

// find looks the collection up, and what belongs to its kind.
func (p *part) find(ctx context.Context) error {
	col, err := p.s.Folders.Find(ctx, p.r, p.w.id)
	if err != nil {
		return err
	}
	if p.w.texts {
		return p.findTexts(ctx, col)
	}
	p.col, p.own, p.may = col.Collection, col.Owned, col.Right >= access.Write
	p.view, p.kind = p.s.Views[col.Kind], p.s.Kinds[col.Kind]
	if p.view == nil || p.kind == nil {
		return &tandem.Error{Kind: tandem.NotFound, Op: "find folder", Thing: p.w.id}
	}
	return nil
}

// recorder is the view of records that are more than their bodies, nil for others.
func (p *part) recorder() eas.Recorder {
	v, _ := p.view.(eas.Recorder)
	return v
}

// status is an answer that says that nothing was done.
func (p *part) status(status int) *wbxml.Element {
	key := p.w.key
	if key == "" || len(key) > synckey.MaxLen {
		key = synckey.Zero
	}
	return wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, key), wbxml.Text(wbxml.AirSyncCollectionId, short(p.w.id)),
		number(wbxml.AirSyncStatus, status))
}

// missing answers for a folder that is not there, or not this user's. One that the device has synced calls for a look at the hierarchy. A device
// that comes back with the key all the same, or with one for a folder that it never had, gets on only when the key is refused.
// MS-ASCMD_R4453
func (p *part) missing(ctx context.Context) (*wbxml.Element, error) {
	if p.w.key == synckey.Zero || p.w.key == "" {
		return p.status(statusHierarchy), nil
	}
	id, err := strconv.ParseInt(p.w.id, 10, 64)
	if err != nil {
		return p.status(statusBadKey), nil
	}
	docs, err := p.s.Devices.State(ctx, p.r.Device.Number, docName(id))
	if err != nil {
		return nil, err
	}
	doc := docs[docName(id)]
	if doc == nil {
		return p.status(statusBadKey), nil
	}
	err = p.s.Devices.SwapState(ctx, p.r.Device.Number, store.Swap{Name: docName(id), Old: doc})
	return p.status(statusHierarchy), err
}

func (p *part) load(ctx context.Context) error {
	name := p.docName()
	docs, err := p.s.Devices.State(ctx, p.r.Device.Number, name)
	if err != nil || docs[name] == nil {
		return err
	}
	p.doc = docs[name]
	st, err := synckey.Parse(p.doc)
	if err == nil {
		p.st = st
	}
	return err
}

// save makes the state durable; Changed if somebody else did so meanwhile.
func (p *part) save(ctx context.Context) error {
	swap, err := p.swap()
	if err != nil || bytes.Equal(swap.Old, swap.New) {
		return err
	}
	return p.s.Devices.SwapState(ctx, p.r.Device.Number, swap)
}

func (p *part) swap() (store.Swap, error) {
	doc, err := p.st.Bytes()
	return store.Swap{Name: p.docName(), Old: p.doc, New: doc}, err
}

// prime begins anew: the device has nothing of the collection. Keys given out before stay ours, and none is given out twice.
func (p *part) prime(ctx context.Context) (*wbxml.Element, error) {
	if p.w.asked || len(p.w.commands) > 0 { // MS-ASCMD_R3128, R5838
		return p.status(statusProtocol), nil
	}
	if p.st == nil || len(p.st.Secret) == 0 {
		src := p.s.Random
		if src == nil {
			src = rand.Reader
		}
		p.st = &synckey.State{Secret: make([]byte, 16)}
		if _, err := io.ReadFull(src, p.st.Secret); err != nil {
			return nil, &tandem.Error{Op: "draw secret of keys", Err: err}
		}
	}
	p.st.Options, p.st.Supported, p.st.Conversations, p.st.Limit, p.st.Tries, p.st.Look = synckey.Options{}, nil, false, 0, 0, false
	if !p.remember() {
		return p.status(statusProtocol), nil
	}
	if p.w.support != nil {
		for _, c := range p.w.support.Children {
			p.st.Supported = append(p.st.Supported, uint16(c.Tag))
		}
	}
	p.g = &synckey.Generation{Window: p.target()}
	p.st.Now, p.st.Was = p.g, nil
	p.st.Issue(p.col.ID, p.g)
	if err := p.save(ctx); err != nil {
		return nil, err
	}
	return p.answer(ctx, nil)
}

// remember takes the options of the request, or else those of an earlier one, and reports whether they make sense.
func (p *part) remember() bool {
	if len(p.w.options) > 0 { // MS-ASCMD_R3599
		o, ok := readOptions(p.w.options, p.view.Class())
		if !ok {
			return false
		}
		p.st.Options = o
	}
	if p.w.convs {
		p.st.Conversations = p.w.talks
	}
	if p.w.unwanted {
		p.st.Options.Filter = noTexts
	}
	p.show = p.r.Options
	p.show.Bodies, p.show.Part, p.show.MIME = p.st.Options.Bodies, p.st.Options.Part, p.st.Options.MIME
	p.to = audience(hourly(p.show))
	return filterFits(p.col.Kind, p.st.Options.Filter)
}

// unfit reports whether a part of messages is asked for in a form that it does not have. MS-ASCON_R241
func (p *part) unfit() bool {
	return p.col.Kind == tandem.Mail && !proto.PartFits(p.show.Part, p.r.Version)
}

// filterFits reports whether a FilterType may be asked for. MS-ASCMD_R3044 to R3061, R3078
func filterFits(k tandem.Kind, filter int) bool {
	switch k {
	case tandem.Event:
		return filter == 0 || filter >= 4 && filter <= 7
	case tandem.Task:
		return filter == 0 || filter == 8
	case tandem.Mail, tandem.SMS:
		return filter <= 5
	}
	return true
}

// target is the window that the options ask for today. MS-ASCMD 2.2.3.68.2
func (p *part) target() synckey.Window {
	switch {
	case p.col.Kind == tandem.Task:
		return synckey.Window{Open: p.st.Options.Filter == device.Unfinished}
	case p.st.Options.Filter == noTexts || p.shut:
		return synckey.Window{Limited: true, Cutoff: synckey.Floor(farOff)}
	case p.col.Kind != tandem.Event && p.col.Kind != tandem.Mail && p.col.Kind != tandem.SMS:
		return synckey.Window{}
	}
	cutoff, limited := device.Cutoff(p.st.Options.Filter, p.s.now())
	return synckey.Window{Limited: limited, Cutoff: cutoff}
}

// choose finds what the key stands for.
func (p *part) choose(ctx context.Context) (*wbxml.Element, error) {
	now, was := p.st.Now, p.st.Was
	switch {
	case now != nil && p.w.key == now.Key:
		p.st.Tries = 0
		p.base, p.g, p.ahead = now, now.Next(), now.Ahead
	case was != nil && p.w.key == was.Key:
		return p.again(ctx)
	default:
		pos, ours := synckey.Open(p.st.Secret, p.col.ID, p.w.key)
		if !ours { // MS-ASCMD_R4425
			return p.status(statusBadKey), nil
		}
		p.g = pos.Past()
		given := p.st.Count
		if p.ahead = p.st.Ahead(pos); p.ahead {
			if p.st.Count != given {
				p.tellAhead(ctx)
			}
			break
		}
		if pos.From == 0 && pos.Cursor == 0 {
			break // the folder was begun twice
		}
		p.old(ctx)
	}
	if p.ahead {
		return p.restart(ctx)
	}
	return p.work(ctx)
}

// old tells, once a day, that a device came with a key of the past.
func (p *part) old(ctx context.Context) {
	today := synckey.Floor(p.s.now().Unix())
	if p.st.Warned == today {
		return
	}
	p.st.Warned = today
	p.s.tell(ctx, p.r, store.Event{Level: store.Warning, Text: "the device came back with an old key for " + p.col.Name,
		Remedy: "if it was not put back from a backup, look whether two devices share the id"})
}

// again deals with a key whose answer seems to have been lost.
func (p *part) again(ctx context.Context) (*wbxml.Element, error) {
	now, was := p.st.Now, p.st.Was
	if p.ahead = was.Ahead; p.ahead {
		p.base, p.g = was, synckey.Undo(was, now)
		return p.restart(ctx)
	}
	if now.Sent > 0 {
		p.st.Tries++
	}
	same := now.Digest != nil && bytes.Equal(now.Digest, p.w.digest)
	patient := p.s.limits().Patience
	if p.st.Tries < patient && same {
		changes, ok, err := p.repeat(ctx)
		if err != nil {
			return nil, err
		}
		if ok {
			if err := p.save(ctx); err != nil {
				return nil, err
			}
			p.g = now
			return p.answer(ctx, changes)
		}
	}
	p.base, p.g = was, synckey.Undo(was, now)
	if p.st.Tries >= patient {
		if err := p.suspect(ctx); err != nil {
			return nil, err
		}
	}
	return p.work(ctx)
}

// work performs the client's commands, collects the changes and saves what came of it.
func (p *part) work(ctx context.Context) (*wbxml.Element, error) {
	if p.g.From == 0 && p.g.Cursor == 0 && len(p.g.Aside) == 0 { // it has nothing yet: no window to leave
		p.g.Window = p.target()
	}
	p.began = p.g.Window
	if err := p.commands(ctx); err != nil {
		return nil, err
	}
	var changes []*wbxml.Element
	if !p.w.silent {
		var err error
		if changes, err = p.collect(ctx); err != nil {
			return nil, err
		}
	}
	p.g.Sent = len(changes)
	p.b.room -= len(changes)
	if !p.g.More {
		p.st.Limit = 0
	}
	quiet := len(changes) == 0 && len(p.w.commands) == 0 && !p.g.More && p.base != nil && p.base == p.st.Now
	if quiet && !p.moved() {
		return nil, p.keep(ctx)
	}
	p.g.Digest = p.w.digest
	p.st.Was, p.st.Now = p.was(), p.g
	p.st.Issue(p.col.ID, p.g)
	if err := p.save(ctx); err != nil {
		return nil, err
	}
	if p.g.More && len(changes) > 0 && p.g.Window.Plain() && p.recorder() == nil {
		p.s.ahead.order(p, listed(p.w.window))
	}
	return p.answer(ctx, changes)
}

// was is the generation to go back to: the one whose key the device sent, without how it was made.
func (p *part) was() *synckey.Generation {
	if p.base == nil {
		pos, _ := synckey.Open(p.st.Secret, p.col.ID, p.w.key)
		g := pos.Past()
		g.Key, g.Window, g.Ahead = p.w.key, p.began, p.ahead
		return g
	}
	g := p.base.Next()
	g.Key, g.Ahead = p.base.Key, p.base.Ahead
	if p.base.Window.Sweep == nil {
		g.Window = p.began
	}
	return g
}

// moved reports whether the window went on, or a refused change turned out to need no taking back, without anything to tell, in a way that is not to be done
// again.
func (p *part) moved() bool {
	return len(p.base.Reverts) != len(p.g.Reverts) || p.base.Window.Open != p.g.Window.Open || p.g.Window.Sweep != nil
}

// lag is how many sequence numbers of nothing to tell are looked at again rather than saved.
const lag = 200

// keep saves, where nothing is to be told, what should be remembered: options, what was set aside, and how far the look has gone. The key stays.
func (p *part) keep(ctx context.Context) error {
	now := p.st.Now
	now.Aside = p.g.Aside
	if p.g.Window.Same(now.Window) && slices.Equal(p.g.Kin, now.Kin) {
		now.KinSeq, now.KinFrom = p.g.KinSeq, p.g.KinFrom
	}
	if p.g.Cursor-now.Cursor > lag && len(p.g.Settled) == 0 {
		next := *now
		next.From, next.Cursor, next.Own, next.Digest = p.g.From, p.g.Cursor, p.g.Own, nil
		p.st.Now = &next
	}
	return p.save(ctx)
}

// managed reports which elements the device manages, so that leaving one out removes it. A device that never said so keeps what it
// leaves out, and so do calendars since 16.0. MS-ASCMD 2.2.3.179, R7309
func (p *part) managed() func(wbxml.Tag) bool {
	if len(p.st.Supported) == 0 || p.col.Kind == tandem.Event && p.r.Version >= eas.V160 {
		return nil
	}
	list := p.st.Supported
	return func(t wbxml.Tag) bool { return slices.Contains(list, uint16(t)) }
}

// facts are what a window asks of a version of a record. One of the past has no index, so it is read from the body.
func (p *part) facts(w synckey.Window, r store.HomeRecord, past bool) (synckey.Facts, error) {
	f := synckey.Facts{Start: r.Index.Start, End: r.Index.End, Number: r.Number, Seq: r.Seq}
	if ai, ok := p.kind.(kind.AttrIndexer); ok {
		ix := ai.IndexAttrs(r.Index, r.Attrs)
		f.Start, f.End = ix.Start, ix.End
		return f, nil
	}
	if w.Plain() || p.col.Kind != tandem.Event && p.col.Kind != tandem.Task {
		return f, nil
	}
	if !past && !w.AsksFinished() {
		return f, nil
	}
	body, err := bodyOf(r.Record)
	if err != nil {
		return f, err
	}
	if past {
		info, err := p.kind.Inspect(body)
		if err != nil {
			return synckey.Facts{End: math.MaxInt64, Number: r.Number, Seq: r.Seq}, nil // torn: shown rather than hidden
		}
		f.Start, f.End = info.Index.Start, info.Index.End
	}
	if fin, ok := p.view.(eas.Finisher); ok && w.AsksFinished() {
		f.Finished = fin.Finished(body)
	}
	return f, nil
}

// maxBody is the size in bytes of the largest body that is shown.
const maxBody = 64 << 20

func bodyOf(r tandem.Record) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	return tandem.ReadBody(r.Body, maxBody)
}

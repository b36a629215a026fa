package airsync

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"tandem"
	"tandem/server/eas/proto"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Sync implements proto.Command. MS-ASCMD 2.2.1.21
func (s *Service) Sync(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	req, ref, err := s.complete(ctx, r)
	if err != nil {
		return nil, err
	}
	if ref != nil {
		return refuse(ref), nil
	}
	look := func(ctx context.Context) (*proto.Response, error) { return s.look(ctx, r, req) }
	s.Broker.Supersede(r.Device.Number, sort) // an older request that waits is answered now
	held, err := s.held(ctx, r, req)
	if err != nil {
		return nil, err
	}
	if !held {
		if resp, err := look(ctx); resp != nil || err != nil {
			return resp, err
		}
	}
	if req.wait == 0 {
		return s.nothing(ctx, r, req)
	}
	r.Body, r.Raw = nil, nil // it may wait for long
	own, shared := s.watched(ctx, r, req)
	return &proto.Response{Waiting: &proto.Waiting{User: r.User.Name, Device: r.Device.Number, Sort: sort, Collections: own, Shared: shared, For: req.wait, Look: look,
		Expired:    func(ctx context.Context) (*proto.Response, error) { return s.nothing(ctx, r, req) },
		Superseded: func(ctx context.Context, _ bool) (*proto.Response, error) { return s.nothing(ctx, r, req) },
	}}, nil
}

// sort is what a Sync that waits is for the broker.
const sort = "Sync"

// look answers if there is anything to tell.
func (s *Service) look(ctx context.Context, r *proto.Request, req *request) (*proto.Response, error) {
	list, err := s.turn(ctx, r, req)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		return proto.Answer(wbxml.New(wbxml.AirSyncSync, wbxml.New(wbxml.AirSyncCollections, list...))), nil
	}
	if req.wait == 0 {
		return nil, nil
	}
	// A device that waits here does not look at the hierarchy meanwhile. MS-ASCMD_R4453
	stale, err := s.Folders.Stale(ctx, r)
	if err != nil || !stale {
		return nil, err
	}
	return refuse(&refusal{status: statusHierarchy}), nil
}

// nothing answers that nothing changed. MS-ASCMD_R656
func (s *Service) nothing(ctx context.Context, r *proto.Request, req *request) (*proto.Response, error) {
	return &proto.Response{}, s.cache(ctx, r, req)
}

// watched are the collections of a request that waits. Ids that name none have no changes to wait for.
func (s *Service) watched(ctx context.Context, r *proto.Request, req *request) (own, shared []int64) {
	for _, w := range req.collections {
		switch c, err := s.Folders.Find(ctx, r, w.id); {
		case err != nil:
		case c.Owned:
			own = append(own, c.ID)
			if _, hash := cutKey(w.key); hash != "" {
				if texts, err := s.texts(ctx, r.User.Name, false); err == nil && !slices.Contains(own, texts.ID) {
					own = append(own, texts.ID)
				}
			}
		default:
			shared = append(shared, c.ID)
		}
	}
	return own, shared
}

// turn answers for all collections of a request, one request of a device at a time.
func (s *Service) turn(ctx context.Context, r *proto.Request, req *request) ([]*wbxml.Element, error) {
	release, err := s.locks.take(ctx, r.Device.Number)
	if err != nil {
		return nil, err
	}
	defer release()
	b := &budget{room: req.window, bytes: s.limits().Bytes, until: s.now().Add(patience(r.Device)), now: s.now}
	var list []*wbxml.Element
	for _, w := range req.collections {
		e, err := s.sync(ctx, r, w, b)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			e = trouble(w, err)
			s.tell(ctx, r, store.Event{Level: store.Error, Text: "sync of folder " + w.id + " failed: " + err.Error(), Code: tandem.KindOf(err).Code(), Remedy: "nothing: the device tries again; if it goes on, look under Health and run `tandem doctor`"})
		}
		if e != nil {
			list = append(list, e)
		}
	}
	return list, nil
}

// trouble answers for a collection with which something went wrong on our side, so that the others go on. MS-ASCMD_R4435, R4467
func trouble(w *wish, err error) *wbxml.Element {
	status := statusServer
	if tandem.IsKind(err, tandem.Changed) || tandem.IsKind(err, tandem.Busy) || tandem.IsKind(err, tandem.Transient) {
		status = statusRetry
	}
	return (&part{w: w}).status(status)
}

// refuse answers a request as a whole. MS-ASCMD 2.2.3.97
func refuse(ref *refusal) *proto.Response {
	e := wbxml.New(wbxml.AirSyncSync, number(wbxml.AirSyncStatus, ref.status))
	if ref.limit != 0 {
		e.Add(number(wbxml.AirSyncLimit, ref.limit))
	}
	return proto.Answer(e)
}

// memory is what is remembered of the last request that was answered with nothing, for one that says no more than "again".
// MS-ASCMD_R658, R3644
type memory struct {
	Window      int        `json:"window"`
	Wait        int        `json:"wait,omitempty"` // seconds
	Collections []remember `json:"collections"`
}

type remember struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Window int    `json:"window"`
	Silent bool   `json:"silent,omitempty"`
}

const memoryName = "sync"

func (s *Service) recall(ctx context.Context, r *proto.Request) (m *memory, doc []byte, err error) {
	docs, err := s.Devices.State(ctx, r.Device.Number, memoryName)
	if err != nil || docs[memoryName] == nil {
		return nil, nil, err
	}
	m = &memory{}
	if json.Unmarshal(docs[memoryName], m) != nil {
		return nil, docs[memoryName], nil // of another program; the client is asked again
	}
	return m, docs[memoryName], nil
}

// cache remembers a request that was answered with nothing.
func (s *Service) cache(ctx context.Context, r *proto.Request, req *request) error {
	m := memory{Window: req.window, Wait: int(req.wait / time.Second)}
	for _, w := range req.collections {
		m.Collections = append(m.Collections, remember{ID: w.id, Key: w.key, Window: w.window, Silent: w.silent})
	}
	if len(m.Collections) == 0 {
		return nil
	}
	_, old, err := s.recall(ctx, r)
	if err != nil {
		return err
	}
	now, err := json.Marshal(m)
	if err != nil || bytes.Equal(old, now) {
		return err
	}
	err = s.Devices.SwapState(ctx, r.Device.Number, store.Swap{Name: memoryName, Old: old, New: now})
	if tandem.IsKind(err, tandem.Changed) { // by a request beside this one; what was remembered is a convenience only
		return nil
	}
	return err
}

// complete reads a request and adds what it leaves to memory.
func (s *Service) complete(ctx context.Context, r *proto.Request) (*request, *refusal, error) {
	req := &request{window: maxWindow}
	if r.Body != nil {
		var ref *refusal
		if req, ref = read(r.Body, s.limits()); ref != nil {
			return nil, ref, nil
		}
		if len(req.collections) > 0 && !req.partial {
			return req, nil, nil
		}
		if req.listed && !req.partial && req.wait == 0 {
			return req, nil, nil // <Collections/> alone: nothing is asked, nothing answered
		}
	}
	m, _, err := s.recall(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	if m == nil && req.listed && !req.partial {
		return req, nil, nil // it waits for nothing
	}
	if m == nil { // MS-ASCMD_R4456
		return nil, &refusal{status: statusIncomplete}, nil
	}
	if r.Body == nil {
		req.window, req.wait = m.Window, time.Duration(m.Wait)*time.Second
	}
	ok, err := s.imply(ctx, r, req, m)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, &refusal{status: statusIncomplete}, nil
	}
	return req, nil, nil
}

// imply adds the collections that a request leaves to memory. Which key the client has for them must be certain: it is if the remembered one
// is the last that was given out, or if this very request was answered before and comes again.
func (s *Service) imply(ctx context.Context, r *proto.Request, req *request, m *memory) (bool, error) {
	said := map[string]bool{}
	for _, w := range req.collections {
		said[w.id] = true
	}
	for _, c := range m.Collections {
		if said[c.ID] {
			continue
		}
		w := &wish{id: c.ID, key: c.Key, window: c.Window, silent: c.Silent, implied: true}
		if r.Body != nil {
			w.digest = append(digest(r.Body)[:8:8], digest(wbxml.Text(wbxml.AirSyncCollectionId, c.ID))[:8]...)
		}
		certain, err := s.certain(ctx, r, w)
		if err != nil || !certain {
			return false, err
		}
		req.collections = append(req.collections, w)
	}
	return true, nil
}

func (s *Service) certain(ctx context.Context, r *proto.Request, w *wish) (bool, error) {
	mails, texts, err := s.both(ctx, r, w)
	if err != nil {
		return false, err
	}
	if texts != nil {
		if texts.key == synckey.Zero { // the hash names a key that is not the last, nor the one before
			return false, nil
		}
		if ok, err := s.sure(ctx, r, texts); err != nil || !ok {
			return false, err
		}
	}
	return s.sure(ctx, r, mails)
}

// sure is certain for one part.
func (s *Service) sure(ctx context.Context, r *proto.Request, w *wish) (bool, error) {
	p := &part{s: s, r: r, w: w}
	if err := p.find(ctx); err != nil {
		if tandem.IsKind(err, tandem.NotFound) {
			return true, nil // which will be said
		}
		return false, err
	}
	if err := p.load(ctx); err != nil || p.st == nil || p.st.Now == nil {
		return false, err
	}
	if w.key == p.st.Now.Key {
		return true, nil
	}
	return w.digest != nil && p.st.Was != nil && w.key == p.st.Was.Key && bytes.Equal(w.digest, p.st.Now.Digest), nil
}

// Pending tells whether a Sync of a collection would bring a device anything; known is false if it has not synced it yet. push.Pending
func (s *Service) Pending(ctx context.Context, device int64, c tandem.Collection) (pending, known bool, err error) {
	p := &part{s: s, r: &proto.Request{Device: store.Device{Number: device}}, w: &wish{}, col: c, view: s.Views[c.Kind], kind: s.Kinds[c.Kind]}
	if p.view == nil || p.kind == nil {
		return false, false, nil
	}
	if err := p.load(ctx); err != nil || p.st == nil || p.st.Now == nil {
		return false, false, err
	}
	if pending, known, err = p.due(ctx); pending || err != nil || boxOf(c) == "" {
		return pending, known, err
	}
	more, err := s.textsPending(ctx, device, c)
	return more, known, err
}

// due tells whether there is anything to tell.
func (p *part) due(ctx context.Context) (pending, known bool, err error) {
	p.g = p.st.Now
	if p.st.Look || p.g.More || len(p.g.Reverts) > 0 {
		return true, true, nil
	}
	list, err := p.list(ctx, p.g, 1, 0)
	if tandem.IsKind(err, tandem.Gone) {
		return true, true, nil
	}
	if err != nil || len(list.changes) > 0 || list.more {
		return err == nil, true, err
	}
	come, gone, err := p.relatives(ctx, p.col.Seq)
	return len(come)+len(gone) > 0, true, err
}

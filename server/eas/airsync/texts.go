package airsync

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/sms"
	"tandem/partner/access"
	"tandem/partner/mailbox"
	"tandem/server/eas/proto"
	"tandem/server/eas/synckey"
	"tandem/store"
	"tandem/wire/wbxml"
)

// Text messages. To phones they lie in the folders of mail, with the class SMS and options of their own (MS-ASMS 2.2.2.1, MS-ASCMD 2.2.3.125.6). Here they are one collection
// of the kind sms, whose attribute "box" says where a message lies. A folder of mail that a phone syncs with both classes is therefore two parts, each with a state of
// its own, joined in one answer and one key: the key of the mails, and behind a 9, which stands in no key, a hash of the key of the text messages.

// classSMS is the protocol's name of the class.
const classSMS = "SMS"

// keyJoint is between the two halves of a key.
const keyJoint = "9"

// noTexts is kept as the filter of a device that wants text messages no longer.
const noTexts = -1

// farOff is a time after all messages, Unix seconds: a window that begins there shows none.
const farOff = 253370764800

// boxOf is the box whose messages are shown in a folder of mail, "" for none.
func boxOf(c tandem.Collection) string {
	if c.Kind != tandem.Mail {
		return ""
	}
	switch mailbox.RoleOf(c) {
	case mailbox.Inbox:
		return sms.Inbox
	case mailbox.Sent:
		return sms.Sent
	case mailbox.Drafts:
		return sms.Draft
	case mailbox.Outbox:
		return sms.Outbox
	}
	return ""
}

// textsName is what the collection of text messages is called when it is made.
const textsName = "Text messages"

// texts is a user's collection of text messages; with add it is made if there is none. NotFound.
func (s *Service) texts(ctx context.Context, user string, add bool) (tandem.Collection, error) {
	all, err := s.Home.Collections(ctx, user)
	if err != nil {
		return tandem.Collection{}, err
	}
	for _, c := range all {
		if c.Kind == tandem.SMS {
			return c, nil
		}
	}
	if !add {
		return tandem.Collection{}, &tandem.Error{Kind: tandem.NotFound, Op: "find text messages of", Thing: user}
	}
	c, err := s.Home.PutCollection(ctx, tandem.Collection{User: user, Kind: tandem.SMS, Name: textsName})
	if tandem.IsKind(err, tandem.Exists) { // made by another at the same moment
		return s.texts(ctx, user, false)
	}
	return c, err
}

// aboutTexts reports whether options are those of the class SMS.
func aboutTexts(o *wbxml.Element) bool { return o.Get(wbxml.AirSyncClass) == classSMS }

// cutKey takes a key apart; hash is "" for one of mails alone.
func cutKey(key string) (mails, hash string) {
	mails, hash, _ = strings.Cut(key, keyJoint)
	return mails, hash
}

// hashKey is what stands for a key of text messages.
func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return strings.ReplaceAll(strconv.FormatUint(uint64(sum[0])<<32|uint64(sum[1])<<24|uint64(sum[2])<<16|uint64(sum[3])<<8|uint64(sum[4]), 36), keyJoint, "z")
}

// both splits a wish for a folder of mail in two, mails and text messages; texts is nil where it is about mails alone.
func (s *Service) both(ctx context.Context, r *proto.Request, w *wish) (mails, texts *wish, err error) {
	key, hash := cutKey(w.key)
	wanted := slices.ContainsFunc(w.options, aboutTexts)
	if r.Version < eas.V140 || hash == "" && !wanted {
		return w, nil, nil
	}
	found, err := s.Folders.Find(ctx, r, w.id)
	if err != nil || !found.Owned || boxOf(found.Collection) == "" {
		return w, nil, ignoreMissing(err)
	}
	col, err := s.texts(ctx, r.User.Name, true)
	if err != nil {
		return w, nil, err
	}
	m, t := *w, *w
	m.key, t.texts, t.convs, t.support = key, true, false, nil
	m.options, m.commands, t.options, t.commands = nil, nil, nil, nil
	for _, o := range w.options {
		if aboutTexts(o) {
			t.options = append(t.options, o)
		} else {
			m.options = append(m.options, o)
		}
	}
	t.unwanted = len(w.options) > 0 && !wanted
	for _, c := range w.commands {
		of, _, ok := ParseServerID(c.server)
		if c.op == 'a' && c.class == classSMS || c.op != 'a' && ok && of == col.ID {
			t.commands = append(t.commands, c)
		} else {
			m.commands = append(m.commands, c)
		}
	}
	t.key, err = s.textsKey(ctx, r, &t, hash)
	return &m, &t, err
}

func ignoreMissing(err error) error {
	if tandem.IsKind(err, tandem.NotFound) {
		return nil // which the part says
	}
	return err
}

// textsKey is the key of text messages that a hash stands for. One that is not known any more, of a device that was put back from a backup, and none at all, are
// where it begins.
func (s *Service) textsKey(ctx context.Context, r *proto.Request, t *wish, hash string) (string, error) {
	p := &part{s: s, r: r, w: t}
	if err := p.find(ctx); err != nil {
		return "", err
	}
	if err := p.load(ctx); err != nil && !tandem.IsKind(err, tandem.Invalid) {
		return "", err
	}
	if p.st != nil {
		for _, g := range []*synckey.Generation{p.st.Now, p.st.Was} {
			if g != nil && g.Key != "" && hashKey(g.Key) == hash {
				return g.Key, nil
			}
		}
	}
	return synckey.Zero, nil
}

// pair answers for a folder with mails and text messages.
func (s *Service) pair(ctx context.Context, r *proto.Request, mails, texts *wish, b *budget) (*wbxml.Element, error) {
	first := mails.key == synckey.Zero
	var fresh string
	if !first && texts.key == synckey.Zero { // they begin now: a key, and with it what there is
		begin := *texts
		begin.commands, begin.asked = nil, false
		e, err := s.one(ctx, r, &begin, b)
		if err != nil || e.Get(wbxml.AirSyncStatus) != "1" {
			return e, err
		}
		fresh = e.Get(wbxml.AirSyncSyncKey)
		texts.key = fresh
	}
	one, err := s.one(ctx, r, mails, b)
	if err != nil || one != nil && one.Get(wbxml.AirSyncStatus) != "1" {
		return one, err
	}
	if one != nil { // one window for both
		if c := one.Child(wbxml.AirSyncCommands); c != nil {
			texts.window -= len(c.Children)
		}
	}
	two, err := s.one(ctx, r, texts, b)
	if err != nil {
		return nil, err
	}
	if two != nil && two.Get(wbxml.AirSyncStatus) != "1" {
		return two, nil
	}
	if one == nil && two == nil && fresh == "" {
		return nil, nil
	}
	return join(mails, texts, one, two), nil
}

// join makes one answer of two. The order is Exchange's own.
func join(mails, texts *wish, one, two *wbxml.Element) *wbxml.Element {
	keys := [2]string{mails.key, texts.key}
	var responses, commands []*wbxml.Element
	more := false
	for i, e := range []*wbxml.Element{one, two} {
		if e == nil {
			continue
		}
		keys[i] = e.Get(wbxml.AirSyncSyncKey)
		more = more || e.Has(wbxml.AirSyncMoreAvailable)
		for list, tag := range map[*[]*wbxml.Element]wbxml.Tag{&responses: wbxml.AirSyncResponses, &commands: wbxml.AirSyncCommands} {
			if c := e.Child(tag); c != nil {
				*list = append(*list, c.Children...)
			}
		}
	}
	out := wbxml.New(wbxml.AirSyncCollection, wbxml.Text(wbxml.AirSyncSyncKey, keys[0]+keyJoint+hashKey(keys[1])), wbxml.Text(wbxml.AirSyncCollectionId, mails.id), number(wbxml.AirSyncStatus, statusOK))
	if more {
		out.Add(wbxml.Empty(wbxml.AirSyncMoreAvailable))
	}
	if len(responses) > 0 {
		out.Add(wbxml.New(wbxml.AirSyncResponses, responses...))
	}
	if len(commands) > 0 {
		out.Add(wbxml.New(wbxml.AirSyncCommands, commands...))
	}
	return out
}

// findTexts is find for text messages in a folder of mail.
func (p *part) findTexts(ctx context.Context, folder access.Reach) error {
	col, err := p.s.texts(ctx, folder.User, false)
	if err != nil {
		return err
	}
	p.col, p.folder, p.box = col, folder.ID, boxOf(folder.Collection)
	p.own, p.may = folder.Owned, true
	p.view, p.kind = sms.View{}, p.s.Kinds[tandem.SMS]
	if p.kind == nil {
		p.kind = sms.Handler{}
	}
	return nil
}

// elsewhere reports whether a version of a text message lies in another folder than the one that is synced. What failed or waits for later lies in the outbox.
func (p *part) elsewhere(r store.HomeRecord) bool {
	if p.box == "" {
		return false
	}
	box := sms.BoxOf(r.Attrs)
	if box == sms.Failed || box == sms.Queued {
		box = sms.Outbox
	}
	return box != p.box
}

// classed says the class of a command, or of an answer to one, about a text message, which is not the folder's own. A deletion does not say it at 14.0, and there is no
// place for it where a message only leaves the window. MS-ASCMD_R944, R6300
func (p *part) classed(e *wbxml.Element) {
	if p.box == "" || e.Tag == wbxml.AirSyncSoftDelete || e.Tag == wbxml.AirSyncDelete && p.r.Version == eas.V140 {
		return
	}
	e.Children = slices.Insert(e.Children, 0, wbxml.Text(wbxml.AirSyncClass, classSMS))
}

// twinText is a text message that the hub has already and that a phone adds once more: phones send again what they have after they started over, under
// other ids. Field note 20
func (p *part) twinText(ctx context.Context, uid string) (store.HomeRecord, bool, error) {
	for r, err := range p.s.Lookup.ByUID(ctx, p.col.User, tandem.SMS, uid) {
		if err != nil {
			return r, false, err
		}
		here, err := p.number(ctx, r.Number)
		if err == nil && !here.Deleted && !p.elsewhere(here) {
			return here, true, nil
		}
		if err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return here, false, err
		}
	}
	return store.HomeRecord{}, false, nil
}

// textsPending tells whether a device that syncs text messages in a folder of mail would be told of some.
func (s *Service) textsPending(ctx context.Context, device int64, folder tandem.Collection) (bool, error) {
	name := docName(folder.ID) + "/texts"
	docs, err := s.Devices.State(ctx, device, name)
	if err != nil || docs[name] == nil {
		return false, err
	}
	p := &part{s: s, r: &proto.Request{Device: store.Device{Number: device}}, w: &wish{id: strconv.FormatInt(folder.ID, 10), texts: true}}
	if err := p.findTexts(ctx, access.Reach{Collection: folder, Owned: true}); err != nil {
		return false, ignoreMissing(err)
	}
	if p.st, err = synckey.Parse(docs[name]); err != nil || p.st.Now == nil || p.st.Options.Filter == noTexts {
		return false, nil // which a Sync says
	}
	pending, _, err := p.due(ctx)
	return pending, err
}

// sends reports whether a device is the one through which the user's messages are sent: it said that it sends (MS-ASMS 2.2.2.2.2), and none that said so is
// longer here. Two phones would send each message twice.
func (s *Service) sends(ctx context.Context, r *proto.Request) (bool, error) {
	if r.Device.Info[proto.OutboundSMS] != "1" {
		return false, nil
	}
	all, err := s.Devices.Devices(ctx, r.User.Name)
	for _, d := range all {
		if d.Info[proto.OutboundSMS] == "1" && d.Number < r.Device.Number && d.Access == r.Device.Access {
			return false, err
		}
	}
	return true, err
}

// text puts a text message into the box of another folder. What a phone sent from the outbox it moves so, or tells by a new message. MS-ASCMD 2.2.1.12
func (m *move) text(ctx context.Context, n int64) (status int, err error) {
	p := &part{s: m.s, r: m.r, w: &wish{id: m.from.w.id, texts: true}}
	if err := p.find(ctx); err != nil {
		return missingOr(err, moveNoSource)
	}
	to := boxOf(m.to.col)
	if to == "" || !m.to.own {
		return moveFailed, nil
	}
	m.dst = m.src
	for range tries {
		rec, err := p.number(ctx, n)
		if err != nil || rec.Deleted {
			return missingOr(err, moveNoSource)
		}
		switch box := sms.BoxOf(rec.Attrs); {
		case p.box == to: // MS-ASCMD_R4219
			return moveSame, nil
		case box == to:
			return moveOK, nil // asked again
		case p.elsewhere(rec):
			return moveNoSource, nil
		}
		box := to
		if box == sms.Inbox {
			box = ""
		}
		w := store.HomeWrite{Write: tandem.Write{Op: tandem.SetAttrs, ID: rec.ID, If: rec.Version, Record: tandem.Record{Meta: tandem.Meta{Attrs: rec.Attrs.With(sms.Box, box)}}}}
		outs, err := m.s.Home.Write(ctx, p.col.ID, author(m.r), []store.HomeWrite{w})
		if err != nil || outs[0].Status == tandem.Applied {
			return moveOK, err
		}
	}
	return moveLocked, nil
}

// Beside is the collection of text messages that a device gets with a folder of mail, 0 for none. push.Service
func (s *Service) Beside(ctx context.Context, device int64, folder tandem.Collection) (int64, error) {
	name := docName(folder.ID) + "/texts"
	if boxOf(folder) == "" {
		return 0, nil
	}
	docs, err := s.Devices.State(ctx, device, name)
	if err != nil || docs[name] == nil {
		return 0, err
	}
	col, err := s.texts(ctx, folder.User, false)
	return col.ID, ignoreMissing(err)
}

// estimateTexts adds text messages to the estimate for a folder of mail. Of a class that was never synced there is none to make.
func (s *Service) estimateTexts(ctx context.Context, r *proto.Request, w *wish, count int) (status, sum int, err error) {
	p := &part{s: s, r: r, w: w}
	if err := p.find(ctx); err != nil {
		return 0, 0, err
	}
	filter, status := p.asked()
	if status != estimateOK {
		return status, 0, nil
	}
	if err := p.load(ctx); err != nil || p.st == nil || p.st.Now == nil || w.key == synckey.Zero || !p.stands() {
		return estimateOK, count, err
	}
	if len(w.options) > 0 {
		p.st.Options.Filter = filter
	}
	n, err := p.pending(ctx)
	return estimateOK, count + n, err
}

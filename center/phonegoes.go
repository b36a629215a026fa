package center

import (
	"context"

	"tandem"
	"tandem/center/progress"
)

// phoneFolder is what a run of a phone is about.
type phoneFolder struct {
	user, device string
	collection   int64
}

// shownPhone is a run of a phone as others see it.
type shownPhone struct {
	on                  *progress.Session
	item, handler, user string
}

// PhoneGoes shows how far a run of a phone is, as what other programs report is shown, until it is told that it is over. Nobody can stop it: a phone asks for what is new by itself. Whoever tells of a run tells one
// thing after the other. A run of a phone that was removed meanwhile is nobody's, and passed over.
func (h *Hub) PhoneGoes(ctx context.Context, p PhoneRun, over bool) error {
	key := phoneFolder{p.User, p.DeviceID, p.Collection}
	h.mu.Lock()
	v, known := h.phones[key]
	h.mu.Unlock()
	if !known && over {
		return nil
	}
	if !known {
		var err error
		if v, err = h.showPhone(ctx, p); err != nil || v.on == nil {
			return err
		}
		h.mu.Lock()
		h.phones[key] = v
		h.mu.Unlock()
		h.news.tell(News{What: StartedNews, Item: v.item, Handler: v.handler, User: v.user})
	}
	rep := progress.Report{Item: v.item, Status: progress.Indeterminate, Text: phoneCarried(p)}
	if over {
		rep.Status = progress.Succeeded
		h.mu.Lock()
		delete(h.phones, key)
		h.mu.Unlock()
	}
	_, err := v.on.Report(rep)
	what := ProgressNews
	if over {
		what = EndedNews
		v.on.Close() // before it is told: whoever looks then must not find it going on
	}
	row, _ := v.on.Row(v.item)
	h.news.tell(News{What: what, Item: v.item, Handler: v.handler, User: v.user, Row: &row})
	return err
}

// showPhone begins to show a run of a phone; nothing where the phone is not known any more.
func (h *Hub) showPhone(ctx context.Context, p PhoneRun) (v shownPhone, err error) {
	d, err := h.cfg.Store.Devices.Device(ctx, p.User, p.DeviceID)
	if tandem.IsKind(err, tandem.NotFound) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v = shownPhone{handler: PhoneID(d), user: d.User}
	v.item = v.handler + "/" + number(p.Collection)
	v.on, err = h.shown.Open(progress.Begin{Handler: v.handler, Who: progress.Cut(deviceName(d), progress.MaxName), Items: []string{v.item}, Alone: true,
		Names: map[string]string{v.item: progress.Cut(h.folderName(ctx, d.User, p.Collection), progress.MaxName)}})
	return v, err
}

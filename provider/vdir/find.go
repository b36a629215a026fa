package vdir

import (
	"context"

	"tandem"
)

// Find implements provider.Replica. A folder keeps no markers; but the same create always takes the same names, so the
// record is looked for under these.
func (r *Replica) Find(ctx context.Context, w tandem.Write) (tandem.Outcome, bool, error) {
	if err := r.enter(ctx); err != nil {
		return tandem.Outcome{}, false, err
	}
	if err := r.checkRoot(); err != nil {
		return tandem.Outcome{}, false, err
	}
	var body []byte
	uid := w.Record.UID
	if w.Record.Body != nil {
		var err error
		if body, err = tandem.ReadBody(w.Record.Body, maxSize); err != nil {
			return tandem.Outcome{}, false, err
		}
		if o, err := outlineOf(body); err == nil {
			f := &file{data: body, outline: o}
			if f.tellApart() == nil && len(f.records) == 1 {
				uid = f.records[0].uid
			}
		}
	}
	for _, name := range r.namesFor(&w, body, uid) {
		f := r.read(name)
		if tandem.IsKind(f.err, tandem.NotFound) {
			continue
		}
		if f.err != nil {
			return tandem.Outcome{}, false, f.err
		}
		if len(f.records) != 1 {
			continue
		}
		o := tandem.Outcome{Status: tandem.Applied, ID: tandem.ID(name), Meta: f.meta(&f.records[0])}
		switch {
		case body != nil && string(body) == string(f.data):
			return o, true, nil
		case uid != "" && f.records[0].uid == uid:
			// It is there, but edited since, or another of the same UID: not what was written, so its version must be news.
			o.Version = tandem.Version(f.print.text() + raceMark)
			return o, true, nil
		}
	}
	return tandem.Outcome{}, false, nil
}

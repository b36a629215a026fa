package session

import (
	"context"

	"tandem"
	"tandem/store"
)

// park keeps, durably and before anything is written, every version that a batch will overwrite or delete on a place that
// does not keep them itself. A write whose victim cannot be kept is not made.
func (x *executor) park(ctx context.Context, todo *[2][]*job) error {
	var past []store.Past
	var jobs []*job
	for _, list := range todo {
		for _, j := range list {
			if j.side.Features.Parks || j.write.Op != tandem.Update && j.write.Op != tandem.Delete {
				continue
			}
			p, body, err := x.past(ctx, j)
			if err != nil {
				j.skip = err
				continue
			}
			if body != nil {
				x.rec.body(body)
			}
			past, jobs = append(past, p), append(jobs, j)
		}
	}
	for s, list := range todo {
		keep := list[:0]
		for _, j := range list {
			if j.skip == nil {
				keep = append(keep, j)
			}
		}
		todo[s] = keep
	}
	if len(past) == 0 {
		return nil
	}
	if err := x.start(ctx); err != nil {
		return err
	}
	for i := range past {
		past[i].Session = x.session
	}
	first := len(x.rec.c.History)
	x.rec.c.History = append(x.rec.c.History, past...)
	history, err := x.rec.flush(ctx)
	if err != nil {
		return err
	}
	for i, j := range jobs {
		j.past = &history[first+i]
	}
	return x.fault("history")
}

// past is the history entry of what a job overwrites or deletes, and its body if that goes with the entry.
func (x *executor) past(ctx context.Context, j *job) (store.Past, tandem.Bytes, error) {
	p := x.pastOf(j)
	g := j.step.got[j.side.Side]
	if g == nil { // a folder or a link: its attributes are all there is
		return p, nil, nil
	}
	p.Digest, p.Attrs = g.rec.Digest, g.rec.Attrs
	if g.title != "" {
		p.Title = g.title
	}
	switch {
	case g.body != nil:
		p.Body = sum(g.body)
		return p, g.body, nil
	case g.rec.Body == nil:
		return p, nil, nil
	}
	r, err := g.rec.Body.Open()
	if err != nil {
		return p, nil, err
	}
	defer r.Close()
	p.Body, _, err = x.deps.Store.Blobs.Put(ctx, r)
	return p, nil, err
}

// pastOf is the history entry of a job, as far as the plan knows.
func (x *executor) pastOf(j *job) store.Past {
	was := &j.step.seen[j.side.Side]
	return store.Past{When: x.opt.Now(), Session: x.session, Pair: x.st.ID, Place: j.side.Place, Kind: x.pair.Kind.Kind(),
		Record: j.write.ID, Op: j.write.Op, Who: x.opt.Who, From: x.sides[j.side.Side.Other()].Place, Title: string(j.write.ID),
		Attrs: was.Attrs, Digest: was.Digest}
}

// titleOf is what a job's victim is called, for people. Where the place keeps the victim itself, nobody has read it: then what both sides agreed on tells, or what
// takes its place.
func (x *executor) titleOf(ctx context.Context, j *job) string {
	s := j.side.Side
	if g := j.step.got[s]; g != nil && g.title != "" {
		return g.title
	}
	if x.stream == nil && j.step.act.Row != nil {
		if body, err := x.agreedBody(ctx, j.step.act.Row.Body); err == nil && body != nil {
			if info, err := x.pair.Kind.Inspect(body); err == nil {
				return info.Summary.String()
			}
		}
	}
	if g := j.step.got[s.Other()]; g != nil && g.title != "" {
		return g.title
	}
	return string(j.write.ID)
}

// complete notes in history what became of a job's victim.
func (x *executor) complete(ctx context.Context, j *job) {
	switch {
	case j.past != nil && j.out.Status == tandem.Applied:
		p := *j.past
		p.After = j.out.Version
		if p.Op == tandem.Delete {
			p.After = ""
		}
		x.rec.c.History = append(x.rec.c.History, p)
	case j.past != nil && j.out.Status != tandem.Maybe:
		x.rec.c.Retract = append(x.rec.c.Retract, j.past.ID)
	case j.past == nil && j.out.Status == tandem.Applied && j.out.Parked != "":
		p := x.pastOf(j)
		p.Title, p.Parked = x.titleOf(ctx, j), j.out.Parked
		if p.Op != tandem.Delete {
			p.After = j.out.Version
		}
		x.rec.c.History = append(x.rec.c.History, p)
	}
}

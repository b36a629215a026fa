package session

import (
	"context"
	"errors"

	"tandem"
	"tandem/engine"
)

// Batches that only create what hangs on nothing else need not wait for one another: while the disk of a place is busy with one, the next is
// handed over (provider.Features.Overlap), and the one after that is fetched. They are closed one after the other, in their order. In a tree they wait: there a name
// may be taken by what was made before.

// flights is how many batches are being written at a time. More would wait for one another in the place.
const flights = 2

// applyAll applies batches as they come. An error ends the run; cancel then keeps more from coming.
func (x *executor) applyAll(ctx context.Context, cancel func(), ready <-chan *batch) (err error) {
	note := func(e error) {
		if e != nil && err == nil {
			err = e
			cancel()
		}
	}
	land := func() {
		b := x.flying[0]
		note(x.land(ctx, b, err))
		x.flying[0] = nil // with what it carries
		x.flying = x.flying[1:]
		close(b.done)
	}
	for ready != nil || len(x.flying) > 0 {
		next := ready
		var sent chan struct{}
		if len(x.flying) > 0 {
			sent = x.flying[0].sent
		}
		if len(x.flying) == flights {
			next = nil
		}
		select {
		case <-sent:
			land()
		case b, ok := <-next:
			switch {
			case !ok:
				ready = nil
			case err == nil && x.overlaps(b):
				if e := x.launch(ctx, b); e != nil {
					note(e)
					close(b.done)
				}
			default:
				for len(x.flying) > 0 {
					<-x.flying[0].sent
					land()
				}
				if err == nil {
					note(x.apply(ctx, b))
				}
				close(b.done)
			}
		}
	}
	return err
}

// overlaps tells whether a batch may be handed over while another is being written.
func (x *executor) overlaps(b *batch) bool {
	if x.rules.Tree || b.barrier {
		return false
	}
	for _, st := range b.steps {
		if st.act.Do != engine.Copy || len(st.act.Needs) > 0 || !x.sides[st.act.To].Features.Overlap {
			return false
		}
	}
	return true
}

// launch begins to write a batch.
func (x *executor) launch(ctx context.Context, b *batch) error {
	todo, err := x.begin(ctx, b)
	if err != nil {
		return err
	}
	write := len(todo[0])+len(todo[1]) > 0
	if write {
		if err := x.start(ctx); err != nil {
			return err
		}
		x.wrote = true
	}
	b.sent = make(chan struct{})
	x.flying = append(x.flying, b)
	if !write {
		close(b.sent)
		return nil
	}
	go func() {
		defer close(b.sent)
		b.failed = x.sendOut(ctx, &todo)
	}()
	return nil
}

// land notes what became of a batch whose writes are made. ended is what has ended the run meanwhile: what was written is still noted, unless
// nothing at all may happen any more.
func (x *executor) land(ctx context.Context, b *batch, ended error) error {
	var c crash
	if errors.As(ended, &c) {
		return nil
	}
	x.batch = b
	x.markAll(b.failed)
	if err := x.fault("apply"); err != nil {
		return err
	}
	return x.closeAll(ctx, b)
}

// justMade tells whether a create of the batch of j, or of one that was written beside it, made what has an id.
func (x *executor) justMade(j *job, id tandem.ID) bool {
	look := []*batch{x.batch}
	for _, b := range x.flying {
		if b != x.batch {
			<-b.sent
			look = append(look, b)
		}
	}
	for _, b := range look {
		for _, st := range b.steps {
			for _, other := range st.jobs {
				if other != j && other.side == j.side && other.out.Status == tandem.Applied && other.out.ID == id {
					return true
				}
			}
		}
	}
	return false
}

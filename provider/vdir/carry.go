package vdir

import (
	"context"
	"slices"
	"sync"

	"tandem"
)

const (
	// handful is how many writes go from one step to the next at a time.
	handful = 32
	// flushFrom is how many staged files are worth waiting for before the disk is. While it is busy with them more are
	// staged, which it is then asked for in one go.
	flushFrom = 250
)

// carry takes writes through steps that work at the same time: staging, flushing what is staged to the disk, and
// putting in place what is flushed, and of new files telling what became of them. Each step takes the writes in their order. When the disk
// is full, what was staged until then is still put in place.
func (r *Replica) carry(ctx context.Context, d *dir, jobs []*job) error {
	ctx, cancel := context.WithCancel(ctx)
	staged := make(chan []*job, len(jobs)/handful+1) // holds all: nobody waits for a step that has ended
	flushed := make(chan []*job, len(jobs)/handful+1)
	placed := make(chan []*job, len(jobs)/handful+1)
	var trouble [3]error
	var steps sync.WaitGroup
	steps.Go(func() {
		defer close(staged)
		r.making.Lock()
		defer r.making.Unlock()
		trouble[0] = r.stageAll(ctx, d, jobs, staged)
	})
	steps.Go(func() {
		defer close(flushed)
		trouble[1] = r.flushAll(ctx, d, staged, flushed)
	})
	news := onlyCreates(jobs) // what is in place is not touched by what follows
	steps.Go(func() {
		for part := range placed {
			r.answer(d, part)
		}
	})
	in := &installer{Replica: r, dir: d, within: map[string][]*job{}}
	for part := range flushed {
		if trouble[2] == nil {
			trouble[2] = in.take(ctx, part)
			if news {
				placed <- part
			}
		}
		if trouble[2] != nil {
			cancel()
		}
	}
	close(placed)
	steps.Wait()
	err := first(trouble[2], trouble[1], trouble[0])
	if err == nil || tandem.IsKind(err, tandem.Full) && trouble[2] == nil {
		err = first(err, in.end(ctx))
	}
	cancel()
	return err
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// stageAll is the first step.
func (r *Replica) stageAll(ctx context.Context, d *dir, jobs []*job, staged chan<- []*job) error {
	touched := map[string]bool{}
	nameless := r.nameless
	for at := 0; at < len(jobs); at += handful {
		part := jobs[at:min(at+handful, len(jobs))]
		step := r.stageInTurn
		if onlyCreates(part) {
			step = r.stageCreates
		}
		done, err := step(ctx, d, part, touched, &nameless)
		for _, j := range part[:done] {
			touched[j.name] = true // noted before the next step has them, which may give them other names
		}
		staged <- part[:done]
		if err != nil {
			return err
		}
	}
	return nil
}

// stageInTurn stages writes of which one may be about what another made. It returns how many were staged before the place
// was in trouble.
func (r *Replica) stageInTurn(ctx context.Context, d *dir, part []*job, touched map[string]bool, nameless *int) (int, error) {
	if err := r.prepareAll(ctx, d, part); err != nil {
		return 0, err
	}
	for i, j := range part {
		if err := r.enter(ctx); err != nil {
			return i, err
		}
		if err := r.stage(d, j, touched, nameless); err != nil {
			return i, err
		}
		touched[j.name] = true
	}
	return len(part), nil
}

// stageCreates stages new files, several at a time: none is about another, and those without a name do not wait for one
// another in the directory. It returns how many at the start of part are staged; what comes after is given up.
func (r *Replica) stageCreates(ctx context.Context, d *dir, part []*job, touched map[string]bool, nameless *int) (int, error) {
	left := *nameless
	*nameless -= len(part)
	var mu sync.Mutex
	done, trouble := len(part), error(nil)
	_ = inParallel(len(part), func(next func() (int, bool)) error {
		for i, ok := next(); ok; i, ok = next() {
			one := 0
			if i < left {
				one = 1
			}
			err := r.enter(ctx)
			if err == nil {
				r.prepare(d, part[i])
				err = r.stage(d, part[i], touched, &one)
			}
			if err != nil {
				mu.Lock()
				if i < done {
					done, trouble = i, err
				}
				mu.Unlock()
				return err
			}
		}
		return nil
	})
	return done, trouble
}

func onlyCreates(part []*job) bool {
	return !slices.ContainsFunc(part, func(j *job) bool { return j.w.Op != tandem.Create })
}

// flushAll is the second step.
func (r *Replica) flushAll(ctx context.Context, d *dir, staged <-chan []*job, flushed chan<- []*job) error {
	var trouble error
	for part := range staged {
		group := part
		for more := true; more; {
			if part, more = r.more(staged, len(group) < flushFrom); more {
				group = group[:len(group)+len(part)] // parts follow one another in one list
			}
		}
		if err := r.enter(ctx); err != nil {
			trouble = first(trouble, err)
			continue
		}
		if err := r.syncStaged(d, group); err != nil {
			for _, j := range group {
				if (j.staged != nil || j.fresh != nil) && !j.failed() {
					trouble = first(trouble, j.refuse(err))
				}
			}
		}
		flushed <- group
	}
	return trouble
}

// more takes another part if there is one, or, where that is worth it, waits for one.
func (r *Replica) more(staged <-chan []*job, wait bool) ([]*job, bool) {
	if wait {
		part, ok := <-staged
		return part, ok
	}
	select {
	case part, ok := <-staged:
		return part, ok
	default:
		return nil, false
	}
}

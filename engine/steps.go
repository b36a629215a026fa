package engine

import (
	"iter"
	"slices"

	"tandem"
)

// A plan may hold hundreds of thousands of actions, most of which are about a record that is decided by itself: see alone.go. Such
// an action is made from what the record is each time somebody looks at it, and kept nowhere.

// steps are the actions of a plan, in their order.
type steps struct {
	order []int32  // per action: its number in made, or the complement of its number in alone
	made  []Action // what hangs on other records, and what was set since
	alone []turn
	quiet []turn // records decided by themselves that need but a row
	w     *work  // what decides them; it holds no record
	first int32  // the key of the first of alone
}

// Len is how many actions the plan has.
func (p *Plan) Len() int { return len(p.steps.order) }

// Do tells what action i does, at less expense than Action.
func (p *Plan) Do(i int) Do {
	if n := p.steps.order[i]; n < 0 {
		return p.steps.alone[^n].do
	}
	return p.steps.made[p.steps.order[i]].Do
}

// Action returns action i. To change the plan, change it and Set it.
func (p *Plan) Action(i int) Action {
	n := p.steps.order[i]
	if n >= 0 {
		return p.steps.made[n]
	}
	var scratch record
	w := p.steps.w
	w.decideTurn(&scratch, &p.steps.alone[^n])
	scratch.key = p.steps.first + ^n
	a := w.contentOfAlone(&scratch)
	return a
}

// Set puts another action in the place of action i.
func (p *Plan) Set(i int, a Action) {
	if n := p.steps.order[i]; n >= 0 {
		p.steps.made[n] = a
		return
	}
	p.steps.made = append(p.steps.made, a)
	p.steps.order[i] = int32(len(p.steps.made) - 1)
}

// All yields the actions in their order, each under its number.
func (p *Plan) All() iter.Seq2[int, Action] {
	return func(yield func(int, Action) bool) {
		for i := range p.steps.order {
			if !yield(i, p.Action(i)) {
				return
			}
		}
	}
}

// Actions returns all of them at once, which takes memory where there are many.
func (p *Plan) Actions() []Action {
	all := make([]Action, 0, p.Len())
	for _, a := range p.All() {
		all = append(all, a)
	}
	return all
}

// add appends an action.
func (s *steps) add(a Action) {
	s.made = append(s.made, a)
	s.order = append(s.order, int32(len(s.made)-1))
}

// clone returns steps that can be set without changing these.
func (s *steps) clone() steps {
	c := *s
	c.order, c.made = slices.Clone(s.order), slices.Clone(s.made)
	return c
}

// lean is what decides records that hang on nothing else, without all that the plan was made with.
func (w *work) lean() *work {
	l := &work{b: w.b, rules: w.rules, dir: w.dir, may: w.may, tree: w.tree, first: w.first, empty: w.empty, void: w.void}
	for s, v := range w.v {
		l.v[s] = &View{listing: v.listing}
	}
	return l
}

// InStep yields rows of records about which there is nothing to do: those to be added where both sides turned out to hold a record
// alike, and those to be put in the place of others where only its versions are other. They come one by one, for there may be
// hundreds of thousands.
func (p *Plan) InStep() iter.Seq[tandem.Row] {
	return func(yield func(tandem.Row) bool) {
		var scratch record
		for i := range p.steps.quiet {
			w := p.steps.w
			w.decideTurn(&scratch, &p.steps.quiet[i])
			if op, ok := w.rowKept(&scratch, scratch.base); ok && !yield(op.Row) {
				return
			}
		}
		if p.inStep.b == nil {
			return
		}
		for i := p.inStep.b.read; i < len(p.inStep.b.rows); i++ {
			if p.inStep.decided[i] == 0 && !yield(*p.inStep.b.row(int32(i))) {
				return
			}
		}
	}
}

// Bookkeeping counts the rows that the plan adds, rewrites or drops without a write on either side.
func (p *Plan) Bookkeeping() int {
	n := len(p.Base) + len(p.steps.quiet)
	if p.inStep.b != nil {
		for _, k := range p.inStep.decided[p.inStep.b.read:] {
			if k == 0 {
				n++
			}
		}
	}
	return n
}

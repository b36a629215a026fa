package propmerge

// PickFields plans that a gets the fields with these labels as b has them: what b has under a label takes the place of what a has under it, and what b has not goes.
// Labels are those of Fields.
func PickFields(a, b []Elem, labels map[string]bool) []Step {
	var order []string
	of := map[string]*[2][]*Elem{}
	for side, list := range [2][]Elem{a, b} {
		for i := range list {
			e := &list[i]
			if !labels[e.Label] {
				continue
			}
			e.copies = nil
			if of[e.Label] == nil {
				of[e.Label] = new([2][]*Elem)
				order = append(order, e.Label)
			}
			of[e.Label][side] = append(of[e.Label][side], e)
		}
	}
	var steps []Step
	for _, label := range order {
		steps = append(steps, pickOne(of[label][0], of[label][1])...)
	}
	return steps
}

// pickOne plans one label. What both have alike stays where it is.
func pickOne(a, b []*Elem) []Step {
	have := map[[2]string]int{}
	for _, e := range a {
		have[[2]string{e.Field, e.Value}]++
	}
	var more []*Elem
	for _, e := range b {
		if key := [2]string{e.Field, e.Value}; have[key] > 0 {
			have[key]--
		} else {
			more = append(more, e)
		}
	}
	var steps []Step
	for i := len(a) - 1; i >= 0; i-- { // of equal ones the first stays
		e := a[i]
		if key := [2]string{e.Field, e.Value}; have[key] == 0 {
			continue
		} else {
			have[key]--
		}
		at := -1
		for k, x := range more {
			if x != nil && x.Field == e.Field {
				at = k
			}
		}
		if at < 0 {
			steps = append(steps, Step{Op: Remove, A: e})
			continue
		}
		steps = append(steps, Step{Op: Replace, A: e, B: more[at]})
		more[at] = nil
	}
	for _, x := range more {
		if x != nil {
			steps = append(steps, Step{Op: Add, B: x})
		}
	}
	return steps
}

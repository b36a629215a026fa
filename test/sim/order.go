package sim

import (
	"fmt"
	"maps"

	"tandem"
	"tandem/kind"
	"tandem/store/sqlite"
)

// orderly is a history without deaths, faults and edits in the middle of a run: then the outcome may not hang on the
// order of listings nor on which side is called A.
func orderly(h history) history {
	steps := h.steps
	h.steps = nil
	for _, s := range steps {
		switch s.verb {
		case doFault, doClock, doDecide:
			continue
		case doCrash:
			s.verb = doSync
		}
		s.edits = 0
		h.steps = append(h.steps, s)
	}
	return h
}

// playBothWays is invariant 6: an orderly history is played twice, once with the sides exchanged and all listings
// reversed. All places must hold the same in the end, and the same must be in conflict. Ids may differ where the place
// chooses them.
func playBothWays(h history, m mutant, kinds map[tandem.Kind]kind.Handler, log func(string, ...any)) error {
	h = orderly(h)
	var ends [2][]map[string]string
	var open [2]map[string]bool
	for i := range ends {
		if log != nil {
			log("played with sides exchanged: %v", i == 1)
		}
		var err error
		if ends[i], open[i], err = playOnce(h, i == 1, m, kinds, log); err != nil {
			return err
		}
	}
	for i, end := range ends[0] {
		if !maps.Equal(end, ends[1][i]) {
			return fmt.Errorf("order: with sides exchanged, R%d ends with other records:\n%s", i, difference(end, ends[1][i]))
		}
	}
	if !maps.Equal(open[0], open[1]) {
		return fmt.Errorf("order: with sides exchanged, other records are in conflict: %v against %v", open[0], open[1])
	}
	return nil
}

// playOnce plays a history and returns what each node holds and what is in conflict.
func playOnce(h history, swapped bool, m mutant, kinds map[tandem.Kind]kind.Handler, log func(string, ...any)) (ends []map[string]string, open map[string]bool, err error) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer st.Close()
	w, err := newWorld(h, swapped, st, m, kinds)
	if err != nil {
		return nil, nil, err
	}
	if log != nil {
		w.log, w.loud = log, true
	}
	if err := w.play(); err != nil {
		return nil, nil, err
	}
	for _, n := range w.nodes {
		ends = append(ends, w.contents(n, nil))
	}
	return ends, w.openConflicts(), nil
}

package center

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
)

// The words for rules, as written on the command line and kept in items. The order is that of the engine's constants;
// stored rules are words, so that renumbering a constant never changes what an item does.
func directions() []string {
	return []string{"both", "a-to-b", "b-to-a", "mirror-a-to-b", "mirror-b-to-a"}
}
func policies() []string    { return []string{"ask", "newest", "a", "b", "both"} }
func deleteRules() []string { return []string{"change", "delete", "ask"} }
func firsts() []string      { return []string{"combine", "replace-a", "replace-b", "ask"} }

// RuleWords are rules as a person writes them. Empty words mean the default, which is the first choice; of an item, an empty policy and an empty rule about deletions
// are left to its kind, see KindRule.
type RuleWords struct {
	Direction      string `json:"direction,omitempty"`
	Policy         string `json:"policy,omitempty"`
	DeleteVsChange string `json:"delete-vs-change,omitempty"`
	First          string `json:"first,omitempty"`
	NoMerge        bool   `json:"no-merge,omitempty"`
	GuardOff       bool   `json:"guard-off,omitempty"`
}

// RuleChoices are the words that each of the settings understands, by the names that RuleWords has in JSON.
func RuleChoices() map[string][]string {
	return map[string][]string{"direction": directions(), "policy": policies(), "delete-vs-change": deleteRules(), "first": firsts()}
}

// Rules turns words into rules. Errors are Invalid and name the choices.
func (w RuleWords) Rules() (engine.Rules, error) {
	var r engine.Rules
	d, err := choose("direction", w.Direction, directions())
	if err != nil {
		return r, err
	}
	p, err := choose("policy", said(w.Policy), policies())
	if err != nil {
		return r, err
	}
	x, err := choose("delete-vs-change", said(w.DeleteVsChange), deleteRules())
	if err != nil {
		return r, err
	}
	f, err := choose("first", w.First, firsts())
	if err != nil {
		return r, err
	}
	return engine.Rules{Direction: engine.Direction(d), Policy: engine.Policy(p), DeleteVsChange: engine.DeleteRule(x),
		First: engine.First(f), NoMerge: w.NoMerge, Guard: engine.Guard{Off: w.GuardOff}}, nil
}

// WordsOf is the inverse of RuleWords.Rules, leaving defaults out.
func WordsOf(r engine.Rules) RuleWords {
	word := func(i int, words []string) string {
		if i <= 0 || i >= len(words) {
			return ""
		}
		return words[i]
	}
	return RuleWords{Direction: word(int(r.Direction), directions()), Policy: word(int(r.Policy), policies()),
		DeleteVsChange: word(int(r.DeleteVsChange), deleteRules()), First: word(int(r.First), firsts()),
		NoMerge: r.NoMerge, GuardOff: r.Guard.Off}
}

func choose(what, word string, words []string) (int, error) {
	if word == "" {
		return 0, nil
	}
	if what == "first" && strings.EqualFold(word, "refuse") { // as it was called before, and is kept in items
		word = "ask"
	}
	i := slices.Index(words, strings.ToLower(word))
	if i < 0 {
		return 0, &tandem.Error{Kind: tandem.Invalid, Op: "read rule", Thing: what, Err: fmt.Errorf("%q is not a choice", word),
			Remedy: "choose one of " + strings.Join(words, ", ")}
	}
	return i, nil
}

// encodeRules checks an item's rules, and writes them as they are kept: a default that was chosen is kept apart from one that was not.
func encodeRules(w RuleWords) (string, error) {
	r, err := w.Rules()
	if err != nil {
		return "", err
	}
	kept := WordsOf(r)
	kept.Policy, kept.DeleteVsChange = said(w.Policy), said(w.DeleteVsChange)
	b, err := json.Marshal(kept)
	return string(b), err
}

// decodeRules reads an item's rules. Words it does not know are refused: following another rule than the one chosen
// could lose what the person wanted to keep.
func decodeRules(s string) (engine.Rules, error) {
	w, err := ReadRules(s)
	if err != nil {
		return engine.Rules{}, err
	}
	return w.Rules()
}

// ReadRules reads an item's stored rules as words.
func ReadRules(stored string) (RuleWords, error) {
	var w RuleWords
	if stored == "" {
		return w, nil
	}
	d := json.NewDecoder(strings.NewReader(stored))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return RuleWords{}, &tandem.Error{Kind: tandem.Invalid, Op: "read rules", Err: err}
	}
	if _, err := w.Rules(); err != nil {
		return RuleWords{}, err
	}
	return w, nil
}

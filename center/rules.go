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
func firsts() []string      { return []string{"combine", "replace-a", "replace-b", "refuse"} }

// RuleWords are rules as a person writes them. Empty words mean the default, which is the first choice.
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
	p, err := choose("policy", w.Policy, policies())
	if err != nil {
		return r, err
	}
	x, err := choose("delete-vs-change", w.DeleteVsChange, deleteRules())
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
	i := slices.Index(words, strings.ToLower(word))
	if i < 0 {
		return 0, &tandem.Error{Kind: tandem.Invalid, Op: "read rule", Thing: what, Err: fmt.Errorf("%q is not a choice", word),
			Remedy: "choose one of " + strings.Join(words, ", ")}
	}
	return i, nil
}

func encodeRules(r engine.Rules) (string, error) {
	b, err := json.Marshal(WordsOf(r))
	return string(b), err
}

// decodeRules reads an item's rules. Words it does not know are refused: following another rule than the one chosen
// could lose what the person wanted to keep.
func decodeRules(s string) (engine.Rules, error) {
	if s == "" {
		return engine.Rules{}, nil
	}
	var w RuleWords
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return engine.Rules{}, &tandem.Error{Kind: tandem.Invalid, Op: "read rules", Err: err}
	}
	return w.Rules()
}

// ReadRules reads an item's stored rules as words.
func ReadRules(stored string) (RuleWords, error) {
	r, err := decodeRules(stored)
	return WordsOf(r), err
}

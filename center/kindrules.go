package center

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/store"
)

// Policies is the part of Service about what becomes of conflicts in records of a kind, where an item says nothing of its own.
type Policies interface {
	// KindRules are the rules that were set: those of users, and those of Everybody, which hold for users who set none.
	KindRules(ctx context.Context) ([]KindRule, error)
	// SetKindRule sets the rule of a user, or of Everybody, for one kind; an empty user is the only one there is. Empty words take it back. The next runs follow it; runs
	// that go on are stopped for it.
	SetKindRule(ctx context.Context, r KindRule) error
}

// KindRule says what becomes of conflicts in the records of a kind. M091: per type and pair
type KindRule struct {
	User           string // Everybody: of all users who set none
	Kind           tandem.Kind
	Policy         string // a word of RuleChoices, "": not set
	DeleteVsChange string // likewise
}

// Everybody is who a rule is of that holds for all users who set none. No user can be called so.
const Everybody = "*"

// ByKind is the word of an item that leaves a setting to the rule of its kind. It is the default.
const ByKind = "kind"

// kindRuleName begins the names of settings that hold rules of kinds: the kind, a slash and the user follow.
const kindRuleName = "rule of "

// KindRules implements Service.
func (h *Hub) KindRules(ctx context.Context) ([]KindRule, error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	out := []KindRule{}
	for name, text := range values {
		rest, ok := strings.CutPrefix(name, kindRuleName)
		if !ok {
			continue
		}
		kind, user, _ := strings.Cut(rest, "/")
		r := KindRule{User: user, Kind: tandem.Kind(kind)}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read rule of", Thing: rest, Err: err, Remedy: "set it anew with `tandem conflict rules " + kind + "`"}
		}
		r.User, r.Kind = user, tandem.Kind(kind)
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b KindRule) int { return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Kind, b.Kind)) })
	return out, nil
}

// SetKindRule implements Service.
func (h *Hub) SetKindRule(ctx context.Context, r KindRule) error {
	if _, ok := h.cfg.Kind(r.Kind); !ok {
		return &tandem.Error{Kind: tandem.Invalid, Op: "set rule of", Thing: string(r.Kind), Err: errors.New("there is no such kind of records"), Remedy: "name one such as contact, event, task, note, mail or file"}
	}
	if _, err := (RuleWords{Policy: r.Policy, DeleteVsChange: r.DeleteVsChange}).Rules(); err != nil {
		return err
	}
	r.Policy, r.DeleteVsChange = said(r.Policy), said(r.DeleteVsChange)
	if r.User != Everybody {
		var err error
		if r.User, err = h.user(ctx, strings.ToLower(r.User)); err != nil {
			return err
		}
	}
	text := ""
	if r.Policy != "" || r.DeleteVsChange != "" {
		b, err := json.Marshal(struct {
			Policy         string `json:",omitempty"`
			DeleteVsChange string `json:",omitempty"`
		}{r.Policy, r.DeleteVsChange})
		if err != nil {
			return err
		}
		text = string(b)
	}
	if err := h.cfg.Store.Settings.PutValues(ctx, map[string]string{kindRuleName + string(r.Kind) + "/" + r.User: text}); err != nil {
		return err
	}
	return h.rekeepKind(ctx, r)
}

// said is a word as it is kept: what is left to the kind is not said.
func said(word string) string {
	word = strings.ToLower(word)
	if word == ByKind {
		return ""
	}
	return word
}

// rekeepKind has the items that a rule is about follow it.
func (h *Hub) rekeepKind(ctx context.Context, r KindRule) error {
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if r.User != Everybody && it.User != r.User {
			continue
		}
		if c, err := h.collection(ctx, it); err != nil || c.Kind != r.Kind {
			continue // one whose collection is gone says so when it runs
		}
		h.unkeep(it.Name)
		h.keep(it)
		h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
	}
	return nil
}

// forgetKindRules drops the rules of a user who is no more.
func (h *Hub) forgetKindRules(ctx context.Context, user string) error {
	all, err := h.KindRules(ctx)
	if err != nil {
		return err
	}
	drop := map[string]string{}
	for _, r := range all {
		if r.User == user {
			drop[kindRuleName+string(r.Kind)+"/"+user] = ""
		}
	}
	return h.cfg.Store.Settings.PutValues(ctx, drop)
}

// InForce are the rules by which an item runs: its own, else those of its user for the kind, else those of everybody.
func InForce(all []KindRule, it store.Item, kind tandem.Kind) (RuleWords, error) {
	w, err := ReadRules(it.Rules)
	if err != nil {
		return w, err
	}
	for _, user := range []string{it.User, Everybody} {
		for _, r := range all {
			if r.User == user && r.Kind == kind {
				w.Policy, w.DeleteVsChange = cmp.Or(w.Policy, r.Policy), cmp.Or(w.DeleteVsChange, r.DeleteVsChange)
			}
		}
	}
	return w, nil
}

// rulesOf are those by which an item runs.
func (h *Hub) rulesOf(ctx context.Context, it store.Item, kind tandem.Kind) (engine.Rules, error) {
	all, err := h.KindRules(ctx)
	if err != nil {
		return engine.Rules{}, err
	}
	w, err := InForce(all, it, kind)
	if err != nil {
		return engine.Rules{}, fmt.Errorf("rules of %s: %w", it.Name, err)
	}
	return w.Rules()
}

package center

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem"
	"tandem/store"
)

// ItemKeys are the settings of an item that SetItem knows, with what they take, in the order to be shown.
func ItemKeys() []ItemKey {
	keys := []ItemKey{{"mode", modeWords(), "when it runs by itself"}, {"schedule", nil, "times to run besides, as five cron fields or as for when; empty: none"},
		{"when", nil, "mode and schedule at once, such as \"at 02:30 on mon-fri\"; empty: continuous"}}
	for _, k := range []ItemKey{
		{Name: "policy", Help: "who wins what cannot be merged"},
		{Name: "direction", Help: "which way changes travel"},
		{Name: "delete-vs-change", Help: "what survives when one side deleted what the other changed"},
		{Name: "first", Help: "how two filled sides meet the first time"},
	} {
		k.Words = RuleChoices()[k.Name]
		if k.Name == "policy" || k.Name == "delete-vs-change" {
			k.Words = append([]string{ByKind}, k.Words...)
		}
		keys = append(keys, k)
	}
	return append(keys, ItemKey{"merge", onOff(), "merge double changes by field, or let the policy decide them"},
		ItemKey{"guard", onOff(), "hold plans that would delete or overwrite much"},
		ItemKey{"before", nil, "a command to run before each run, which does not begin if it fails; from the command line only"},
		ItemKey{"after", nil, "a command to run after each run, told in TANDEM_RESULT how it ended; from the command line only"},
		ItemKey{"command-timeout", nil, "how long each of them may take, 1m at first; from the command line only"})
}

// ItemKey is a setting of an item.
type ItemKey struct {
	Name  string
	Words []string // what it takes, the default first; nil: any text
	Help  string
}

func onOff() []string { return []string{"on", "off"} }

// SetItem implements Service.
func (h *Hub) SetItem(ctx context.Context, name string, set map[string]string) (store.Item, error) {
	it, err := h.item(ctx, name)
	if err != nil {
		return store.Item{}, err
	}
	words, err := ReadRules(it.Rules)
	if err != nil {
		return store.Item{}, err
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if err := setKey(&it, &words, key, set[key]); err != nil {
			return store.Item{}, err
		}
	}
	if it.Rules, err = encodeRules(words); err != nil {
		return store.Item{}, err
	}
	if err := h.cfg.Store.Settings.PutItem(ctx, it); err != nil {
		return store.Item{}, err
	}
	if err := h.forgetRunQuestion(ctx, it); err != nil {
		return store.Item{}, err
	}
	h.unkeep(name)
	h.keep(it)
	h.news.tell(News{What: ItemsNews, Item: it.Name, User: it.User})
	return it, nil
}

// setKey changes one setting. An empty value means the default.
func setKey(it *store.Item, w *RuleWords, key, value string) error {
	all := ItemKeys()
	i := slices.IndexFunc(all, func(k ItemKey) bool { return k.Name == key })
	if i < 0 {
		var names []string
		for _, k := range all {
			names = append(names, k.Name)
		}
		return &tandem.Error{Kind: tandem.Invalid, Op: "change item", Thing: it.Name, Err: fmt.Errorf("%q is not a setting", key),
			Remedy: "choose one of " + strings.Join(names, ", ")}
	}
	if all[i].Words != nil {
		n, err := choose(key, value, all[i].Words)
		if err != nil {
			return err
		}
		value = all[i].Words[n]
	}
	switch key {
	case "mode":
		return setMode(it, value)
	case "schedule":
		if err := checkSchedule(value); err != nil {
			return err
		}
		it.Schedule = value
	case "when":
		return setWhen(it, value)
	case "policy":
		w.Policy = value
	case "direction":
		w.Direction = value
	case "delete-vs-change":
		w.DeleteVsChange = value
	case "first":
		w.First = value
	case "merge":
		w.NoMerge = value == "off"
	case "guard":
		w.GuardOff = value == "off"
	case "before", "after", "command-timeout":
		return setCommand(it, key, value)
	}
	return nil
}

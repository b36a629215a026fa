package handler

import (
	"slices"
	"strings"
	"testing"

	"tandem"
)

func whole() Handler {
	return Handler{ID: "h", Name: "H", Type: Service, Active: true, Enabled: true, Connected: true, Browse: "https://example.org",
		Can: []Capability{CanBrowse, CanSchedule, AskDisable}, Items: []Item{{ID: "i", Name: "I", Enabled: true, Connected: true, Can: []Capability{CanDelete, AskDelete}}}}
}

// text is how tasks are shown, in short: greyed ones in brackets, ones that ask with a question mark.
func text(list []TaskState) string {
	var out []string
	for _, t := range list {
		switch {
		case t.How == Greyed:
			out = append(out, "("+string(t.Task)+")")
		case t.How == Offered && t.Asks:
			out = append(out, string(t.Task)+"?")
		case t.How == Offered:
			out = append(out, string(t.Task))
		}
	}
	return strings.Join(out, " ")
}

// TestSC32HiddenGreyedOffered: which tasks of a handler and of its item are shown, from state, capabilities and policies.
func TestSC32HiddenGreyedOffered(t *testing.T) {
	for name, c := range map[string]struct {
		change     func(*Handler)
		task, item string
	}{
		"all well":            {func(*Handler) {}, "deactivate disable? start browse schedule hide", "disable start delete?"},
		"syncing":             {func(h *Handler) { h.Items[0].Syncing = true }, "deactivate disable? start stop browse schedule hide", "disable start stop delete?"},
		"in setup":            {func(h *Handler) { h.Active = false }, "activate", ""},
		"in setup, prevented": {func(h *Handler) { h.Active = false; h.Policies = []Policy{{Activate, Hidden, "not yours"}} }, "", ""},
		"disabled":            {func(h *Handler) { h.Enabled = false }, "deactivate enable (start) browse schedule hide", "disable (start) delete?"},
		"item disabled":       {func(h *Handler) { h.Items[0].Enabled = false }, "deactivate disable? start browse schedule hide", "enable (start) delete?"},
		"away":                {func(h *Handler) { h.Connected, h.Why = false, "no route" }, "deactivate disable? (start) browse schedule hide", "disable (start) delete?"},
		"hidden":              {func(h *Handler) { h.Hidden = true }, "deactivate disable? start browse schedule show", "disable start delete?"},
		"nothing to browse":   {func(h *Handler) { h.Browse = "" }, "deactivate disable? start (browse) schedule hide", "disable start delete?"},
		"background only":     {func(h *Handler) { h.Policies = BackgroundOnly("by itself"); h.Items[0].Syncing = true }, "deactivate disable? browse schedule hide", "disable delete?"},
		"greyed start":        {func(h *Handler) { h.Policies = []Policy{{Start, Greyed, "why"}} }, "deactivate disable? (start) browse schedule hide", "disable (start) delete?"},
		"greyed and hidden":   {func(h *Handler) { h.Policies = []Policy{{Start, Greyed, "why"}, {Start, Hidden, "other"}} }, "deactivate disable? browse schedule hide", "disable delete?"},
		"greyed browse, schedule": {func(h *Handler) { h.Policies = []Policy{{Browse, Greyed, "why"}, {Schedule, Greyed, "why"}} },
			"deactivate disable? start (browse) (schedule) hide", "disable start delete?"},
		"no deactivate":          {func(h *Handler) { h.Policies = []Policy{{Deactivate, Hidden, "why"}} }, "disable? start browse schedule hide", "disable start delete?"},
		"item cannot be deleted": {func(h *Handler) { h.Items[0].Policies = []Policy{{Delete, Greyed, "why"}} }, "deactivate disable? start browse schedule hide", "disable start (delete)"},
	} {
		t.Run(name, func(t *testing.T) {
			h := whole()
			c.change(&h)
			if err := h.Check(); err != nil {
				t.Fatal(err)
			}
			h.Settle()
			if got := text(h.Tasks); got != c.task {
				t.Errorf("handler: %s, want %s", got, c.task)
			}
			if got := text(h.Items[0].Tasks); got != c.item {
				t.Errorf("item: %s, want %s", got, c.item)
			}
			for _, s := range slices.Concat(h.Tasks, h.Items[0].Tasks) {
				if (s.How != Offered) != (s.Why != "") {
					t.Errorf("%+v: what is not offered needs a reason, and only that", s)
				}
			}
		})
	}
}

// TestSC32ItemRulesNeverExceedTheHandlers: whatever an item's own policies say, it can do nothing that its handler may not.
func TestSC32ItemRulesNeverExceedTheHandlers(t *testing.T) {
	rank := map[How]int{Offered: 0, Greyed: 1, Hidden: 2}
	for _, task := range []Task{Enable, Disable, Start, Stop} {
		for _, of := range []How{Offered, Greyed, Hidden} {
			for _, own := range []How{Offered, Greyed, Hidden} {
				h := whole()
				h.Items[0].Syncing = true
				h.Enabled = task != Enable
				h.Items[0].Enabled = task != Enable
				if of != Offered {
					h.Policies = []Policy{{task, of, "the handler says so"}}
				}
				if own != Offered {
					h.Items[0].Policies = []Policy{{task, own, "the item says so"}}
				}
				h.Settle()
				if got, want := rank[h.Items[0].Task(task).How], max(rank[of], rank[own]); got != want {
					t.Errorf("%s: handler %s, item %s: shown %d", task, of, own, got)
				}
			}
		}
	}
}

// TestSC32WhatCanBeTakenAwayHow holds the policies to those that syncmgr.h has.
func TestSC32WhatCanBeTakenAwayHow(t *testing.T) {
	all := []Task{Activate, Deactivate, Enable, Disable, Start, Stop, Browse, Schedule, Delete, Show, Hide}
	want := map[string]string{
		"handler hidden": "activate deactivate enable disable start stop", // PREVENT_ACTIVATE to PREVENT_STOP_SYNC
		"handler greyed": "enable disable start stop browse schedule",     // DISABLE_ENABLE to DISABLE_SCHEDULE
		"item hidden":    "enable disable start stop",
		"item greyed":    "enable disable start stop browse delete",
	}
	for _, item := range []bool{false, true} {
		for _, how := range []How{Hidden, Greyed, Offered, ""} {
			var got []string
			for _, task := range all {
				if allowed(item, Policy{task, how, "why"}) {
					got = append(got, string(task))
				}
			}
			key := map[bool]string{false: "handler ", true: "item "}[item] + string(how)
			if strings.Join(got, " ") != want[key] {
				t.Errorf("%s: %v", key, got)
			}
		}
	}
}

func TestSettleSums(t *testing.T) {
	h := whole()
	h.Items = []Item{{LastSync: 5, Errors: 1, Conflicts: 2}, {LastSync: 9, Errors: 2, Syncing: true}}
	h.Settle()
	h.Settle() // twice is as once
	if h.LastSync != 9 || h.Errors != 3 || h.Conflicts != 2 || !h.Syncing {
		t.Errorf("%+v", h)
	}
	if h.Item("nope") != nil || h.Task("dance").How != Hidden {
		t.Error("what is not there")
	}
}

func TestCheckRefuses(t *testing.T) {
	for name, change := range map[string]func(*Handler){
		"no id":             func(h *Handler) { h.ID = "" },
		"long id":           func(h *Handler) { h.ID = strings.Repeat("x", 65) },
		"long name":         func(h *Handler) { h.Name = strings.Repeat("x", 129) },
		"type":              func(h *Handler) { h.Type = "" },
		"item twice":        func(h *Handler) { h.Items = append(h.Items, h.Items[0]) },
		"item without name": func(h *Handler) { h.Items[0].Name = "" },
		"item's capability": func(h *Handler) { h.Can = []Capability{CanDelete} },
		"unknown policy":    func(h *Handler) { h.Policies = []Policy{{Delete, Hidden, "why"}} },
		"no reason":         func(h *Handler) { h.Policies = []Policy{{Start, Hidden, ""}} },
	} {
		h := whole()
		if err := h.Check(); err != nil {
			t.Fatal(err)
		}
		change(&h)
		if err := h.Check(); !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package handler

import "slices"

// tasks are what can be done with the handler as it stands.
func (h *Handler) tasks() []TaskState {
	var out []TaskState
	add := func(t Task, ask Capability, why string) {
		out = append(out, taskOf(t, why, slices.Contains(h.Can, ask), h.Policies))
	}
	if !h.Active {
		add(Activate, AskActivate, "")
		return out
	}
	add(Deactivate, AskDeactivate, "")
	if h.Enabled {
		add(Disable, AskDisable, "")
	} else {
		add(Enable, AskEnable, "")
	}
	add(Start, "", cannotStart(h.Enabled, h.Connected, h.Why))
	if h.Syncing {
		add(Stop, "", "")
	}
	if slices.Contains(h.Can, CanBrowse) {
		add(Browse, "", nowhere(h.Browse))
	}
	if slices.Contains(h.Can, CanSchedule) {
		add(Schedule, "", "")
	}
	if h.Hidden {
		out = append(out, TaskState{Task: Show, How: Offered})
	} else {
		out = append(out, TaskState{Task: Hide, How: Offered})
	}
	return out
}

// itemTasks are what can be done with an item as it stands. What the handler may not do, an item may not either.
func (h *Handler) itemTasks(it *Item) []TaskState {
	var out []TaskState
	policies := slices.Concat(it.Policies, forItems(h.Policies))
	add := func(t Task, ask Capability, why string) {
		out = append(out, taskOf(t, why, slices.Contains(it.Can, ask), policies))
	}
	if !h.Active {
		return nil
	}
	if it.Enabled {
		add(Disable, AskDisable, "")
	} else {
		add(Enable, AskEnable, "")
	}
	why := cannotStart(h.Enabled, h.Connected, h.Why)
	if why == "" {
		why = cannotStart(it.Enabled, it.Connected, it.Why)
	}
	add(Start, "", why)
	if it.Syncing {
		add(Stop, "", "")
	}
	switch {
	case !slices.Contains(it.Can, CanPause):
	case it.Paused:
		add(Resume, "", "")
	default:
		add(Pause, "", "")
	}
	if slices.Contains(it.Can, CanBrowse) {
		add(Browse, "", nowhere(it.Browse))
	}
	if slices.Contains(it.Can, CanDelete) {
		add(Delete, AskDelete, "")
	}
	return out
}

// forItems are the handler's policies that bind its items.
func forItems(list []Policy) []Policy {
	return slices.DeleteFunc(slices.Clone(list), func(p Policy) bool { return p.Task == Activate || p.Task == Deactivate || p.Task == Schedule })
}

func cannotStart(enabled, connected bool, why string) string {
	switch {
	case !enabled:
		return "it is disabled"
	case !connected && why != "":
		return "it is not connected: " + why
	case !connected:
		return "it is not connected"
	}
	return ""
}

func nowhere(link string) string {
	if link == "" {
		return "there is nothing to look at yet"
	}
	return ""
}

// taskOf is a task under policies, of which the strictest counts. why greys it by itself.
func taskOf(t Task, why string, asks bool, policies []Policy) TaskState {
	out := TaskState{Task: t, How: Offered, Asks: asks}
	if why != "" {
		out.How, out.Why = Greyed, why
	}
	for _, p := range policies {
		if p.Task == t && (out.How == Offered || out.How == Greyed && p.How == Hidden) {
			out.How, out.Why = p.How, p.Why
		}
	}
	if out.How != Offered {
		out.Asks = false
	}
	return out
}

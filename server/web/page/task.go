package page

import (
	"cmp"
	"slices"
	"strings"

	"tandem/center/handler"
	"tandem/server/web/page/words"
)

// tasksOf are the tasks that are shown: offered ones, and greyed ones with the reason. What a policy hides is left out. SC-32
func tasksOf(w words.Words, name string, list []handler.TaskState) []task {
	var out []task
	for _, s := range list {
		if s.How == handler.Hidden {
			continue
		}
		one := task{TaskState: s, Name: name}
		one.Why = w.Say(s.Why)
		one.Text, one.Icon, one.Main = taskWords(w, s.Task)
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b task) int { return cmp.Compare(ranked(a.Task), ranked(b.Task)) })
	return out
}

// ranked puts first what is done most often.
func ranked(t handler.Task) int {
	return slices.Index([]handler.Task{handler.Delete, handler.Hide, handler.Show, handler.Deactivate, handler.Disable, handler.Pause, handler.Schedule, handler.Browse, handler.Enable, handler.Resume, handler.Activate, handler.Stop, handler.Start}, t) * -1
}

// deviceTasks calls the tasks of a phone what they are called on its own page.
func deviceTasks(w words.Words, list []task) []task {
	for i := range list {
		switch t := &list[i]; t.Task {
		case handler.Activate, handler.Enable:
			t.Text = w.T("Allow")
		case handler.Deactivate:
			t.Text = w.T("Hold")
		case handler.Disable:
			t.Text = w.T("Block")
		}
	}
	return list
}

// withheld are the reasons why tasks are missing altogether, each once.
func withheld(w words.Words, list []handler.TaskState) (out []string) {
	for _, s := range list {
		if why := w.Say(s.Why); s.How == handler.Hidden && why != "" && !slices.Contains(out, why) {
			out = append(out, why)
		}
	}
	return out
}

func taskWords(w words.Words, t handler.Task) (text, icon string, main bool) {
	switch t {
	case handler.Activate:
		return w.T("Set up"), "add", true
	case handler.Deactivate:
		return w.T("Set aside"), "away", false
	case handler.Enable:
		return w.T("Switch on"), "start", true
	case handler.Disable:
		return w.T("Switch off"), "off", false
	case handler.Start:
		return w.T("Sync"), "sync", true
	case handler.Stop:
		return w.T("Stop"), "stop", false
	case handler.Pause:
		return w.T("Pause"), "clock", false
	case handler.Resume:
		return w.T("Go on"), "start", true
	case handler.Browse:
		return w.T("Open"), "eye", false
	case handler.Schedule:
		return w.T("Schedule"), "clock", false
	case handler.Delete:
		return w.T("Remove"), "gone", false
	case handler.Show:
		return w.T("Show in the Center"), "eye", false
	case handler.Hide:
		return w.T("Hide from the Center"), "veil", false
	}
	return string(t), "thing", false
}

// typeWords name a type. syncmgr.h: SYNCMGR_HANDLER_TYPE
func typeWords(w words.Words, t handler.Type) string {
	switch t {
	case handler.Application:
		return w.T("Program")
	case handler.Device:
		return w.T("Device")
	case handler.Folder:
		return w.T("Folder")
	case handler.Service:
		return w.T("Service in the network")
	case handler.Computer:
		return w.T("Computer")
	}
	return ""
}

// canWords say what a handler can do, as far as that is news to people.
func canWords(w words.Words, k handler.Capability) string {
	switch k {
	case handler.HasConflicts:
		return w.T("ask about conflicts")
	case handler.HasEvents:
		return w.T("tell what went wrong")
	case handler.Concurrent:
		return w.T("sync several things at once")
	case handler.CanSchedule:
		return w.T("run at set times")
	case handler.CanBrowse:
		return w.T("be looked at where it is")
	}
	return ""
}

// handlerIcon is the drawing of a handler: that of its provider, or of its type. ISyncMgrHandlerInfo::GetType
func handlerIcon(x handler.Handler) string {
	if _, ok := drawings()[x.Icon]; ok {
		return x.Icon
	}
	if name, _, ok := strings.Cut(x.Place, ":"); ok && x.Type != handler.Device {
		return partnerIcon(name)
	}
	if name, ok := strings.CutPrefix(x.ID, "setup/"); ok && x.Place == "" {
		return partnerIcon(name)
	}
	switch x.Type {
	case handler.Device:
		return "phone"
	case handler.Folder:
		return "folder"
	case handler.Service:
		return "service"
	case handler.Computer:
		return "computer"
	case handler.Application:
		return "app"
	}
	return "thing"
}

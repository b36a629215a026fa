package shape

import (
	"slices"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/center/progress"
	"tandem/store"
)

// Handler is whoever offers sync items.
type Handler struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Type      string        `json:"type" enum:"unspecified,application,device,folder,service,computer"`
	Label     string        `json:"label,omitempty" doc:"in words what it is"`
	Comment   string        `json:"comment,omitempty"`
	Can       []string      `json:"can" doc:"capabilities"`
	Icon      string        `json:"icon,omitempty" doc:"the name of the drawing that stands for it; empty: that of its type"`
	Browse    string        `json:"browse,omitempty" doc:"where its content can be looked at"`
	Place     string        `json:"place,omitempty"`
	User      string        `json:"user,omitempty"`
	Active    bool          `json:"active" doc:"false: it is in Sync Setup"`
	Enabled   bool          `json:"enabled"`
	Connected bool          `json:"connected"`
	Why       string        `json:"why,omitempty" doc:"why it is not connected"`
	Hidden    bool          `json:"hidden,omitempty"`
	LastSync  int64         `json:"last_sync"`
	Errors    int           `json:"errors"`
	Conflicts int           `json:"conflicts"`
	Syncing   bool          `json:"syncing"`
	Items     []HandlerItem `json:"items"`
	Tasks     []HandlerTask `json:"tasks"`
}

// HandlerItem is a sync item as its handler shows it.
type HandlerItem struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Label       string        `json:"label,omitempty"`
	Comment     string        `json:"comment,omitempty"`
	Can         []string      `json:"can"`
	Browse      string        `json:"browse,omitempty"`
	Home        string        `json:"home,omitempty"`
	Kind        string        `json:"kind,omitempty"`
	Enabled     bool          `json:"enabled"`
	Paused      bool          `json:"paused,omitempty"`
	PausedUntil int64         `json:"paused_until,omitempty"`
	Connected   bool          `json:"connected"`
	Why         string        `json:"why,omitempty"`
	Hidden      bool          `json:"hidden,omitempty"`
	LastSync    int64         `json:"last_sync"`
	Errors      int           `json:"errors"`
	Conflicts   int           `json:"conflicts"`
	Syncing     bool          `json:"syncing"`
	Status      string        `json:"status,omitempty"`
	Text        string        `json:"text,omitempty"`
	Step        int           `json:"step,omitempty"`
	Max         int           `json:"max,omitempty"`
	Tasks       []HandlerTask `json:"tasks"`
}

// HandlerTask is something that can be done with a handler or item, or why it cannot.
type HandlerTask struct {
	Task string `json:"task"`
	How  string `json:"how" enum:"offered,greyed,hidden"`
	Why  string `json:"why,omitempty"`
	Asks bool   `json:"asks,omitempty" doc:"somebody is asked first, who may refuse"`
}

// OfHandler is a handler.
func OfHandler(x handler.Handler) Handler {
	return Handler{ID: x.ID, Name: x.Name, Type: string(x.Type), Label: x.Label, Comment: x.Comment, Icon: x.Icon, Can: capabilities(x.Can), Browse: x.Browse, Place: x.Place, User: x.User,
		Active: x.Active, Enabled: x.Enabled, Connected: x.Connected, Why: x.Why, Hidden: x.Hidden, LastSync: x.LastSync, Errors: x.Errors, Conflicts: x.Conflicts, Syncing: x.Syncing,
		Items: List(x.Items, ofHandlerItem), Tasks: List(x.Tasks, ofTask)}
}

func ofHandlerItem(it handler.Item) HandlerItem {
	out := HandlerItem{ID: it.ID, Name: it.Name, Label: it.Label, Comment: it.Comment, Can: capabilities(it.Can), Browse: it.Browse, Home: it.Home, Kind: string(it.Kind), Enabled: it.Enabled, Paused: it.Paused, PausedUntil: it.PausedUntil,
		Connected: it.Connected, Why: it.Why, Hidden: it.Hidden, LastSync: it.LastSync, Errors: it.Errors, Conflicts: it.Conflicts, Syncing: it.Syncing, Tasks: List(it.Tasks, ofTask)}
	if it.Syncing {
		out.Status, out.Text, out.Step, out.Max = it.Progress.Status.String(), it.Progress.Text, it.Progress.Step, it.Progress.Max
	}
	return out
}

func capabilities(list []handler.Capability) []string {
	return List(list, func(c handler.Capability) string { return string(c) })
}

func ofTask(t handler.TaskState) HandlerTask {
	return HandlerTask{string(t.Task), string(t.How), t.Why, t.Asks}
}

// Ongoing is all that is being synced.
type Ongoing struct {
	Sessions []ProgressSession `json:"sessions"`
	Items    []ProgressItem    `json:"items" doc:"each once, however many sessions it is in"`
}

// ProgressSession is one run over items, wherever it is done.
type ProgressSession struct {
	ID       int64          `json:"id"`
	Handler  string         `json:"handler,omitempty"`
	Who      string         `json:"who" doc:"where it was begun"`
	Text     string         `json:"text,omitempty"`
	Stopping bool           `json:"stopping,omitempty"`
	Items    []ProgressItem `json:"items"`
}

// ProgressItem is how far an item is.
type ProgressItem struct {
	Item     string `json:"item"`
	Name     string `json:"name,omitempty"`
	Status   string `json:"status" enum:"waiting,updating,indeterminate,succeeded,failed,cancelled,disconnected"`
	Text     string `json:"text,omitempty"`
	Step     int    `json:"step,omitempty"`
	Max      int    `json:"max,omitempty"`
	Stopping bool   `json:"stopping,omitempty"`
}

// OfState is all that is being synced.
func OfState(s progress.State) Ongoing {
	return Ongoing{Items: List(s.Items, ofRow), Sessions: List(s.Sessions, func(x progress.SessionState) ProgressSession {
		return ProgressSession{x.ID, x.Handler, x.Who, x.Text, x.Stopping, List(x.Items, ofRow)}
	})}
}

// OfReached is how far an item is that another program or a phone syncs, nil where that is not said.
func OfReached(item string, r *progress.Row) *ProgressItem {
	if r == nil {
		return nil
	}
	out := ofRow(progress.ItemRow{Item: item, Row: *r})
	return &out
}

func ofRow(r progress.ItemRow) ProgressItem {
	return ProgressItem{r.Item, r.Name, r.Status.String(), r.Text, r.Step, r.Max, r.Stopping}
}

// RunResult is how runs ended.
type RunResult struct {
	Status    string          `json:"status" enum:"succeeded,failed,cancelled"`
	Errors    int             `json:"errors"`
	Conflicts int             `json:"conflicts"`
	Items     []RunItemResult `json:"items"`
}

// RunItemResult is how the run of one item ended.
type RunItemResult struct {
	Item      string `json:"item"`
	Status    string `json:"status"`
	Errors    int    `json:"errors"`
	Warnings  int    `json:"warnings"`
	Conflicts int    `json:"conflicts"`
	Held      bool   `json:"held,omitempty"`
	Text      string `json:"text,omitempty"`
}

// OfResult is how runs ended.
func OfResult(r center.SyncResult) RunResult {
	return RunResult{r.Status.String(), r.Errors, r.Conflicts, List(r.Items, func(x center.ItemResult) RunItemResult {
		return RunItemResult{x.Item, x.Status.String(), x.Errors, x.Warnings, x.Conflicts, x.Held, x.Text}
	})}
}

// SessionPolicy takes a task away from what another program syncs, and says why.
type SessionPolicy struct {
	Task string `json:"task" enum:"activate,deactivate,enable,disable,start,stop,browse,schedule,delete"`
	How  string `json:"how" enum:"greyed,hidden" doc:"shown, and cannot be chosen; or not shown"`
	Why  string `json:"why" doc:"for people"`
}

func policies(list []SessionPolicy) []handler.Policy {
	return List(list, func(p SessionPolicy) handler.Policy {
		return handler.Policy{Task: handler.Task(p.Task), How: handler.How(p.How), Why: p.Why}
	})
}

// abilities are capabilities that are said, and those that follow from what else is.
func abilities(said []string, follow map[handler.Capability]bool) []handler.Capability {
	var out []handler.Capability
	for _, c := range said {
		out = append(out, handler.Capability(c))
	}
	for _, c := range []handler.Capability{handler.HasIcon, handler.CanBrowse} {
		if follow[c] && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// SessionItem is an item that another program syncs.
type SessionItem struct {
	ID       string          `json:"id"`
	Name     string          `json:"name,omitempty"`
	Label    string          `json:"label,omitempty"`
	Comment  string          `json:"comment,omitempty"`
	Kind     string          `json:"kind,omitempty"`
	Browse   string          `json:"browse,omitempty"`
	Hidden   bool            `json:"hidden,omitempty" doc:"it is listed only among the hidden ones"`
	Can      []string        `json:"can,omitempty" doc:"capabilities, such as delete or ask-before-disable"`
	Policies []SessionPolicy `json:"policies,omitempty" doc:"tasks that are taken away"`
}

func (x SessionItem) item() handler.Item {
	return handler.Item{ID: x.ID, Name: x.Name, Label: x.Label, Comment: x.Comment, Kind: tandem.Kind(x.Kind), Browse: x.Browse, Hidden: x.Hidden, Policies: policies(x.Policies),
		Can: abilities(x.Can, map[handler.Capability]bool{handler.CanBrowse: x.Browse != ""})}
}

// SessionStart describes a session that another program does.
type SessionStart struct {
	Handler  string          `json:"handler" doc:"an id of the program's own, or a partner's name"`
	Name     string          `json:"name,omitempty"`
	Type     string          `json:"type,omitempty" enum:"unspecified,application,device,folder,service,computer"`
	Label    string          `json:"label,omitempty"`
	Comment  string          `json:"comment,omitempty"`
	Icon     string          `json:"icon,omitempty" doc:"the name of a drawing of the pages, such as bookmark or cards"`
	Browse   string          `json:"browse,omitempty"`
	Hidden   bool            `json:"hidden_by_default,omitempty"`
	Can      []string        `json:"can,omitempty" doc:"capabilities, such as concurrent-sessions or ask-before-disable"`
	Policies []SessionPolicy `json:"policies,omitempty" doc:"tasks that are taken away"`
	Who      string          `json:"who,omitempty"`
	Items    []SessionItem   `json:"items,omitempty"`
}

// Session is what the center takes.
func (x SessionStart) Session() center.NewSession {
	return center.NewSession{Who: x.Who, Items: List(x.Items, SessionItem.item), Handler: handler.Handler{ID: x.Handler, Name: x.Name, Type: handler.Type(x.Type), Label: x.Label, Comment: x.Comment,
		Icon: x.Icon, Browse: x.Browse, Shy: x.Hidden, Policies: policies(x.Policies),
		Can: abilities(x.Can, map[handler.Capability]bool{handler.HasIcon: x.Icon != "", handler.CanBrowse: x.Browse != ""})}}
}

// SessionNews is what a session has to tell.
type SessionNews struct {
	Text     string         `json:"text,omitempty"`
	Add      []SessionItem  `json:"add,omitempty" doc:"items that join the session"`
	Propose  []SessionItem  `json:"propose,omitempty" doc:"likewise; nobody sees them before they are committed"`
	Progress []SessionStep  `json:"progress,omitempty"`
	Commit   []string       `json:"commit,omitempty" doc:"proposed items that succeeded"`
	Events   []SessionEvent `json:"events,omitempty"`

	Conflicts []SessionConflict `json:"conflicts,omitempty" doc:"for the inbox, of a handler that can do conflicts"`
	Closed    []string          `json:"closed,omitempty" doc:"conflicts that are settled, by the program's ids; those that nobody knows are passed over"`
}

// SessionConflict is a conflict that a program cannot settle without a person.
type SessionConflict struct {
	ID       string           `json:"id" doc:"the program's own, of at most 64 characters; the same again replaces what was reported, and keeps the answer if the versions are the same"`
	Item     string           `json:"item"`
	Title    string           `json:"title" doc:"what it is about, in at most 128 characters"`
	Why      string           `json:"why,omitempty" doc:"for people"`
	Kind     string           `json:"kind,omitempty" doc:"of the bodies, such as contact: then they are shown field by field; else as text"`
	Takes    []string         `json:"takes,omitempty" doc:"what the program can be told: version (one of them), both, body (a version of the person's own), newest (the version changed last), out (leave it out of what is synced), skip; absent: version and skip. What it does not take is not offered"`
	Versions []SessionVersion `json:"versions" doc:"2 to 16"`
}

// SessionVersion is one version of a record in conflict.
type SessionVersion struct {
	Title   string `json:"title,omitempty"`
	Where   string `json:"where,omitempty" doc:"for people"`
	Who     string `json:"who,omitempty" doc:"who changed it, for people"`
	When    int64  `json:"when,omitempty" doc:"Unix seconds of when it was changed"`
	Deleted bool   `json:"deleted,omitempty"`
	Body    string `json:"body,omitempty" doc:"at most 1 MiB"`
}

func (x SessionConflict) conflict() store.Reported {
	return store.Reported{Own: x.ID, Item: x.Item, Title: x.Title, Reason: x.Why, Kind: tandem.Kind(x.Kind), Takes: x.Takes, Versions: List(x.Versions, func(v SessionVersion) store.ReportedVersion {
		return store.ReportedVersion{Title: v.Title, Where: v.Where, Who: v.Who, When: v.When, Deleted: v.Deleted, Body: []byte(v.Body)}
	})}
}

// ProgramConflict is a conflict as the program sees it that reported it.
type ProgramConflict struct {
	ID     string          `json:"id" doc:"the program's own"`
	Number int64           `json:"number" doc:"as people know it, and /api/conflicts"`
	Item   string          `json:"item"`
	Title  string          `json:"title"`
	When   int64           `json:"when"`
	Answer *ConflictAnswer `json:"answer,omitempty" doc:"absent: nobody decided yet"`
}

// ConflictAnswer is what a person decided.
type ConflictAnswer struct {
	Take     string `json:"take" doc:"a, b and so on for a version, both, body, out"`
	Version  *int   `json:"version,omitempty" doc:"which version, from 0, where one was taken"`
	Name     string `json:"name,omitempty" doc:"both: what the second version that is not deleted is to be called"`
	Body     string `json:"body,omitempty" doc:"body: the version to be kept"`
	BodyLeft bool   `json:"body_left,omitempty" doc:"the body is left out, since there was too much in one answer: ask for this conflict alone"`
	When     int64  `json:"when"`
}

// OfProgramConflict is a conflict as the program sees it that reported it.
func OfProgramConflict(c center.ProgramConflict) ProgramConflict {
	out := ProgramConflict{ID: c.Own, Number: c.Number, Item: c.Item, Title: c.Title, When: c.When}
	if a := c.Answer; a != nil {
		out.Answer = &ConflictAnswer{Take: a.Take, Name: a.Name, Body: string(a.Body), BodyLeft: a.BodyLeft, When: a.When}
		if a.Version >= 0 {
			out.Answer.Version = &a.Version
		}
	}
	return out
}

// SessionStep is how far an item of a session is.
type SessionStep struct {
	Item   string `json:"item"`
	Status string `json:"status" enum:"updating,indeterminate,succeeded,failed,cancelled,disconnected" doc:"after succeeded, failed and cancelled only failed may follow"`
	Text   string `json:"text,omitempty"`
	Step   int    `json:"step,omitempty"`
	Max    int    `json:"max,omitempty"`
}

// SessionEvent is a line for the results log.
type SessionEvent struct {
	Item     string `json:"item,omitempty"`
	Level    string `json:"level,omitempty" enum:"info,warning,error"`
	Text     string `json:"text"`
	Record   string `json:"record,omitempty"`
	Remedy   string `json:"remedy,omitempty" doc:"what to do; absent: what helps most often with the code"`
	Code     string `json:"code,omitempty" doc:"what sort of error, as a word; see /api/codes"`
	Link     string `json:"link,omitempty"`
	LinkText string `json:"link_text,omitempty"`
}

// Report is what the center takes.
func (x SessionNews) Report() (center.SessionReport, error) {
	out := center.SessionReport{Text: x.Text, Add: List(x.Add, SessionItem.item), Propose: List(x.Propose, SessionItem.item), Commit: x.Commit,
		Conflicts: List(x.Conflicts, SessionConflict.conflict), Closed: x.Closed}
	for _, p := range x.Progress {
		var s progress.Status
		if err := s.UnmarshalText([]byte(p.Status)); err != nil {
			return out, err
		}
		out.Progress = append(out.Progress, progress.Report{Item: p.Item, Status: s, Text: p.Text, Step: p.Step, Max: p.Max})
	}
	levels := map[string]store.Level{"warning": store.Warning, "error": store.Error}
	for _, e := range x.Events {
		out.Events = append(out.Events, store.Event{Item: e.Item, Level: levels[e.Level], Text: e.Text, Record: tandem.ID(e.Record), Remedy: e.Remedy, Code: e.Code, Link: e.Link, LinkText: e.LinkText})
	}
	return out, nil
}

// SessionAnswer is what a session is told.
type SessionAnswer struct {
	All        string            `json:"all" enum:"go on,cancel all"`
	Items      map[string]string `json:"items" doc:"go on, cancel item or cancel all, for the items that were reported"`
	Additional []string          `json:"additional" doc:"items that joined meanwhile: sync them, too"`
	Answers    []ProgramConflict `json:"answers" doc:"conflicts of the handler that people decided; each is told until it is closed"`
}

// OfAnswer is what a session is told.
func OfAnswer(a center.SessionAnswer) SessionAnswer {
	out := SessionAnswer{All: a.All.String(), Items: map[string]string{}, Additional: append([]string{}, a.Additional...), Answers: List(a.Answers, OfProgramConflict)}
	for id, x := range a.Items {
		out.Items[id] = x.String()
	}
	return out
}

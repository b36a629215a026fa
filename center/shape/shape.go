// Package shape is how the hub's answers look as JSON, for programs: the same from the command line (--json) and from the API. Names and meanings stay; new
// ones may come. Times are Unix seconds, 0 or absent for never.
package shape

import (
	"strconv"

	"tandem"
	"tandem/center"
	"tandem/center/command"
	"tandem/engine"
	"tandem/store"
)

// Item is a sync item and how it stands.
type Item struct {
	Name          string           `json:"name"`
	User          string           `json:"user"`
	Partner       string           `json:"partner"`
	Sub           string           `json:"sub,omitempty" doc:"the collection at the partner, if the partner's place is not one itself"`
	Enabled       bool             `json:"enabled"`
	Mode          string           `json:"mode" doc:"continuous, manual, connection, scheduled, or account for the folders of an account"`
	Schedule      string           `json:"schedule,omitempty" doc:"when it runs besides, in words or as a cron expression"`
	Rules         center.RuleWords `json:"rules" doc:"its own"`
	InForce       center.RuleWords `json:"rules_in_force" doc:"its own, and those of its kind where it has none"`
	Home          string           `json:"home,omitempty" doc:"the home collection"`
	Kind          string           `json:"kind,omitempty"`
	Place         string           `json:"place,omitempty"`
	Running       bool             `json:"running"`
	Watching      bool             `json:"watching" doc:"changes at the place are told"`
	State         string           `json:"state,omitempty" doc:"how it stands, for people"`
	Standing      center.Standing  `json:"standing,omitempty" doc:"how it stands, in a word" enum:"disabled,paused,failing,syncing,new,held,conflicts,aside,problems,stopped,changed,in step"`
	Conflicts     int              `json:"conflicts"`
	Aside         int              `json:"aside" doc:"records set aside after failing"`
	Problems      int              `json:"problems" doc:"of the last run"`
	Last          int64            `json:"last_run,omitempty"`
	LastResult    string           `json:"last_result,omitempty" doc:"ok, conflicts, held, failed or cancelled"`
	Next          int64            `json:"next_run,omitempty"`
	Planned       int64            `json:"planned,omitempty" doc:"when its schedule is due next, whether or not the hub runs"`
	Waits         string           `json:"waits,omitempty" doc:"what a run that is due waits for, or a question to a person, in words"`
	Failing       string           `json:"failing,omitempty" doc:"why it fails"`
	Paused        bool             `json:"paused,omitempty" doc:"it rests, and goes on where it was"`
	PausedUntil   int64            `json:"paused_until,omitempty" doc:"absent: until somebody resumes it"`
	PartnerCalled string           `json:"partner_called,omitempty" doc:"what people call its partner"`
	Pending       int              `json:"pending,omitempty" doc:"records that changed in the home collection and wait to be carried to the place"`
	PendingSize   int64            `json:"pending_bytes,omitempty" doc:"what those that were created or changed hold"`
	PendingMore   bool             `json:"pending_more,omitempty" doc:"there may be more: not everything was looked at"`
	Link          string           `json:"link,omitempty" doc:"how the place is connected; absent: not known. changed: on line, and something waits to be carried there; back: its host answers again, and it was not synced since" enum:"inactive,online,changed,offline,back"`
	Commands      *command.Set     `json:"commands,omitempty" doc:"what the owner of the machine has run before and after each run; told to administrators"`
}

// OfItem is an item without its standing.
func OfItem(it store.Item) Item {
	w, _ := center.ReadRules(it.Rules) // rules that cannot be read are shown as none; running the item says why
	out := Item{Name: it.Name, User: it.User, Partner: it.Partner, Sub: it.Sub, Enabled: it.Enabled, Mode: it.Mode, Schedule: it.Schedule, Rules: w, InForce: w}
	if it.Commands != "" {
		set, _ := command.Read(it.Commands) // likewise
		out.Commands = &set
	}
	return out
}

// OfStatus is an item and how it stands.
func OfStatus(st center.ItemStatus) Item {
	it := OfItem(st.Item)
	it.InForce = st.Rules
	it.Home, it.Kind, it.Place, it.Running, it.Watching = st.Home, string(st.Kind), st.Place, st.Running, st.Watching
	it.Conflicts, it.Aside, it.Problems, it.Next, it.Failing, it.Standing = st.Conflicts, st.Aside, st.Problems, st.Next, st.Failing, st.Standing()
	it.State, it.Planned, it.Waits, it.Paused, it.PausedUntil = string(it.Standing), st.Planned, st.Waits, st.Paused, st.PausedUntil
	it.PartnerCalled = st.PartnerCalled
	it.Pending, it.PendingSize, it.PendingMore, it.Link = st.Pending.Records, st.Pending.Bytes, st.Pending.More, string(st.Link)
	if st.Last != nil {
		it.Last, it.LastResult = max(st.Last.Finished, st.Last.Started), st.Last.Result
	}
	return it
}

// Partner is a partner.
type Partner struct {
	Name     string `json:"name"`
	User     string `json:"user,omitempty" doc:"the owner; none: the hub"`
	Provider string `json:"provider"`
	Place    string `json:"place"`
	Title    string `json:"title" doc:"what its provider is"`
	Called   string `json:"called" doc:"what people call it; its name, unless something else was said"`
	Added    int64  `json:"added"`
}

// OfPartner is a partner.
func OfPartner(p store.Partner) Partner {
	return Partner{p.Name, p.User, p.Provider, p.Place, p.Title, p.Call(), p.Added}
}

// Event is a line of the log.
type Event struct {
	ID      int64       `json:"id,omitempty"`
	When    int64       `json:"when"`
	Session int64       `json:"session,omitempty"`
	Item    string      `json:"item" doc:"the sync item, or what else it is about"`
	Level   string      `json:"level" enum:"info,warning,error"`
	Text    string      `json:"text"`
	Record  tandem.ID   `json:"record,omitempty"`
	Remedy  string      `json:"remedy,omitempty"`
	Code    string      `json:"code,omitempty" doc:"what sort of error, as a word; see /api/codes"`
	Link    string      `json:"link,omitempty" doc:"where to go from here"`
	LinkTo  string      `json:"link_text,omitempty"`
	Links   []EventLink `json:"links,omitempty" doc:"where it leads: what it says itself, what it is about, help"`
}

// EventLink is where a line of the log leads.
type EventLink struct {
	Sort string `json:"sort" enum:"conflict,conflicts,question,item,device,run,record,code,address"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// OfEvent is a line of the log.
func OfEvent(e store.Event) Event {
	out := Event{e.ID, e.When, e.Session, e.Item, Level(e.Level), e.Text, e.Record, center.NextStep(e), e.Code, e.Link, e.LinkText, nil}
	for _, l := range center.LinksOf(e) {
		out.Links = append(out.Links, EventLink(l))
	}
	return out
}

// Level is the word for a level.
func Level(l store.Level) string {
	switch l {
	case store.Warning:
		return "warning"
	case store.Error:
		return "error"
	}
	return "info"
}

// Totals count what is done to one side.
type Totals struct {
	Creates int   `json:"creates"`
	Updates int   `json:"updates"`
	Attrs   int   `json:"attributes"`
	Moves   int   `json:"moves"`
	Deletes int   `json:"deletes"`
	Bytes   int64 `json:"bytes"`
}

// OfTotals counts what is done to one side.
func OfTotals(t engine.Totals) Totals {
	return Totals{t.Creates, t.Updates, t.Attrs, t.Moves, t.Deletes, t.Bytes}
}

// Failure is an error.
type Failure struct {
	Kind   string `json:"kind"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// OfFailure is an error.
func OfFailure(f *center.Failure) *Failure {
	if f == nil {
		return nil
	}
	bare := *f
	bare.Remedy = ""
	return &Failure{Kind: f.Kind.String(), Text: bare.Err().Error(), Remedy: f.Remedy}
}

// Conflict is a conflict.
type Conflict struct {
	ID       int64             `json:"id"`
	Item     string            `json:"item"`
	Kind     string            `json:"kind"`
	When     int64             `json:"when"`
	Title    string            `json:"title"`
	Reason   string            `json:"reason"`
	Fields   []ConflictField   `json:"fields"`
	Versions []ConflictVersion `json:"versions"`
	Resolved int64             `json:"resolved,omitempty"`
	Decided  bool              `json:"decided" doc:"an answer is given; the next run carries it out"`
	Handler  string            `json:"handler,omitempty" doc:"the program that reported it: it is told the answer, and says when the conflict is settled"`
	Own      string            `json:"own,omitempty" doc:"the program's id of it"`
	Answer   string            `json:"answer,omitempty" doc:"of a program's: what was answered, and can be changed until it is settled"`
}

// ConflictField is a field that clashes.
type ConflictField struct {
	Name string `json:"name"`
	Base string `json:"base"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// ConflictVersion is one of the versions.
type ConflictVersion struct {
	Side    string `json:"side"`
	Place   string `json:"place"`
	Record  string `json:"record"`
	Title   string `json:"title"`
	Deleted bool   `json:"deleted,omitempty"`
	Body    string `json:"body,omitempty" doc:"only of a single conflict"`
}

// OfConflict is a conflict, with the bodies of its versions if they are given.
func OfConflict(c store.Conflict, bodies []string) Conflict {
	out := Conflict{ID: c.ID, Item: c.Item, Kind: string(c.Kind), When: c.When, Title: c.Title, Reason: c.Reason, Resolved: c.Resolved, Decided: c.Decision != 0,
		Fields: []ConflictField{}, Versions: []ConflictVersion{}}
	if r := c.Reported; r != nil {
		out.Handler, out.Own, out.Answer = r.Handler, r.Own, r.Answer
	}
	for _, f := range c.Fields {
		out.Fields = append(out.Fields, ConflictField(f))
	}
	for i, v := range c.Versions {
		x := ConflictVersion{Side: string(rune('a' + i)), Place: v.Place, Record: string(v.ID), Title: v.Title, Deleted: v.Deleted}
		if i < len(bodies) {
			x.Body = bodies[i]
		}
		out.Versions = append(out.Versions, x)
	}
	return out
}

// Past is an entry of history.
type Past struct {
	ID      string    `json:"id" doc:"h7: what undo takes"`
	When    int64     `json:"when"`
	Session string    `json:"session,omitempty" doc:"s12: what undo takes"`
	What    string    `json:"what" enum:"overwritten,deleted,moved"`
	Record  tandem.ID `json:"record"`
	Title   string    `json:"title"`
	Kind    string    `json:"kind"`
	Place   string    `json:"place"`
	Who     string    `json:"who"`
	From    string    `json:"from"`
}

// OfPast is an entry of history.
func OfPast(p store.Past) Past {
	out := Past{ID: "h" + strconv.FormatInt(p.ID, 10), When: p.When, What: "overwritten", Record: p.Record, Title: p.Title, Kind: string(p.Kind), Place: p.Place, Who: p.Who, From: p.From}
	switch p.Op {
	case tandem.Delete:
		out.What = "deleted"
	case tandem.Move:
		out.What = "moved"
	}
	if p.Session != 0 {
		out.Session = "s" + strconv.FormatInt(p.Session, 10)
	}
	return out
}

// List turns every element of a list; the answer is never nil.
func List[A, B any](in []A, turn func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, x := range in {
		out = append(out, turn(x))
	}
	return out
}

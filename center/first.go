package center

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/provider"
	"tandem/session"
	"tandem/store"
)

// First is how the two sides of an item meet the first time, looked at before anything is written.
type First struct {
	Item    string
	User    string
	Kind    tandem.Kind
	Places  [2]string // the home collection's name, and the place
	Waits   bool      // the item was added to be looked at, and runs after an answer only
	Met     bool      // it was synced already: there is nothing to choose any more, and Ways is empty
	Records [2]int    // at home, at the partner
	Filled  bool      // both sides hold records, so that the ways differ in more than who is deleted
	Ways    []FirstWay
	LeftOut []LeftOut // what takes no part, whichever way is chosen
}

// FirstWay is one way for two sides to meet, and what it would do.
type FirstWay struct {
	Answer string // of AnswerQuestion, where the item waits for one
	Rule   string // of SyncOptions.First, to preview it record by record
	Usual  bool   // what is done where nobody is asked
	Hash   string // of the plan
	Totals [2]engine.Totals
	Held   []string // what the guard would say to it
}

// LeftOut is what takes no part in a sync, for one reason.
type LeftOut struct {
	There   bool   // at the partner; otherwise at home
	Phone   string // at the phone of this name, which syncs the home collection; "": at no phone
	Sort    string // see below
	Option  string // of the place, if one is the reason
	Value   string // that it has
	Why     string
	Count   int         // 0: it is not counted, or there is nothing of that sort now
	AtLeast bool        // there may be more than Count
	Records []tandem.ID // the first few
	More    string      // what to do to get it, too
}

// The sorts of what is left out.
const (
	LeftByWindow  = "window"  // too old, or too far ahead
	LeftByLimit   = "limit"   // too large
	LeftByFilter  = "filter"  // by a pattern or another choice
	LeftByPlace   = "place"   // the place itself has no way for it
	LeftByProblem = "problem" // it cannot be read
)

// firstWays are the ways in the order they are shown.
func firstWays() []FirstWay {
	return []FirstWay{{Answer: Combine, Rule: "combine"}, {Answer: ReplaceHere, Rule: "replace-a"}, {Answer: ReplaceThat, Rule: "replace-b"}}
}

// FirstSync implements Service.
func (h *Hub) FirstSync(ctx context.Context, item string) (First, error) {
	if _, ok := PhoneOf(item); ok {
		return h.firstOfPhone(ctx, item)
	}
	it, err := h.item(ctx, item)
	if err != nil {
		return First{}, err
	}
	home, err := h.collection(ctx, it)
	if err != nil {
		return First{}, err
	}
	place, err := h.itemPlace(ctx, it)
	if err != nil {
		return First{}, err
	}
	rules, err := ReadRules(it.Rules)
	if err != nil {
		return First{}, err
	}
	f := First{Item: it.Name, User: it.User, Kind: home.Kind, Places: [2]string{home.Name, place.Text}}
	pair, known, err := h.pairOf(ctx, it)
	if err != nil {
		return First{}, err
	}
	f.Met = known && (pair.Last != 0 || pair.Rows != 0)
	if f.Waits, err = h.waitsFirst(ctx, it.Name); err != nil {
		return First{}, err
	}
	ways := firstWays()
	if f.Met {
		ways = ways[:1] // for what is left out
	}
	rep, err := h.firstPlans(ctx, it, ways)
	if err != nil {
		return First{}, err
	}
	f.Records = rep.Seen
	f.Filled = rep.Seen[0] > 0 && rep.Seen[1] > 0
	phones, err := h.leftByPhones(ctx, home)
	if err != nil {
		return First{}, err
	}
	f.LeftOut = append(h.leftOut(it, place, rep), phones...)
	for _, way := range ways {
		way.Usual = cmp.Or(rules.First, "combine") == way.Rule
		f.Ways = append(f.Ways, way)
	}
	if f.Met {
		f.Ways = nil
	}
	if f.Waits {
		err = h.noteLooked(ctx, f)
	}
	return f, err
}

// wayPlans are the ways of a first sync that a preview plans besides its own, from the same look at both sides.
type wayPlans struct {
	words []string
	plans []Planned // without actions
}

// rules are the ways as a session knows them.
func (w *wayPlans) rules() (out []engine.First, err error) {
	if w == nil {
		return nil, nil
	}
	for _, word := range w.words {
		r, err := withFirst(engine.Rules{}, word)
		if err != nil {
			return nil, err
		}
		out = append(out, r.First)
	}
	return out, nil
}

// took notes what was planned.
func (w *wayPlans) took(rep *session.Report, a, b *provider.Opened) {
	if w == nil || rep == nil {
		return
	}
	w.plans = nil
	for _, plan := range rep.Ways {
		w.plans = append(w.plans, planSum(plan, a, b))
	}
}

// firstPlans fills in what a first sync would do in each of the ways, looking at both sides once. The first way is the preview's own.
func (h *Hub) firstPlans(ctx context.Context, it store.Item, ways []FirstWay) (*session.Report, error) {
	j, err := h.itemJob(ctx, it)
	if err != nil {
		return nil, err
	}
	more := &wayPlans{}
	for _, way := range ways[1:] {
		more.words = append(more.words, way.Rule)
	}
	var last SyncNews
	rep, err := h.run(ctx, j, SyncOptions{Preview: true, Full: true, First: ways[0].Rule, ways: more}, func(n SyncNews) { last = n })
	if err != nil {
		return nil, err
	}
	if rep == nil || last.Planned == nil || len(more.plans) != len(more.words) {
		return nil, &tandem.Error{Kind: tandem.Internal, Op: "look at first sync of", Thing: it.Name, Err: errors.New("the preview has no plan")}
	}
	for i, plan := range append([]Planned{*last.Planned}, more.plans...) {
		ways[i].Hash, ways[i].Totals, ways[i].Held = plan.Hash, plan.Totals, plan.Held
	}
	return rep, nil
}

// leftOut puts what a preview left out into words for people.
func (h *Hub) leftOut(it store.Item, place provider.Place, rep *session.Report) []LeftOut {
	out := []LeftOut{}
	prov, _ := h.cfg.Places.Provider(place.Provider)
	for _, x := range rep.LeftOut {
		l := LeftOut{There: x.Side == tandem.SideB, Sort: LeftByPlace, Why: x.Why, Count: x.Count, Records: x.Records}
		switch {
		case x.Problem:
			l.Sort, l.More = LeftByProblem, "mend it, then sync again: it is looked at with every run"
		case x.Option != "" && l.There:
			l.Option, l.Value, l.Sort = x.Option, place.Options[x.Option], leftBy(prov, x.Option)
			l.More = moreBy(it, l)
		default:
			l.More = "nothing to be set: it is not what this item syncs"
		}
		out = append(out, l)
	}
	return append(out, notTaken(it, rep.Plan)...)
}

// leftBy is what sort of option leaves something out.
func leftBy(p *provider.Provider, option string) string {
	if p == nil {
		return LeftByFilter
	}
	for _, o := range p.Options {
		if o.Name != option {
			continue
		}
		switch o.Type {
		case "int":
			return LeftByWindow
		case "size":
			return LeftByLimit
		}
	}
	return LeftByFilter
}

// moreBy is how to have an option leave out less.
func moreBy(it store.Item, l LeftOut) string {
	value := ""
	if l.Sort == LeftByWindow {
		value = "0"
	}
	return fmt.Sprintf("`tandem partner set %s %s=%s`", it.Partner, l.Option, value)
}

// notTaken is what one side has and the other cannot take.
func notTaken(it store.Item, plan *engine.Plan) []LeftOut {
	at := map[string]int{}
	var out []LeftOut
	if plan == nil {
		return out
	}
	for _, act := range plan.All() {
		l := LeftOut{Sort: LeftByPlace, There: act.A.ID == "", Why: act.Reason.String()}
		switch {
		case act.Do != engine.Wait:
			continue
		case act.Reason == engine.TooBig:
			l.Sort, l.More = LeftByLimit, "raise the limit at the other side, or make it smaller"
		case act.Reason == engine.BadName, act.Reason == engine.NameClash:
			l.More = "give it another name"
		case act.Reason == engine.OneWay:
			l.Sort, l.Option, l.More = LeftByFilter, "direction", fmt.Sprintf("`tandem item set %s direction=both`", it.Name)
		default:
			continue
		}
		key := fmt.Sprint(l.There, act.Reason)
		n, ok := at[key]
		if !ok {
			n = len(out)
			at[key], out = n, append(out, l)
		}
		out[n].Count++
		if len(out[n].Records) < 3 {
			out[n].Records = append(out[n].Records, source(&act).ID)
		}
	}
	return out
}

// askFirst has a new item wait until a person said how its sides meet.
func (h *Hub) askFirst(ctx context.Context, it store.Item) error {
	q := Question{Item: it.Name, User: it.User, When: h.now(), Sort: FirstQuestion, New: true, Hash: FirstQuestion,
		Why: []string{"it is new, and was to be looked at before its first sync"}, Answers: newAnswers()}
	return h.putQuestion(ctx, q)
}

func newAnswers() []string { return []string{Combine, ReplaceHere, ReplaceThat, NotNow} }

func (h *Hub) putQuestion(ctx context.Context, q Question) error {
	text, err := json.Marshal(q)
	if err != nil {
		return err
	}
	err = h.cfg.Store.Settings.PutValues(ctx, map[string]string{questionName + q.Item: string(text)})
	h.news.tell(News{What: ConflictsNews, Item: q.Item, User: q.User})
	return err
}

// noteLooked keeps with the question of a new item what was seen, so that the answer is for that.
func (h *Hub) noteLooked(ctx context.Context, f First) error {
	list, err := h.Questions(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(q Question) bool { return q.Item == f.Item && q.New })
	if i < 0 {
		return nil
	}
	q := list[i]
	q.Records, q.Plans = f.Records, map[string]string{}
	for _, way := range f.Ways {
		q.Plans[way.Answer] = way.Hash
		if way.Usual {
			q.Totals = way.Totals
		}
	}
	return h.putQuestion(ctx, q)
}

// unmet are the items that were added to be looked at before their first sync, and were not answered for.
func (h *Hub) unmet(ctx context.Context) (map[string]bool, error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for name, text := range values {
		var q Question
		if item, ok := strings.CutPrefix(name, questionName); ok && json.Unmarshal([]byte(text), &q) == nil && q.New {
			out[item] = true
		}
	}
	return out, nil
}

// waitsFirst reports whether an item is one of them.
func (h *Hub) waitsFirst(ctx context.Context, item string) (bool, error) {
	all, err := h.unmet(ctx)
	return all[item], err
}

// firstWait is what such an item waits for.
func firstWait(item string) string {
	return "your word how its sides meet: `tandem item first " + item + "`"
}

// WaitsFirst reports whether an item waits for a person to say how its sides meet the first time.
func WaitsFirst(st ItemStatus) bool { return st.Waits != "" && st.Waits == firstWait(st.Item.Name) }

// stillNew keeps the question of a new item the same whatever a run of it is held for: it goes with the first run that is not.
func (q *Question) stillNew(was Question, opt SyncOptions) {
	if !was.New {
		return
	}
	q.New, q.Sort, q.Answers, q.When, q.Plans = true, FirstQuestion, newAnswers(), was.When, maps.Clone(was.Plans)
	for answer, rule := range firstRules() {
		if rule == opt.First {
			if q.Plans == nil {
				q.Plans = map[string]string{}
			}
			q.Plans[answer] = q.Hash
		}
	}
}

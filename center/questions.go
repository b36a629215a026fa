package center

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"tandem"
	"tandem/engine"
	"tandem/session"
	"tandem/store"
)

// Question is a plan that waits for a person. It is asked anew by each run that is held, and goes with the first that is not.
type Question struct {
	Item    string
	User    string
	When    int64 // Unix seconds of the run that asked
	Sort    string
	Why     []string // what the guard saw, in words
	Hash    string   // of the plan; of a RunQuestion, which has none, "run"
	Records [2]int   // at home, at the partner
	Totals  [2]engine.Totals
	Answers []string
	Left    bool // answered with "leave": it is not asked again for the same plan
	New     bool `json:",omitempty"` // of a FirstQuestion: the item was added to be looked at, and does not run by itself before an answer

	// Plans are the hashes of the plans that a person was shown, by answer; an answer permits just that.
	Plans map[string]string `json:",omitempty"`
}

// The sorts of questions.
const (
	GuardQuestion = "guard" // much would be deleted or overwritten
	FirstQuestion = "first" // both places hold records and were never synced with each other
	RunQuestion   = "run"   // whether to run now: the item wants a person's word
)

// The answers. The first three are for the guard; a first sync is answered with a way to meet, or left; the last two are for a run that wants a person's word.
const (
	GoAhead     = "go-ahead"
	Restore     = "restore"
	Leave       = "leave"
	Combine     = "combine"
	ReplaceHere = "replace-here"
	ReplaceThat = "replace-there"
	RunNow      = "run-now"
	NotNow      = "not-now"
)

// firstRules are the rules of engine.First by the answers.
func firstRules() map[string]string {
	return map[string]string{Combine: "combine", ReplaceHere: "replace-a", ReplaceThat: "replace-b"}
}

const questionName = "question "

// noteQuestion writes down what a held run asks, or that there is nothing to ask any more.
func (h *Hub) noteQuestion(ctx context.Context, j job, opt SyncOptions, rep *session.Report, plan *Planned, failed error) error {
	if !j.item || opt.Preview || rep == nil || failed != nil {
		return nil
	}
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return err
	}
	old, asked := values[questionName+j.name]
	text := ""
	if rep.Held && plan != nil {
		q := Question{Item: j.name, User: j.user, When: h.now(), Sort: GuardQuestion, Why: plan.Held, Hash: plan.Hash, Records: rep.Seen, Totals: plan.Totals, Answers: []string{GoAhead, Restore, Leave}}
		if firstMeeting(rep.Plan) {
			q.Sort, q.Answers = FirstQuestion, []string{Combine, ReplaceHere, ReplaceThat, Leave}
		}
		var was Question
		if asked && json.Unmarshal([]byte(old), &was) == nil {
			if was.Hash == q.Hash {
				q.When, q.Left = was.When, was.Left
			}
			q.stillNew(was, opt)
		}
		b, err := json.Marshal(q)
		if err != nil {
			return err
		}
		text = string(b)
	}
	if text == old {
		return nil
	}
	if err := h.cfg.Store.Settings.PutValues(ctx, map[string]string{questionName + j.name: text}); err != nil {
		return err
	}
	h.news.tell(News{What: ConflictsNews, Item: j.name, User: j.user})
	return nil
}

// firstMeeting reports whether a plan is held because two filled places never met.
func firstMeeting(plan *engine.Plan) bool {
	return plan != nil && slices.ContainsFunc(plan.Held, func(a engine.Alarm) bool { return a.Cause == engine.StoreReplaced })
}

// Questions implements Service, by item.
func (h *Hub) Questions(ctx context.Context) ([]Question, error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return nil, err
	}
	items, err := h.cfg.Store.Settings.Items(ctx)
	if err != nil {
		return nil, err
	}
	out := []Question{}
	for name, text := range values {
		item, ok := strings.CutPrefix(name, questionName)
		if !ok || findItem(items, item) == nil {
			continue
		}
		var q Question
		if err := json.Unmarshal([]byte(text), &q); err != nil {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read question of", Thing: item, Err: err}
		}
		out = append(out, q)
	}
	slices.SortFunc(out, func(a, b Question) int { return cmp.Compare(a.Item, b.Item) })
	return out, nil
}

// AnswerQuestion implements Service.
func (h *Hub) AnswerQuestion(ctx context.Context, item, answer string, tell func(SyncNews)) error {
	const op = "answer question of"
	list, err := h.Questions(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(q Question) bool { return q.Item == item })
	if i < 0 {
		return &tandem.Error{Kind: tandem.NotFound, Op: op, Thing: item, Err: errors.New("nothing is asked about it"), Remedy: "see what is with `tandem conflict list`"}
	}
	q := list[i]
	if !slices.Contains(q.Answers, answer) {
		return &tandem.Error{Kind: tandem.Invalid, Op: op, Thing: item, Err: errors.New(answer + " is not an answer to it"), Remedy: "answer one of " + strings.Join(q.Answers, ", ")}
	}
	if answer == NotNow && !q.New {
		err := h.forgetQuestion(ctx, store.Item{Name: item})
		h.noteAnswered(item)
		h.news.tell(News{What: ConflictsNews, Item: item, User: q.User})
		return err
	}
	if answer == Leave || answer == NotNow {
		q.Left = true
		return h.putQuestion(ctx, q)
	}
	opt := SyncOptions{Restore: answer == Restore, First: firstRules()[answer], Approved: q.Plans[answer]}
	if answer == GoAhead {
		opt.Approved = q.Hash
	}
	return h.Sync(ctx, []string{item}, opt, tell)
}

// askToRun puts the question whether to run an item into the inbox, and reports whether it was not there. A question about a plan says more, and stays.
func (h *Hub) askToRun(ctx context.Context, it store.Item, why string) (fresh bool, err error) {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil || values[questionName+it.Name] != "" {
		return false, err
	}
	text, err := json.Marshal(Question{Item: it.Name, User: it.User, When: h.now(), Sort: RunQuestion, Why: []string{why}, Hash: RunQuestion, Answers: []string{RunNow, NotNow}})
	if err != nil {
		return false, err
	}
	err = h.cfg.Store.Settings.PutValues(ctx, map[string]string{questionName + it.Name: string(text)})
	h.news.tell(News{What: ConflictsNews, Item: it.Name, User: it.User})
	return err == nil, err
}

// forgetRunQuestion drops the question whether to run an item whose settings changed; it may not ask any more.
func (h *Hub) forgetRunQuestion(ctx context.Context, it store.Item) error {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil || !strings.Contains(values[questionName+it.Name], `"Sort":"`+RunQuestion+`"`) {
		return err
	}
	return h.forgetQuestion(ctx, it)
}

// noteAnswered has the keeper of an item ask anew when something happens.
func (h *Hub) noteAnswered(item string) {
	h.mu.Lock()
	k := h.keepers[item]
	h.mu.Unlock()
	if k != nil {
		k.answered()
	}
}

// forgetQuestion drops the question of an item that is no more.
func (h *Hub) forgetQuestion(ctx context.Context, item store.Item) error {
	return h.cfg.Store.Settings.PutValues(ctx, map[string]string{questionName + item.Name: ""})
}

// withFirst is how the rules of a run are where the person said how two filled places meet.
func withFirst(r engine.Rules, first string) (engine.Rules, error) {
	if first == "" {
		return r, nil
	}
	n, err := choose("first", first, firsts())
	r.First = engine.First(n)
	return r, err
}

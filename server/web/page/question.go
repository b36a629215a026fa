package page

import (
	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/server/web/page/words"
)

// question is a plan that waits for a person, as the inbox shows it.
type question struct {
	center.Question
	Title   string
	Reasons []string
	Sides   [2]side
	Answers []answer
}

// answer is one that can be given.
type answer struct {
	Value, Text, Help string
	Icon              string
	Main, Danger      bool
	Look              string // the preview of it; "": none
}

// questions are those that wait, of one item or of all.
func (c *call) questions(item string) ([]question, error) {
	list, err := c.hub.Questions(c.r.Context())
	if err != nil {
		return nil, err
	}
	var out []question
	for _, q := range list {
		if item == "" || q.Item == item {
			out = append(out, questionOf(c.words, q))
		}
	}
	return out, nil
}

func questionOf(w words.Words, q center.Question) question {
	out := question{Question: q, Title: w.T("%s waits for you", q.Item)}
	switch q.Sort {
	case center.GuardQuestion:
		out.Title = w.T("%s would delete or overwrite much", q.Item)
	case center.FirstQuestion:
		out.Title = w.T("How shall both sides of %s meet?", q.Item)
	case center.RunQuestion:
		out.Title = w.T("Sync %s now?", q.Item)
	}
	for _, why := range q.Why {
		out.Reasons = append(out.Reasons, plainPlaces(why))
	}
	for i, name := range []string{w.T("This hub"), w.T("The partner")} {
		out.Sides[i] = side{name, q.Totals[i], q.Totals[i] != engine.Totals{}}
	}
	for _, a := range q.Answers {
		out.Answers = append(out.Answers, answerOf(w, q.Item, a))
	}
	return out
}

// answerOf words an answer. One that is not known is called what it is.
func answerOf(w words.Words, item, value string) answer {
	a := answer{Value: value, Text: value, Icon: "ok"}
	look := func(first string) string { return itemPath(item) + "/preview?first=" + first }
	switch value {
	case center.GoAhead:
		a.Text, a.Help, a.Icon, a.Danger, a.Look = w.T("Go ahead"), w.T("It is what I want."), "sync", true, itemPath(item)+"/preview"
	case center.Restore:
		a.Text, a.Help, a.Icon = w.T("Put back what was deleted"), w.T("Something is missing by mistake: the side that still has it gives it back."), "undo"
	case center.Leave:
		a.Text, a.Help, a.Icon = w.T("Leave it"), w.T("Nothing is done, and nothing is asked again about the same."), "off"
	case center.Combine:
		a.Text, a.Help, a.Icon, a.Main, a.Look = w.T("Combine"), w.T("Both sides hold everything afterwards."), "add", true, look("combine")
	case center.ReplaceHere:
		a.Text, a.Help, a.Icon, a.Danger, a.Look = w.T("Replace here"), w.T("This hub gets what the partner holds. What it had goes into history."), "here", true, look("replace-a")
	case center.ReplaceThat:
		a.Text, a.Help, a.Icon, a.Danger, a.Look = w.T("Replace there"), w.T("The partner gets what this hub holds. What it had goes into history."), "there", true, look("replace-b")
	case center.RunNow:
		a.Text, a.Icon, a.Main = w.T("Run now"), "sync", true
	case center.NotNow:
		a.Text, a.Icon = w.T("Not now"), "off"
	}
	return a
}

// answerQuestion gives an answer. What it permits is done by a run that goes on by itself.
func (p *Pages) answerQuestion(c *call) error {
	ctx, item, given := c.r.Context(), c.form("item"), c.form("answer")
	list, err := c.hub.Questions(ctx)
	if err != nil {
		return err
	}
	hash := ""
	for _, q := range list {
		if q.Item == item {
			hash = q.Hash
		}
	}
	if hash == "" {
		return &tandem.Error{Kind: tandem.NotFound, Op: "answer question of", Thing: item, Remedy: "it may be answered already"}
	}
	opt := center.SyncOptions{By: c.frame.Person.User.Name}
	switch given {
	case center.GoAhead:
		if opt.Approved = hash; c.form("hash") != hash {
			return &tandem.Error{Kind: tandem.Changed, Op: "answer question of", Thing: item, Remedy: "look at it again"}
		}
	case center.Restore:
		opt.Restore = true
	case center.Combine:
		opt.First = "combine"
	case center.ReplaceHere:
		opt.First = "replace-a"
	case center.ReplaceThat:
		opt.First = "replace-b"
	case center.RunNow:
	default: // nothing runs for it, or its own service knows what does
		if err := c.hub.AnswerQuestion(ctx, item, given, func(center.SyncNews) {}); err != nil {
			return err
		}
		return c.away("/conflicts", "saved")
	}
	if _, err := c.hub.Begin(ctx, []string{item}, opt); err != nil {
		return err
	}
	return c.away("/conflicts", "started")
}

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
)

type questionJSON struct {
	Item    string   `json:"item"`
	When    int64    `json:"when"`
	Sort    string   `json:"sort"`
	Why     []string `json:"why"`
	Home    int      `json:"records_home"`
	Partner int      `json:"records_partner"`
	Answers []string `json:"answers"`
	Left    bool     `json:"left"`
	New     bool     `json:"new,omitempty"`
}

func toQuestion(q center.Question) questionJSON {
	return questionJSON{q.Item, q.When, q.Sort, ui.List(q.Why), q.Records[0], q.Records[1], q.Answers, q.Left, q.New}
}

func (a *app) conflictQuestions() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "questions",
		Short: "List the plans that wait for you",
		Long: `Lists the sync items whose plan waits for a person: much would be deleted or overwritten at
once, or two filled places would meet for the first time. Nothing was done. And those
that ask before they run.`,
		Example: "  tandem conflict questions",
		Args:    args(0, 0, "conflict questions takes no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				list, err := s.Questions(c.Context())
				if err != nil {
					return err
				}
				if a.json {
					out := make([]questionJSON, 0, len(list))
					for _, q := range list {
						out = append(out, toQuestion(q))
					}
					return ui.JSON(a.out, out)
				}
				if len(list) == 0 {
					_, err := fmt.Fprintln(a.out, "no plan waits")
					return err
				}
				return a.questionTable(list)
			})
		},
	})
}

func (a *app) questionTable(list []center.Question) error {
	for _, q := range list {
		fmt.Fprintf(a.out, "%s waits since %s: %s\n", q.Item, ui.When(q.When, now()), ui.Clean(strings.Join(q.Why, "; ")))
		if q.Sort != center.RunQuestion {
			fmt.Fprintf(a.out, "  %s at home, %s at the partner\n", ui.Count(q.Records[0], "record"), ui.Count(q.Records[1], "record"))
		}
		for i, where := range []string{"at home", "at the partner"} {
			if text := totals(q.Totals[i]); text != "" {
				fmt.Fprintf(a.out, "  %s: %s\n", where, text)
			}
		}
		state := ""
		if q.Left {
			state = " (you left it)"
		}
		if _, err := fmt.Fprintf(a.out, "  answer with `tandem conflict answer %s %s`%s\n", q.Item, strings.Join(q.Answers, "|"), state); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) conflictAnswer() *cobra.Command {
	answers := []string{center.GoAhead, center.Restore, center.Leave, center.Combine, center.ReplaceHere, center.ReplaceThat, center.RunNow, center.NotNow}
	return a.jsonFlag(&cobra.Command{
		Use:   "answer ITEM " + strings.Join(answers, "|"),
		Short: "Answer for a plan that waits",
		Long: `Answers for the plan of a sync item that waits: do it (go-ahead), put back what was deleted
or emptied instead (restore), or leave it (leave). Where two filled places meet for the
first time: combine them, or replace what is here or there by the other. If the plan
changed since, nothing is done, and it waits again. An item that asks before it runs:
run-now, or not-now.`,
		Example:           "  tandem conflict answer contacts-phone restore",
		Args:              args(2, 2, "name one item and the answer: tandem conflict answer ITEM "+strings.Join(answers, "|")),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(s center.Service) error {
				p := a.printer(center.SyncOptions{}, labels{a: "home", b: "partner", items: true})
				err := s.AnswerQuestion(c.Context(), args[0], args[1], p.news)
				p.progress.Close()
				if err != nil {
					return asUsage(err)
				}
				if args[1] == center.Leave || args[1] == center.NotNow {
					_, err := fmt.Fprintln(a.out, "left; it waits")
					return err
				}
				return p.end.exit()
			})
		},
	})
}

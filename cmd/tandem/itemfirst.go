package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/center/shape"
	"tandem/internal/ui"
)

// firstAnswers are the ways for two sides to meet, and not now.
func firstAnswers() []string {
	return []string{center.Combine, center.ReplaceHere, center.ReplaceThat, center.NotNow}
}

func (a *app) itemFirst() *cobra.Command {
	var preview bool
	c := &cobra.Command{
		Use:   "first ITEM [" + strings.Join(firstAnswers(), "|") + "]",
		Short: "Look at how the sides of an item meet the first time, and choose",
		Long: `Shows what the first sync of an item would do, for each way in which its sides can meet:
combine them, replace what is here by what is there, or the reverse. And what takes no part
in it, because of a window of days, a limit, a pattern or a fault, and how to get more. Of
what a phone syncs, such as device/3/17, it shows what the phone itself does not ask for.

With a way, that is done now; not-now leaves it. With --preview the way is shown record by
record instead. An item that was added with --look does not sync by itself before that.`,
		Example: `  tandem item first contacts-phone
  tandem item first contacts-phone replace-here --preview
  tandem item first contacts-phone combine`,
		Args:              args(1, 2, "name one item: tandem item first ITEM ["+strings.Join(firstAnswers(), "|")+"]"),
		ValidArgsFunction: positions(a.itemNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			answer := ""
			if len(args) == 2 {
				if answer = args[1]; !slices.Contains(firstAnswers(), answer) {
					return errUsage{fmt.Errorf("%q is no way to meet; choose one of %s", answer, strings.Join(firstAnswers(), ", "))}
				}
			}
			if preview && (answer == "" || answer == center.NotNow) {
				return errUsage{fmt.Errorf("say which way is to be previewed: one of %s", strings.Join(firstAnswers()[:3], ", "))}
			}
			return a.with(c.Context(), func(s center.Service) error { return a.first(c.Context(), s, args[0], answer, preview) })
		},
	}
	c.Flags().BoolVarP(&preview, "preview", "n", false, "show the way record by record, write nothing")
	return a.jsonFlag(c)
}

// first shows how two sides meet, and has them do so if a way is chosen.
func (a *app) first(ctx context.Context, s center.Service, item, answer string, preview bool) error {
	f, err := s.FirstSync(ctx, item)
	if err != nil {
		return err
	}
	if answer == "" {
		if a.json {
			return ui.JSON(a.out, shape.OfFirst(f))
		}
		if err := a.showFirst(f); err != nil || f.Met || !f.Waits || !ui.Terminal(a.in) {
			return err
		}
		letter := a.asker(ctx).question("combine (c), replace what is here (h), replace what is there (t), or not now (n)?", "chtn")
		answer = map[byte]string{'c': center.Combine, 'h': center.ReplaceHere, 't': center.ReplaceThat, 'n': center.NotNow}[letter]
	}
	if _, ok := center.PhoneOf(item); ok {
		return &tandem.Error{Kind: tandem.Invalid, Op: "choose first sync of", Thing: item, Err: fmt.Errorf("what is synced is chosen on the phone"), Remedy: "change it in the phone's settings"}
	}
	if f.Met {
		return &tandem.Error{Kind: tandem.Invalid, Op: "choose first sync of", Thing: item, Err: fmt.Errorf("it was synced already"), Remedy: "sync it with `tandem sync " + item + "`"}
	}
	if answer == center.NotNow {
		if f.Waits {
			err = s.AnswerQuestion(ctx, item, answer, func(center.SyncNews) {})
		}
		if err == nil && !a.json {
			_, err = fmt.Fprintln(a.out, "nothing was done")
		}
		return err
	}
	return a.firstRun(ctx, s, f, answer, preview)
}

// firstRun runs or previews a first sync the way that was chosen.
func (a *app) firstRun(ctx context.Context, s center.Service, f center.First, answer string, preview bool) error {
	way := f.Ways[slices.IndexFunc(f.Ways, func(w center.FirstWay) bool { return w.Answer == answer })]
	opt := center.SyncOptions{Preview: preview, First: way.Rule, Approved: way.Hash}
	p := a.printer(opt, labels{a: "home", b: "partner", items: true})
	var err error
	if f.Waits && !preview {
		err = s.AnswerQuestion(ctx, f.Item, answer, p.news)
	} else {
		err = s.Sync(ctx, []string{f.Item}, opt, p.news)
	}
	p.progress.Close()
	if err != nil {
		return asUsage(err)
	}
	return p.end.exit()
}

func (a *app) showFirst(f center.First) error {
	_, phone := center.PhoneOf(f.Item)
	if phone {
		fmt.Fprintf(a.out, "%s\n  home   %s, %s\n  phone  %s\n", f.Item, f.Places[0], ui.Count(f.Records[0], "record"), ui.Clean(f.Places[1]))
	} else {
		fmt.Fprintf(a.out, "%s\n  home     %s, %s\n  partner  %s, %s\n", f.Item, f.Places[0], ui.Count(f.Records[0], "record"), ui.Clean(f.Places[1]), ui.Count(f.Records[1], "record"))
	}
	if f.Met && !phone {
		fmt.Fprintln(a.out, "it was synced already")
	}
	for _, way := range f.Ways {
		usual := ""
		if way.Usual {
			usual = " (where nobody is asked)"
		}
		fmt.Fprintf(a.out, "%s%s: %s\n", way.Answer, usual, firstTotals(way))
		for _, why := range way.Held {
			fmt.Fprintf(a.out, "  mind: %s\n", ui.Clean(why))
		}
	}
	if len(f.Ways) > 0 {
		fmt.Fprintln(a.out, "not-now: nothing is done")
	}
	for _, l := range f.LeftOut {
		where := "home"
		switch {
		case l.Phone != "":
			where = "the phone " + ui.Clean(l.Phone)
		case l.There:
			where = "the partner"
		}
		fmt.Fprintf(a.out, "left out at %s: %s%s\n", where, leftCount(l), ui.Clean(l.Why))
		if l.More != "" {
			fmt.Fprintf(a.out, "  to get more: %s\n", ui.Clean(l.More))
		}
	}
	if phone {
		if len(f.LeftOut) == 0 {
			_, err := fmt.Fprintln(a.out, "the phone asks for everything")
			return err
		}
		return nil
	}
	next := "choose with `tandem item first " + f.Item + " WAY`, or see it record by record with --preview"
	if f.Met {
		next = "sync it with `tandem sync " + f.Item + "`"
	}
	_, err := fmt.Fprintln(a.out, next)
	return err
}

// leftCount is how many records are left out for one reason, "" where that is not known or none are.
func leftCount(l center.LeftOut) string {
	switch {
	case l.Count == 0:
		return ""
	case l.AtLeast:
		return "at least " + ui.Count(l.Count, "record") + ": "
	}
	return ui.Count(l.Count, "record") + ": "
}

func firstTotals(w center.FirstWay) string {
	text := planTotals(&center.Planned{Totals: w.Totals})
	return strings.NewReplacer("to A:", "to home:", "to B:", "to the partner:").Replace(text)
}

package page

import (
	"cmp"
	"slices"
	"strings"

	"tandem/center"
	"tandem/server/web/page/words"
	"tandem/store"
)

// found are the lines of the log that fit a choice. A text is looked for in what the page shows, in the reader's language, and in what the log itself says.
func (p *Pages) found(c *call, f center.EventFilter) ([]store.Event, error) {
	list, err := c.hub.FindEvents(c.r.Context(), f)
	if err != nil || f.Text == "" {
		return list, err
	}
	shown, err := p.shownWith(c, f)
	if err != nil {
		return nil, err
	}
	list = append(list, shown...)
	slices.SortFunc(list, func(a, b store.Event) int { return cmp.Compare(a.ID, b.ID) })
	list = slices.CompactFunc(list, func(a, b store.Event) bool { return a.ID == b.ID })
	return list[max(0, len(list)-f.Limit):], nil
}

// shownWith are those of the newest lines of a choice, as many as are counted, that are shown with its text.
func (p *Pages) shownWith(c *call, f center.EventFilter) ([]store.Event, error) {
	text := f.Text
	f.Text, f.Newest, f.Limit = "", true, maxCounted
	list, err := c.hub.FindEvents(c.r.Context(), f)
	return slices.DeleteFunc(list, func(e store.Event) bool { return !showsText(c.words, e, text) }), err
}

// showsText reports whether a line is shown with a text, without regard to case.
func showsText(w words.Words, e store.Event, text string) bool {
	text = strings.ToLower(text)
	for _, part := range []string{string(e.Record), w.Say(plainPlaces(e.Text)), w.Say(e.Remedy)} {
		if strings.Contains(strings.ToLower(part), text) {
			return true
		}
	}
	return false
}

// clearFound removes the lines of the log that fit a choice, and no others.
func (p *Pages) clearFound(c *call, f center.EventFilter) error {
	ctx := c.r.Context()
	if f.Text != "" {
		shown, err := p.shownWith(c, f)
		if err != nil {
			return err
		}
		for _, e := range shown {
			one := f
			one.Text, one.After, one.Before = "", e.ID-1, e.ID+1
			if _, err := c.hub.ClearEvents(ctx, one); err != nil {
				return err
			}
		}
	}
	_, err := c.hub.ClearEvents(ctx, f)
	return err
}

package page

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem"
	"tandem/center"
	"tandem/kind"
)

// fieldPick is one field in which versions differ, to be taken from one of them.
type fieldPick struct {
	N       int
	Label   string
	Values  []pickValue
	Merged  string // what all versions come to together, where that is none of the values
	Joined  bool   // there is such a text
	Default bool   // it is what is chosen at first
}

// pickValue is the field of one version.
type pickValue struct {
	Take, Name, Text string
	Chosen           bool
}

// pickable gathers the fields that can be taken from a version. What is chosen at first is what the merge of all versions comes to.
func (d *clash) pickable(merged []kind.Field, chosen map[string]string) {
	together := map[string]string{}
	for _, f := range merged {
		together[f.Label] = f.Text
	}
	for _, f := range d.Differ {
		if !f.Picks {
			continue
		}
		p := fieldPick{N: len(d.Picks), Label: f.Label, Merged: together[f.Label]}
		take, typed := chosen[f.Label]
		same := func(v pickValue) bool { return v.Text == p.Merged }
		for i, v := range d.Versions {
			if v.Kept {
				p.Values = append(p.Values, pickValue{Take: v.Take, Name: v.Name, Text: f.Values[i]})
			}
		}
		p.Joined = !slices.ContainsFunc(p.Values, same)
		at := slices.IndexFunc(p.Values, same)
		if typed {
			at = slices.IndexFunc(p.Values, func(v pickValue) bool { return v.Take == take })
		}
		if at >= 0 {
			p.Values[at].Chosen = true
		}
		p.Default = at < 0
		d.Picks = append(d.Picks, p)
	}
}

// picked are the fields of a form with the version that each is to be from. What is not among them is what the merge of all versions comes to.
func (c *call) picked() map[string]string {
	out := map[string]string{}
	for n := range maxPicks {
		label := c.r.PostFormValue(fmt.Sprintf("field-%d", n))
		if label == "" {
			break
		}
		if take := c.form(fmt.Sprintf("pick-%d", n)); take != "" {
			out[label] = take
		}
	}
	return out
}

// maxPicks bounds how many fields of a record are chosen one by one.
const maxPicks = 500

// propose makes what a person can build a version of their own from: the merge of all versions where fields can be put together, else the first one.
func (d *clash) propose(ctx context.Context, hub center.Service, chosen map[string]string) error {
	var kept []version
	for _, v := range d.Versions {
		if v.Kept && text(string(v.Body)) {
			kept = append(kept, v)
		}
	}
	if len(kept) > 0 {
		d.Merged = string(kept[0].Body)
		for _, v := range kept[1:] {
			d.Texts = append(d.Texts, texts{kept[0].Name, v.Name, sideBySide(string(kept[0].Body), string(v.Body))})
		}
	}
	if !d.Can(center.TakeFields) {
		return nil
	}
	together, err := hub.MergeFields(ctx, center.FieldChoice{ID: d.Conflict.ID})
	if err != nil {
		return err
	}
	d.pickable(together.Fields, chosen)
	own := together
	if len(chosen) > 0 {
		if own, err = hub.MergeFields(ctx, center.FieldChoice{ID: d.Conflict.ID, Fields: chosen}); err != nil {
			return err
		}
	}
	if text(string(own.Body)) {
		d.Merged = string(own.Body)
	}
	return nil
}

// texts are two versions line by line.
type texts struct {
	A, B  string // whose they are
	Lines []line
}

// showPicked shows the version that a person put together, to be edited.
func (p *Pages) showPicked(c *call, d *clash) error {
	if d.Merged == "" {
		err := &tandem.Error{Kind: tandem.TooLarge, Op: "show version", Thing: d.Title, Err: errors.New("it is too large to be edited here"), Remedy: "keep one of the versions, and change it in a program"}
		return c.again(err, "conflicts", c.words.T("Conflict: %s", d.Title), "conflict", d)
	}
	d.Answer, d.Shown = "body", true
	return c.show("conflicts", c.words.T("Conflict: %s", d.Title), "conflict", d)
}

package contact

import (
	"slices"
	"strconv"
	"strings"

	"tandem/wire/contentline"
	"tandem/wire/vcard"
)

// Apple's programs, and many after them, keep in 3.0 what 4.0 has ANNIVERSARY and RELATED for: a date or a name, and beside it, in a group of their own, the
// label that says which.
const (
	anniversaryLabel = "_$!<Anniversary>!$_"
	labelName        = "X-ABLabel"
)

// relatedLabels are the labels of the types of RELATED that both sides have. RFC 6350 6.6.6
var relatedLabels = map[string]string{"spouse": "_$!<Spouse>!$_", "child": "_$!<Child>!$_", "parent": "_$!<Parent>!$_", "friend": "_$!<Friend>!$_"}

// fromApple gives such dates and names the properties that 4.0 has for them, and tells which lines those are.
func fromApple(card *vcard.Card) (made map[*contentline.Line]bool) {
	made = map[*contentline.Line]bool{}
	var gone []contentline.Item
	each(card, func(p vcard.Property) {
		if _, named := p.Param(nameParam); named {
			return
		}
		switch {
		case p.Is("X-ANNIVERSARY"):
			p.SetParam(nameParam, p.Name())
			p.SetName("ANNIVERSARY")
		default:
			name, label := meaning(card, p)
			if label == nil {
				return
			}
			if p.SetName(name); name == "RELATED" {
				p.SetTypes(typeOf(label.Value()))
				p.SetParam("VALUE", "text")
			}
			p.SetGroup("")
			gone = append(gone, contentline.Item{Line: label})
		}
		made[p.Line] = true
	})
	for _, it := range gone {
		card.Remove(it)
	}
	return made
}

// meaning is the property of 4.0 that a labelled one of 3.0 stands for, and its label; nil where it stands for none.
func meaning(card *vcard.Card, p vcard.Property) (name string, label *contentline.Line) {
	switch {
	case p.Is("X-ABDATE"):
		if _, err := p.When(); err == nil {
			if label = loneLabel(card, p); label != nil && label.Value() == anniversaryLabel {
				return "ANNIVERSARY", label
			}
		}
	case p.Is("X-ABRELATEDNAMES") && len(p.Params()) == 0 && strings.TrimSpace(p.Value()) != "":
		if label = loneLabel(card, p); label != nil && typeOf(label.Value()) != "" {
			return "RELATED", label
		}
	}
	return "", nil
}

func typeOf(label string) string {
	for kind, text := range relatedLabels {
		if text == label {
			return kind
		}
	}
	return ""
}

// loneLabel is the label of a property that has its group to itself; nil where it has none, or there is more to it.
func loneLabel(card *vcard.Card, p vcard.Property) (label *contentline.Line) {
	if !numbered(p.Group()) {
		return nil
	}
	for l := range card.Lines() {
		switch {
		case l == p.Line || !strings.EqualFold(l.Group(), p.Group()):
		case l.Is(labelName) && label == nil && len(l.Params()) == 0:
			label = l
		default:
			return nil
		}
	}
	return label
}

// toApple is the way back. It adds the lines that it settled to kept.
func toApple(card *vcard.Card, kept map[*contentline.Line]bool) {
	type labelled struct {
		line *contentline.Line
		text string
	}
	var list []labelled
	each(card, func(p vcard.Property) {
		if _, named := p.Param(nameParam); named || kept[p.Line] {
			return
		}
		if p.Group() != "" {
			if _, label := meaning(card, p); label != nil { // it is of 4.0 as it stands
				p.SetParam(nameParam, p.Name())
				kept[p.Line] = true
			}
			return
		}
		switch types := p.Types(); {
		case p.Is("ANNIVERSARY"):
			p.SetName("X-ABDATE")
			list = append(list, labelled{p.Line, anniversaryLabel})
		case p.Is("RELATED") && len(types) == 1 && relatedLabels[types[0]] != "" && isText(p) && len(p.Params()) == 2:
			p.SetName("X-ABRELATEDNAMES")
			p.SetParams(nil)
			list = append(list, labelled{p.Line, relatedLabels[types[0]]})
		}
	})
	n := 0
	for _, one := range list {
		group := ""
		for group == "" || hasGroup(card, group) {
			n++
			group = "item" + strconv.Itoa(n)
		}
		one.line.SetGroup(group)
		label := contentline.NewLine(labelName, one.text)
		label.SetGroup(group)
		at := card.Index(contentline.Item{Line: one.line})
		card.Items = slices.Insert(card.Items, at+1, contentline.Item{Line: label})
		kept[one.line], kept[label] = true, true
	}
}

func hasGroup(card *vcard.Card, group string) bool {
	for l := range card.Lines() {
		if strings.EqualFold(l.Group(), group) {
			return true
		}
	}
	return false
}

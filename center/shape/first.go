package shape

import (
	"tandem"
	"tandem/center"
)

// First is how the two sides of a sync item would meet the first time.
type First struct {
	Item    string      `json:"item"`
	Kind    tandem.Kind `json:"kind"`
	Home    string      `json:"home" doc:"the home collection"`
	Place   string      `json:"place"`
	Waits   bool        `json:"waits,omitempty" doc:"it was added to be looked at, and does not sync by itself before an answer"`
	Met     bool        `json:"met,omitempty" doc:"it was synced already: there are no ways to choose from any more"`
	Here    int         `json:"records_home"`
	There   int         `json:"records_partner"`
	Filled  bool        `json:"both_filled,omitempty" doc:"both sides hold records"`
	Ways    []FirstWay  `json:"ways"`
	LeftOut []LeftOut   `json:"left_out" doc:"what takes no part, whichever way is chosen"`
}

// FirstWay is one way for two sides to meet, and what it would do.
type FirstWay struct {
	Answer    string   `json:"answer" enum:"combine,replace-here,replace-there" doc:"to the question of the item"`
	First     string   `json:"first" enum:"combine,replace-a,replace-b" doc:"of a preview that shows it record by record"`
	Usual     bool     `json:"usual,omitempty" doc:"what is done where nobody is asked"`
	Hash      string   `json:"hash" doc:"names the plan"`
	Home      Totals   `json:"home" doc:"what would be done at home"`
	Partner   Totals   `json:"partner"`
	Merges    int      `json:"merges"`
	Conflicts int      `json:"conflicts"`
	Waits     int      `json:"waits" doc:"records left for later"`
	Held      []string `json:"held" doc:"what the guard says to it"`
}

// LeftOut is what takes no part in a sync, for one reason.
type LeftOut struct {
	Side    string      `json:"side" enum:"home,partner,phone"`
	Phone   string      `json:"phone,omitempty" doc:"its name, where a phone that syncs the home collection leaves it out itself"`
	Sort    string      `json:"sort" enum:"window,limit,filter,place,problem"`
	Option  string      `json:"option,omitempty" doc:"of the place, or direction, or FilterType of a phone: what leaves it out"`
	Value   string      `json:"value,omitempty" doc:"that the option has"`
	Why     string      `json:"why"`
	Count   int         `json:"count" doc:"0: it is not counted, or there is nothing of that sort now"`
	AtLeast bool        `json:"at_least,omitempty" doc:"there may be more than count"`
	Records []tandem.ID `json:"records" doc:"the first few"`
	More    string      `json:"more,omitempty" doc:"how to get it, too"`
}

// OfFirst is how two sides would meet.
func OfFirst(f center.First) First {
	return First{Item: f.Item, Kind: f.Kind, Home: f.Places[0], Place: f.Places[1], Waits: f.Waits, Met: f.Met, Here: f.Records[0], There: f.Records[1], Filled: f.Filled,
		Ways: List(f.Ways, ofFirstWay), LeftOut: List(f.LeftOut, OfLeftOut)}
}

func ofFirstWay(w center.FirstWay) FirstWay {
	t := w.Totals
	return FirstWay{Answer: w.Answer, First: w.Rule, Usual: w.Usual, Hash: w.Hash, Home: OfTotals(t[0]), Partner: OfTotals(t[1]), Merges: t[0].Merges + t[1].Merges,
		Conflicts: t[0].Conflicts + t[1].Conflicts, Waits: t[0].Waits + t[1].Waits, Held: append([]string{}, w.Held...)}
}

// OfLeftOut is what takes no part.
func OfLeftOut(l center.LeftOut) LeftOut {
	side := "home"
	switch {
	case l.Phone != "":
		side = "phone"
	case l.There:
		side = "partner"
	}
	return LeftOut{side, l.Phone, l.Sort, l.Option, l.Value, l.Why, l.Count, l.AtLeast, append([]tandem.ID{}, l.Records...), l.More}
}

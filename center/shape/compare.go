package shape

import (
	"tandem/center"
	"tandem/center/explain"
	"tandem/kind"
)

// Comparison is a conflict with all versions side by side.
type Comparison struct {
	Conflict Conflict          `json:"conflict"`
	Versions []ComparedVersion `json:"versions"`
	Fields   []ComparedField   `json:"fields"`
	Takes    []string          `json:"takes" doc:"what may be answered"`
	Same     int               `json:"same" doc:"open conflicts of the same sort, this one included"`
	Stamp    string            `json:"stamp" doc:"of what was shown, for an answer to all of the same sort"`
	Second   string            `json:"second,omitempty" doc:"the version that becomes a record of its own where both are kept; absent: that is no answer"`
	Name     string            `json:"name,omitempty" doc:"what it is called then, unless the answer says otherwise; absent: records of the kind have no names"`
}

// ComparedVersion is one version of a record in conflict.
type ComparedVersion struct {
	Take     string `json:"take" doc:"how an answer calls it"`
	Place    string `json:"place"`
	Record   string `json:"record"`
	Title    string `json:"title"`
	When     string `json:"when,omitempty"`
	Who      string `json:"who,omitempty"`
	Modified int64  `json:"modified,omitempty" doc:"claimed time of the last change"`
	Written  int64  `json:"written,omitempty" doc:"when it came to be at its place, where history knows"`
	By       string `json:"by,omitempty" doc:"who wrote it, where history knows"`
	Deleted  bool   `json:"deleted,omitempty"`
	Body     string `json:"body,omitempty"`
	Keep     string `json:"keep,omitempty" doc:"a name under which it can be kept beside the others"`
}

// ComparedField is one field of a record in all versions.
type ComparedField struct {
	Label   string   `json:"label"`
	Before  string   `json:"before,omitempty"`
	Values  []string `json:"values"`
	Differs bool     `json:"differs,omitempty"`
	Clashes bool     `json:"clashes,omitempty"`
	Picks   bool     `json:"picks,omitempty" doc:"a merged version can have it from any of these"`
	Usual   string   `json:"usual,omitempty" doc:"the version it is from where nothing is chosen; absent: put together from several"`
}

// ChosenVersion is a version put together field by field.
type ChosenVersion struct {
	Title  string        `json:"title"`
	Fields []ChosenField `json:"fields"`
	Body   string        `json:"body"`
}

// ChosenField is a field of a record.
type ChosenField struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// OfChosen is a version put together field by field.
func OfChosen(v center.ChosenVersion) ChosenVersion {
	return ChosenVersion{v.Title, List(v.Fields, func(f kind.Field) ChosenField { return ChosenField{f.Label, f.Text} }), string(v.Body)}
}

// OfComparison is a conflict with all versions side by side.
func OfComparison(c center.Comparison) Comparison {
	return Comparison{Conflict: OfConflict(c.Conflict, nil), Takes: append([]string{}, c.Takes...), Same: c.Same, Stamp: c.Stamp, Second: c.Second, Name: c.Name,
		Versions: List(c.Versions, func(v center.VersionView) ComparedVersion {
			return ComparedVersion{v.Take, v.Place, string(v.Record), v.Title, v.When, v.Who, v.Modified, v.Written, v.Author(), v.Deleted, string(v.Body), v.Keep}
		}),
		Fields: List(c.Fields, func(f center.FieldView) ComparedField {
			return ComparedField{f.Label, f.Before, append([]string{}, f.Values...), f.Differs, f.Clashes, f.Picks, f.Usual}
		})}
}

// Resolved is what came of an answer.
type Resolved struct {
	Done    []int64 `json:"done"`
	Left    int     `json:"left" doc:"conflicts of the same sort that wait"`
	Refresh bool    `json:"refresh,omitempty" doc:"what was seen is out of date: look again"`
	Why     string  `json:"why,omitempty"`
	Kept    string  `json:"kept,omitempty" doc:"both: what the second version will be called, or with a number behind it where that name is taken"`
}

// OfResolved is what came of an answer.
func OfResolved(r center.Resolved) Resolved {
	return Resolved{append([]int64{}, r.Done...), r.Left, r.Refresh, r.Why, r.Kept}
}

// KindRule says what becomes of conflicts in the records of a kind, where an item says nothing of its own.
type KindRule struct {
	User           string `json:"user" doc:"*: everybody who set none"`
	Kind           string `json:"kind"`
	Policy         string `json:"policy,omitempty" doc:"absent: not set"`
	DeleteVsChange string `json:"delete-vs-change,omitempty" doc:"absent: not set"`
}

// OfKindRule says what becomes of conflicts in the records of a kind.
func OfKindRule(r center.KindRule) KindRule {
	return KindRule{r.User, string(r.Kind), r.Policy, r.DeleteVsChange}
}

// Question is a plan that waits for a person.
type Question struct {
	Item    string   `json:"item"`
	When    int64    `json:"when"`
	Sort    string   `json:"sort" enum:"guard,first,run"`
	Why     []string `json:"why"`
	Here    int      `json:"records_home"`
	There   int      `json:"records_partner"`
	Home    Totals   `json:"home" doc:"what would be done at home"`
	Partner Totals   `json:"partner"`
	Answers []string `json:"answers"`
	Left    bool     `json:"left,omitempty"`
	New     bool     `json:"new,omitempty" doc:"the item is new and does not sync before an answer: see first-sync"`
}

// OfQuestion is a plan that waits for a person.
func OfQuestion(q center.Question) Question {
	return Question{q.Item, q.When, q.Sort, append([]string{}, q.Why...), q.Records[0], q.Records[1], OfTotals(q.Totals[0]), OfTotals(q.Totals[1]), append([]string{}, q.Answers...), q.Left, q.New}
}

// Code explains a code of an error.
type Code struct {
	Code    string   `json:"code"`
	Title   string   `json:"title"`
	Meaning string   `json:"meaning"`
	Causes  []string `json:"causes"`
	Next    []string `json:"next" doc:"what to do, the likeliest first"`
	Again   bool     `json:"again,omitempty" doc:"it is tried again without anybody doing anything"`
}

// OfCode explains a code of an error.
func OfCode(t explain.Text) Code {
	return Code{t.Code, t.Title, t.Meaning, append([]string{}, t.Causes...), append([]string{}, t.Next...), t.Again}
}

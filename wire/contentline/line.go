package contentline

import (
	"slices"
	"strings"
)

// A Line is one content line, a blank line, or an opaque line that could not be understood. Names and parameter names
// keep their spelling; compare them with Is, which ignores case.
type Line struct {
	raw    string // exact source text with folding and line ending; "" for a line made here
	group  string
	name   string
	value  string
	params []Param
	num    int    // physical line it starts on, from 1; 0 for a line made here
	seq    int    // how many lines its document has up to it; 0 for a line made here or adopted
	bad    *Error // why the line is opaque
	kind   lineKind
	edited bool
	noFold bool
}

type lineKind uint8

const (
	content lineKind = iota
	blank
	opaque
)

// NewLine makes a content line. The value must be escaped already, as the property's value type asks for; params are
// taken as they are.
func NewLine(name, value string, params ...Param) *Line {
	return &Line{name: name, value: oneLine(value), params: params, edited: true}
}

// Group is the group the line belongs to ("item1" in "item1.TEL:…"), or "".
func (l *Line) Group() string { return l.group }

// Name is the property's name as spelled; "" for blank and opaque lines.
func (l *Line) Name() string { return l.name }

// Is reports whether the line is a content line of this name, ignoring case.
func (l *Line) Is(name string) bool {
	return len(l.name) == len(name) && strings.EqualFold(l.name, name)
}

// Value is the value as written, still escaped and encoded, with folding and quoted-printable soft breaks taken out. Of
// an opaque line it is the whole line without its folding.
func (l *Line) Value() string { return l.value }

// Params are the parameters in order. The slice must not be changed.
func (l *Line) Params() []Param { return l.params }

// Blank reports whether the line is empty.
func (l *Line) Blank() bool { return l.kind == blank }

// Opaque reports whether the line could not be understood and is only carried along; Err says why.
func (l *Line) Opaque() bool { return l.kind == opaque }

// Err says where and why an opaque line makes no sense; nil for any other line.
func (l *Line) Err() *Error { return l.bad }

// Num is the number of the physical line on which this line starts, from 1; 0 for a line that was not parsed.
func (l *Line) Num() int { return l.num }

// Edited reports whether the line differs from its source, or has none.
func (l *Line) Edited() bool { return l.edited }

// Raw is the exact source text with folding and line ending, "" for a line that was not parsed. It does not follow
// edits.
func (l *Line) Raw() string { return l.raw }

// Param returns the first value of the first parameter of this name, decoded, and whether there is such a parameter.
func (l *Line) Param(name string) (string, bool) {
	for i := range l.params {
		if l.params[i].Is(name) {
			return l.params[i].First(), true
		}
	}
	return "", false
}

// ParamValues returns the decoded values of all parameters of this name, in order.
func (l *Line) ParamValues(name string) []string {
	var out []string
	for i := range l.params {
		if l.params[i].Is(name) {
			out = slices.AppendSeq(out, l.params[i].All())
		}
	}
	return out
}

// SetValue replaces the value. It must be escaped already; line breaks in it, which no content line can hold, become
// the escape \n. Setting the value it has does nothing.
func (l *Line) SetValue(value string) {
	if value = oneLine(value); value != l.value {
		l.value, l.edited = value, true
	}
}

// SetName changes the name, keeping everything else.
func (l *Line) SetName(name string) {
	if name != l.name {
		l.name, l.edited = name, true
	}
}

// SetGroup changes the group; "" takes the line out of its group.
func (l *Line) SetGroup(group string) {
	if group != l.group {
		l.group, l.edited = group, true
	}
}

// SetParam gives the first parameter of this name the values, keeping its place and spelling, and removes further ones
// of the name; it is added at the end if there is none. No values: it is removed. Values are quoted and encoded (RFC
// 6868) as needed.
func (l *Line) SetParam(name string, values ...string) {
	if len(values) == 0 {
		l.DelParam(name)
		return
	}
	p := NewParam(name, values...)
	i := slices.IndexFunc(l.params, func(q Param) bool { return q.Is(name) })
	if i < 0 {
		l.SetParams(append(slices.Clone(l.params), p))
		return
	}
	p.Name = l.params[i].Name
	params := slices.Clone(l.params[:i+1])
	params[i] = p
	for _, q := range l.params[i+1:] {
		if !q.Is(name) {
			params = append(params, q)
		}
	}
	l.SetParams(params)
}

// DelParam removes all parameters of this name.
func (l *Line) DelParam(name string) {
	l.SetParams(slices.DeleteFunc(slices.Clone(l.params), func(q Param) bool { return q.Is(name) }))
}

// SetParams replaces all parameters. Setting those it has does nothing.
func (l *Line) SetParams(params []Param) {
	if !slices.Equal(params, l.params) {
		l.params, l.edited = params, true
	}
}

// SetNoFold says whether the line, when it has to be written anew, follows vCard 2.1: text stays on one physical line,
// since readers disagree on what a fold inside it means, and a blank line ends base64.
func (l *Line) SetNoFold(on bool) { l.noFold = on }

// Clone returns a copy that can be edited on its own.
func (l *Line) Clone() *Line {
	c := *l
	c.params = slices.Clone(l.params)
	return &c
}

// Quoted reports whether the value is quoted-printable (vCard 2.1 section 2.1.3).
func (l *Line) Quoted() bool { return l.encoding("QUOTED-PRINTABLE") }

// Base64 reports whether the value is in base64 by its encoding parameter, in any of its spellings (RFC 2426: "b",
// RFC 5545: "BASE64", vCard 2.1: a bare BASE64).
func (l *Line) Base64() bool { return l.encoding("BASE64") || l.encoding("B") }

func (l *Line) encoding(want string) bool {
	for i := range l.params {
		p := &l.params[i]
		if len(p.Value) == len(want) && (p.Name == "" && len(want) > 1 || p.Is("ENCODING")) && strings.EqualFold(p.Value, want) {
			return true
		}
	}
	return false
}

// oneLine makes s fit on one content line.
func oneLine(s string) string {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return lineBreaks.Replace(s)
}

var lineBreaks = strings.NewReplacer("\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// Package object knows records of kinds that others made up: JSON objects, compared and merged field by field. Whoever writes a provider for
// something that no kind of Tandem's own stands for names a kind that begins with "x-", and has comparison, merging, conflicts and history for it.
package object

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/kind"
)

// Prefix begins the names of all such kinds.
const Prefix = "x-"

var names = regexp.MustCompile(`^x-[a-z0-9][a-z0-9-]{0,29}$`)

// Is reports whether a kind is one that others made up: "x-" and up to 30 of a-z, 0-9 and -.
func Is(k tandem.Kind) bool { return names.MatchString(string(k)) }

// For is the handler of such a kind; false for all others.
func For(k tandem.Kind) (kind.Handler, bool) {
	if !Is(k) {
		return nil, false
	}
	return Handler{Of: k}, true
}

// Handler is one such kind. These fields of a body mean something to it, wherever they are there: "uid" is what the record claims to be, "title", "name", "summary",
// "subject" or "label" what it is called, "when", "date", "start" or "due" when it is, "who", "owner", "author" or "from" whose, and "modified" (Unix seconds, or a text
// as in RFC 3339) when it was changed.
type Handler struct{ Of tandem.Kind }

var (
	_ kind.Handler = Handler{}
	_ kind.Fielder = Handler{}
	_ kind.Picker  = Handler{}
	_ kind.Titler  = Handler{}
	_ kind.Renamer = Handler{}
)

var (
	titles = []string{"title", "name", "summary", "subject", "label"}
	whens  = []string{"when", "date", "start", "due"}
	whos   = []string{"who", "owner", "author", "from"}
)

// fields is a body, or an object in it. Numbers are json.Number.
type fields = map[string]any

// Kind implements kind.Handler.
func (h Handler) Kind() tandem.Kind { return h.Of }

// Inspect implements kind.Handler. The order of fields and the space between them mean nothing.
func (h Handler) Inspect(body []byte) (kind.Info, error) {
	o, err := h.parse(body)
	if err != nil {
		return kind.Info{}, err
	}
	plain := write(o)
	sum := tandem.Summary{Title: first(o, titles), When: first(o, whens), Who: first(o, whos)}
	if sum.Title == "" {
		sum.Title = first(o, sortedKeys(o))
	}
	var text []string
	for _, f := range flat("", o) {
		text = append(text, f.Text)
	}
	return kind.Info{Digest: sha256.Sum256(plain), Summary: sum, Modified: modified(o["modified"]),
		Index: tandem.Index{UID: scalar(o["uid"]), Name: sum.Title, Text: strings.Join(text, "\n")}}, nil
}

func (h Handler) parse(body []byte) (fields, error) {
	fail := func(err error) (fields, error) {
		return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read record of kind", Thing: string(h.Of), Err: err, Remedy: "it has to be one JSON object, in UTF-8"}
	}
	if !utf8.Valid(body) {
		return fail(errors.New("it is not UTF-8"))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var o fields
	if err := d.Decode(&o); err != nil {
		line := 1 + bytes.Count(body[:min(int(d.InputOffset()), len(body))], []byte("\n"))
		return fail(fmt.Errorf("line %d: %w", line, err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fail(errors.New("something follows the object"))
	}
	if o == nil {
		return fail(errors.New("it is null"))
	}
	return o, nil
}

// write is a value as JSON with its fields in order, so that what means the same is the same.
func write(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // what was read can be written
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// body is an object as it is stored where it was put together here.
func body(o fields) []byte { return append(write(o), '\n') }

func first(o fields, keys []string) string {
	for _, k := range keys {
		if s := strings.TrimSpace(scalar(o[k])); s != "" {
			return s
		}
	}
	return ""
}

// scalar is a value as a person reads it, "" for what is no scalar.
func scalar(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

func modified(v any) int64 {
	switch x := v.(type) {
	case json.Number:
		if s, err := x.Float64(); err == nil && s > 0 && s < 1<<33 {
			return int64(s * 1e9)
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, x); err == nil {
			return t.UnixNano()
		}
	}
	return 0
}

func sortedKeys(o fields) []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// label names a field within objects: "price.currency". A name that could be taken for two stands in quotes.
func label(above, key string) string {
	if key == "" || strings.ContainsAny(key, `."`) {
		key = strconv.Quote(key)
	}
	if above == "" {
		return key
	}
	return above + "." + key
}

// Fields implements kind.Fielder.
func (h Handler) Fields(body []byte) ([]kind.Field, error) {
	o, err := h.parse(body)
	if err != nil {
		return nil, err
	}
	return flat("", o), nil
}

func flat(above string, o fields) (out []kind.Field) {
	for _, k := range sortedKeys(o) {
		name := label(above, k)
		if in, ok := o[k].(fields); ok && len(in) > 0 {
			out = append(out, flat(name, in)...)
			continue
		}
		out = append(out, kind.Field{Label: name, Text: shown(o[k])})
	}
	return out
}

// shown is a value as a person reads it: of a list a line each.
func shown(v any) string {
	if list, ok := v.([]any); ok {
		lines := make([]string, len(list))
		for i, x := range list {
			lines[i] = shown(x)
		}
		return strings.Join(lines, "\n")
	}
	if s := scalar(v); s != "" {
		return s
	}
	if v == nil || v == "" {
		return ""
	}
	return string(write(v))
}

// Pick implements kind.Picker.
func (h Handler) Pick(this, from []byte, labels []string) ([]byte, error) {
	to, err := h.parse(this)
	if err != nil {
		return nil, err
	}
	other, err := h.parse(from)
	if err != nil || len(labels) == 0 {
		return this, err
	}
	return body(pick("", to, other, labels)), nil
}

func pick(above string, to, from fields, labels []string) fields {
	out := fields{}
	for _, k := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(sortedKeys(to), sortedKeys(from))))) {
		name := label(above, k)
		a, inA := to[k]
		b, inB := from[k]
		oa, isA := a.(fields)
		ob, isB := b.(fields)
		switch {
		case slices.Contains(labels, name) && inB:
			out[k] = b
		case slices.Contains(labels, name): // what the other does not have goes
		case (isA && (isB || !inB) || isB && !inA) && len(oa)+len(ob) > 0:
			if in := pick(name, oa, ob, labels); len(in) > 0 || isA && len(oa) == 0 {
				out[k] = in
			}
		case inA:
			out[k] = a
		}
	}
	return out
}

// WithTitle implements kind.Titler.
func (h Handler) WithTitle(this []byte, title string) ([]byte, error) {
	o, err := h.parse(this)
	if err != nil {
		return nil, err
	}
	key := titles[0]
	for _, k := range slices.Backward(titles) {
		if scalar(o[k]) != "" {
			key = k
		}
	}
	o[key] = title
	return body(o), nil
}

// WithUID implements kind.Renamer. A body that claims no identity needs no other.
func (h Handler) WithUID(this []byte, uid string) ([]byte, error) {
	o, err := h.parse(this)
	if err != nil {
		return nil, err
	}
	if _, claims := o["uid"]; !claims {
		return this, nil
	}
	o["uid"] = uid
	return body(o), nil
}

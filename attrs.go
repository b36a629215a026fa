package tandem

import (
	"net/url"
	"sort"
	"strings"
)

// Attrs is a record's attributes in canonical form: "key=value" pairs, query-escaped, sorted by key, joined by '&'.
// It is a string so that it is immutable, comparable with == and small. The empty Attrs has none.
//
// Known keys. Files: "type" ("dir" or "link"; absent for a regular file), "mode" (permission bits in octal), "mtime"
// (Unix nanoseconds), "target" (of a link). Mail: "flags" (space-separated, sorted).
type Attrs string

// MakeAttrs builds the canonical form. Empty values are left out.
func MakeAttrs(m map[string]string) Attrs {
	keys := make([]string, 0, len(m))
	size := 0
	for k, v := range m {
		if v != "" {
			keys = append(keys, k)
			size += len(k) + len(v) + len("=&")
		}
	}
	sort.Strings(keys)
	var b strings.Builder
	b.Grow(max(size-1, 0)) // as many are kept as there are records; what is escaped makes it grow
	for i, k := range keys {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(k))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(m[k]))
	}
	return Attrs(b.String())
}

// Get returns the value of key, or "".
func (a Attrs) Get(key string) string {
	s := string(a)
	for s != "" {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		k, v, _ := strings.Cut(pair, "=")
		if k == key {
			v, err := url.QueryUnescape(v)
			if err != nil {
				return ""
			}
			return v
		}
	}
	return ""
}

// Map returns the attributes as a fresh map.
func (a Attrs) Map() map[string]string {
	m := map[string]string{}
	s := string(a)
	for s != "" {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		k, v, _ := strings.Cut(pair, "=")
		k, err1 := url.QueryUnescape(k)
		v, err2 := url.QueryUnescape(v)
		if err1 == nil && err2 == nil && v != "" {
			m[k] = v
		}
	}
	return m
}

// With returns a copy with key set to value; an empty value removes it.
func (a Attrs) With(key, value string) Attrs {
	m := a.Map()
	m[key] = value
	return MakeAttrs(m)
}

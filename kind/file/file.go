// Package file knows plain files: what two of them being equal means, and how versions that both sides changed are
// brought together. A body is a file's bytes and nothing else; names, permissions and times are attributes.
package file

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind"
)

// Handler is the kind file. The zero value is ready for use.
type Handler struct{}

var (
	_ kind.Handler    = Handler{}
	_ kind.Streamer   = Handler{}
	_ kind.AttrMerger = Handler{}
)

// Kind implements kind.Handler.
func (Handler) Kind() tandem.Kind { return tandem.File }

// Inspect implements kind.Handler. Any bytes are a file. The title is empty, since a file is known by its path.
func (Handler) Inspect(body []byte) (kind.Info, error) {
	return kind.Info{Digest: Sum(body)}, nil
}

// DigestReader implements kind.Streamer.
func (Handler) DigestReader(r io.Reader) (tandem.Digest, error) {
	h := NewHash()
	if _, err := io.Copy(h, r); err != nil {
		return tandem.Digest{}, err
	}
	return h.Digest(), nil
}

// Merge implements kind.Handler. Files are opaque: unless one side is as it was, or both are the same, the whole
// content clashes.
func (Handler) Merge(base, a, b []byte) (kind.Merged, error) {
	switch {
	case bytes.Equal(a, b):
		return kind.Merged{Body: a}, nil
	case base != nil && bytes.Equal(a, base):
		return kind.Merged{Body: b}, nil
	case base != nil && bytes.Equal(b, base):
		return kind.Merged{Body: a}, nil
	}
	return kind.Merged{Body: a, Clashes: []kind.Clash{{
		Field: "content", Base: describe(base), A: describe(a), B: describe(b),
	}}}, nil
}

func describe(body []byte) string {
	if body == nil {
		return ""
	}
	return strconv.Itoa(len(body)) + " bytes"
}

// MergeAttrs implements kind.AttrMerger: per key, a change on one side is taken; where both changed, the later mtime
// wins, and of two modes or targets the larger text, so that the outcome does not depend on which side is called a.
// The mtimes decide nothing else.
func (Handler) MergeAttrs(base, a, b tandem.Attrs) tandem.Attrs {
	if a == b || b == base {
		return a
	}
	if a == base {
		return b
	}
	mbase, ma, mb := base.Map(), a.Map(), b.Map()
	out := map[string]string{}
	for _, m := range []map[string]string{ma, mb} {
		for key := range m {
			if _, done := out[key]; !done {
				out[key] = mergeValue(key, mbase[key], ma[key], mb[key])
			}
		}
	}
	return tandem.MakeAttrs(out)
}

func mergeValue(key, base, a, b string) string {
	switch {
	case a == b || b == base:
		return a
	case a == base:
		return b
	case key == "mtime":
		ta, erra := strconv.ParseInt(a, 10, 64)
		tb, errb := strconv.ParseInt(b, 10, 64)
		if errb != nil || erra == nil && ta >= tb {
			return a
		}
		return b
	case strings.Compare(a, b) >= 0:
		return a
	}
	return b
}

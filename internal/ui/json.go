package ui

import (
	"encoding/json"
	"io"
)

// JSON writes v as one indented document. A nil slice is written as an empty list by the caller's choice of type.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// JSONLine writes v as one line.
func JSONLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// List turns a nil slice into an empty one, which JSON shows as [] instead of null.
func List[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

package file

import (
	"bytes"
	"net/http"
	"unicode/utf8"

	"tandem/kind"
)

// fieldsText is how long a text may be to be told as it is, in bytes.
const fieldsText = 64 << 10

// Fields implements kind.Fielder: what can be said of any bytes, and a text itself where it is short.
func (Handler) Fields(body []byte) ([]kind.Field, error) {
	out := []kind.Field{{Label: "size", Text: describe(body)}, {Label: "content type", Text: http.DetectContentType(body)}}
	if len(body) > 0 && len(body) <= fieldsText && utf8.Valid(body) && !bytes.ContainsRune(body, 0) {
		return append(out, kind.Field{Label: "text", Text: string(body)}), nil
	}
	return append(out, kind.Field{Label: "digest", Text: Sum(body).String()}), nil
}

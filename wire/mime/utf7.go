package mime

import (
	"encoding/base64"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// utf7 is the charset UTF-7, which the libraries leave out and old mail has. RFC 2152
type utf7 struct{}

func (utf7) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: &utf7Decoder{}}
}

func (utf7) NewEncoder() *encoding.Encoder { return encoding.Nop.NewEncoder() } // nothing is written in it

type utf7Decoder struct{ transform.NopResetter }

// Transform decodes the whole source at once; it waits for its end.
func (utf7Decoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	if !atEOF {
		return 0, 0, transform.ErrShortSrc
	}
	out := decodeUTF7(src)
	if len(out) > len(dst) {
		return 0, 0, transform.ErrShortDst
	}
	return copy(dst, out), len(src), nil
}

func decodeUTF7(src []byte) []byte {
	out := make([]byte, 0, len(src))
	for i := 0; i < len(src); i++ {
		if src[i] != '+' {
			out = append(out, src[i])
			continue
		}
		j := i + 1
		for j < len(src) && base64Value(src[j]) {
			j++
		}
		if j == i+1 { // "+-" is a plus
			out = append(out, '+')
		} else {
			run := src[i+1 : j]
			raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
			n, _ := base64.RawStdEncoding.Decode(raw, run) // error: bits left over count for nothing
			var units []uint16
			for k := 0; k+1 < n; k += 2 {
				units = append(units, uint16(raw[k])<<8|uint16(raw[k+1]))
			}
			out = append(out, string(utf16.Decode(units))...)
		}
		if j < len(src) && src[j] == '-' {
			j++
		}
		i = j - 1
	}
	return out
}

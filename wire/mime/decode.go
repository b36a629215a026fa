package mime

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// Decode undoes the transfer encoding of a body. What is no code is passed over (base64) or kept (quoted-printable); an encoding nobody knows is none. RFC 2045 6
func (p *Part) Decode(body io.Reader) io.Reader { return Decoder(p.Encoding, body) }

// Section is the body of the part as it is in the message.
func (p *Part) Section(message io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(message, p.Body, p.End-p.Body)
}

// textRoom is how much room is made at once for a text that is said to be as large, in bytes.
const textRoom = 64 << 10

// Text reads up to limit bytes of a decoded body as text, and tells whether that was all of it.
func (p *Part) Text(body io.Reader, limit int64) (text string, whole bool, err error) {
	var buf bytes.Buffer
	buf.Grow(int(max(0, min(limit, p.Size(), textRoom))) + bytes.MinRead)
	_, err = buf.ReadFrom(io.LimitReader(p.Decode(body), limit+1))
	data := buf.Bytes()
	whole = int64(len(data)) <= limit
	if !whole {
		data = data[:limit]
	}
	return toUTF8(data, p.Params["charset"]), whole, err
}

// toUTF8 reads bytes of a charset. What is called UTF-8 or ASCII, or nothing, is taken for UTF-8 if it is that, and for Windows-1252 otherwise.
func toUTF8(data []byte, charset string) string {
	enc := encodingOf(charset)
	if enc == nil {
		if utf8.Valid(data) {
			return string(data)
		}
		if n := len(data); n > 4 && utf8.Valid(data[:n-4]) || strings.EqualFold(charset, "utf-8") { // cut within a character, or a few bad bytes
			return strings.ToValidUTF8(string(data), "\uFFFD")
		}
		enc = charmap.Windows1252
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "\uFFFD")
	}
	return string(out)
}

// encodingOf is nil for UTF-8, ASCII and what nobody knows.
func encodingOf(charset string) encoding.Encoding {
	charset = strings.ToLower(strings.Trim(charset, " \t\"'"))
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "binary", "default":
		return nil
	case "utf-7", "unicode-1-1-utf-7":
		return utf7{}
	case "cp932", "ms932":
		charset = "shift_jis"
	case "x-gbk", "cp936":
		charset = "gbk"
	case "iso-8859-8-i":
		charset = "iso-8859-8"
	}
	if e, err := htmlindex.Get(charset); err == nil {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(charset); err == nil && e != nil {
		return e
	}
	return nil
}

// unBase64 decodes what can be decoded: white space and foreign bytes are passed over, padding may be missing or too much.
func unBase64(s []byte) []byte {
	clean := make([]byte, 0, len(s))
	for _, c := range s {
		if base64Value(c) {
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean) // error: none is left
	return out[:n]
}

func base64Value(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// base64Reader decodes a stream. Padding ends a run: some programs encode a file in pieces and put the pieces one after another.
type base64Reader struct {
	in  *bufio.Reader
	off int64  // bytes taken from in
	out []byte // decoded, not yet read
	err error
	buf [3072]byte
}

func (r *base64Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

func (r *base64Reader) fill() {
	var quads [4096]byte
	n := 0
	for over := false; !over && n < len(quads); {
		if _, err := r.in.Peek(1); err != nil {
			r.err = err
			break
		}
		chunk, _ := r.in.Peek(r.in.Buffered()) // error: as much is there
		taken := 0
		for _, c := range chunk {
			taken++
			if base64Value(c) {
				quads[n] = c
				n++
				if over = n == len(quads); over {
					break
				}
			} else if over = c == '=' && n%4 != 0; over {
				break
			}
		}
		_, _ = r.in.Discard(taken) // error: as much is there
		r.off += int64(taken)
	}
	if n%4 == 1 {
		n--
	}
	m, _ := base64.RawStdEncoding.Decode(r.buf[:], quads[:n]) // error: none is left
	r.out = r.buf[:m]
}

// qpReader decodes quoted-printable. What is no code stays as it is. RFC 2045 6.7
type qpReader struct {
	in   *bufio.Reader
	off  int64  // bytes taken from in
	line []byte // decoded, not yet read
	err  error
}

func (r *qpReader) Read(p []byte) (int, error) {
	for len(r.line) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		raw, err := r.in.ReadSlice('\n')
		if err == bufio.ErrBufferFull { // do not cut a code in two
			raw = append(make([]byte, 0, len(raw)+64), raw...)
			for limit := 2 * len(raw); r.err == nil && len(raw) < limit && openCode(raw); {
				var c byte
				if c, r.err = r.in.ReadByte(); r.err == nil {
					raw = append(raw, c)
				}
			}
		} else if err != nil {
			r.err = err
		}
		r.off += int64(len(raw))
		r.line = unQuoted(raw, r.err != nil)
	}
	n := copy(p, r.line)
	r.line = r.line[n:]
	return n, nil
}

// openCode reports whether a piece of a line ends where a code or a soft line break may go on.
func openCode(raw []byte) bool {
	n := len(raw)
	return raw[n-1] == '=' || raw[n-2] == '=' && raw[n-1] != '\n'
}

// unQuoted decodes a line, or a piece of one; last says that the body ends with it.
func unQuoted(raw []byte, last bool) []byte {
	text := raw
	end := ""
	for _, e := range []string{"\r\n", "\n"} {
		if t, ok := strings.CutSuffix(string(text), e); ok {
			text, end = []byte(t), e
			break
		}
	}
	if end != "" || len(raw) == 0 {
		t := strings.TrimRight(string(text), " \t")
		if s, ok := strings.CutSuffix(t, "="); ok { // a soft line break
			t, end = s, ""
		}
		text = []byte(t)
	} else if s, ok := strings.CutSuffix(string(text), "="); ok && last {
		text = []byte(s)
	}
	out := make([]byte, 0, len(text)+2)
	for i := 0; i < len(text); i++ {
		if text[i] == '=' && i+2 < len(text) && hex(text[i+1]) >= 0 && hex(text[i+2]) >= 0 {
			out = append(out, byte(hex(text[i+1])<<4|hex(text[i+2])))
			i += 2
			continue
		}
		out = append(out, text[i])
	}
	return append(out, end...)
}

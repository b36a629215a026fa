package body

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// ToRTF writes a plain text as RTF.
func ToRTF(s string) []byte {
	var b bytes.Buffer
	b.WriteString(`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil Arial;}}\pard\plain\f0\fs20 `)
	for _, r := range lf(s) {
		switch {
		case r == '\\' || r == '{' || r == '}':
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		case r == '\n':
			b.WriteString("\\par\r\n")
		case r == '\t':
			b.WriteString(`\tab `)
		case r < ' ':
		case r < 0x7f:
			b.WriteByte(byte(r))
		default:
			for _, u := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, `\u%d?`, int16(u))
			}
		}
	}
	b.WriteString("}\r\n")
	return b.Bytes()
}

// codePages are the character sets that RTF names by number.
var codePages = map[int]*charmap.Charmap{437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 866: charmap.CodePage866,
	874: charmap.Windows874, 1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252, 1253: charmap.Windows1253,
	1254: charmap.Windows1254, 1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257, 1258: charmap.Windows1258,
	10000: charmap.Macintosh}

// FromRTF reads the text of RTF: words, lines and tabs. What is no RTF gives what it holds of letters; nothing is an error.
func FromRTF(rtf []byte) string {
	r := rtfReader{in: rtf, page: charmap.Windows1252, state: rtfState{skipAfter: 1}}
	for r.pos < len(r.in) {
		r.step()
	}
	r.surrogates()
	return strings.TrimRight(r.out.String(), "\n")
}

// rtfState is what a group inherits and restores.
type rtfState struct {
	hidden    bool // inside a destination that is no text
	skipAfter int  // characters that stand in for a \u
}

type rtfReader struct {
	in    []byte
	pos   int
	out   strings.Builder
	page  *charmap.Charmap
	state rtfState
	stack []rtfState
	skip  int      // characters still to pass over
	units []uint16 // of \u, until something else follows
}

const rtfDepth = 200 // groups within groups whose state is remembered

func (r *rtfReader) step() {
	c := r.in[r.pos]
	r.pos++
	switch c {
	case '{':
		if len(r.stack) < rtfDepth {
			r.stack = append(r.stack, r.state)
		}
		r.skip = 0
	case '}':
		if n := len(r.stack); n > 0 {
			r.state, r.stack = r.stack[n-1], r.stack[:n-1]
		}
		r.skip = 0
	case '\\':
		r.control()
	case '\r', '\n':
	default:
		r.char(r.page.DecodeByte(c))
	}
}

func (r *rtfReader) char(c rune) {
	if r.skip > 0 {
		r.skip--
		return
	}
	r.write(string(c))
}

func (r *rtfReader) write(s string) {
	if r.state.hidden {
		return
	}
	r.surrogates()
	r.out.WriteString(s)
}

func (r *rtfReader) surrogates() {
	if len(r.units) > 0 {
		r.out.WriteString(string(utf16.Decode(r.units)))
		r.units = r.units[:0]
	}
}

// control reads a control word or symbol, of which the backslash is read.
func (r *rtfReader) control() {
	if r.pos >= len(r.in) {
		return
	}
	start := r.pos
	for r.pos < len(r.in) && (r.in[r.pos]|0x20) >= 'a' && (r.in[r.pos]|0x20) <= 'z' {
		r.pos++
	}
	if r.pos == start {
		r.symbol()
		return
	}
	word := string(r.in[start:r.pos])
	num := r.pos
	if r.pos < len(r.in) && r.in[r.pos] == '-' {
		r.pos++
	}
	for r.pos < len(r.in) && r.in[r.pos] >= '0' && r.in[r.pos] <= '9' {
		r.pos++
	}
	n, err := strconv.Atoi(string(r.in[num:r.pos]))
	if r.pos < len(r.in) && r.in[r.pos] == ' ' {
		r.pos++
	}
	r.word(word, n, err == nil)
}

func (r *rtfReader) symbol() {
	c := r.in[r.pos]
	r.pos++
	switch c {
	case '\'':
		if r.pos+2 <= len(r.in) {
			if v, err := strconv.ParseUint(string(r.in[r.pos:r.pos+2]), 16, 8); err == nil {
				r.char(r.page.DecodeByte(byte(v)))
			}
			r.pos += 2
		}
	case '*':
		r.state.hidden = true
	case '~':
		r.char(' ')
	case '_':
		r.char('-')
	case '\r', '\n':
		r.write("\n")
	case '\\', '{', '}':
		r.char(rune(c))
	}
}

func (r *rtfReader) word(word string, n int, has bool) {
	switch word {
	case "par", "line", "sect", "page", "row":
		r.write("\n")
	case "tab", "cell":
		r.write("\t")
	case "emdash":
		r.write("—")
	case "endash":
		r.write("–")
	case "bullet":
		r.write("•")
	case "lquote":
		r.write("‘")
	case "rquote":
		r.write("’")
	case "ldblquote":
		r.write("“")
	case "rdblquote":
		r.write("”")
	case "ansicpg":
		if p := codePages[n]; p != nil {
			r.page = p
		}
	case "mac":
		r.page = charmap.Macintosh
	case "uc":
		if has {
			r.state.skipAfter = min(max(n, 0), 16)
		}
	case "u":
		if has && !r.state.hidden {
			r.units = append(r.units, uint16(n))
		}
		r.skip = r.state.skipAfter
	case "bin":
		r.pos = min(r.pos+max(n, 0), len(r.in))
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "headerl", "headerr", "footerl", "footerr", "object", "fldinst", "filetbl":
		r.state.hidden = true
	}
}

package wbxml

import "unicode/utf8"

// legal reports whether XML allows the character. XML 1.0 2.2
func legal(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xd800:
		return true
	}
	return r >= 0xe000 && r != 0xfffe && r != 0xffff && r <= utf8.MaxRune
}

// plain returns the length of the longest beginning of s that needs no look at its characters: legal ASCII.
func plain[T string | []byte](s T) int {
	for i := 0; i < len(s); {
		for i+8 <= len(s) && ordinary(word(s, i)) {
			i += 8
		}
		for end := min(i+8, len(s)); i < end; i++ {
			if c := s[i]; c-0x20 >= utf8.RuneSelf-0x20 && c != '\t' && c != '\n' && c != '\r' { // below 0x20 the difference wraps
				return i
			}
		}
	}
	return len(s)
}

// word reads eight bytes at i.
func word[T string | []byte](s T, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// ordinary reports whether all eight bytes are between 0x20 and 0x7f. A byte below 0x20 borrows into its highest bit; that
// the borrow may reach the next byte too changes nothing.
func ordinary(w uint64) bool { return (w|(w-0x20*ones))&highs == 0 }

// without reports whether none of eight bytes below 0x80 is c.
func without(w uint64, c byte) bool {
	w ^= uint64(c) * ones
	return (w-ones)&^w&highs == 0
}

// flaws tells what tidy found.
type flaws struct {
	encoding  bool // it was not UTF-8
	character bool // XML forbids some of it
}

// sound reports whether s is UTF-8 without characters that XML forbids.
func sound(s string) bool {
	for i := plain(s); i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 || !legal(r) {
			return false
		}
		i += n
	}
	return true
}

// tidy appends text to dst: what is not UTF-8 becomes U+FFFD, and characters that XML forbids are left out.
func tidy[T string | []byte](dst []byte, text T) ([]byte, flaws) {
	var found flaws
	for i := 0; i < len(text); {
		n := plain(text[i:])
		dst = append(dst, text[i:i+n]...)
		i += n
		for i < len(text) && plain(text[i:i+1]) == 0 {
			r, n := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
			i += n
			switch {
			case r == utf8.RuneError && n <= 1:
				found.encoding = true
				dst = utf8.AppendRune(dst, utf8.RuneError)
			case legal(r):
				dst = utf8.AppendRune(dst, r)
			default:
				found.character = true
			}
		}
	}
	return dst, found
}

// latin1 turns ISO 8859-1 into UTF-8.
func latin1(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

package maildir

import (
	"slices"
	"strconv"
	"strings"

	"tandem/kind/mail"
)

// name is the name of a message's file, taken apart.
type name struct {
	unique string   // by which the message is known
	fields []string // what programs keep behind the unique part: "S=1234" (Maildir++, the size), "W=1250" (with CRLF), "U=17" (mbsync), "FMD5=7e33" (OfflineIMAP)
	sep    byte     // before "2,": ':', or '!' or ';' where the system cannot have a colon in names; 0: there is no "2,"
	info   string   // the flags behind "2,", in the order they are in
}

// parseName takes a file's name apart. Every name has a reading; String gives it back.
func parseName(s string) name {
	n := name{unique: s}
	for i := len(s) - 3; i > 0; i-- {
		if (s[i] == ':' || s[i] == '!' || s[i] == ';') && s[i+1] == '2' && s[i+2] == ',' {
			n.unique, n.sep, n.info = s[:i], s[i], s[i+3:]
			break
		}
	}
	for {
		i := strings.LastIndexByte(n.unique, ',')
		if i <= 0 || !isField(n.unique[i+1:]) {
			break
		}
		n.fields = append(n.fields, n.unique[i+1:])
		n.unique = n.unique[:i]
	}
	slices.Reverse(n.fields)
	return n
}

// isField tells whether a text is a field as Maildir++ has them: capital letters, an equals sign and a value.
func isField(s string) bool {
	key, _, ok := strings.Cut(s, "=")
	for i := range len(key) {
		ok = ok && ('A' <= key[i] && key[i] <= 'Z' || i > 0 && '0' <= key[i] && key[i] <= '9')
	}
	return ok && key != ""
}

func (n name) String() string {
	s := n.base()
	if n.sep != 0 {
		s += string(n.sep) + "2," + n.info
	}
	return s
}

// base is the name without the flags.
func (n name) base() string {
	s := n.unique
	for _, f := range n.fields {
		s += "," + f
	}
	return s
}

// with sets a field, or removes it where value is "".
func (n name) with(key byte, value string) name {
	fields := slices.DeleteFunc(slices.Clone(n.fields), func(f string) bool { return strings.HasPrefix(f, string(key)+"=") })
	if value != "" {
		fields = append(fields, string(key)+"="+value)
	}
	n.fields = fields
	return n
}

// sized sets the size fields.
func (n name) sized(size, virtual int64) name {
	return n.with('S', strconv.FormatInt(size, 10)).with('W', strconv.FormatInt(virtual, 10))
}

// The flags of the format, cr.yp.to/proto/maildir.html. T (trashed: to be removed later) says nothing that a message's attributes could; it stays as it is.
const (
	flagDraft   = 'D'
	flagFlagged = 'F'
	flagPassed  = 'P'
	flagReplied = 'R'
	flagSeen    = 'S'
)

// flags reads the flags; words are the folder's keywords.
func (n name) flags(words keywords) mail.Flags {
	f := mail.Flags{}
	for i := range len(n.info) {
		switch c := n.info[i]; c {
		case flagDraft:
			f.Draft = true
		case flagFlagged:
			f.Flagged = true
		case flagPassed:
			f.Forwarded = true
		case flagReplied:
			f.Answered = true
		case flagSeen:
			f.Seen = true
		default:
			if w := words.of(c); w != "" && !slices.Contains(f.Keywords, w) {
				f.Keywords = append(f.Keywords, w)
			}
		}
	}
	slices.Sort(f.Keywords)
	return f
}

// withFlags writes the flags. What the name says that flags cannot, stays: T, letters that stand for no keyword, and whatever else is there.
func (n name) withFlags(f mail.Flags, words keywords) name {
	info := []byte(nil)
	for _, x := range []struct {
		on     bool
		letter byte
	}{{f.Draft, flagDraft}, {f.Flagged, flagFlagged}, {f.Forwarded, flagPassed}, {f.Answered, flagReplied}, {f.Seen, flagSeen}} {
		if x.on {
			info = append(info, x.letter)
		}
	}
	for _, k := range f.Keywords {
		if c := words.letter(k); c != 0 {
			info = append(info, c)
		}
	}
	for i := range len(n.info) {
		if c := n.info[i]; !strings.ContainsRune("DFPRS", rune(c)) && words.of(c) == "" {
			info = append(info, c)
		}
	}
	slices.Sort(info) // in ASCII order, as the format wants it
	n.info = string(slices.Compact(info))
	return n
}

// wellNamed tells whether a wished id can be a unique part: it has the three parts that the format asks for, and nothing that programs would read otherwise.
func wellNamed(id string) bool {
	parts := strings.SplitN(id, ".", 3)
	if len(id) > 150 || len(parts) < 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return false
	}
	for _, c := range parts[0] {
		if c < '0' || c > '9' {
			return false
		}
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`/\:;!,"<>|?*~`, c) >= 0 {
			return false
		}
	}
	return true
}

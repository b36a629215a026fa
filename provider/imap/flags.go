package imap

import (
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/kind/mail"
)

// state is what a server tells of a message beside its body. A message does not change, so that its flags are its version.
type state struct {
	flags  []imap.Flag
	date   int64 // Unix seconds
	size   int64
	modseq uint64 // 0: the server does not count changes
}

const recent = `\recent` // of the connection, not of the message; gone in IMAP4rev2

// deleted tells whether the message is marked as deleted, which is as good as gone.
func (s *state) deleted() bool { return slices.Contains(s.flags, imap.FlagDeleted) }

// version is what the flags are: equal versions of a message are equal messages.
func (s *state) version() tandem.Version { return tandem.Version("flags " + keyOf(s.flags)) }

// keyOf is the same for the same flags. They are the same in any case of letters. RFC 9051 2.3.2
func keyOf(flags []imap.Flag) string {
	var l []string
	for _, f := range flags {
		if lower := strings.ToLower(string(f)); lower != recent {
			l = append(l, lower)
		}
	}
	slices.Sort(l)
	return strings.Join(slices.Compact(l), " ")
}

// meta is a record's as a listing shows it.
func (s *state) meta() tandem.Meta {
	return tandem.Meta{Version: s.version(), Size: s.size, Attrs: s.attrs()}
}

func (s *state) attrs() tandem.Attrs {
	f := mail.Flags{Received: s.date}
	for _, flag := range s.flags {
		switch strings.ToLower(string(flag)) {
		case `\seen`:
			f.Seen = true
		case `\flagged`:
			f.Flagged = true
		case `\answered`:
			f.Answered = true
		case `\draft`:
			f.Draft = true
		case `$forwarded`:
			f.Forwarded = true
		default:
			if !strings.HasPrefix(string(flag), `\`) {
				f.Keywords = append(f.Keywords, string(flag))
			}
		}
	}
	return f.Attrs()
}

// box is a mailbox as it was when it was opened.
type box struct {
	name     string
	validity uint32
	next     imap.UID
	count    uint32
	modseq   uint64 // 0: the server does not count changes
	flags    []imap.Flag
	wild     bool // keywords can be made
	at       time.Time
}

// keeps tells whether a flag can be kept in the mailbox. PERMANENTFLAGS, RFC 9051 7.1
func (b *box) keeps(f imap.Flag) bool {
	has := slices.ContainsFunc(b.flags, func(o imap.Flag) bool { return strings.EqualFold(string(o), string(f)) })
	return has || b.wild && !strings.HasPrefix(string(f), `\`)
}

// flagsFor are the flags of a message with these attributes, as far as the mailbox can keep them. A keyword that is no word of IMAP stays where it is known.
func (b *box) flagsFor(a tandem.Attrs) []imap.Flag {
	f := mail.FlagsOf(a)
	var out []imap.Flag
	for _, x := range []struct {
		flag imap.Flag
		on   bool
	}{{imap.FlagSeen, f.Seen}, {imap.FlagFlagged, f.Flagged}, {imap.FlagAnswered, f.Answered}, {imap.FlagDraft, f.Draft}, {imap.FlagForwarded, f.Forwarded}} {
		if x.on && b.keeps(x.flag) {
			out = append(out, x.flag)
		}
	}
	for _, k := range f.Keywords {
		if isKeyword(k) && b.keeps(imap.Flag(k)) {
			out = append(out, imap.Flag(k))
		}
	}
	return out
}

// isKeyword tells whether a text can be a keyword: an atom. RFC 9051 9
func isKeyword(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`(){%*"\]`, c) >= 0 {
			return false
		}
	}
	return true
}

package mail

import (
	"slices"
	"strconv"
	"strings"

	"tandem"
)

// Attributes of a message. Flags are "1" or not there.
const (
	Seen      = "seen"
	Flagged   = "flagged"
	Answered  = "answered"
	Forwarded = "forwarded"
	Draft     = "draft"
	Received  = "received" // when the message came into the mailbox, Unix seconds (IMAP's INTERNALDATE)
	keyword   = "kw:"      // one attribute per keyword: "kw:Work"

	// FlagTask is what a phone says of a flag beyond that it is set: dates, a reminder. An opaque text to all but the phones' door. MS-ASEMAIL 2.2.2.34
	FlagTask = "flag"

	// Verb is what was done with a message last and when: "1 1793606400", 1 being an answer, 2 one to all, 3 a forward. MS-ASEMAIL 2.2.2.43
	Verb = "verb"

	// Blind says that its mailbox got a message although it is for nobody here by its header. MS-ASEMAIL 2.2.2.57
	Blind = "bcc"
)

// Flags are the attributes of a message.
type Flags struct {
	Seen, Flagged, Answered, Forwarded, Draft bool

	Received int64    // Unix seconds; 0: not known
	Keywords []string // in order
	Task     string   // see FlagTask
	Verb     string   // see Verb
	Bcc      bool     // see Blind
}

// FlagsOf reads attributes.
func FlagsOf(a tandem.Attrs) Flags {
	f := Flags{Seen: a.Get(Seen) != "", Flagged: a.Get(Flagged) != "", Answered: a.Get(Answered) != "", Forwarded: a.Get(Forwarded) != "", Draft: a.Get(Draft) != "",
		Task: a.Get(FlagTask), Verb: a.Get(Verb), Bcc: a.Get(Blind) != ""}
	f.Received, _ = strconv.ParseInt(a.Get(Received), 10, 64) // 0 for what is no number
	for k := range a.Map() {
		if w, ok := strings.CutPrefix(k, keyword); ok {
			f.Keywords = append(f.Keywords, w)
		}
	}
	slices.Sort(f.Keywords)
	return f
}

// Attrs are the flags as attributes.
func (f Flags) Attrs() tandem.Attrs {
	m := map[string]string{FlagTask: f.Task, Verb: f.Verb}
	for name, on := range map[string]bool{Seen: f.Seen, Flagged: f.Flagged, Answered: f.Answered, Forwarded: f.Forwarded, Draft: f.Draft, Blind: f.Bcc} {
		if on {
			m[name] = "1"
		}
	}
	if f.Received != 0 {
		m[Received] = strconv.FormatInt(f.Received, 10)
	}
	for _, k := range f.Keywords {
		if k != "" {
			m[keyword+k] = "1"
		}
	}
	return tandem.MakeAttrs(m)
}

// IndexAttrs implements kind.AttrIndexer: when a message came is what its mailbox says, and not what the servers on its way say.
func (Handler) IndexAttrs(ix tandem.Index, attrs tandem.Attrs) tandem.Index {
	if at := FlagsOf(attrs).Received; at != 0 {
		ix.Start, ix.End = at, at
	}
	return ix
}

// MergeAttrs implements kind.AttrMerger: each flag by itself, so that a message read here and flagged there is both. Where both sides changed one value
// differently, the larger wins, so that it does not matter which side is which. A message that was received twice keeps the earlier time.
func (Handler) MergeAttrs(base, a, b tandem.Attrs) tandem.Attrs {
	from, left, right := base.Map(), a.Map(), b.Map()
	out := map[string]string{}
	for _, m := range []map[string]string{left, right} {
		for k := range m {
			was, l, r := from[k], left[k], right[k]
			switch {
			case l == r, r == was:
				out[k] = l
			case l == was:
				out[k] = r
			case k == Received && l != "" && r != "":
				out[k] = min(l, r)
			default:
				out[k] = max(l, r)
			}
		}
	}
	return tandem.MakeAttrs(out)
}

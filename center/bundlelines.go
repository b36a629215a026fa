package center

import (
	"regexp"
	"strings"

	"tandem/engine"
)

// namingLines are the forms of messages that name what people wrote, such as the title of a record or the subject of a message, or what was removed since. What stands in their groups is in no bundle. Other
// messages name records by their ids, which lines of the log have beside them, or in quotes.
func namingLines() []*regexp.Regexp {
	var why []string
	for r := engine.NewHere; r <= engine.InConflict; r++ {
		why = append(why, regexp.QuoteMeta(r.String()))
	}
	var out []*regexp.Regexp
	for _, form := range []string{
		`^conflict: (.*): (?:` + strings.Join(why, "|") + `)(?:: (.*))?$`, // package session
		`^(?:mended|could not be mended): (?:device state|[a-z]+) (.*): [^:].*$`,
		`^body of (.*)$`, // of checks
		` says that the conflict about (.*) is settled$`,
		`^the command (?:before|after) the run wrote: (.*)$`,
		`: it (?:ended with|took longer than) [^:]*: (.*)$`, // the same command, of which the last line is told
		`^(.*) is gone at .*, and there are messages`,       // folders of mail
		`^(.*) (?:with \d+ messages )?was removed(?:, as at|, and there are messages|, which has | at )`,
		`^(.*) cannot be removed at `,
		`^(?:[^ ]+ )(?:added|removed|changed|called|has|ended the trace of) the (?:user|partner|item|device|folders of) (.*)$`,
		` (?:shared|no longer shares) collection \d+ with (.*)$`,
		` may only be read: (.*) was [a-z]+ on the device, and it is put back`, // package airsync
		`^(.*) was changed on the device, and the hub, which was put back`,
		`^nobody tells (.*) of (.*): there is no way there$`,
		`^not understood: (.*)$`,
		`^the answer of (.*) to (.*) is in the calendar; `,        // package meeting
		`^a message about a meeting, (.*): (?:the calendar|its )`, // package imip
	} {
		out = append(out, regexp.MustCompile("(?s)"+form))
	}
	return out
}

// Package explain says in plain words what each code of an error means, why it comes about and what to do. The codes are those of
// tandem.ErrorKind; events of the results log carry them.
package explain

import (
	"slices"
	"strings"

	"tandem"
)

// Text explains one code.
type Text struct {
	Code    string   `json:"code"`
	Title   string   `json:"title"`
	Meaning string   `json:"meaning"`
	Causes  []string `json:"causes"`
	Next    []string `json:"next"`  // what to do, the likeliest first
	Again   bool     `json:"again"` // it is tried again without anybody doing anything
}

// All explains all codes, in the order of the kinds.
func All() []Text {
	return []Text{
		{"internal", "Something nobody foresaw", "The program met a state that it has no name for. What it was doing was left as it was; nothing half done is taken for done.",
			[]string{"an error of the program", "an answer of a place that makes no sense", "a damaged store"},
			[]string{"run `tandem doctor`", "run the sync again; if it fails the same way, keep the log line and report it"}, false},
		{"not-found", "The named thing is not there", "A place, collection, record, user or setting that was named does not exist.",
			[]string{"a name with a spelling mistake", "the thing was removed or renamed", "a folder that is not mounted"},
			[]string{"check the name; lists are `tandem item list`, `tandem partner list`, `tandem device list`", "mount or make the folder, then sync again"}, false},
		{"exists", "The name is taken", "Something of this name, or a record with the same identity, is there already.",
			[]string{"the same thing was added before", "two files in one folder claim the same UID"},
			[]string{"choose another name", "remove one of the two, or give it another UID"}, false},
		{"changed", "It changed meanwhile", "What a decision was made about is no longer what it was. Nothing was overwritten.",
			[]string{"somebody edited the record while it was synced", "a conflict was decided elsewhere"},
			[]string{"nothing: the next run looks again", "if you made the decision, look at it again"}, true},
		{"denied", "Not allowed", "The place or the hub refuses this, and will refuse it again.",
			[]string{"a wrong or expired password", "a collection that can only be read", "missing rights to a file", "a policy of the hub"},
			[]string{"log in anew: `tandem partner login PARTNER`", "get the right to write, or choose the direction away from that place", "ask an administrator of the hub"}, false},
		{"invalid", "It makes no sense as it is", "The input is malformed, or what was asked for contradicts itself. Trying again unchanged is useless.",
			[]string{"a torn or damaged file", "a record that its standard does not allow", "a setting with an unknown word"},
			[]string{"look at the line and column that the message names, and correct them", "restore an older version: `tandem history RECORD`"}, false},
		{"too-large", "Over a limit", "It is larger than the place, or the hub, takes.",
			[]string{"a server's limit on uploads", "an attachment or photo of many megabytes", "a limit that was set"},
			[]string{"make it smaller, or leave it out with a filter", "raise the limit at the place"}, false},
		{"unreadable", "It cannot be read now", "It is there, or may be there, and cannot be read. It is never taken for deleted.",
			[]string{"missing rights to a file or folder", "a stick or share that is not mounted", "a bad disk", "a file that another program holds"},
			[]string{"mount it, or give the hub the right to read it", "check the disk if it goes on"}, true},
		{"busy", "Somebody else holds it", "A lock or a running sync is in the way for the moment.",
			[]string{"another sync of the same places", "a program that has the file open", "a server that asks to come back later"},
			[]string{"nothing: it is tried again", "close the program that holds it"}, true},
		{"gone", "The past can no longer be reached", "A position from an earlier sync is not known any more, so everything is looked at anew. Nothing is lost by that.",
			[]string{"a server that keeps its history for some days only", "a store that was restored from a backup", "a device that was away for long"},
			[]string{"nothing: the next run looks at everything"}, true},
		{"full", "No space left", "The disk, or the account's quota, is full. What did not fit was not written, and nothing was deleted for it.",
			[]string{"a full disk or stick", "a mail or cloud account at its quota"},
			[]string{"make space there", "keep history for a shorter time: `tandem serve --keep-history 14d`"}, true},
		{"temporary", "A fault on the way", "The way to the place, or the place itself, fails for the moment.",
			[]string{"no network, or a network that asks to log in", "a server that restarts or is overloaded", "a name that cannot be resolved"},
			[]string{"nothing: it is tried again, less often each time", "check the network, then `tandem sync ITEM`"}, true},
		{"too-new", "Made by a newer version", "The data were written by a newer version of the program, which this one does not understand.",
			[]string{"an older program was started on the same data folder"},
			[]string{"use the newer version"}, false},
		{"held", "A person must say go on", "The guard stopped a plan that would delete or overwrite much, or two filled places meet for the first time. Nothing was done.",
			[]string{"a folder that was emptied or not mounted", "a large clean-up", "a restored or replaced store"},
			[]string{"look at what is asked: `tandem conflict list`", "answer it: `tandem conflict answer ITEM go-ahead|restore|leave`"}, false},
	}
}

// Find explains one code, which may be written as the kind reads in messages.
func Find(code string) (Text, error) {
	all := All()
	want := strings.ToLower(strings.TrimSpace(code))
	i := slices.IndexFunc(all, func(t Text) bool { return t.Code == want })
	for k := range all {
		if i < 0 && tandem.ErrorKind(k).String() == want {
			i = k
		}
	}
	if i >= 0 {
		return all[i], nil
	}
	codes := make([]string, 0, len(all))
	for _, t := range all {
		codes = append(codes, t.Code)
	}
	return Text{}, &tandem.Error{Kind: tandem.NotFound, Op: "explain", Thing: code, Err: errNoCode{}, Remedy: "the codes are " + strings.Join(codes, ", ")}
}

type errNoCode struct{}

func (errNoCode) Error() string { return "there is no such code" }

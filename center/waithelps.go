package center

import "strings"

// waitHelps are what helps with a record that waits, by why it does: the words of the runs' lines in the log (session).
func waitHelps() map[string]string {
	return map[string]string{
		"cannot be read":                                "give the hub the right to read it, or mount what it is on; it is tried again by itself",
		"larger than the other place takes":             "make it smaller, or leave it out with a filter",
		"the other place cannot hold this name":         "rename it",
		"two records want one name on the other place":  "rename one of the two",
		"a folder here, a file there":                   "rename one of the two",
		"moves that would put folders into each other":  "move one of them back",
		"renamed differently on both sides":             "rename it on one side to what it is called on the other",
		"torn when the machine went down":               "write it anew, or restore an older version from history",
		"the deleted folder holds something that stays": "move that elsewhere, or leave the folder",
		"left for later":                                "sync again",
	}
}

// nextOfRun is what to do about a line that a run wrote without saying it, "" if nobody knows.
func nextOfRun(text string) string {
	why, _, _ := strings.Cut(text, ": ")
	if help, ok := waitHelps()[why]; ok {
		return help
	}
	if strings.HasPrefix(text, "the listing of ") && strings.HasSuffix(text, " is not complete: nothing is deleted on its account") {
		return "nothing: the next run looks again; if it goes on, see why the place can be read in part only"
	}
	return ""
}

package center

import "strings"

// ByHub is who began the runs that nobody asked for, as history has it.
const ByHub = "hub"

// AuthorText says for people who wrote a version and where it came from, given what history has of it, which is "who from": "a sync from the command line, from
// vdir:/srv/book", "anna, with the phone PHONE1". It completes "by".
func AuthorText(by string) string {
	who, from, _ := strings.Cut(by, " ")
	if door, name, ok := strings.Cut(who, ":"); ok && (door == "web" || door == "api") {
		who = name
	}
	switch who {
	case "cli":
		who = "a sync from the command line"
	case ByHub:
		who = "the hub, syncing by itself"
	}
	scheme, id, _ := strings.Cut(from, ":")
	switch {
	case from == "":
		return who
	case scheme == "eas":
		return who + ", with the phone " + id
	case from == "dav":
		return who + ", with a program of theirs"
	case from == "web":
		return who + ", in the page"
	case from == "undo":
		return who + ", who put it back"
	case from == "repair":
		return who + ", by a repair"
	}
	return who + ", from " + withoutOptions(from)
}

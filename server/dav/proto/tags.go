package proto

import "strings"

// tags are the entity tags of a list as If-Match and If-None-Match have it, with "W/" where they are weak; any is "*".
// RFC 9110 8.8.3, 13.1
func tags(list string) (out []string, any bool) {
	list = strings.TrimSpace(list)
	if list == "*" {
		return nil, true
	}
	for list != "" {
		list = strings.TrimLeft(list, ", \t")
		weak := strings.HasPrefix(list, "W/")
		rest := strings.TrimPrefix(list, "W/")
		if !strings.HasPrefix(rest, `"`) { // some clients leave the quotes out
			var one string
			one, list, _ = strings.Cut(rest, ",")
			if one = strings.TrimSpace(one); one != "" {
				out = append(out, `"`+one+`"`)
			}
			continue
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			break
		}
		tag := rest[:end+2]
		if list = rest[end+2:]; weak {
			tag = "W/" + tag
		}
		out = append(out, tag)
	}
	return out, false
}

// ListsTag reports whether a list of If-Match or If-None-Match names an entity tag, "" being that of what is not there. Compared weakly, a weak tag names
// the strong one, too. RFC 9110 8.8.3.2
func ListsTag(list, tag string, weakly bool) bool {
	all, any := tags(list)
	if any {
		return tag != ""
	}
	for _, t := range all {
		if weakly {
			t = strings.TrimPrefix(t, "W/")
		}
		if t == tag && tag != "" {
			return true
		}
	}
	return false
}

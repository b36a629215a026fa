package files

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"tandem"
)

// ignoreName is the file in the root that lists patterns.
const ignoreName = ".tandemignore"

// rules are patterns in the form of gitignore: the last one that matches decides; nothing below an ignored directory
// can be taken back in.
type rules []rule

type rule struct {
	text     string
	parts    []string // of the pattern, split at slashes
	anchored bool     // matches from the root only
	dirOnly  bool
	take     bool // "!": not ignored after all
}

func parseRules(lines []string) (rules, error) {
	var rs rules
	for _, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		// Spaces at the end do not count unless the last is escaped.
		for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
			line = line[:len(line)-1]
		}
		if line == "" || line[0] == '#' {
			continue
		}
		r := rule{text: line}
		if line[0] == '!' {
			r.take, line = true, line[1:]
		}
		if strings.HasSuffix(line, "/") {
			r.dirOnly, line = true, strings.TrimRight(line, "/")
		}
		r.anchored = strings.Contains(line, "/")
		line = strings.TrimPrefix(line, "/")
		r.parts = strings.Split(line, "/")
		for i, p := range r.parts {
			// What gitignore calls [!a] is [^a] here.
			r.parts[i] = strings.ReplaceAll(p, "[!", "[^")
			if _, err := path.Match(r.parts[i], "x"); err != nil || p == "" {
				return nil, &tandem.Error{Kind: tandem.Invalid, Op: "read pattern", Thing: r.text, Err: errors.New("it is malformed"),
					Remedy: "write it in the form of gitignore, such as *.tmp or build/"}
			}
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// ignores reports whether an entry, none of whose parents is ignored, is left out.
func (rs rules) ignores(id string, isDir bool) (by string, yes bool) {
	for i := len(rs) - 1; i >= 0; i-- {
		r := &rs[i]
		if r.dirOnly && !isDir || !r.matches(id) {
			continue
		}
		return r.text, !r.take
	}
	return "", false
}

func (r *rule) matches(id string) bool {
	if !r.anchored {
		ok, err := path.Match(r.parts[0], base(id))
		return ok && err == nil
	}
	return matchParts(r.parts, strings.Split(id, "/"))
}

// matchParts matches a path by components; "**" stands for any number of them, at the end for at least one.
func matchParts(pattern, names []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			if len(pattern) == 1 {
				return len(names) > 0
			}
			for skip := range len(names) + 1 {
				if matchParts(pattern[1:], names[skip:]) {
					return true
				}
			}
			return false
		}
		if len(names) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], names[0]); !ok || err != nil {
			return false
		}
		pattern, names = pattern[1:], names[1:]
	}
	return len(names) == 0
}

// maxIgnoreFile bounds ignoreName.
const maxIgnoreFile = 1 << 20

// currentRules are those of the place's options followed by those of the file in the root. A file that cannot be read
// is an error: what should have been left out must not be synced for it.
func (r *Replica) currentRules() (rules, error) {
	data, err := r.root.readAll(ignoreName, maxIgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r.rules, nil
	}
	if err != nil {
		return nil, classify("read", ignoreName, err)
	}
	own, err := parseRules(strings.Split(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ignoreName, err)
	}
	return append(own, r.rules...), nil
}

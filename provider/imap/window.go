package imap

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tandem"
)

// window says which messages of a mailbox are in sight: those of the last days, and those of further spans of days that somebody asked for.
type window struct {
	days int64 // 0: all
	also []daysSpan
}

// daysSpan is a span of days since 1970, both ends in it.
type daysSpan struct{ from, to int64 }

// windowOf reads the options days and also for a mailbox.
func (s *spot) windowOf(path []string) (window, error) {
	w := window{days: s.place.Int("days")}
	for entry := range strings.SplitSeq(s.place.Options["also"], ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		what := entry
		here := true
		if at := strings.LastIndexByte(entry, ':'); at >= 0 {
			name, err := url.PathUnescape(entry[:at])
			if err != nil {
				return w, badWindow(s, entry)
			}
			what, here = entry[at+1:], isFolder(path, name)
		}
		if err := w.open(what, here); err != nil {
			return w, badWindow(s, entry)
		}
	}
	return w, nil
}

func badWindow(s *spot, entry string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read option also of", Thing: s.place.Text, Err: errors.New(strconv.Quote(entry) + " is no span of days"),
		Remedy: "write 2020-03-01..2020-04-30, 2020-03-01, ..2019-12-31, a number of days, or all; with Folder: before it for one folder"}
}

// isFolder tells whether a mailbox is the one of a name, as people see names: without what all names at the server begin with.
func isFolder(path []string, name string) bool {
	full := strings.Join(path, "/")
	if full == "" {
		full = "INBOX"
	}
	name = strings.Trim(name, "/")
	return full == name || strings.EqualFold(full, "INBOX") && strings.EqualFold(name, "INBOX") || len(path) > 1 && strings.EqualFold(path[0], "INBOX") && strings.Join(path[1:], "/") == name
}

// open lets more messages into sight, if they are of this mailbox.
func (w *window) open(what string, here bool) error {
	const most = 1 << 40
	if what == "all" {
		if here {
			w.days = 0
		}
		return nil
	}
	if n, err := strconv.ParseInt(what, 10, 32); err == nil && n > 0 {
		if here && w.days != 0 {
			w.days = max(w.days, n)
		}
		return nil
	}
	from, to, both := strings.Cut(what, "..")
	if !both {
		to = from
	}
	span := daysSpan{-most, most}
	for _, end := range []struct {
		text string
		day  *int64
	}{{from, &span.from}, {to, &span.to}} {
		if end.text == "" && both && from+to != "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, end.text)
		if err != nil {
			return err
		}
		*end.day = t.Unix() / day
	}
	if span.from > span.to {
		return errors.New("it ends before it begins")
	}
	if here {
		w.also = append(w.also, span)
	}
	return nil
}

// first is the first of the last days that are in sight, 0 where all are.
func (w window) first(now time.Time) int64 {
	if w.days > 0 {
		return now.Unix()/day - w.days
	}
	return 0
}

// beside tells whether somebody asked for a day that is before them.
func (w window) beside(at int64) bool {
	for _, s := range w.also {
		if s.from <= at && at <= s.to {
			return true
		}
	}
	return false
}

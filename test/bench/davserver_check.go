package main

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"tandem/wire/davxml"
)

// A server that answers nothing, or something else, is no peer: what it holds and what it finds is checked before anything of it is timed.

// davName is what a record is called on all servers.
func davName(i int, ext string) string { return fmt.Sprintf("bench-%05d%s", i, ext) }

// holds checks that a collection lists exactly the records up to a number, each with an entity tag.
func (s *davServer) holds(at, ext string, count int) error {
	got := map[string]bool{}
	err := s.do("PROPFIND", at, "1", `<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`, http.StatusMultiStatus, func(r io.Reader) error {
		list, _ := davxml.ReadMultistatus(r, davxml.Limits{Bytes: 1 << 30})
		for one, err := range list {
			if err != nil {
				return err
			}
			if strings.HasSuffix(one.Href, ext) && one.Prop(davxml.D("getetag")).Value() != "" {
				got[path.Base(one.Href)] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range count {
		if !got[davName(i, ext)] {
			return fmt.Errorf("%s lists %d records in %s, and not %s", s.name, len(got), at, davName(i, ext))
		}
	}
	if len(got) != count {
		return fmt.Errorf("%s lists %d records in %s, of %d", s.name, len(got), at, count)
	}
	return nil
}

// march is the month asked for of a calendar that holds the events of pim.go.
const march = 2

// monthWrong tells which event is missing from what a server found in March, or does not belong there, by the bodies it gave; nil: none. Events that repeat and begin earlier may be
// in it or not: whether the first day counts where the rule does not name it is read in two ways. RFC 5545 3.8.5.3
func monthWrong(bodies []string, events int) error {
	found := map[string]bool{}
	for _, b := range bodies {
		_, rest, _ := strings.Cut(b, "UID:")
		uid, _, _ := strings.Cut(rest, "\n")
		found[strings.TrimSpace(uid)] = true
	}
	if len(found) != len(bodies) || found[""] {
		return fmt.Errorf("%d answers hold %d events", len(bodies), len(found))
	}
	for i := range events {
		in, is := i%12 == march, found[fmt.Sprintf("bench-event-%05d", i)]
		if in && !is || is && !in && i%10 != 0 {
			return fmt.Errorf("event %d is in March: %v, and found there: %v", i, in, is)
		}
	}
	return nil
}

package files

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"tandem/server/dav/proto"
)

// entry is a line of a list.
type entry struct {
	name, href, size, when string
	dir                    bool
}

// list answers with a small page of what is in a collection, for people who look with a browser.
func (s *Service) list(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Cache-Control", "no-cache")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	var entries []entry
	for c, err := range s.Tree.Children(ctx, r.User, r.Target, false) {
		if err != nil {
			return err
		}
		entries = append(entries, entryOf(c))
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.dir != b.dir {
			if a.dir {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), cmp.Compare(a.name, b.name))
	})
	var b strings.Builder
	title := html.EscapeString(titleOf(r.Target))
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>%s</title>\n<style>body{font-family:sans-serif;margin:2em}"+
		"td{padding:.2em 1em .2em 0}.n{text-align:right}</style></head>\n<body><h1>%s</h1>\n<table>\n", title, title)
	if up := path.Dir(strings.TrimSuffix(r.Target.Href(), "/")) + "/"; strings.HasPrefix(up, proto.Path) && r.Target.Sort != proto.Root {
		fmt.Fprintf(&b, "<tr><td><a href=\"%s\">..</a></td><td></td><td></td></tr>\n", html.EscapeString(up))
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "<tr><td><a href=\"%s\">%s</a></td><td class=\"n\">%s</td><td>%s</td></tr>\n", html.EscapeString(e.href), html.EscapeString(e.name), e.size, e.when)
	}
	b.WriteString("</table></body></html>\n")
	_, err := w.Write([]byte(b.String()))
	return err
}

// titleOf is the path of a collection as people write it.
func titleOf(r *proto.Resource) string {
	if s, err := url.PathUnescape(r.Href()); err == nil {
		return s
	}
	return r.Href()
}

func entryOf(c *proto.Resource) entry {
	e := entry{href: c.Href(), dir: c.Dir()}
	e.name = path.Base(titleOf(c))
	switch c.Sort {
	case proto.Collection:
		e.name = c.Reach.Name
	case proto.Member:
		if !c.Tree() && c.Record.Title != "" {
			e.name = c.Record.Title
		}
		e.when = proto.Modified(c.Record).Format("2006-01-02 15:04")
		if !e.dir {
			e.size = bytesText(c.Record.Size)
		}
	}
	if e.dir {
		e.name += "/"
	}
	return e
}

// bytesText is a number of bytes for people.
func bytesText(n int64) string {
	f, unit := float64(n), ""
	for _, u := range []string{"K", "M", "G", "T"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, u
	}
	if unit == "" {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}

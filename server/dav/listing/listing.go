// Package listing shows people with a browser what is in a collection, of whatever sort: one page for all.
package listing

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strings"

	"tandem"
	"tandem/server/dav/proto"
)

// most are how many entries a page shows.
const most = 1000

// text is the page.
const text = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}} – Tandem</title>
<style>body{font-family:sans-serif;max-width:50em;margin:2em auto;padding:0 1em}table{border-spacing:0}td{padding:.2em 1.5em .2em 0}.n{text-align:right}</style></head>
<body><h1>{{.Title}}</h1>
<p>{{if .Up}}<a href="{{.Up}}">Up</a> {{end}}{{if .Export}}<a href="{{.Export}}">All as one file</a>{{end}}</p>
{{if .Entries}}<table>{{range .Entries}}
<tr><td><a href="{{.Href}}">{{.Name}}</a></td><td class="n">{{.Size}}</td><td>{{.When}}</td></tr>{{end}}
</table>{{else}}<p>Nothing is here.</p>{{end}}
{{if .More}}<p>There is more than is shown here.</p>{{end}}
<p>{{.Use}}</p>
</body></html>
`

// entry is a line of the page.
type entry struct {
	Name, Href, Size, When string
	dir                    bool
}

// view is what the page shows.
type view struct {
	Title, Up, Export, Use string
	Entries                []entry
	More                   bool
}

// Serve answers GET and HEAD of a collection.
func Serve(ctx context.Context, w http.ResponseWriter, r *proto.Request, tree proto.Tree) error {
	t := r.Target
	v := view{Title: title(t), Use: "Calendar and address book programs use this address, too: give it to yours."}
	if t.Tree() {
		v.Use = "File managers and programs that speak WebDAV use this address, too."
	}
	if t.Sort != proto.Root && !(t.Public != "" && t.Sort == proto.Collection) {
		v.Up = path.Dir(strings.TrimSuffix(t.Href(), "/")) + "/" // whole, for the path may have been asked for without its slash
	}
	if t.Sort == proto.Collection && !t.Tree() && t.Reach.Kind != tandem.Invitation {
		v.Export = "?export"
	}
	for c, err := range tree.Children(ctx, r.User, t, false) {
		if err != nil {
			return err
		}
		if c.Sort == proto.Outbox { // for programs alone
			continue
		}
		if v.More = len(v.Entries) == most; v.More {
			break
		}
		v.Entries = append(v.Entries, entryOf(c))
	}
	slices.SortStableFunc(v.Entries, func(a, b entry) int {
		if a.dir != b.dir {
			if a.dir {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	// No sandbox: it would keep the browser from saving what the page leads to.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	return template.Must(template.New("page").Parse(text)).Execute(w, v)
}

// title names a resource for people.
func title(t *proto.Resource) string {
	switch t.Sort {
	case proto.Root:
		return "Tandem"
	case proto.Principals:
		return "Users"
	case proto.Principal:
		return t.User
	case proto.Homes, proto.Home:
		return map[proto.Branch]string{proto.Calendars: "Calendars", proto.Contacts: "Address books", proto.Files: "Files"}[t.Branch]
	case proto.Collection:
		return t.Reach.Title()
	}
	if t.Tree() {
		id := string(t.ID)
		return id[strings.LastIndexByte(id, '/')+1:]
	}
	if t.Record != nil && t.Record.Title != "" {
		return t.Record.Title
	}
	return string(t.ID)
}

func entryOf(c *proto.Resource) entry {
	e := entry{Name: title(c), Href: c.Href(), dir: c.Tree() && c.Dir()}
	if e.dir {
		e.Name += "/"
	}
	if c.Sort != proto.Member || !c.Tree() {
		return e
	}
	e.When = proto.Modified(c.Record).Format("2006-01-02 15:04")
	if !e.dir {
		e.Size = size(c.Record.Size)
	}
	return e
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprint(n)
	}
	f := float64(n)
	for _, u := range []string{"K", "M", "G"} {
		if f /= 1024; f < 1024 {
			return fmt.Sprintf("%.1f %s", f, u)
		}
	}
	return fmt.Sprintf("%.1f T", f/1024)
}

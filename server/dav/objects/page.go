package objects

import (
	"context"
	"html/template"
	"net/http"
	"tandem"

	"tandem/server/dav/proto"
)

// listed are how many entries a page shows.
const listed = 1000

// pageText is what a browser shows of a collection.
const pageText = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>body{font-family:sans-serif;max-width:50em;margin:2em auto;padding:0 1em}li{margin:.3em 0}</style></head>
<body><h1>{{.Title}}</h1>
<p>{{if .Up}}<a href="{{.Up}}">Up</a> {{end}}{{if .Export}}<a href="{{.Export}}">All as one file</a>{{end}}</p>
<ul>{{range .Entries}}<li><a href="{{.Href}}">{{.Title}}</a></li>
{{else}}<li>Nothing is here.</li>{{end}}</ul>
{{if .More}}<p>There is more than is shown here.</p>{{end}}
<p>Calendar and address book programs use this address, too: give it to yours.</p>
</body></html>
`

// page shows what is in a collection to a person with a browser.
func (s *Service) page(ctx context.Context, w http.ResponseWriter, r *proto.Request) error {
	type entry struct{ Href, Title string }
	var view struct {
		Title, Up, Export string
		Entries           []entry
		More              bool
	}
	t := r.Target
	view.Title = title(t)
	if t.Sort != proto.Root && !(t.Public != "" && t.Sort == proto.Collection) {
		view.Up = "../"
	}
	if t.Sort == proto.Collection && !t.Tree() && t.Reach.Kind != tandem.Invitation {
		view.Export = "?export"
	}
	for c, err := range s.Tree.Children(ctx, r.User, t, false) {
		if err != nil {
			return err
		}
		if view.More = len(view.Entries) == listed; view.More {
			break
		}
		view.Entries = append(view.Entries, entry{c.Href(), title(c)})
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept")
	harmless(h)
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	return template.Must(template.New("page").Parse(pageText)).Execute(w, view)
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
		return string(t.Branch)
	case proto.Outbox:
		return "Outbox"
	case proto.Collection:
		return t.Reach.Title()
	}
	if t.Record != nil && t.Record.Title != "" {
		return t.Record.Title
	}
	return string(t.ID)
}

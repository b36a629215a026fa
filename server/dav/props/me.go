package props

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// meProp is the property of a user that names their own card: collection and number, so that it is found under whatever id.
const meProp = "me"

// isPerson reports whether a resource says which card is a user's own: the principal (RFC 6352 7.1.2), and the home of the address books, where macOS and iOS look.
func isPerson(res *proto.Resource) bool {
	return res.Sort == proto.Principal || res.Sort == proto.Home && res.Branch == proto.Contacts
}

// ownCard is the user's own card, for the user alone: others need not be able to reach it.
func ownCard(name davxml.Name) func(q *query, res *proto.Resource) *davxml.Element {
	return func(q *query, res *proto.Resource) *davxml.Element {
		if !isPerson(res) || res.User != q.req.User.Name || res.Public != "" {
			return nil
		}
		user, err := q.Accounts.User(q.ctx, res.User)
		if err != nil {
			q.err = err
			return nil
		}
		col, number, ok := parseMe(user.Props.Get(meProp))
		if !ok {
			return nil
		}
		list, err := q.Tree.Collections(q.ctx, user.Name, proto.Contacts)
		if err != nil {
			q.err = err
			return nil
		}
		for _, c := range list {
			if c.Reach.ID != col {
				continue
			}
			for rec, err := range q.Lookup.ByNumber(q.ctx, col, []int64{number}) {
				if q.err = err; err == nil && !rec.Deleted {
					return davxml.New(name, davxml.Href(q.Tree.Member(c, rec).Href()))
				}
			}
		}
		return nil
	}
}

func parseMe(s string) (collection, number int64, ok bool) {
	a, b, _ := strings.Cut(s, "/")
	collection, err := strconv.ParseInt(a, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	number, err = strconv.ParseInt(b, 10, 64)
	return collection, number, err == nil
}

// setOwnCard says which card is the user's own.
func setOwnCard(p *patch, e *davxml.Element) error {
	if !isPerson(p.res) {
		return notHere()
	}
	if p.res.User != p.author.User {
		return davxml.Fail(http.StatusForbidden, davxml.D("need-privileges"))
	}
	none := ""
	if p.me = &none; e == nil {
		return nil
	}
	refused := davxml.Failf(http.StatusConflict, "the own card is one in an address book")
	to, err := url.Parse(e.Get(davxml.D("href")))
	if err != nil {
		return refused
	}
	res, err := p.svc.Tree.Resolve(p.ctx, store.User{Name: p.author.User}, to.EscapedPath())
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		return refused
	case err != nil:
		return err
	case res.Sort != proto.Member || res.Record == nil || res.Branch != proto.Contacts:
		return refused
	}
	*p.me = strconv.FormatInt(res.Reach.ID, 10) + "/" + strconv.FormatInt(res.Record.Number, 10)
	return nil
}

package api

import (
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// paging is the part of a request that says which page of a list is meant.
type Paging struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"how many at most"`
	Skip  int `query:"skip" minimum:"0" doc:"how many to leave out at the beginning"`

	at url.URL
}

// Resolve implements huma.Resolver: it remembers under which address the request came.
func (p *Paging) Resolve(ctx huma.Context) []error {
	p.at = ctx.URL()
	return nil
}

var _ huma.Resolver = (*Paging)(nil)

// list is an answer with a page of a list.
type list[T any] struct {
	Link string `header:"Link" doc:"the next page, if there is one: </api/…>; rel=\"next\" (RFC 8288)"`
	Body []T
}

// pageOf cuts a page out of a list.
func pageOf[T any](p *Paging, all []T) *list[T] {
	from := min(p.Skip, len(all))
	to := min(from+p.Limit, len(all))
	out := &list[T]{Body: append([]T{}, all[from:to]...)}
	if to < len(all) {
		out.Link = p.next("skip", strconv.Itoa(to))
	}
	return out
}

// pageAfter cuts a page out of a list that goes on, newest first, with what is older than the last entry of a page.
func pageAfter[T any](p *Paging, all []T, id func(T) int64) *list[T] {
	out := pageOf(p, all)
	if n := len(out.Body); out.Link != "" && n > 0 {
		q := p.at.Query()
		q.Del("skip")
		p.at.RawQuery = q.Encode()
		out.Link = p.next("before", strconv.FormatInt(id(out.Body[n-1]), 10))
	}
	return out
}

// next is the address of the request with another value of one parameter.
func (p *Paging) next(name, value string) string {
	q := p.at.Query()
	q.Set(name, value)
	return "<" + (&url.URL{Path: p.at.Path, RawQuery: q.Encode()}).String() + `>; rel="next"`
}

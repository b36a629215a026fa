package locks

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/wire/davxml"
)

// Permit implements proto.Guard.
func (s *Service) Permit(ctx context.Context, r *proto.Request, changes ...proto.Change) error {
	c := check{Service: s, r: r, now: s.Now(), locks: map[int64][]store.Lock{}}
	if err := c.conditions(ctx); err != nil {
		return err
	}
	var hrefs []string
	for _, ch := range changes {
		if ch.Reads {
			continue
		}
		more, err := c.blocked(ctx, ch)
		if err != nil {
			return err
		}
		hrefs = append(hrefs, more...)
	}
	return locked("lock-token-submitted", hrefs)
}

// locked is 423 for what is locked at hrefs, nil for nothing. RFC 4918 16
func locked(condition string, hrefs []string) error {
	if len(hrefs) == 0 {
		return nil
	}
	slices.Sort(hrefs)
	var list []*davxml.Element
	for _, h := range slices.Compact(hrefs) {
		list = append(list, davxml.Href(h))
	}
	return davxml.Fail(http.StatusLocked, davxml.D(condition), list...)
}

// check holds one request to its headers and to locks.
type check struct {
	*Service
	r      *proto.Request
	now    int64
	tokens map[string]bool        // submitted
	locks  map[int64][]store.Lock // by collection, as far as they were looked at
}

func (c *check) of(ctx context.Context, collection int64) ([]store.Lock, error) {
	list, ok := c.locks[collection]
	if !ok {
		var err error
		if list, err = c.Locks.Locks(ctx, collection, c.now); err != nil {
			return nil, err
		}
		c.locks[collection] = list
	}
	return list, nil
}

// conditions evaluates the headers.
func (c *check) conditions(ctx context.Context) error {
	header, err := ParseIf(strings.Join(c.r.Header.Values("If"), " "))
	if err != nil {
		return davxml.Failf(http.StatusBadRequest, "If: %v", err)
	}
	c.tokens, c.r.Standing = header.Tokens(), nil
	if err := matches(c.r.Header, c.r.Target); err != nil {
		return err
	}
	if len(header) == 0 {
		return nil
	}
	states := map[string]state{}
	for _, list := range header {
		st, ok := states[list.Resource]
		if !ok {
			if st, err = c.stateOf(ctx, list.Resource); err != nil {
				return err
			}
			states[list.Resource] = st
		}
		if st.meets(list.Conditions) {
			c.r.Standing = st.standing(list.Conditions)
			return nil
		}
	}
	return davxml.Failf(http.StatusPreconditionFailed, "no list of the header If holds")
}

// state is what conditions compare with.
type state struct {
	etag   string
	tokens map[string]bool
	col    tandem.Collection // whose sync-token is among the tokens; without an ID: none
}

// standing is what conditions that were met say of the collection's state. RFC 6578 5
func (st state) standing(list []Condition) map[int64]int64 {
	for _, c := range list {
		if seq, ok := proto.ParseSyncToken(st.col, c.Token); ok && !c.Not && st.col.ID != 0 {
			return map[int64]int64{st.col.ID: seq}
		}
	}
	return nil
}

func (st state) meets(list []Condition) bool {
	for _, c := range list {
		holds := c.ETag != "" && c.ETag == st.etag || c.Token != "" && st.tokens[c.Token]
		if holds == c.Not {
			return false
		}
	}
	return true
}

// stateOf looks at what a list is about. What is nowhere, or not here, has neither tag nor tokens. RFC 4918 10.4.3, 10.4.4
func (c *check) stateOf(ctx context.Context, ref string) (st state, err error) {
	res := c.r.Target
	if ref != "" {
		path, err := c.r.Path(ref)
		if err == nil {
			res, err = c.Tree.Resolve(ctx, c.r.User, path)
		}
		var elsewhere *davxml.Condition
		switch {
		case tandem.IsKind(err, tandem.NotFound), errors.As(err, &elsewhere):
			return st, nil
		case err != nil:
			return st, err
		}
	}
	st = state{etag: res.ETag(), tokens: map[string]bool{}}
	if res.Sort == proto.Collection || res.Tree() && res.Sort == proto.Member && res.Dir() { // RFC 6578 5
		st.col = res.Reach.Collection
		st.tokens[proto.SyncToken(st.col, st.col.Seq)] = true
	}
	path, ok := pathOf(res)
	if !ok {
		return st, nil
	}
	list, err := c.of(ctx, res.Reach.ID)
	for _, l := range list {
		if l.Covers(path) {
			st.tokens[l.Token] = true
		}
	}
	return st, err
}

// matches holds a request to If-Match, If-None-Match and If-Unmodified-Since, which are about its target. RFC 9110 13.2.2
func matches(h http.Header, res *proto.Resource) error {
	failed := &davxml.Condition{Status: http.StatusPreconditionFailed}
	if list := h.Values("If-Match"); len(list) > 0 {
		if !listed(list, res) {
			return failed
		}
	} else if when, err := http.ParseTime(h.Get("If-Unmodified-Since")); err == nil && res.Sort == proto.Member && res.Record != nil {
		if proto.Modified(res.Record).Truncate(time.Second).After(when) {
			return failed
		}
	}
	if list := h.Values("If-None-Match"); len(list) > 0 && listed(list, res) {
		return failed
	}
	return nil
}

// listed reports whether what is there has one of these tags, or is there at all where the list is "*". A directory has no tag.
func listed(values []string, res *proto.Resource) bool {
	list := strings.Join(values, ",")
	if strings.TrimSpace(list) == "*" {
		return res.There()
	}
	return proto.ListsTag(list, res.ETag(), false)
}

// blocked lists what was locked by others, or whose tokens were not submitted, and keeps a change from being made. RFC 4918 7, 7.4, 7.5
func (c *check) blocked(ctx context.Context, ch proto.Change) (hrefs []string, err error) {
	path, ok := pathOf(ch.Resource)
	if !ok {
		return nil, nil
	}
	list, err := c.of(ctx, ch.Reach.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	protected := []string{path}
	if ch.Binds && path != "" {
		protected = append(protected, parentOf(ch.Resource))
	}
	if ch.Deep {
		for _, l := range list {
			if below(l.Path, path) {
				protected = append(protected, l.Path)
			}
		}
	}
	for _, p := range protected {
		var covering []store.Lock
		allowed := false
		for _, l := range list {
			if l.Covers(p) {
				covering = append(covering, l)
				allowed = allowed || c.tokens[l.Token] && l.User == c.r.User.Name // of shared locks one is enough
			}
		}
		if allowed {
			continue
		}
		for _, l := range covering {
			href, err := c.href(ctx, ch.Resource, l)
			if err != nil {
				return nil, err
			}
			hrefs = append(hrefs, href)
		}
	}
	return hrefs, nil
}

// href is the path of what was locked. Only what is below the resource must be looked up, to know whether it is a directory.
func (c *check) href(ctx context.Context, res *proto.Resource, l store.Lock) (string, error) {
	href := rootHref(res, l)
	if path, _ := pathOf(res); !below(l.Path, path) {
		return href, nil
	}
	root, err := c.Tree.Resolve(ctx, c.r.User, href)
	switch {
	case tandem.IsKind(err, tandem.NotFound):
		return href, nil
	case err != nil:
		return "", err
	}
	return root.Href(), nil
}

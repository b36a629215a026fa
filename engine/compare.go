package engine

import (
	"tandem"
)

// What a record holds, against the base and against the other side. Contents are compared by digest, links by where they
// point; versions and nodes never count.

// contentOf is what must be equal for two records to hold the same: the digest, or where a link points.
func contentOf(s *tandem.Shown) string {
	switch t := typeOf(s.Attrs); t {
	case "dir":
		return t
	case "link":
		return t + "\x00" + s.Attrs.Get("target")
	}
	return string(s.Digest[:])
}

// edited tells that side s holds something else than agreed. What has no known digest counts as edited.
func (r *record) edited(s tandem.Side) bool {
	if r.st[s] == same {
		return false
	}
	if r.st[s] == fresh {
		return true
	}
	n, was := &r.cur[s].Shown, r.base.Side(s)
	return contentOf(n) != contentOf(was) || n.Digest.IsZero() && !bodiless(n.Attrs)
}

// alike tells that both sides hold the same.
func (r *record) alike() bool {
	a, b := &r.cur[sideA].Shown, &r.cur[sideB].Shown
	return contentOf(a) == contentOf(b) && (!a.Digest.IsZero() || bodiless(a.Attrs))
}

func (r *record) retyped(s tandem.Side) bool {
	return r.agreed() && r.has(s) && typeOf(r.cur[s].Attrs) != typeOf(r.base.Side(s).Attrs)
}

package dav

import (
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"tandem"
)

// rawMark begins the id of a record whose name cannot be one: the rest is the name as it is spelled in the address.
const rawMark = ":"

// idOf is the id of a member by the last segment of its address, as it is spelled there.
func idOf(segment string) tandem.ID {
	name, err := url.PathUnescape(segment)
	if err != nil || name == "" || strings.ContainsRune(name, '/') || strings.HasPrefix(name, rawMark) || !utf8.ValidString(name) {
		return tandem.ID(rawMark + segment)
	}
	return tandem.ID(name)
}

// segmentOf is an id as a segment of an address.
func segmentOf(id tandem.ID) string {
	if raw, ok := strings.CutPrefix(string(id), rawMark); ok {
		return raw
	}
	return escapeSegment(string(id))
}

// escapeSegment writes a name as a segment of an address. What RFC 3986 3.3 lets a segment hold stays, but for what some servers and proxies misread.
func escapeSegment(name string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~@", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	switch b.String() {
	case ".", "..":
		return strings.ReplaceAll(b.String(), ".", "%2E")
	}
	return b.String()
}

// below is the address of a segment below a collection.
func below(base *url.URL, segment string) *url.URL {
	u := *base
	raw := strings.TrimSuffix(u.EscapedPath(), "/") + "/" + segment
	u.Path, _ = url.PathUnescape(raw)
	u.RawPath, u.RawQuery, u.Fragment = raw, "", ""
	return &u
}

// asCollection is an address with the slash that collections end with. RFC 4918 5.2
func asCollection(u *url.URL) *url.URL {
	if strings.HasSuffix(u.Path, "/") {
		return u
	}
	v := *u
	v.RawPath = v.EscapedPath() + "/"
	v.Path += "/"
	return &v
}

// cleanPath is a path for comparison: escapes and a slash at the end do not count. Servers differ in what they escape, such as the @ of a user's name.
func cleanPath(u *url.URL) string { return strings.TrimSuffix(path.Clean("/"+u.Path), "/") }

func samePath(a, b *url.URL) bool { return cleanPath(a) == cleanPath(b) }

// member takes an href of an answer apart: the segment that names a member of the collection at base, or self for the collection. Neither: it lies elsewhere.
func member(base *url.URL, href string) (segment string, self bool) {
	u, err := base.Parse(strings.TrimSpace(href))
	if err != nil {
		return "", false
	}
	if samePath(base, u) {
		return "", true
	}
	raw := strings.TrimSuffix(u.EscapedPath(), "/")
	i := strings.LastIndexByte(raw, '/')
	if i < 0 {
		return "", false
	}
	parent, err := url.PathUnescape(raw[:i])
	if err != nil || strings.TrimSuffix(path.Clean("/"+parent), "/") != cleanPath(base) {
		return "", false
	}
	return raw[i+1:], false
}

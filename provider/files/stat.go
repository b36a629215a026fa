package files

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"

	"tandem"
)

// The types of directory entries.
const (
	regular = 'f'
	dir     = 'd'
	link    = 'l'
	special = 'o' // sockets, pipes, devices
)

// stat is what the file system tells of an entry, links not followed.
type stat struct {
	kind  byte
	mode  uint32 // permission bits
	dev   uint64
	ino   uint64 // 0 where the system does not tell
	size  int64
	room  int64 // bytes allocated, -1 where the system does not tell
	mtime int64 // Unix nanoseconds, as all times here
	ctime int64
	btime int64 // 0 where the system does not tell
}

// sameFile reports whether s and t are the same version of the same thing, leaving out the change time, which a rename
// moves on.
func (s *stat) sameFile(t *stat) bool {
	return s.kind == t.kind && s.ino == t.ino && s.size == t.size && s.mtime == t.mtime && s.mode == t.mode
}

// same reports whether s and t are the same version of the same file.
func (s *stat) same(t *stat) bool { return s.sameFile(t) && s.ctime == t.ctime }

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-"

// appendNumber writes n in base 64, least significant digit first.
func appendNumber(b []byte, n uint64) []byte {
	for n >= 64 {
		b = append(b, digits[n&63])
		n >>= 6
	}
	return append(b, digits[n])
}

// appendVersion writes the fingerprint of an entry. A directory's holds its permissions only, since its times change
// with every entry; a link's holds its target.
func (s *stat) appendVersion(b []byte, target string) []byte {
	switch s.kind {
	case dir:
		b = append(b, 'd')
		return strconv.AppendUint(b, uint64(s.mode), 8)
	case link:
		sum := sha256.Sum256([]byte(target))
		b = append(b, 'l')
		return base64.RawURLEncoding.AppendEncode(b, sum[:12])
	}
	b = append(b, 'f')
	b = appendNumber(b, uint64(s.size))
	b = append(b, '.')
	b = appendNumber(b, uint64(s.mtime))
	b = append(b, '.')
	b = appendNumber(b, uint64(s.ctime))
	b = append(b, '.')
	b = appendNumber(b, s.ino)
	b = append(b, '.')
	return strconv.AppendUint(b, uint64(s.mode), 8)
}

func (s *stat) version(target string) tandem.Version {
	return tandem.Version(s.appendVersion(make([]byte, 0, 64), target))
}

// racyMark ends the version of a file that was modified so recently that a further change might leave its times as
// they are. What follows is different in every listing, so that the version does not compare equal the next time and the file
// is hashed again.
const racyMark = "~"

// at reports whether the entry is at a version that a listing or a write gave. A racy version vouches for nothing; the
// next listing has a better one.
func (s *stat) at(v tandem.Version, target string) bool {
	var buf [96]byte
	return string(v) == string(s.appendVersion(buf[:0], target))
}

// appendAttrs writes the attributes in canonical form. Without modes (systems that have none), mode is left out.
func (s *stat) appendAttrs(b []byte, target string) []byte {
	if s.kind == link {
		b = append(b, "target="...)
		b = append(b, url.QueryEscape(target)...)
		return append(b, "&type=link"...)
	}
	if hasModes {
		b = append(b, "mode="...)
		b = strconv.AppendUint(b, uint64(s.mode), 8)
		b = append(b, '&')
	}
	if s.kind == dir {
		return append(b, "type=dir"...)
	}
	b = append(b, "mtime="...)
	return strconv.AppendInt(b, s.mtime, 10)
}

// appendNode writes the identity of the thing behind the name. The device is left out on the root's own, since device
// numbers may change when a disk is mounted again.
func (s *stat) appendNode(b []byte, rootDev uint64) []byte {
	if s.ino == 0 {
		return b
	}
	if s.dev != rootDev {
		b = appendNumber(b, s.dev)
		b = append(b, ':')
	}
	b = appendNumber(b, s.ino)
	if s.btime != 0 {
		b = append(b, ':')
		b = appendNumber(b, uint64(s.btime))
	}
	return b
}

// meta is what a listing shows of an entry, the version without regard to how recent the entry is.
func (s *stat) meta(rootDev uint64, target string) tandem.Meta {
	m := tandem.Meta{Version: s.version(target), Attrs: tandem.Attrs(s.appendAttrs(nil, target)), Node: string(s.appendNode(nil, rootDev))}
	s.complete(&m, target)
	return m
}

// complete fills in the fields that take no text.
func (s *stat) complete(m *tandem.Meta, target string) {
	switch s.kind {
	case regular:
		m.Size, m.Modified = s.size, s.mtime
	case dir:
		m.Digest = dirDigest
	case link:
		m.Digest = linkDigest(target)
	}
}

// dirDigest is the digest of every directory: it has no content of its own.
var dirDigest = tandem.Digest(sha256.Sum256([]byte("tandem directory\x00")))

func linkDigest(target string) tandem.Digest {
	return sha256.Sum256([]byte("tandem link\x00" + target))
}

// wanted are the attributes a write asks for. What it does not mention is left as it is.
type wanted struct {
	kind     byte
	mode     uint32
	hasMode  bool
	mtime    int64
	hasMtime bool
	target   string
}

func parseAttrs(a tandem.Attrs) (w wanted, err error) {
	w.kind = regular
	switch t := a.Get("type"); t {
	case "":
	case "dir":
		w.kind = dir
	case "link":
		w.kind = link
		if w.target = a.Get("target"); w.target == "" {
			return w, tandem.Errorf(tandem.Invalid, "a link without a target")
		}
	default:
		return w, tandem.Errorf(tandem.Invalid, "unknown type %q", t)
	}
	if s := a.Get("mode"); s != "" {
		n, err := strconv.ParseUint(s, 8, 32)
		if err != nil || n > 0o7777 {
			return w, tandem.Errorf(tandem.Invalid, "mode %q is not permission bits in octal", s)
		}
		w.mode, w.hasMode = uint32(n)&0o777, hasModes
	}
	if s := a.Get("mtime"); s != "" {
		if w.mtime, err = strconv.ParseInt(s, 10, 64); err != nil {
			return w, tandem.Errorf(tandem.Invalid, "mtime %q is not a number of nanoseconds", s)
		}
		w.hasMtime = true
	}
	return w, nil
}

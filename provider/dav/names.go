package dav

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"tandem"
	"tandem/wire/contentline"
)

// ext is the ending of the names of a kind's records.
func ext(k tandem.Kind) string {
	if k == tandem.Contact {
		return ".vcf"
	}
	return ".ics"
}

func mediaType(k tandem.Kind) string {
	if k == tandem.Contact {
		return "text/vcard; charset=utf-8"
	}
	return "text/calendar; charset=utf-8"
}

// outline is what the lines of a body tell without parsing it.
type outline struct {
	uid        string
	components map[string]bool // at the depth of records
}

// outlineOf reads the UID and the components of a body in one pass over its lines.
func outlineOf(body []byte) outline {
	o := outline{components: map[string]bool{}}
	depth := 0
	for len(body) > 0 {
		var line []byte
		line, body = unfold(body)
		name, value, ok := strings.Cut(string(line), ":")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, ";")
		switch strings.ToUpper(name) {
		case "BEGIN":
			depth++
			if c := strings.ToUpper(strings.TrimSpace(value)); c == "VCARD" && depth == 1 || depth == 2 && c != "VTIMEZONE" {
				o.components[c] = true
			}
		case "END":
			depth--
		case "UID":
			if o.uid == "" && depth <= 2 {
				o.uid = strings.TrimSpace(contentline.UnescapeText(value))
			}
		}
	}
	return o
}

// unfold takes the first line off, with those it is folded over.
func unfold(body []byte) (line, rest []byte) {
	for {
		end := bytes.IndexByte(body, '\n')
		part := body
		if end >= 0 {
			part, body = body[:end], body[end+1:]
		} else {
			body = nil
		}
		part = bytes.TrimSuffix(part, []byte("\r"))
		if line == nil {
			line = part[:len(part):len(part)] // what is added goes into memory of its own
		} else {
			line = append(line, part...)
		}
		if len(body) == 0 || body[0] != ' ' && body[0] != '\t' {
			return line, body
		}
		body = body[1:]
	}
}

// plainName tells whether a wished id can be the name of a new record.
func (r *replica) plainName(name string) bool {
	return !r.link.quirks().byUID && len(name) > len(ext(r.kind)) && len(name) <= 200 && strings.HasSuffix(name, ext(r.kind)) && name[0] != '.' &&
		!strings.HasPrefix(name, rawMark) && !strings.ContainsAny(name, "/\\\x00\r\n")
}

// namesFor are the names a create may take, the first choice first. A wish that can be a name is the only one: if it is taken, the create is refused.
// Otherwise the record is named by its UID and, where another has that name, by the create's marker. The same create always has the same names, so that it
// can be found again.
func (r *replica) namesFor(w *tandem.Write, body []byte, uid string) []string {
	if wish := string(w.ID); r.plainName(wish) {
		return []string{wish}
	}
	var names []string
	switch {
	case safeUID(uid):
		names = append(names, uid+ext(r.kind))
	case uid != "":
		names = append(names, hashed("uid", uid)+ext(r.kind))
	}
	if w.Marker != "" {
		return append(names, hashed("marker", string(w.Marker))+ext(r.kind))
	}
	return append(names, hashed("body", string(body))+ext(r.kind))
}

// safeUID tells whether a UID can be a name on every server.
func safeUID(uid string) bool {
	if uid == "" || len(uid) > 150 || uid[0] == '.' || uid[0] == '-' {
		return false
	}
	for _, c := range []byte(uid) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_.-@", rune(c)) {
			return false
		}
	}
	return true
}

func hashed(what, s string) string {
	sum := sha256.Sum256([]byte(what + "\x00" + s))
	return hex.EncodeToString(sum[:16])
}

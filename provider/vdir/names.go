package vdir

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"tandem"
)

// skip tells the files that are no records: hidden ones, those in the making, and what others keep beside records
// ("color", "displayname" and the like have no ending of ours).
func (r *Replica) skip(name string) bool {
	return name == "" || name[0] == '.' || strings.HasSuffix(strings.ToLower(name), ".tmp") || !r.ours(name)
}

// ours tells whether a name ends like a record of this replica's kind.
func (r *Replica) ours(name string) bool {
	ext := extOf(name)
	switch r.kind {
	case "":
		return ext != ""
	case tandem.Contact:
		return ext == ".vcf"
	}
	return ext == ".ics"
}

func extOf(name string) string {
	if len(name) > 4 {
		switch ext := strings.ToLower(name[len(name)-4:]); ext {
		case ".vcf", ".ics":
			return ext
		}
	}
	return ""
}

// ext is the ending that new files get.
func (r *Replica) ext(body []byte) string {
	switch r.kind {
	case tandem.Contact:
		return ".vcf"
	case "":
		if o, err := outlineOf(body); err == nil && len(o.calendars) == 0 {
			return ".vcf"
		}
	}
	return ".ics"
}

// split takes the id of a record in a file with several apart: the file's name and the record's key in it. Key is ""
// for a record that has a file of its own. As in a tree, trouble with the file is trouble with all in it.
func split(id tandem.ID) (name, key string) {
	name, key, _ = strings.Cut(string(id), "/")
	return name, key
}

// within is the id of a record in a file with several.
func within(name, key string) tandem.ID { return tandem.ID(name + "/" + key) }

// windowsReserved are device names that no file may have, with or without an ending.
const windowsReserved = " con prn aux nul com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9 "

// plain tells whether a name can be that of a file with one record.
func (r *Replica) plain(name string) bool {
	if len(name) > 255 || r.skip(name) || strings.ContainsAny(name, "/\x00") {
		return false
	}
	if nameRule != "windows" {
		return true
	}
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	if strings.Contains(windowsReserved, " "+stem+" ") {
		return false
	}
	for _, c := range name {
		if c < ' ' || strings.ContainsRune(`<>:"|?*\`, c) {
			return false
		}
	}
	return true
}

// safeUID tells whether a UID can be a file's name everywhere, in any program that reads such folders.
func safeUID(uid string) bool {
	if uid == "" || len(uid) > 200 || uid[0] == '.' || uid[0] == '-' || strings.HasSuffix(strings.ToLower(uid), ".tmp") {
		return false
	}
	stem, _, _ := strings.Cut(strings.ToLower(uid), ".")
	if strings.Contains(windowsReserved, " "+stem+" ") {
		return false
	}
	for _, c := range []byte(uid) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_.-+@", rune(c)) {
			return false
		}
	}
	return true
}

// namesFor are the names a create may take, the first choice first. A wish that can be a file's name here is the only
// one: if it is taken, the create is refused. Otherwise the file is named by its UID and, where another record has
// that name already, by the create's marker. The same create always has the same names, so it can be found again.
func (r *Replica) namesFor(w *tandem.Write, body []byte, uid string) []string {
	if wish := string(w.ID); r.plain(wish) {
		return []string{wish}
	}
	ext := r.ext(body)
	var names []string
	switch {
	case safeUID(uid):
		names = append(names, uid+ext)
	case uid != "":
		names = append(names, hash("uid", uid)+ext)
	}
	if w.Marker != "" {
		return append(names, hash("marker", string(w.Marker))+ext)
	}
	return append(names, hash("body", string(body))+ext)
}

func hash(what, s string) string {
	sum := sha256.Sum256([]byte(what + "\x00" + s))
	return hex.EncodeToString(sum[:16])
}

package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/store"
	"tandem/wire/mime"
)

// draft is a message that is being made: the lines of its header as they came, and what follows the empty line.
type draft struct {
	fields [][]byte // each with the lines it is folded to, and their ends
	body   []byte
}

// headMost is the size in bytes of the largest header that is read: room for thousands of recipients.
const headMost = 1 << 20

// parse reads what a phone wrote. It is not ok without a header, with lines in it that are none, or with too many.
func parse(raw []byte) (*draft, bool) {
	d := &draft{}
	start := 0 // of the last field
	for rest := raw; ; {
		at, line := len(raw)-len(rest), rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line = rest[:i+1]
		}
		rest = rest[len(line):]
		blank := len(bytes.TrimRight(line, "\r\n")) == 0
		switch {
		case at > headMost:
			return d, false
		case blank:
			d.body = rest
			return d, len(d.fields) > 0
		case line[0] == ' ' || line[0] == '\t':
			if len(d.fields) == 0 {
				return d, false
			}
			d.fields[len(d.fields)-1] = raw[start : at+len(line)]
		case nameOf(line) == "":
			return d, false
		default:
			d.fields, start = append(d.fields, line), at
		}
	}
}

// nameOf is the name of a field, in lower case; "" if it is none. RFC 5322 2.2
func nameOf(field []byte) string {
	name, _, ok := bytes.Cut(field, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return strings.ToLower(string(name))
}

// bytes is the message.
func (d *draft) bytes() []byte {
	n := 2 + len(d.body)
	for _, f := range d.fields {
		n += len(f) + 2
	}
	out := make([]byte, 0, n)
	for _, f := range d.fields {
		out = append(out, f...)
		if !bytes.HasSuffix(f, []byte("\n")) {
			out = append(out, "\r\n"...)
		}
	}
	return append(append(out, "\r\n"...), d.body...)
}

func (d *draft) has(name string) bool {
	return slices.ContainsFunc(d.fields, func(f []byte) bool { return nameOf(f) == name })
}

func (d *draft) drop(names ...string) {
	d.fields = slices.DeleteFunc(d.fields, func(f []byte) bool { return slices.Contains(names, nameOf(f)) })
}

func (d *draft) add(name, value string) {
	d.fields = append(d.fields, []byte(name+": "+value+"\r\n"))
}

// addresses are the people in the fields of a name.
func (d *draft) addresses(name string) (all []mime.Address) {
	for _, f := range d.fields {
		if nameOf(f) == name {
			_, value, _ := bytes.Cut(f, []byte(":"))
			all = append(all, mime.ParseAddresses(strings.NewReplacer("\r", "", "\n", "").Replace(string(value)))...)
		}
	}
	return all
}

// recipients are all whom the message is for; not ok if one of them is no address.
func (d *draft) recipients() (to []string, ok bool) {
	for _, name := range []string{"to", "cc", "bcc"} {
		for _, a := range d.addresses(name) {
			if i := strings.LastIndexByte(a.Email, '@'); i <= 0 || i == len(a.Email)-1 || strings.ContainsFunc(a.Email, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
				return nil, false
			}
			to = append(to, a.Email)
		}
	}
	return to, true
}

// complete adds what a message must have, and has it come from its user. MS-ASCMD_R448
func (d *draft) complete(u store.User, from, key string, now time.Time) {
	own := func(list []mime.Address) bool {
		return !slices.ContainsFunc(list, func(a mime.Address) bool {
			return !strings.EqualFold(a.Email, from) && (u.Address == "" || !strings.EqualFold(a.Email, u.Address))
		})
	}
	count := 0
	for _, f := range d.fields {
		if nameOf(f) == "from" {
			count++
		}
	}
	if list := d.addresses("from"); count != 1 || len(list) != 1 || !own(list) {
		d.drop("from")
		d.add("From", mime.Address{Name: u.Title, Email: from}.String())
	}
	if !own(d.addresses("sender")) {
		d.drop("sender")
	}
	if !d.has("date") {
		d.add("Date", now.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	}
	if !d.has("message-id") {
		sum := sha256.Sum256([]byte(u.Name + "\x00" + key))
		d.add("Message-ID", fmt.Sprintf("<%s@%s>", hex.EncodeToString(sum[:16]), from[strings.LastIndexByte(from, '@')+1:]))
	}
	if !d.has("mime-version") && d.has("content-type") {
		d.add("MIME-Version", "1.0")
	}
}

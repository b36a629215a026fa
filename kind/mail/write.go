package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	stdmime "mime"
	"mime/quotedprintable"
	"path"
	"strings"
	"unicode/utf8"

	"tandem/wire/mime"
)

// fields are the fields of a header as they stand there, each with its line ends.
type fields [][]byte

// cutHeader cuts a message into the fields of its header and what follows the empty line. Lines that are no fields are left out.
func cutHeader(raw []byte) (h fields, content []byte) {
	for len(raw) > 0 {
		n := bytes.IndexByte(raw, '\n') + 1
		if n == 0 {
			n = len(raw)
		}
		line := raw[:n]
		raw = raw[n:]
		switch {
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return h, raw
		case (line[0] == ' ' || line[0] == '\t') && len(h) > 0:
			last := len(h) - 1
			h[last] = append(h[last][:len(h[last]):len(h[last])], line...)
		case fieldName(line) != "":
			h = append(h, line)
		}
	}
	return h, nil
}

// fieldName is the name of a field in lower case, "" if it is none. RFC 5322 2.2
func fieldName(f []byte) string {
	name, _, ok := bytes.Cut(f, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return strings.ToLower(string(name))
}

func (h fields) has(name string) bool {
	for _, f := range h {
		if fieldName(f) == name {
			return true
		}
	}
	return false
}

// drop takes away the fields of a name.
func (h *fields) drop(name string) {
	var kept fields
	for _, f := range *h {
		if !strings.EqualFold(fieldName(f), name) {
			kept = append(kept, f)
		}
	}
	*h = kept
}

// set replaces the fields of a name by one.
func (h *fields) set(name, value string) {
	h.drop(name)
	*h = append(*h, []byte(name+": "+value+"\r\n"))
}

// message is a header with what follows it.
func (h fields) message(content []byte) []byte {
	var b bytes.Buffer
	for _, f := range h {
		b.Write(f)
		if !bytes.HasSuffix(f, []byte("\n")) {
			b.WriteString("\r\n")
		}
	}
	b.WriteString("\r\n")
	b.Write(content)
	return b.Bytes()
}

// cutPart is a part of a message with those fields of its header that are about its content. Its type is said where it lay in the place before (RFC 2046 5.1.5).
func cutPart(raw []byte, s Section, typ string) []byte {
	n := int64(len(raw))
	if s.Start < 0 || s.Start > s.Body || s.Body > s.End || s.End > n {
		return nil
	}
	head, _ := cutHeader(append(bytes.TrimRight(bytes.Clone(raw[s.Start:s.Body]), "\r\n"), "\r\n\r\n"...))
	var own fields
	for _, f := range head {
		if strings.HasPrefix(fieldName(f), "content-") {
			own = append(own, f)
		}
	}
	if !own.has("content-type") && typ != "text/plain" {
		own.set("Content-Type", typ)
	}
	return own.message(raw[s.Body:s.End])
}

// multipart joins parts. The boundary comes from what is in them, so that the same draft is written alike each time.
func multipart(sub string, parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	key := hex.EncodeToString(h.Sum(nil)[:16])
	for bytes.Contains(bytes.Join(parts, nil), []byte(key)) {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:16])
	}
	var b bytes.Buffer
	b.WriteString("Content-Type: " + mime.FormatType("multipart/"+sub, map[string]string{"boundary": key}) + "\r\n\r\n")
	for _, p := range parts {
		b.WriteString("--" + key + "\r\n")
		b.Write(p)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + key + "--\r\n")
	return b.Bytes()
}

// textPart is a text as a part. RFC 2045 6.7
func textPart(typ, text string) []byte {
	var b bytes.Buffer
	b.WriteString("Content-Type: " + typ + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(w, strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")) // error: a buffer has none
	_ = w.Close()
	return b.Bytes()
}

// lines64 writes base64 in lines of 76 characters. RFC 2045 6.8
func lines64(data []byte) []byte {
	text := base64.StdEncoding.EncodeToString(data)
	var b bytes.Buffer
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text)
	return b.Bytes()
}

// encodeText is a text as an unstructured field has it, folded. RFC 2047 5
func encodeText(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii && len(s) < 900 && !strings.Contains(s, "=?") {
		return s
	}
	return strings.ReplaceAll(stdmime.BEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

// writeAddresses is a list of addresses as a field has it. What is no address stays as it was typed.
func writeAddresses(list []mime.Address) string {
	var out []string
	for _, a := range list {
		if a.Email == "" {
			out = append(out, encodeText(a.Name))
		} else {
			out = append(out, a.String())
		}
	}
	return strings.Join(out, ",\r\n ")
}

// mediaType is the type of a file: as it was said, or as its name tells.
func mediaType(said, name string) string {
	typ, _, err := stdmime.ParseMediaType(said)
	if err != nil {
		typ, _, _ = stdmime.ParseMediaType(stdmime.TypeByExtension(path.Ext(name)))
	}
	if typ == "" || !strings.Contains(typ, "/") || strings.HasPrefix(typ, "multipart/") {
		return "application/octet-stream"
	}
	return typ
}

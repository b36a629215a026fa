package body

import (
	"encoding/base64"
	"fmt"
	"strings"

	"tandem/kind/eas"
	"tandem/wire/wbxml"
)

// Take reads the Body element of a change to a record with the text old. changed is false where the client sent nothing, or what it had
// been shown. A note tells what was not understood; then the text stays.
func Take(old Text, e *wbxml.Element, o eas.Options) (t Text, changed bool, note string) {
	data := e.Child(wbxml.AirSyncBaseData)
	if data == nil {
		return old, false, "" // MS-ASCNTC_R461: no body is no deletion; nor is one without its text
	}
	kind := eas.Plain
	if s := e.Get(wbxml.AirSyncBaseType); s != "" {
		n, err := eas.ParseInt(s, 1, 4)
		if err != nil {
			return old, false, "body: " + err.Error()
		}
		kind = eas.BodyType(n)
	}
	sent := lf(data.String())
	switch kind {
	case eas.MIME:
		return old, false, "body: a message is no text of a record"
	case eas.RTF:
		var err error
		if sent, err = readRTF(sent, old, o); err != nil {
			return old, false, "body: " + err.Error()
		}
		kind = eas.Plain
	}
	if old.seen(kind, sent, o) {
		return old, false, ""
	}
	t = Text{Type: kind, Data: sent}
	if kind == eas.HTML && !formatted(sent) {
		t = Text{Type: eas.Plain, Data: ToPlain(sent)} // nothing in it that plain text cannot say
		if old.seen(eas.Plain, t.Data, o) {
			return old, false, ""
		}
	}
	return t, true, ""
}

// seen reports whether a client that sends this was shown it: the whole, or the part that one of its preferences makes of it.
func (t Text) seen(kind eas.BodyType, sent string, o eas.Options) bool {
	sent = loose(sent)
	if sent == loose(t.as(kind)) || kind == t.native() && sent == loose(t.Data) {
		return true
	}
	for _, p := range o.Bodies {
		if p.Type != kind || p.Truncation < 0 {
			continue
		}
		if s := t.render(p); s.cut && !s.none && sent == loose(s.data) {
			return true
		}
	}
	return false
}

// readRTF reads RTF, compressed (MS-OXRTFCP) or as it is, as text. RTF that is just what was shown gives the whole text.
func readRTF(s string, old Text, o eas.Options) (string, error) {
	for _, p := range o.Bodies {
		if p.Type == eas.RTF && s == old.render(p).data {
			return old.Plain(), nil
		}
	}
	if s == "" {
		return "", nil
	}
	raw := []byte(s)
	if !strings.HasPrefix(s, `{\rtf`) {
		var err error
		if raw, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), "")); err != nil {
			return "", fmt.Errorf("rich text: %w", err)
		}
	}
	if !strings.HasPrefix(string(raw), `{\rtf`) {
		var err error
		if raw, err = Decompress(raw); err != nil {
			return "", err
		}
	}
	return FromRTF(raw), nil
}

// loose is a text without what programs change on their own: kinds of spaces and of line breaks, space at the ends of lines.
func loose(s string) string {
	lines := strings.Split(strings.ReplaceAll(lf(s), "\u00a0", " "), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

package event

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/wire/contentline"
	"tandem/wire/ical"
	"tandem/wire/wbxml"
)

// numberParam keeps the number of an attachment when one before it is gone: clients remember by number what to ask for.
const numberParam = "X-TANDEM-NUMBER"

// attached lists the attachments of the whole record with their numbers.
func (ob *object) attached() (lines []*contentline.Line, numbers map[*contentline.Line]int) {
	numbers = map[*contentline.Line]int{}
	parts := []*contentline.Component{ob.main}
	for _, o := range ob.overrides {
		parts = append(parts, o.c)
	}
	taken := map[int]bool{}
	for _, c := range parts {
		for l := range c.All("ATTACH") {
			lines = append(lines, l)
			if v, ok := l.Param(numberParam); ok {
				if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 1<<20 && !taken[n] {
					numbers[l], taken[n] = n, true
				}
			}
		}
	}
	next := 0
	for i, l := range lines {
		if _, ok := numbers[l]; ok {
			continue
		}
		for next = max(next, i); taken[next]; next++ {
		}
		numbers[l], taken[next] = next, true
	}
	return lines, numbers
}

// content is what an attachment holds. A link is shown as a small file that leads there.
func content(l *contentline.Line) (data []byte, mediaType string) {
	mediaType, _ = l.Param("FMTTYPE")
	if kind, _ := l.Param("VALUE"); strings.EqualFold(kind, "BINARY") || l.Base64() {
		data, err := decode64(l.Value())
		if err != nil {
			return nil, mediaType
		}
		return data, orOctets(mediaType)
	}
	uri := strings.TrimSpace(ical.Raw(l))
	if rest, ok := strings.CutPrefix(uri, "data:"); ok {
		head, text, _ := strings.Cut(rest, ",")
		if mediaType == "" {
			mediaType, _, _ = strings.Cut(head, ";")
		}
		if strings.HasSuffix(head, ";base64") {
			data, _ = decode64(text)
			return data, orOctets(mediaType)
		}
		if plain, err := url.PathUnescape(text); err == nil {
			return []byte(plain), orOctets(mediaType)
		}
	}
	return []byte("[InternetShortcut]\r\nURL=" + uri + "\r\n"), "application/internet-shortcut"
}

func orOctets(mediaType string) string {
	if mediaType == "" {
		return "application/octet-stream"
	}
	return mediaType
}

// decode64 reads base64 with or without its padding, and with line breaks.
func decode64(s string) ([]byte, error) {
	s = strings.TrimRight(strings.Join(strings.Fields(s), ""), "=")
	return base64.RawStdEncoding.DecodeString(s)
}

// size is how long the content is, without decoding it.
func size(l *contentline.Line) int {
	if kind, _ := l.Param("VALUE"); strings.EqualFold(kind, "BINARY") || l.Base64() {
		return len(strings.TrimRight(strings.TrimSpace(l.Value()), "=")) * 3 / 4
	}
	data, _ := content(l)
	return len(data)
}

// mediaTypeOf is content's without the content.
func mediaTypeOf(l *contentline.Line) string {
	if kind, _ := l.Param("VALUE"); strings.EqualFold(kind, "BINARY") || l.Base64() {
		mediaType, _ := l.Param("FMTTYPE")
		return orOctets(mediaType)
	}
	_, mediaType := content(l)
	return mediaType
}

// fileName is the name of an attachment: RFC 8607 4.5, what programs write, or one made of what it is.
func fileName(l *contentline.Line, mediaType string, n int) string {
	for _, p := range []string{"FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-LABEL", "LABEL"} {
		if v, ok := l.Param(p); ok && strings.TrimSpace(v) != "" {
			return eas.Clean(v)
		}
	}
	if mediaType == "application/internet-shortcut" {
		name := "link"
		if u, err := url.Parse(strings.TrimSpace(l.Value())); err == nil {
			if base := path.Base(u.Path); base != "." && base != "/" {
				name = base
			}
		}
		return eas.Clean(name) + ".url"
	}
	suffix := ".bin"
	if list, err := mime.ExtensionsByType(mediaType); err == nil && len(list) > 0 {
		slices.Sort(list)
		suffix = list[0]
	}
	return fmt.Sprintf("attachment-%d%s", n+1, suffix)
}

// attachmentParts are what only mails say of attachments otherwise: parameters of ours.
func attachmentParts() []struct {
	tag   wbxml.Tag
	param string
} {
	return []struct {
		tag   wbxml.Tag
		param string
	}{{wbxml.AirSyncBaseContentId, "X-CONTENT-ID"}, {wbxml.AirSyncBaseContentLocation, "X-CONTENT-LOCATION"}, {wbxml.AirSyncBaseIsInline, "X-INLINE"}}
}

// method says how something is attached: as a message, or in the usual way. MS-ASAIRS 2.2.2.31.2
func method(l *contentline.Line) string {
	if strings.EqualFold(mediaTypeOf(l), "message/rfc822") {
		return "5"
	}
	return "1"
}

// attachments shows those of a component; only versions from 16.0 on have them in the Calendar class.
func (s *shower) attachments(c *contentline.Component) *wbxml.Element {
	if s.o.Version < eas.V160 || s.o.Attachment == nil || c.Get("ATTACH") == nil {
		return nil
	}
	if s.numbers == nil {
		_, s.numbers = s.ob.attached()
	}
	e := wbxml.New(wbxml.AirSyncBaseAttachments)
	for l := range c.All("ATTACH") {
		n, ok := s.numbers[l]
		if !ok {
			continue
		}
		a := wbxml.New(wbxml.AirSyncBaseAttachment,
			wbxml.Text(wbxml.AirSyncBaseDisplayName, fileName(l, mediaTypeOf(l), n)),
			wbxml.Text(wbxml.AirSyncBaseFileReference, s.o.Attachment(n)),
			wbxml.Text(wbxml.AirSyncBaseMethod, method(l)),
			wbxml.Text(wbxml.AirSyncBaseEstimatedDataSize, strconv.Itoa(size(l))))
		for _, p := range attachmentParts() {
			if v, ok := l.Param(p.param); ok && v != "" {
				a.Add(wbxml.Text(p.tag, eas.Clean(v)))
			}
		}
		e.Add(a)
	}
	if len(e.Children) == 0 {
		return nil
	}
	return e
}

// otherAttachments shows those of an override that are not as in the series.
func (s *shower) otherAttachments(c *contentline.Component) *wbxml.Element {
	main := slices.Collect(s.ob.main.All("ATTACH"))
	own := slices.Collect(c.All("ATTACH"))
	if slices.EqualFunc(main, own, func(a, b *contentline.Line) bool { return a.Value() == b.Value() }) {
		return nil
	}
	return s.attachments(c)
}

// Attachment implements eas.Attacher.
func (v View) Attachment(data []byte, n int) ([]byte, string, error) {
	ob, err := open(v.zones(), data, userZone(nil, 0))
	if err != nil {
		return nil, "", err
	}
	_, numbers := ob.attached()
	for l, number := range numbers {
		if number == n {
			data, mediaType := content(l)
			if data == nil {
				return nil, "", &tandem.Error{Kind: tandem.Unreadable, Op: "read attachment", Thing: fileName(l, mediaType, n)}
			}
			return data, mediaType, nil
		}
	}
	return nil, "", &tandem.Error{Kind: tandem.NotFound, Op: "find attachment", Thing: strconv.Itoa(n)}
}

// attach performs the Add and Delete of an Attachments element. MS-ASAIRS 2.2.2.8
func (w *writer) attach(c *contentline.Component, e *wbxml.Element) error {
	if e == nil || w.o.Version < eas.V160 {
		return nil
	}
	for del := range e.All(wbxml.AirSyncBaseDelete) {
		if err := w.detach(c, strings.TrimSpace(del.Get(wbxml.AirSyncBaseFileReference))); err != nil {
			return err
		}
	}
	answer := wbxml.New(wbxml.AirSyncBaseAttachments)
	for add := range e.All(wbxml.AirSyncBaseAdd) {
		l, err := w.newAttachment(add)
		if err != nil {
			return err
		}
		if l == nil {
			continue
		}
		c.Add(contentline.Item{Line: l})
		w.edited()
		_, numbers := w.ob.attached()
		w.s.numbers = nil
		if w.o.Attachment == nil {
			continue
		}
		a := wbxml.New(wbxml.AirSyncBaseAttachment, wbxml.Text(wbxml.AirSyncBaseFileReference, w.o.Attachment(numbers[l]))) // MS-ASAIRS_R1082
		if id := add.Get(wbxml.AirSyncBaseClientId); id != "" {
			a.Add(wbxml.Text(wbxml.AirSyncBaseClientId, id))
		}
		answer.Add(a)
	}
	if len(answer.Children) > 0 {
		w.answer = append(w.answer, answer)
	}
	return nil
}

// newAttachment makes the line; nil for one without content, which some clients send (field note 37).
func (w *writer) newAttachment(add *wbxml.Element) (*contentline.Line, error) {
	e := add.Child(wbxml.AirSyncBaseContent)
	data := e.Content()
	if e != nil && e.Data == nil { // MS-ASDTYPE 2.7.1: a byte array may come as base64
		var err error
		if data, err = decode64(e.Text); err != nil {
			return nil, invalid("add attachment", add.Get(wbxml.AirSyncBaseDisplayName), "%v", err)
		}
	}
	if len(data) == 0 {
		w.note("attachment %q without content", add.Get(wbxml.AirSyncBaseDisplayName))
		return nil, nil
	}
	l := contentline.NewLine("ATTACH", base64.StdEncoding.EncodeToString(data))
	kind := add.Get(wbxml.AirSyncBaseContentType)
	if kind == "" && add.Get(wbxml.AirSyncBaseMethod) == "5" { // MS-ASAIRS_R1394
		kind = "message/rfc822"
	}
	inline := ""
	if on, err := eas.ParseBool(add.Get(wbxml.AirSyncBaseIsInline)); err == nil && on && add.Has(wbxml.AirSyncBaseIsInline) { // MS-ASAIRS_R1382
		inline = "1"
	}
	for _, p := range [][2]string{{"FMTTYPE", kind}, {"ENCODING", "BASE64"}, {"VALUE", "BINARY"}, {"FILENAME", add.Get(wbxml.AirSyncBaseDisplayName)},
		{"X-CONTENT-ID", add.Get(wbxml.AirSyncBaseContentId)}, {"X-CONTENT-LOCATION", add.Get(wbxml.AirSyncBaseContentLocation)}, {"X-INLINE", inline}} {
		if v := strings.TrimSpace(eas.Clean(p[1])); v != "" {
			l.SetParam(p[0], v)
		}
	}
	if _, ok := l.Param("FMTTYPE"); !ok {
		if kind := mime.TypeByExtension(path.Ext(add.Get(wbxml.AirSyncBaseDisplayName))); kind != "" {
			kind, _, _ = strings.Cut(kind, ";")
			l.SetParam("FMTTYPE", kind)
		}
	}
	// Its number must not be one that was another's before.
	if lines, numbers := w.ob.attached(); len(lines) > 0 {
		most := -1
		for _, n := range numbers {
			most = max(most, n)
		}
		if most+1 != len(lines) {
			l.SetParam(numberParam, strconv.Itoa(most+1))
		}
	}
	return l, nil
}

// detach takes an attachment away by its reference. Those after it keep their numbers.
func (w *writer) detach(c *contentline.Component, ref string) error {
	if w.o.Attachment == nil || ref == "" {
		return nil
	}
	lines, numbers := w.ob.attached()
	at := slices.IndexFunc(lines, func(l *contentline.Line) bool { return w.o.Attachment(numbers[l]) == ref })
	if at < 0 {
		w.note("attachment %q is not there", ref)
		return nil
	}
	gone := lines[at]
	if c.Index(contentline.Item{Line: gone}) < 0 {
		w.note("attachment %q belongs to another instance", ref)
		return nil
	}
	for _, l := range lines[at+1:] {
		l.SetParam(numberParam, strconv.Itoa(numbers[l]))
	}
	c.Remove(contentline.Item{Line: gone})
	w.s.numbers = nil
	w.edited()
	return nil
}

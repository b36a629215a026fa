package mail

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"

	"tandem"
	"tandem/kind/eas/body"
	"tandem/wire/mime"
	"tandem/wire/tnef"
)

// pack is a part in which other texts and files are: winmail.dat, as Outlook and Exchange send them.
type pack struct {
	Section
	file int // its place in Files
}

// Bounds on what is unpacked of one message.
const (
	packsMax = 5
	richMax  = 16 << 20 // bytes of compressed RTF
)

// packed reports whether a part is in the format of winmail.dat. MS-OXTNEF 2.1
func packed(p *mime.Part) bool {
	switch p.Type {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return true
	}
	return p.Type == "application/octet-stream" && strings.EqualFold(p.Name, "winmail.dat")
}

// unpack puts what packed parts hold in their place. One that is not what it says stays a file, and so does one that is damaged, beside what is found in it.
func (e *Envelope) unpack(b tandem.Body) error {
	for i := len(e.packs) - 1; i >= 0; i-- { // the last one first, so that the places of the others hold
		p := e.packs[i]
		in, err := p.Open(b)
		if err != nil {
			return err
		}
		m, err := tnef.Read(in)
		in.Close()
		switch {
		case errors.Is(err, tnef.ErrFormat):
			continue
		case err != nil:
			return err
		}
		files := p.files(nil, m)
		if m.Cut || len(files) == 0 && m.Plain == nil && m.HTML == nil && m.Rich == nil { // nothing is hidden
			files = append(files, e.Files[p.file])
		}
		if len(e.Files)+len(files) > filesMax+1 {
			files = files[:max(0, filesMax+1-len(e.Files))]
		}
		e.Files = append(append(e.Files[:p.file:p.file], files...), e.Files[p.file+1:]...)
		if len(e.Files) == 0 {
			e.Files = nil
		}
		if err := e.said(p, m, b); err != nil {
			return err
		}
	}
	e.packs = nil
	return nil
}

// said takes the text of a packed message, as far as the message around it does not say the same: it mostly has the text without its formatting.
func (e *Envelope) said(p pack, m *tnef.Message, b tandem.Body) error {
	if len(e.HTML) > 0 {
		return nil
	}
	if m.HTML != nil && len(e.Plain) <= 1 {
		e.HTML = []Section{p.text(m.HTML)}
	}
	outside, err := e.without(b)
	if err != nil || outside {
		return err
	}
	switch {
	case m.Plain != nil:
		e.Plain = []Section{p.text(m.Plain)}
	case m.Rich != nil && m.HTML == nil:
		e.Plain = []Section{p.piece(*m.Rich, true)}
	case m.HTML != nil:
		e.Plain = nil
	}
	return nil
}

// without reports whether the message has a plain text outside of what is packed.
func (e *Envelope) without(b tandem.Body) (bool, error) {
	text, err := joined(b, e.Plain, 1<<10)
	return strings.TrimSpace(text) != "", err
}

// piece is a section within a packed part.
func (p pack) piece(at tnef.Span, rtf bool) Section {
	s := p.Section
	s.Charset, s.In = "", &Inner{Off: at.Off, Len: at.Len, RTF: rtf}
	return s
}

func (p pack) text(t *tnef.Text) Section {
	s := p.piece(t.Span, false)
	s.Charset = t.Charset
	return s
}

// files adds the files of a packed message to a list. A message within it is a file that is a message.
func (p pack) files(list []File, m *tnef.Message) []File {
	for _, f := range m.Files {
		name := clip(oneLine(f.Name), 500)
		if f.Inner != nil {
			list = append(list, p.letter(name, f))
			continue
		}
		if name == "" {
			name = "attachment"
		}
		list = append(list, File{Section: p.piece(f.Data, false), Type: mediaType(f.Media, name), Name: name, ID: clip(strings.Trim(oneLine(f.ID), "<> "), 500), Place: clip(oneLine(f.Place), 1000),
			Size: f.Data.Len, Inline: f.Hidden && f.ID != ""})
	}
	return list
}

// letter is a message within a packed one.
func (p pack) letter(name string, f tnef.File) File {
	if title := clip(oneLine(f.Inner.Subject), 100); title != "" {
		name = title
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if name == "" {
		name = "message"
	}
	s := p.piece(f.Data, false)
	s.In.Msg = true
	return File{Section: s, Type: "message/rfc822", Name: name + ".eml", Size: lettersSize(f.Inner)}
}

// inner opens a piece of a part; compressed RTF as RTF.
func (s Section) inner(b tandem.Body) (io.ReadCloser, error) {
	whole := s
	whole.In = nil
	in, err := whole.Open(b)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, in, s.In.Off); err != nil && err != io.EOF {
		in.Close()
		return nil, err
	}
	out := struct {
		io.Reader
		io.Closer
	}{io.LimitReader(in, s.In.Len), in}
	switch {
	case s.In.Msg:
		in.Close()
		return s.letter(b)
	case !s.In.RTF:
		return out, nil
	}
	defer in.Close()
	rtf, err := richBytes(out)
	return io.NopCloser(bytes.NewReader(rtf)), err
}

// richBytes unpacks compressed RTF; what is none gives nothing.
func richBytes(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, richMax))
	if err != nil {
		return nil, err
	}
	rtf, err := body.Decompress(data)
	if err != nil {
		return nil, nil
	}
	return rtf, nil
}

// richText is the text of RTF.
func richText(in io.Reader, limit int64) (string, error) {
	rtf, err := io.ReadAll(io.LimitReader(in, richMax))
	return clip(strings.Trim(body.FromRTF(rtf), "\x00"), int(min(limit, richMax))), err
}

// from opens a file that is a piece of a part from an offset on.
func (f File) from(b tandem.Body, off int64) (io.ReadCloser, error) {
	in, err := f.Open(b)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, in, off); err != nil && err != io.EOF {
		in.Close()
		return nil, err
	}
	return in, nil
}

// Unpacked is a file that is a piece of a part, as a part of its own.
func (f File) Unpacked(b tandem.Body) ([]byte, error) {
	in, err := f.Open(b)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, wholeMost))
	if err != nil {
		return nil, err
	}
	var h fields
	h.set("Content-Type", withName(f.Type, f.Name))
	h.set("Content-Disposition", mime.FormatType(map[bool]string{true: "inline", false: "attachment"}[f.Inline], map[string]string{"filename": path.Base(f.Name)}))
	if f.ID != "" {
		h.set("Content-ID", "<"+f.ID+">")
	}
	if f.In != nil && f.In.Msg { // RFC 2046 5.2.1: a message is not encoded, and needs no encoding
		h.set("Content-Transfer-Encoding", "7bit")
		return h.message(data), nil
	}
	h.set("Content-Transfer-Encoding", "base64")
	return h.message(lines64(data)), nil
}

// withName is a media type with the name of a file.
func withName(typ, name string) string {
	main, _, _ := strings.Cut(typ, ";")
	params := map[string]string{"name": path.Base(name)}
	if _, cs, ok := strings.Cut(typ, "charset="); ok {
		params["charset"] = strings.Trim(cs, `"`)
	}
	return mime.FormatType(main, params)
}

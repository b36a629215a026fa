package contact

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"tandem"
	"tandem/wire/contentline"
	"tandem/wire/vcard"
	"tandem/wire/wbxml"
)

// maxPicture is how many bytes of base64 the protocol allows a picture, MS-ASCNTC_R381.
const maxPicture = 48 << 10

// pictureFamily is the first photo that is in the card. An address of one elsewhere is not shown, and stays.
func pictureFamily() *family {
	return &family{places: []wbxml.Tag{wbxml.ContactsPicture}, selection: named("PHOTO"),
		show: func(s *sheet, l *contentline.Line) string {
			if inline, ok := s.card.Property(l).InlineBase64(); ok && inline != "" {
				return "picture"
			}
			return ""
		}}
}

// picture is the photo as base64; "" if there is none, or none that fits.
func (s *sheet) picture() string {
	data, _ := s.shownPicture()
	return base64.StdEncoding.EncodeToString(data)
}

// shownPicture is the photo, made smaller if the client could not bear it.
func (s *sheet) shownPicture() (data []byte, smaller bool) {
	l := thePicture.assign(s)[0]
	if l == nil {
		return nil, false
	}
	blob, err := s.card.Property(l).Blob()
	if err != nil {
		return nil, false
	}
	limit := s.o.Quirks.MaxPicture
	if limit <= 0 {
		limit = maxPicture
	}
	if most := base64.StdEncoding.DecodedLen(limit); len(blob.Data) > most {
		return shrink(blob.Data, most-2), true
	}
	return blob.Data, false
}

// picture that a client sends.
type sentPicture struct {
	change bool
	data   []byte // nil removes the photo
}

// wantPicture reads what the client wants. A photo that is left out stays, whoever manages it (MS-ASCMD_R878); an empty element removes it
// only if the client manages it (field note 29).
func (s *sheet) wantPicture(in []*wbxml.Element) (sentPicture, error) {
	e := find(in, wbxml.ContactsPicture)
	if e == nil {
		return sentPicture{}, nil
	}
	text := e.String()
	if len(text) > maxPicture { // MS-ASCNTC_R384
		return sentPicture{}, &tandem.Error{Kind: tandem.Invalid, Op: "write contact", Thing: "picture",
			Err: fmt.Errorf("%d bytes of base64 where %d are allowed", len(text), maxPicture), Remedy: "send a smaller picture"}
	}
	text = strings.Join(strings.Fields(text), "")
	if text == "" {
		return sentPicture{change: s.managed != nil && s.managed(wbxml.ContactsPicture)}, nil
	}
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(data) == 0 {
		s.notes = append(s.notes, "picture is no base64, left as it was")
		return sentPicture{}, nil
	}
	return sentPicture{change: true, data: data}, nil
}

// putPicture replaces or removes the photo, unless the client sent what it was shown. Some clients encode a picture anew whenever they send
// it: one that was shown smaller is not replaced by its like.
func (s *sheet) putPicture(p sentPicture) {
	if !p.change {
		return
	}
	f := thePicture
	lines := f.assign(s)
	shown, smaller := s.shownPicture()
	switch {
	case p.data != nil && (bytes.Equal(p.data, shown) || smaller && alike(p.data, shown)):
	case p.data == nil && len(shown) == 0: // there is none, or it was never shown
	case p.data == nil:
		s.remove(lines[0])
		f.hold(s, []*contentline.Line{nil})
	default:
		if lines[0] == nil {
			lines[0] = s.card.New("PHOTO").Line
		}
		s.card.Property(lines[0]).SetBlob(vcard.Blob{Type: mediaType(p.data), Data: p.data})
		f.hold(s, lines)
	}
}

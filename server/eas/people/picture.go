package people

import (
	"strconv"

	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// The statuses of a picture, MS-ASCMD 2.2.2.
const (
	pictureOK       = "1"
	noPicture       = "173"
	pictureTooLarge = "174"
	pictureLimit    = "175"
)

// pictureTags are the elements of a picture in one command.
type pictureTags struct{ picture, status, data wbxml.Tag }

var (
	galPicture       = pictureTags{wbxml.GALPicture, wbxml.GALStatus, wbxml.GALData}
	recipientPicture = pictureTags{wbxml.ResolveRecipientsPicture, wbxml.ResolveRecipientsStatus, wbxml.ResolveRecipientsData}
)

// pictures says how many pictures are wanted, and how large they may be. MS-ASCMD 2.2.3.133
type pictures struct {
	maxSize int // bytes; -1: any
	left    int // how many more; -1: any
}

// readPictures reads a Picture element of the options; nil means that none are wanted. There are none before 14.1: MS-ASCMD_R7273.
func readPictures(r *proto.Request, e *wbxml.Element, maxSize, maxPictures wbxml.Tag) *pictures {
	if e == nil || r.Version < eas.V141 {
		return nil
	}
	p := &pictures{maxSize: -1, left: -1}
	if n, err := strconv.Atoi(e.Get(maxSize)); err == nil && n >= 0 {
		p.maxSize = n
	}
	if n, err := strconv.Atoi(e.Get(maxPictures)); err == nil && n >= 0 {
		p.left = n
	}
	return p
}

// show is the element for somebody's picture, or for why it is not there.
func (p *pictures) show(picture []byte, t pictureTags) *wbxml.Element {
	status := func(v string) *wbxml.Element { return wbxml.New(t.picture, wbxml.Text(t.status, v)) }
	switch {
	case len(picture) == 0:
		return status(noPicture)
	case p.maxSize >= 0 && len(picture) > p.maxSize: // before the limit on their number: MS-ASCMD_R3287, R3288, R3289
		return status(pictureTooLarge)
	case p.left == 0:
		return status(pictureLimit)
	}
	if p.left > 0 {
		p.left--
	}
	return status(pictureOK).Add(wbxml.Opaque(t.data, picture))
}

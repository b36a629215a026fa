package people

import (
	"encoding/base64"
	"strconv"

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

// readPictures reads a Picture element of the options; nil means that none are wanted.
func readPictures(e *wbxml.Element, maxSize, maxPictures wbxml.Tag) *pictures {
	if e == nil {
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
	case p.left == 0:
		return status(pictureLimit)
	case p.maxSize >= 0 && len(picture) > p.maxSize:
		return status(pictureTooLarge)
	}
	if p.left > 0 {
		p.left--
	}
	return status(pictureOK).Add(wbxml.Text(t.data, base64.StdEncoding.EncodeToString(picture)))
}

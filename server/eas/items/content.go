package items

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/wire/mime"
)

// enclosed is an attachment, decoded when it is read: a large one is never in memory as a whole.
type enclosed struct {
	eas.Enclosure
	index mime.Index
}

// Size implements tandem.Body.
func (e enclosed) Size() int64 { return e.index.Size }

// Open implements tandem.Body.
func (e enclosed) Open() (io.ReadCloser, error) { return e.from(0) }

// from opens the attachment from an offset on, and decodes from the last place before it.
func (e enclosed) from(off int64) (io.ReadCloser, error) {
	mark := e.index.Before(e.Encoding, off)
	in, err := e.Raw(mark.Raw)
	if err != nil {
		return nil, err
	}
	out := mime.Decoder(e.Encoding, in)
	if _, err := io.CopyN(io.Discard, out, off-mark.Decoded); err != nil {
		in.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{out, in}, nil
}

// stretch is a part of a body.
type stretch struct {
	tandem.Body
	from, size int64
}

// Open implements tandem.Body.
func (s stretch) Open() (io.ReadCloser, error) {
	in, err := s.seek()
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(in, s.size), in}, nil
}

// seek opens the body at the beginning of the part.
func (s stretch) seek() (io.ReadCloser, error) {
	if e, ok := s.Body.(enclosed); ok {
		return e.from(s.from)
	}
	in, err := s.Body.Open()
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, in, s.from); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

// Size implements tandem.Body.
func (s stretch) Size() int64 { return s.size }

// attached is an attachment of a record with its type. NotFound.
func (s *Service) attached(i item, n int) (content tandem.Body, media string, err error) {
	switch v := i.view.(type) {
	case eas.Recorder:
		e, err := v.AttachmentOf(i.of(), n)
		if err != nil {
			return nil, "", err
		}
		index, err := s.indexes.of(place{i.collection, i.Number, i.Version, n}, e)
		return enclosed{e, index}, e.Media, err
	case eas.Attacher:
		body, err := tandem.ReadBody(i.Body, maxBody)
		if err != nil {
			return nil, "", err
		}
		data, media, err := v.Attachment(body, n)
		return tandem.Bytes(data), media, err
	}
	return nil, "", &tandem.Error{Kind: tandem.NotFound, Op: "read attachment"}
}

// named finds the attachment that a FileReference names. NotFound.
func (a *answer) named(ctx context.Context, ref string) (content tandem.Body, media string, err error) {
	i := strings.LastIndexByte(ref, ':')
	n, err := strconv.Atoi(ref[i+1:])
	if i < 0 || err != nil {
		return nil, "", &tandem.Error{Kind: tandem.NotFound, Op: "find attachment", Thing: ref}
	}
	rec, err := a.find(ctx, ref[:i])
	if err != nil {
		return nil, "", err
	}
	return a.attached(rec, n)
}

// GetAttachment implements proto.Command, of 12.1: the attachment is the answer. MS-ASCMD 2.2.1.7
func (s *Service) GetAttachment(ctx context.Context, r *proto.Request) (*proto.Response, error) {
	if r.Version >= eas.V140 { // MS-ASCMD_R6021
		return &proto.Response{HTTP: http.StatusNotImplemented}, nil
	}
	a := &answer{Service: s, r: r}
	content, media, err := a.named(ctx, r.AttachmentName)
	if tandem.IsKind(err, tandem.NotFound) { // MS-ASCMD_R166
		return &proto.Response{HTTP: http.StatusInternalServerError}, nil
	}
	if err != nil {
		return nil, err
	}
	if media == "" {
		media = "application/octet-stream"
	}
	return &proto.Response{Content: content, ContentType: media}, nil
}

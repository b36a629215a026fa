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
)

// enclosed is an attachment, opened when it is read: a large one is never in memory as a whole.
type enclosed struct {
	open func() (io.ReadCloser, error)
	size int64
}

func (e enclosed) Open() (io.ReadCloser, error) { return e.open() }
func (e enclosed) Size() int64                  { return e.size }

// stretch is a part of a body.
type stretch struct {
	tandem.Body
	from, size int64
}

// Open implements tandem.Body.
func (s stretch) Open() (io.ReadCloser, error) {
	in, err := s.Body.Open()
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, in, s.from); err != nil {
		in.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(in, s.size), in}, nil
}

// Size implements tandem.Body.
func (s stretch) Size() int64 { return s.size }

// attached is an attachment of a record with its type. NotFound.
func (i item) attached(n int) (content tandem.Body, media string, err error) {
	switch v := i.view.(type) {
	case eas.Recorder:
		e := enclosed{open: func() (io.ReadCloser, error) {
			in, _, _, err := v.AttachmentOf(i.of(), n)
			return in, err
		}}
		in, media, _, err := v.AttachmentOf(i.of(), n)
		if err != nil {
			return nil, "", err
		}
		defer in.Close()
		e.size, err = io.Copy(io.Discard, in) // what the message says of it is an estimate
		return e, media, err
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
	return rec.attached(n)
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

package outgoing

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"strings"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
	"tandem/wire/mime"
)

// Listed is a message of the queue as people know it again.
type Listed struct {
	store.Outgoing
	Subject string   `json:",omitempty"` // as its header has it
	For     []string `json:",omitempty"` // whom it is for by its header, whoever of them has it
}

const (
	listedMost = 1000     // messages that are looked into
	listedHead = 64 << 10 // bytes of each
	forMost    = 20       // people of each that are told
)

// Listed lists the messages of a user, the newest first; user "": of all. Where as many are asked for as a person looks at, it tells of each what it says of itself; limit 0, which is for programs, does not.
func (s *Service) Listed(ctx context.Context, user string, limit int) ([]Listed, error) {
	list, err := s.Queue.Outgoing(ctx, user, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, len(list))
	for i, m := range list {
		out[i].Outgoing = m
		if limit <= 0 || i >= listedMost {
			continue
		}
		switch err := s.look(ctx, &out[i]); {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			continue // how it stands is told all the same; what is wrong with the body the check of bodies finds
		}
	}
	return out, nil
}

// look reads the header of a message.
func (s *Service) look(ctx context.Context, m *Listed) error {
	body, err := s.Blobs.Open(ctx, m.Body)
	if err != nil {
		return err
	}
	in, err := body.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	head, err := io.ReadAll(io.LimitReader(in, listedHead))
	if err != nil {
		return err
	}
	root, _ := mime.Scan(bytes.NewReader(head), mime.Limits{Parts: 1}) // error: a reader of bytes has none
	e, _, _, err := mail.Read(tandem.Bytes(head[:min(int64(len(head)), root.Body)]))
	if err != nil {
		return err
	}
	m.Subject = strings.Join(strings.Fields(e.Subject), " ")
	for _, list := range [][]mime.Address{e.To, e.Cc, e.Bcc} {
		for _, a := range list {
			if len(m.For) < forMost {
				m.For = append(m.For, cmp.Or(a.Name, a.Email))
			}
		}
	}
	return nil
}

package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tandem"
	"tandem/store"
)

// secretBytes is how much chance is in a link: 160 bits.
const secretBytes = 20

// secretText writes secrets so that they are safe in a URL, and in a message that somebody's program writes in capitals.
var secretText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// maxLabel bounds what a link is called, in letters.
const maxLabel = 100

// Link makes a link to a collection of the user's: whoever knows its secret may look. The secret is told here and never again: the store has its hash
// only. Denied if the collection is somebody else's.
func (s *Service) Link(ctx context.Context, user string, collection int64, label string) (secret string, sh store.Share, err error) {
	const op = "make link"
	if _, err := s.ownedBy(ctx, op, user, collection); err != nil {
		return "", sh, err
	}
	if utf8.RuneCountInString(label) > maxLabel || strings.ContainsFunc(label, unicode.IsControl) {
		return "", sh, &tandem.Error{Kind: tandem.Invalid, Op: op, Err: fmt.Errorf("what a link is for has at most %d letters, on one line", maxLabel), Remedy: "type fewer"}
	}
	src := s.Random
	if src == nil {
		src = rand.Reader
	}
	var b [secretBytes]byte
	if _, err := io.ReadFull(src, b[:]); err != nil {
		return "", sh, &tandem.Error{Op: op, Err: err}
	}
	secret = secretText.EncodeToString(b[:])
	sh, err = s.Shares.PutShare(ctx, store.Share{Collection: collection, Token: token(secret), Label: label, Added: s.now()})
	if err != nil {
		return "", sh, err
	}
	return secret, sh, nil
}

// token is what the store keeps of a secret. A plain hash is enough: nobody can go through 160 bits.
func token(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// ByLink returns what a secret leads to: the collection as its owner has it, to look at. NotFound.
func (s *Service) ByLink(ctx context.Context, secret string) (Reach, error) {
	missing := &tandem.Error{Kind: tandem.NotFound, Op: "open link"}
	secret = strings.ToLower(secret)
	if b, err := secretText.DecodeString(secret); err != nil || len(b) != secretBytes {
		return Reach{}, missing
	}
	sh, err := s.Shares.ShareByToken(ctx, token(secret))
	if tandem.IsKind(err, tandem.NotFound) {
		return Reach{}, missing
	}
	if err != nil {
		return Reach{}, err
	}
	return Reach{Collection: sh.Of, Right: Read, Share: sh}, nil
}

// Links lists the links to a collection of the user's, in the order in which they were made. Denied if it is somebody else's.
func (s *Service) Links(ctx context.Context, user string, collection int64) ([]store.Share, error) {
	return s.list(ctx, "list links", user, collection, func(sh store.Share) bool { return sh.With == "" })
}

// Unlink ends a link (store.Share.ID). NotFound if the collection has none of that number, Denied if it is somebody else's.
func (s *Service) Unlink(ctx context.Context, user string, collection, id int64) error {
	list, err := s.Links(ctx, user, collection)
	if err != nil {
		return err
	}
	for _, sh := range list {
		if sh.ID == id {
			return s.Shares.RemoveShare(ctx, id)
		}
	}
	return &tandem.Error{Kind: tandem.NotFound, Op: "remove link", Thing: strconv.FormatInt(id, 10), Err: errors.New("the collection has no such link"), Remedy: "see its links with `tandem collection list`"}
}

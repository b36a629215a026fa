package files

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"

	"tandem/wire/davxml"
)

// checks are the checksums of a body that its sender knows. A body that arrives with others is refused: it was damaged on the way.
type checks []check

type check struct {
	name string
	hash hash.Hash
	want []byte
}

// newChecks reads the headers Content-Digest, Repr-Digest (RFC 9530), Content-MD5 (RFC 1864) and ownCloud's OC-Checksum. Algorithms that are not known are passed
// over, as RFC 9530 2 has it.
func newChecks(h http.Header) (list checks, err error) {
	add := func(header, algorithm, text string, decode func(string) ([]byte, error)) {
		var sum hash.Hash
		switch strings.ToLower(algorithm) {
		case "md5":
			sum = md5.New()
		case "sha1":
			sum = sha1.New()
		case "sha256", "sha-256":
			sum = sha256.New()
		case "sha-512":
			sum = sha512.New()
		default:
			return
		}
		want, failed := decode(text)
		if failed != nil || len(want) != sum.Size() {
			err = davxml.Failf(http.StatusBadRequest, "%s: %q is no checksum", header, text)
			return
		}
		list = append(list, check{header, sum, want})
	}
	if text := h.Get("Content-MD5"); text != "" {
		add("Content-MD5", "md5", text, base64.StdEncoding.DecodeString)
	}
	for word := range strings.FieldsSeq(h.Get("OC-Checksum")) {
		if algorithm, text, ok := strings.Cut(word, ":"); ok {
			add("OC-Checksum", algorithm, text, hex.DecodeString)
		}
	}
	for _, header := range []string{"Content-Digest", "Repr-Digest"} {
		for one := range strings.SplitSeq(strings.Join(h.Values(header), ","), ",") {
			algorithm, text, _ := strings.Cut(strings.TrimSpace(one), "=")
			if algorithm = strings.ToLower(algorithm); algorithm == "sha-256" || algorithm == "sha-512" {
				add(header, algorithm, strings.Trim(text, ":"), base64.StdEncoding.DecodeString)
			}
		}
	}
	return list, err
}

// reader passes r on and adds up what it yields.
func (c checks) reader(r io.Reader) io.Reader {
	for _, one := range c {
		r = io.TeeReader(r, one.hash)
	}
	return r
}

// verify refuses what is not what was sent.
func (c checks) verify() error {
	for _, one := range c {
		if !bytes.Equal(one.hash.Sum(nil), one.want) {
			return davxml.Failf(http.StatusBadRequest, "the body does not have the checksum that %s tells; it was damaged on the way", one.name)
		}
	}
	return nil
}

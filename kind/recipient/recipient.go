// Package recipient knows whom a user writes to: the records of the recipient information cache, which phones complete addresses from. A body is JSON.
package recipient

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"

	"tandem"
	"tandem/kind"
)

// Recipient is somebody the user writes to.
type Recipient struct {
	Email string  `json:"email"`
	Name  string  `json:"name,omitempty"`
	Score float64 `json:"score"` // how many messages went there, those of long ago counting less
	Last  int64   `json:"last"`  // when Score was counted: the last message, Unix seconds
}

// halfLife is the time in seconds after which a message counts half.
const halfLife = 30 * 24 * 3600

// Wrote is the recipient after one more message.
func (r Recipient) Wrote(name string, at int64) Recipient {
	r.Score = r.Score*math.Exp2(-float64(max(at-r.Last, 0))/halfLife) + 1
	r.Last = max(at, r.Last)
	if name != "" {
		r.Name = name
	}
	return r
}

// Rank orders recipients: the higher, the likelier the next one to be written to. It says the same of two at any time, so that a rank that was told once stays true until the
// next message. MS-ASCNTC 2.2.2.64
func (r Recipient) Rank() int {
	return max(0, int(math.Round(1000*(math.Log2(max(r.Score, 1))+float64(r.Last)/halfLife))))
}

// ID is the id of the record of an address.
func ID(email string) tandem.ID {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return tandem.ID(hex.EncodeToString(sum[:16]))
}

// Parse reads a body. Invalid.
func Parse(body []byte) (r Recipient, err error) {
	err = json.Unmarshal(body, &r)
	if err == nil && (r.Email == "" || math.IsInf(r.Score, 0) || r.Score < 0) {
		err = errors.New("it names nobody")
	}
	if err != nil {
		return r, &tandem.Error{Kind: tandem.Invalid, Op: "read recipient", Err: err}
	}
	return r, nil
}

// Body is the recipient as a body.
func (r Recipient) Body() tandem.Bytes {
	b, err := json.Marshal(r)
	if err != nil { // no number of it is infinite
		return nil
	}
	return b
}

// Handler is the kind recipient.
type Handler struct{}

var _ kind.Handler = Handler{}

// Kind implements kind.Handler.
func (Handler) Kind() tandem.Kind { return tandem.Recipient }

// Inspect implements kind.Handler.
func (Handler) Inspect(body []byte) (kind.Info, error) {
	r, err := Parse(body)
	if err != nil {
		return kind.Info{}, err
	}
	key := strings.ToLower(r.Email)
	return kind.Info{Digest: sha256.Sum256(r.Body()), Index: tandem.Index{UID: key, Name: r.Name, Keys: []string{key}},
		Summary: tandem.Summary{Title: cmp.Or(r.Name, r.Email), Who: r.Email}}, nil
}

// Merge implements kind.Handler: what was counted last stands.
func (h Handler) Merge(base, a, b []byte) (kind.Merged, error) {
	var all [3]Recipient
	for i, body := range [][]byte{base, a, b} {
		if body == nil {
			continue
		}
		var err error
		if all[i], err = Parse(body); err != nil {
			return kind.Merged{}, err
		}
	}
	switch {
	case base != nil && all[1] == all[0]:
		return kind.Merged{Body: b}, nil
	case base != nil && all[2] == all[0], all[1].Last > all[2].Last, all[1].Last == all[2].Last && all[1].Score >= all[2].Score:
		return kind.Merged{Body: a}, nil
	}
	return kind.Merged{Body: b}, nil
}

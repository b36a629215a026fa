package synckey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// MaxLen is the longest a key may be, MS-ASCMD_R4604.
const MaxLen = 64

// Zero is the key that starts over, MS-ASCMD 2.2.3.181.4.
const Zero = "0"

// Position is what a key says by itself, so that one that was given out is known again, however old it is.
type Position struct {
	Count  uint64 // how many keys the device was given for the collection; no two keys share one
	From   int64
	Cursor int64
	Window Window // without a sweep
}

const (
	macLen     = 8
	maxPayload = MaxLen*5/8 - macLen
)

var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Seal writes a position as a key. Keys look random, yet the secret opens them: the first bytes are a code of what they say, which
// then masks the rest.
func Seal(secret []byte, collection int64, p Position) string {
	payload := binary.AppendUvarint(nil, p.Count)
	payload = binary.AppendUvarint(payload, uint64(p.From))
	payload = binary.AppendUvarint(payload, uint64(p.Cursor-p.From))
	payload = append(payload, p.Window.flags())
	if p.Window.Limited {
		payload = binary.AppendVarint(payload, p.Window.Cutoff/day)
	}
	mac := code(secret, collection, payload)
	mask(secret, mac, payload)
	return keyText.EncodeToString(append(mac, payload...))
}

// Open reads a key that Seal wrote with the same secret for the same collection; ok is false for any other text.
func Open(secret []byte, collection int64, key string) (p Position, ok bool) {
	if len(key) > MaxLen {
		return p, false
	}
	raw, err := keyText.DecodeString(strings.ToLower(key))
	if err != nil || len(raw) <= macLen || len(raw) > macLen+maxPayload {
		return p, false
	}
	mac, payload := raw[:macLen], raw[macLen:]
	mask(secret, mac, payload)
	if !hmac.Equal(mac, code(secret, collection, payload)) {
		return p, false
	}
	var from, ahead uint64
	for _, to := range []*uint64{&p.Count, &from, &ahead} {
		v, n := binary.Uvarint(payload)
		if n <= 0 {
			return Position{}, false
		}
		*to, payload = v, payload[n:]
	}
	if len(payload) == 0 {
		return Position{}, false
	}
	p.From, p.Cursor = int64(from), int64(from+ahead)
	p.Window = windowOf(payload[0])
	if p.Window.Limited {
		days, n := binary.Varint(payload[1:])
		if n <= 0 {
			return Position{}, false
		}
		p.Window.Cutoff = days * day
	}
	return p, true
}

func code(secret []byte, collection int64, payload []byte) []byte {
	h := hmac.New(sha256.New, secret)
	_ = binary.Write(h, binary.BigEndian, collection)
	h.Write(payload)
	return h.Sum(nil)[:macLen]
}

func mask(secret, mac, payload []byte) {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("mask"))
	h.Write(mac)
	for i, b := range h.Sum(nil)[:len(payload)] {
		payload[i] ^= b
	}
}

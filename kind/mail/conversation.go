package mail

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Conversation names what a message belongs to: the same 16 bytes for all messages of one conversation. Programs that write Thread-Index say it
// themselves (MS-OXOMSG 2.2.1.3); otherwise the first message that is referred to names it.
func (e *Envelope) Conversation() [16]byte {
	var out [16]byte
	if raw, err := base64.StdEncoding.DecodeString(e.Thread); err == nil && len(raw) >= 22 {
		copy(out[:], raw[6:22])
		return out
	}
	root := e.MessageID
	switch {
	case len(e.References) > 0:
		root = e.References[0]
	case len(e.InReplyTo) > 0:
		root = e.InReplyTo[0]
	}
	if root == "" {
		root = "topic:" + strings.ToLower(e.Topic)
	}
	sum := sha256.Sum256([]byte(root))
	copy(out[:], sum[:])
	return out
}

// ConversationIndex tells where in its conversation a message is: five bytes from its date, and five for each answer before it. MS-ASEMAIL 2.2.2.21
func (e *Envelope) ConversationIndex() []byte {
	if raw, err := base64.StdEncoding.DecodeString(e.Thread); err == nil && len(raw) >= 22 {
		return append(append([]byte(nil), raw[1:6]...), raw[22:]...)
	}
	t := uint64(e.Date+11644473600) * 10_000_000 // 100 nanoseconds since 1601
	return []byte{byte(t >> 48), byte(t >> 40), byte(t >> 32), byte(t >> 24), byte(t >> 16)}
}

// Answer is the Thread-Index of a message that answers this one or passes it on, sent at a time: one level more. MS-OXOMSG 2.2.1.3, MS-ASCON 2.2.2.4
func (e *Envelope) Answer(sent int64) string {
	raw, err := base64.StdEncoding.DecodeString(e.Thread)
	if err != nil || len(raw) < 22 {
		id := e.Conversation()
		raw = append(append([]byte{1}, e.ConversationIndex()[:5]...), id[:]...)
	}
	first := uint64(raw[1])<<48 | uint64(raw[2])<<40 | uint64(raw[3])<<32 | uint64(raw[4])<<24 | uint64(raw[5])<<16
	delta := uint64(0)
	if now := uint64(sent+11644473600) * 10_000_000; now > first {
		delta = now - first
	}
	level := uint32(delta >> 18 & 0x7fffffff)
	if delta>>49 != 0 { // more than some two years
		level = uint32(delta>>23&0x7fffffff) | 1<<31
	}
	raw = append(raw[:len(raw):len(raw)], byte(level>>24), byte(level>>16), byte(level>>8), byte(level), byte(len(raw)/5))
	return base64.StdEncoding.EncodeToString(raw)
}

// ConversationKey is the key (tandem.Index.Keys) by which the messages of a conversation are found. It comes before all addresses where words are cut short.
func ConversationKey(id []byte) string { return "00" + hex.EncodeToString(id) }

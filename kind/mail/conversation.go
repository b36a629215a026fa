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

// ConversationKey is the key (tandem.Index.Keys) by which the messages of a conversation are found. It comes before all addresses where words are cut short.
func ConversationKey(id []byte) string { return "00" + hex.EncodeToString(id) }

package eas

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tandem/kind/eas"
)

// query is what the request line and the headers of a POST say, MS-ASHTTP 2.2.1.1.
type query struct {
	command    string
	user       string
	deviceID   string
	deviceType string
	version    string // as sent: "16.1", "14"; "": not told
	policyKey  uint32

	collectionID, itemID, longID, attachmentName, occurrence string
	saveInSent, multipart                                    bool
}

// commandCodes are the commands by their number in an encoded query, MS-ASHTTP 2.2.1.1.1.1.2.
var commandCodes = map[byte]string{0: "Sync", 1: "SendMail", 2: "SmartForward", 3: "SmartReply", 4: "GetAttachment", 9: "FolderSync", 10: "FolderCreate",
	11: "FolderDelete", 12: "FolderUpdate", 13: "MoveItems", 14: "GetItemEstimate", 15: "MeetingResponse", 16: "Search", 17: "Settings", 18: "Ping",
	19: "ItemOperations", 20: "Provision", 21: "ResolveRecipients", 22: "ValidateCert", 23: "Find"}

// maxName is the length in bytes of the longest device id or type that is believed. MS-ASHTTP 2.2.1.1.1.2.3 allows 32; some send more.
const maxName = 128

// readQuery reads the request line in either form, and the headers that belong to it.
func readQuery(r *http.Request) (query, error) {
	q := query{version: r.Header.Get("MS-ASProtocolVersion"), multipart: strings.EqualFold(r.Header.Get("MS-ASAcceptMultiPart"), "T")}
	if key := r.Header.Get("X-MS-PolicyKey"); key != "" {
		n, err := strconv.ParseUint(strings.TrimSpace(key), 10, 32)
		if err == nil { // nonsense is as good as none: the device is asked to provision
			q.policyKey = uint32(n)
		}
	}
	var err error
	if raw := r.URL.RawQuery; strings.ContainsAny(raw, "&") || strings.Contains(raw, "Cmd=") {
		q.plain(r.URL.Query())
	} else if raw != "" {
		err = q.encoded(raw)
	}
	if err == nil && (len(q.deviceID) > maxName || len(q.deviceType) > maxName || strings.ContainsAny(q.deviceID+q.deviceType, "\x00\r\n/\\")) {
		err = errors.New("the device's id or type makes no sense")
	}
	return q, err
}

// plain reads a query in plain text, MS-ASHTTP 2.2.1.1.1.2.
func (q *query) plain(v url.Values) {
	q.command, q.user, q.deviceID, q.deviceType = v.Get("Cmd"), v.Get("User"), v.Get("DeviceId"), v.Get("DeviceType")
	q.collectionID, q.itemID, q.longID = v.Get("CollectionId"), v.Get("ItemId"), v.Get("LongId")
	q.attachmentName, q.occurrence = v.Get("AttachmentName"), v.Get("Occurrence")
	q.saveInSent = strings.EqualFold(v.Get("SaveInSent"), "T")
}

// errShort is the error of an encoded query that ends too early.
var errShort = errors.New("the encoded query is cut short")

// bytesReader takes fields off an encoded query.
type bytesReader struct {
	b   []byte
	err error
}

func (r *bytesReader) take(n int) []byte {
	if r.err == nil && len(r.b) < n {
		r.err = errShort
	}
	if r.err != nil {
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

// field takes a field that is preceded by its length in one byte.
func (r *bytesReader) field() []byte { return r.take(int(r.take(1)[0])) }

// encoded reads a query in base64, MS-ASHTTP 2.2.1.1.1.1. A header wins over what the query says of the same.
func (q *query) encoded(raw string) error {
	text, err := url.QueryUnescape(strings.ReplaceAll(raw, "+", "%2B"))
	if err != nil {
		return err
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return errors.New("the query is neither parameters nor base64")
	}
	r := &bytesReader{b: b}
	version, code := r.take(1)[0], r.take(1)[0]
	r.take(2) // the locale
	q.deviceID = name(r.field())
	key := r.field()
	q.deviceType = name(r.field())
	for r.err == nil && len(r.b) > 0 {
		q.parameter(r.take(1)[0], r.field())
	}
	switch {
	case r.err != nil:
		return r.err
	case len(key) == 4:
		q.policyKey = binary.LittleEndian.Uint32(key)
	case len(key) != 0: // MS-ASHTTP_R38
		return errors.New("a policy key has 4 bytes or none")
	}
	if q.version == "" {
		q.version = eas.Version(version).String()
	}
	q.command = commandCodes[code]
	if q.command == "" {
		q.command = "command " + strconv.Itoa(int(code))
	}
	return nil
}

// parameter reads one of the parameters after the fixed part, MS-ASHTTP 2.2.1.1.1.1.3. Those nobody defined are passed over.
func (q *query) parameter(tag byte, value []byte) {
	s := string(value)
	switch tag {
	case 0:
		q.attachmentName = s
	case 1:
		q.collectionID = s
	case 3:
		q.itemID = s
	case 4:
		q.longID = s
	case 6:
		q.occurrence = s
	case 7:
		if len(value) == 1 {
			q.saveInSent = q.saveInSent || value[0]&1 != 0
			q.multipart = q.multipart || value[0]&2 != 0
		}
	case 8:
		q.user = s
	}
}

// name is a device id or type as text: a GUID comes as bytes.
func name(b []byte) string {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return hex.EncodeToString(b)
		}
	}
	return string(b)
}

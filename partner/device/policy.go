package device

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem"
)

// Policy is what a device must obey: elements of the EASProvisionDoc by name, as their text. A list has one value per line. Elements
// that are not there are not sent, and leave a device as it is: some clients refuse to sync over elements that they cannot fulfil.
// MS-ASPROV 2.2.2.28.
type Policy map[string]string

// sort is what the text of an element may be.
type sort uint8

const (
	boolean sort = iota // "0" or "1"
	number              // within the element's bounds
	list                // one value per line
)

// element is one that a policy may hold.
type element struct {
	name      string
	sort      sort
	low, high int64
	except    []int64 // within the bounds and yet not allowed
}

const maxUint = 1<<32 - 1

// elements are those of a policy, in the order in which they are sent. MS-ASPROV 2.2.2, 6.
var elements = []element{
	{"DevicePasswordEnabled", boolean, 0, 1, nil},
	{"AlphanumericDevicePasswordRequired", boolean, 0, 1, nil},
	{"PasswordRecoveryEnabled", boolean, 0, 1, nil},
	{"RequireStorageCardEncryption", boolean, 0, 1, nil},
	{"AttachmentsEnabled", boolean, 0, 1, nil},
	{"MinDevicePasswordLength", number, 1, 16, nil},
	{"MaxInactivityTimeDeviceLock", number, 0, maxUint, nil},
	{"MaxDevicePasswordFailedAttempts", number, 4, 16, nil},
	{"MaxAttachmentSize", number, 0, maxUint, nil},
	{"AllowSimpleDevicePassword", boolean, 0, 1, nil},
	{"DevicePasswordExpiration", number, 0, maxUint, nil},
	{"DevicePasswordHistory", number, 0, maxUint, nil},
	{"AllowStorageCard", boolean, 0, 1, nil},
	{"AllowCamera", boolean, 0, 1, nil},
	{"RequireDeviceEncryption", boolean, 0, 1, nil},
	{"AllowUnsignedApplications", boolean, 0, 1, nil},
	{"AllowUnsignedInstallationPackages", boolean, 0, 1, nil},
	{"MinDevicePasswordComplexCharacters", number, 1, 4, nil},
	{"AllowWiFi", boolean, 0, 1, nil},
	{"AllowTextMessaging", boolean, 0, 1, nil},
	{"AllowPOPIMAPEmail", boolean, 0, 1, nil},
	{"AllowBluetooth", number, 0, 2, nil},
	{"AllowIrDA", boolean, 0, 1, nil},
	{"RequireManualSyncWhenRoaming", boolean, 0, 1, nil},
	{"AllowDesktopSync", boolean, 0, 1, nil},
	{"MaxCalendarAgeFilter", number, 0, 7, []int64{1, 2, 3}},
	{"AllowHTMLEmail", boolean, 0, 1, nil},
	{"MaxEmailAgeFilter", number, 0, 5, nil},
	{"MaxEmailBodyTruncationSize", number, -1, maxUint, nil},
	{"MaxEmailHTMLBodyTruncationSize", number, -1, maxUint, nil},
	{"RequireSignedSMIMEMessages", boolean, 0, 1, nil},
	{"RequireEncryptedSMIMEMessages", boolean, 0, 1, nil},
	{"RequireSignedSMIMEAlgorithm", number, 0, 1, nil},
	{"RequireEncryptionSMIMEAlgorithm", number, 0, 4, nil},
	{"AllowSMIMEEncryptionAlgorithmNegotiation", number, 0, 2, nil},
	{"AllowSMIMESoftCerts", boolean, 0, 1, nil},
	{"AllowBrowser", boolean, 0, 1, nil},
	{"AllowConsumerEmail", boolean, 0, 1, nil},
	{"AllowRemoteDesktop", boolean, 0, 1, nil},
	{"AllowInternetSharing", boolean, 0, 1, nil},
	{"UnapprovedInROMApplicationList", list, 0, 0, nil},
	{"ApprovedApplicationList", list, 0, 0, nil},
}

// Setting is one element of a policy.
type Setting struct {
	Name   string
	Values []string // one, or those of a list
	List   bool
}

// Settings are the elements of a policy in the order in which they are sent.
func (p Policy) Settings() []Setting {
	var out []Setting
	for _, e := range elements {
		text, ok := p[e.name]
		switch {
		case !ok:
		case e.sort == list:
			out = append(out, Setting{e.name, strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), true})
		default:
			out = append(out, Setting{e.name, []string{text}, false})
		}
	}
	return out
}

// Names are the names of all elements that a policy may hold, in order.
func Names() []string {
	var names []string
	for _, e := range elements {
		names = append(names, e.name)
	}
	return names
}

// Digest is equal for equal policies, and "" for one that asks for nothing.
func (p Policy) Digest() string {
	if len(p) == 0 {
		return ""
	}
	h := sha256.New()
	for _, s := range p.Settings() {
		fmt.Fprintf(h, "%s=%q\n", s.Name, s.Values)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Set returns the policy with other values for some elements; an empty text takes one out. "yes", "true" and the like are
// understood for 1. Invalid names what is wrong.
func (p Policy) Set(values map[string]string) (Policy, error) {
	out := Policy{}
	for k, v := range p {
		out[k] = v
	}
	for name, text := range values {
		i := slices.IndexFunc(elements, func(e element) bool { return strings.EqualFold(e.name, name) })
		if i < 0 {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "set policy", Thing: name, Err: errors.New("there is no such element"), Remedy: "see them with `tandem device policy show --all`"}
		}
		e := elements[i]
		if text == "" {
			delete(out, e.name)
			continue
		}
		clean, err := e.read(text)
		if err != nil {
			return nil, &tandem.Error{Kind: tandem.Invalid, Op: "set policy", Thing: e.name, Err: err}
		}
		out[e.name] = clean
	}
	return out, nil
}

// read brings the text of an element into the form in which it is sent.
func (e element) read(text string) (string, error) {
	switch e.sort {
	case boolean:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "1", "yes", "true", "on":
			return "1", nil
		case "0", "no", "false", "off":
			return "0", nil
		}
		return "", errors.New("it is yes or no")
	case number:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < e.low || n > e.high || slices.Contains(e.except, n) {
			return "", fmt.Errorf("it is %s", e.Range())
		}
		return strconv.FormatInt(n, 10), nil
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == 0xfffd }) {
		return "", errors.New("it has one value per line")
	}
	return text, nil
}

// Range says what an element may be.
func (e element) Range() string {
	switch {
	case e.sort == boolean:
		return "yes or no"
	case e.sort == list:
		return "a list, one value per line"
	case e.except != nil:
		var all []string
		for n := e.low; n <= e.high; n++ {
			if !slices.Contains(e.except, n) {
				all = append(all, strconv.FormatInt(n, 10))
			}
		}
		return "one of " + strings.Join(all, ", ")
	case e.high == maxUint:
		return fmt.Sprintf("a number from %d", e.low)
	}
	return fmt.Sprintf("a number from %d to %d", e.low, e.high)
}

// Ranges says for every element that a policy may hold what it may be.
func Ranges() map[string]string {
	out := map[string]string{}
	for _, e := range elements {
		out[e.name] = e.Range()
	}
	return out
}

package setup

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
)

// entry is one entry of a property list's dictionary.
type entry struct {
	key   string
	value any
}

// plist writes a value: string, bool, int, bytes, a dictionary ([]entry) or an array of dictionaries.
func plist(b *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case string:
		b.WriteString("<string>")
		if err := xml.EscapeText(b, []byte(v)); err != nil {
			return err
		}
		b.WriteString("</string>")
	case bool:
		fmt.Fprintf(b, "<%t/>", v)
	case int:
		fmt.Fprintf(b, "<integer>%d</integer>", v)
	case []byte:
		b.WriteString("<data>" + base64.StdEncoding.EncodeToString(v) + "</data>")
	case []entry:
		b.WriteString("<dict>")
		for _, e := range v {
			b.WriteString("<key>" + e.key + "</key>")
			if err := plist(b, e.value); err != nil {
				return err
			}
		}
		b.WriteString("</dict>")
	case [][]entry:
		b.WriteString("<array>")
		for _, e := range v {
			if err := plist(b, e); err != nil {
				return err
			}
		}
		b.WriteString("</array>")
	default:
		return fmt.Errorf("property list: %T", v)
	}
	return nil
}

// uuid is made of what it is for, so that a profile that is installed again replaces the one before.
func uuid(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	s := h.Sum(nil)
	s[6], s[8] = s[6]&0x0f|0x80, s[8]&0x3f|0x80 // RFC 9562 5.8
	return fmt.Sprintf("%X-%X-%X-%X-%X", s[:4], s[4:6], s[6:8], s[8:10], s[10:16])
}

// profile is an Apple configuration profile with an Exchange ActiveSync account, and the authority that vouches for the hub where it has its own.
// The password is not in it; the phone asks for it.
func profile(v view, address string, authority []byte) ([]byte, error) {
	id := "app.tandem." + v.Host
	host := v.Host
	if v.Port != "" {
		host += ":" + v.Port
	}
	payloads := [][]entry{{
		{"PayloadType", "com.apple.eas.account"}, {"PayloadVersion", 1}, {"PayloadIdentifier", id + ".eas"}, {"PayloadUUID", uuid("eas", host, address)},
		{"PayloadDisplayName", "Tandem"}, {"Host", host}, {"SSL", v.Secure}, {"EmailAddress", address}, {"UserName", address}, {"MailNumberOfPastDaysToSync", 7},
	}}
	if authority != nil {
		payloads = append(payloads, []entry{
			{"PayloadType", "com.apple.security.root"}, {"PayloadVersion", 1}, {"PayloadIdentifier", id + ".ca"}, {"PayloadUUID", uuid("ca", string(authority))},
			{"PayloadDisplayName", "Tandem's certificate authority"}, {"PayloadCertificateFileName", "tandem-ca.cer"}, {"PayloadContent", authority},
		})
	}
	top := []entry{
		{"PayloadType", "Configuration"}, {"PayloadVersion", 1}, {"PayloadIdentifier", id}, {"PayloadUUID", uuid("profile", host, address)},
		{"PayloadDisplayName", "Tandem on " + v.Host}, {"PayloadDescription", "Contacts, calendars, tasks and notes of " + address + ", kept in step by Tandem."},
		{"PayloadRemovalDisallowed", false}, {"PayloadContent", payloads},
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n" + `<plist version="1.0">`)
	if err := plist(&b, top); err != nil {
		return nil, err
	}
	b.WriteString("</plist>\n")
	return b.Bytes(), nil
}

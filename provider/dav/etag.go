package dav

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"tandem"
)

// bodyVersion begins the version of a record of which the server tells no entity tag: the rest is a hash of its body.
const bodyVersion = "body:"

// versionOf is the version that an entity tag makes. Quotes and the mark of weak tags do not count: proxies that compress add the one, some servers leave out
// the other. Without a tag the body tells. "": neither is known.
func versionOf(s stored) tandem.Version {
	if v := tagVersion(s.tag); v != "" {
		return v
	}
	if s.body == nil {
		return ""
	}
	sum := sha256.Sum256(s.body)
	return tandem.Version(bodyVersion + hex.EncodeToString(sum[:]))
}

func tagVersion(tag string) tandem.Version {
	tag = strings.TrimSpace(tag)
	tag = strings.TrimPrefix(tag, "W/")
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tandem.Version(tag[1 : len(tag)-1])
	}
	if tag == "" {
		return ""
	}
	return tandem.Version("=" + tag) // without quotes: to be given back so
}

// ifMatch is the condition that a record is at a version. RFC 9110 13.1.1
func ifMatch(v tandem.Version) string {
	if raw, ok := strings.CutPrefix(string(v), "="); ok {
		return raw
	}
	return `"` + string(v) + `"`
}

// strong tells whether an entity tag promises the very bytes that were sent.
func strong(tag string) bool {
	tag = strings.TrimSpace(tag)
	return tag != "" && !strings.HasPrefix(tag, "W/")
}

// fits tells whether a version can be given to a server as a condition.
func fits(v tandem.Version) bool {
	return v != "" && !strings.ContainsAny(string(v), "\"\r\n\x00") && !strings.HasPrefix(string(v), bodyVersion)
}

package eas

import (
	"path"
	"strings"

	"tandem/kind/eas"
	"tandem/store"
)

// served are the protocol versions that are served, ascending, as old clients want them.
var served = []eas.Version{eas.V121, eas.V140, eas.V141, eas.V160, eas.V161}

// limit says up to which version clients of one sort are served, and what they get wrong.
type limit struct {
	typ, agent string // patterns of path.Match for DeviceType and User-Agent, in lower case; "": any
	max        eas.Version
	quirks     eas.Quirks
}

// limits are looked through in order; the first that matches counts. Each has its reason.
var limits = []limit{
	// Sends "14" without the minor, and knows nothing later.
	{typ: "windowsmail", max: eas.V140},
	// Desktop Outlook syncs 16.x folders in a loop with servers other than Microsoft's.
	{typ: "windowsoutlook*", max: eas.V141},
	// Gmail of 2018 and before loses events of 16.x.
	{agent: "android-mail/[5-8].*", max: eas.V141, quirks: eas.Quirks{NoLateUntil: true}},
	// Phones whose clocks are 32 bits wide break on recurrences that end in or after 2037.
	{agent: "android/[0-4].*", max: eas.V141, quirks: eas.Quirks{NoLateUntil: true}},
	// BlackBerry wants birthdays at eleven.
	{typ: "blackberry*", max: eas.V141, quirks: eas.Quirks{BirthdayHour: 11}},
	// Windows Phone refuses pictures that others bear.
	{typ: "wp", max: eas.V141, quirks: eas.Quirks{MaxPicture: 36 << 10}},
	{typ: "wp8", max: eas.V141, quirks: eas.Quirks{MaxPicture: 36 << 10}},
}

// limitOf is what holds for a client.
func limitOf(typ, agent string) limit {
	typ, agent = strings.ToLower(typ), strings.ToLower(agent)
	for _, l := range limits {
		if matches(l.typ, typ) && matches(l.agent, agent) {
			return l
		}
	}
	return limit{max: eas.V161}
}

// matches is path.Match where a star matches a slash, too, as user agents have them.
func matches(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x01"), strings.ReplaceAll(s, "/", "\x01"))
	return err == nil && ok
}

// offered are the versions that a device is offered: what its sort bears, or what somebody set for it.
func offered(d store.Device) []eas.Version {
	top := limitOf(d.Type, d.Agent).max
	if v, ok := eas.ParseVersion(d.Offer); ok {
		top = v
	}
	var out []eas.Version
	for _, v := range served {
		if v <= top {
			out = append(out, v)
		}
	}
	return out
}

// header is a list of versions as it stands in MS-ASProtocolVersions.
func header(list []eas.Version) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = v.String()
	}
	return strings.Join(words, ",")
}

// parseVersion reads the version of a request. Without one it is 12.1, the lowest served; "14" lacks its minor number.
func parseVersion(s string) (eas.Version, bool) {
	switch s = strings.TrimSpace(s); s {
	case "":
		return eas.V121, true
	case "14":
		return eas.V140, true
	case "16":
		return eas.V160, true
	}
	return eas.ParseVersion(s)
}

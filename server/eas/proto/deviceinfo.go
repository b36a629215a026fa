package proto

import (
	"tandem/wire/wbxml"
)

// OutboundSMS is the name under which it is kept whether a device sends text messages for the server: "1". MS-ASCMD 2.2.3.60
const OutboundSMS = "outbound-sms"

// infoNames are the elements of settings:DeviceInformation and the names under which store.Device.Info keeps them. MS-ASCMD 2.2.3.46
var infoNames = []struct {
	tag  wbxml.Tag
	name string
}{
	{wbxml.SettingsModel, "model"}, {wbxml.SettingsIMEI, "imei"}, {wbxml.SettingsFriendlyName, "name"}, {wbxml.SettingsOS, "os"}, {wbxml.SettingsEnableOutboundSMS, OutboundSMS},
	{wbxml.SettingsOSLanguage, "language"}, {wbxml.SettingsPhoneNumber, "phone"}, {wbxml.SettingsUserAgent, "agent"}, {wbxml.SettingsMobileOperator, "operator"},
}

// maxInfo is the length in bytes of the longest text that is kept of what a device tells about itself. MS-ASCMD 2.2.3.46: at most 1024 characters
const maxInfo = 1024

// DeviceInfo reads what a device tells about itself; e is settings:DeviceInformation or the Set within. What it leaves out is not in the map. ok is
// false if e holds no set of values.
func DeviceInfo(e *wbxml.Element) (info map[string]string, ok bool) {
	if set := e.Child(wbxml.SettingsSet); set != nil {
		e = set
	} else if e == nil || e.Tag != wbxml.SettingsSet {
		return nil, false
	}
	info = map[string]string{}
	for _, n := range infoNames {
		if v := e.Get(n.tag); v != "" {
			info[n.name] = v[:min(len(v), maxInfo)]
		}
	}
	return info, true
}

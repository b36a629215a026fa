package eas

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tandem/kind/eas"
	"tandem/store"
)

func request(raw string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, Path, nil)
	r.URL.RawQuery = raw
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// encode makes an encoded query of fields.
func encode(version, command byte, id, key, typ string, params ...string) string {
	b := []byte{version, command, 9, 4, byte(len(id))}
	b = append(append(b, id...), byte(len(key)))
	b = append(append(b, key...), byte(len(typ)))
	b = append(b, typ...)
	for _, p := range params {
		b = append(b, p[0], byte(len(p)-1))
		b = append(b, p[1:]...)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// TestQuery covers MS-ASHTTP 2.2.1.1.1: both forms of the query.
func TestQuery(t *testing.T) {
	for name, c := range map[string]struct {
		r    *http.Request
		want query
	}{
		"plain": {request("Cmd=FolderSync&User=ann%40example.org&DeviceId=v140Device&DeviceType=SmartPhone", "MS-ASProtocolVersion", "16.1", "X-MS-PolicyKey", "3942919513"),
			query{command: "FolderSync", user: "ann@example.org", deviceID: "v140Device", deviceType: "SmartPhone", version: "16.1", policyKey: 3942919513}},
		"plain with parameters": {request("User=a&Cmd=SmartReply&DeviceId=d&DeviceType=t&ItemId=5:1&CollectionId=5&SaveInSent=T&Occurrence=x&LongId=l", "MS-ASAcceptMultiPart", "T"),
			query{command: "SmartReply", user: "a", deviceID: "d", deviceType: "t", itemID: "5:1", collectionID: "5", saveInSent: true, occurrence: "x", longID: "l", multipart: true}},
		// MS-ASHTTP_R18: the specification's own example.
		"encoded": {request("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l"), query{command: "Sync", deviceID: "v140Device", deviceType: "SmartPhone", version: "14.0"}},
		"encoded with key": {request(encode(141, 18, "d", "\x78\x56\x34\x12", "t")),
			query{command: "Ping", deviceID: "d", deviceType: "t", version: "14.1", policyKey: 0x12345678}},
		"encoded with parameters": {request(encode(161, 3, "d", "", "t", "\x00att", "\x015", "\x035:1", "\x04long", "\x06occ", "\x07\x03", "\x08ann", "\x63what")),
			query{command: "SmartReply", deviceID: "d", deviceType: "t", version: "16.1", attachmentName: "att", collectionID: "5", itemID: "5:1", longID: "long",
				occurrence: "occ", saveInSent: true, multipart: true, user: "ann"}},
		"a GUID for a device id": {request(encode(141, 0, "\x01\xff\x80\x00", "", "WP8")), query{command: "Sync", deviceID: "01ff8000", deviceType: "WP8", version: "14.1"}},
		"an unknown command":     {request(encode(141, 99, "d", "", "t")), query{command: "command 99", deviceID: "d", deviceType: "t", version: "14.1"}},
		"a header wins":          {request(encode(141, 0, "d", "", "t"), "MS-ASProtocolVersion", "16.0"), query{command: "Sync", deviceID: "d", deviceType: "t", version: "16.0"}},
		"escaped padding":        {request(strings.ReplaceAll(encode(141, 0, "dd", "", "t"), "=", "%3D")), query{command: "Sync", deviceID: "dd", deviceType: "t", version: "14.1"}},
		"nothing":                {request(""), query{}},
		"a nonsense policy key":  {request("Cmd=Sync&DeviceId=d", "X-MS-PolicyKey", "-1"), query{command: "Sync", deviceID: "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readQuery(c.r)
			if err != nil || got != c.want {
				t.Fatalf("\n got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
	for name, raw := range map[string]string{
		"cut short":              encode(141, 0, "device", "", "t")[:8],
		"no base64":              "hello!",
		"a key of three bytes":   encode(141, 0, "d", "abc", "t"),
		"a path as a device":     "Cmd=Sync&DeviceId=../../etc",
		"a line as a device":     "Cmd=Sync&DeviceId=a%0d%0aSet-Cookie",
		"an endless device id":   "Cmd=Sync&DeviceId=" + strings.Repeat("x", 200),
		"a parameter cut short":  encode(141, 0, "d", "", "t") + "AP8=",
		"an empty encoded query": "=",
	} {
		if q, err := readQuery(request(raw)); err == nil {
			t.Errorf("%s: %+v", name, q)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l")
	f.Add("Cmd=Sync&DeviceId=d&DeviceType=t")
	f.Add(encode(161, 3, "d", "abcd", "t", "\x00att"))
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := readQuery(request(raw))
		if err == nil && strings.ContainsAny(q.deviceID+q.deviceType, "\x00\r\n/\\") {
			t.Fatalf("%+v", q)
		}
	})
}

func TestVersions(t *testing.T) {
	for in, want := range map[string]eas.Version{"": eas.V121, "12.1": eas.V121, "14": eas.V140, "14.0": eas.V140, "14.1": eas.V141, "16": eas.V160, "16.0": eas.V160, " 16.1 ": eas.V161} {
		if v, ok := parseVersion(in); !ok || v != want {
			t.Errorf("%q: %v, %v", in, v, ok)
		}
	}
	for _, in := range []string{"2.5", "12.0", "17.0", "x", "-1"} {
		if v, ok := parseVersion(in); ok {
			t.Errorf("%q is taken for %v", in, v)
		}
	}
	for name, c := range map[string]struct {
		d    store.Device
		want string
	}{
		"unknown":                          {store.Device{}, "12.1,14.0,14.1,16.0,16.1"},
		"iPhone":                           {store.Device{Type: "iPhone", Agent: "Apple-iPhone15C2/2101.303"}, "12.1,14.0,14.1,16.0,16.1"},
		"Windows Mail, field note 43":      {store.Device{Type: "WindowsMail", Agent: "MSFT-WIN-4/10.0.15063"}, "12.1,14.0"},
		"desktop Outlook, field note 41":   {store.Device{Type: "WindowsOutlook15", Agent: "Microsoft.Outlook.15"}, "12.1,14.0,14.1"},
		"old Gmail, field note 18":         {store.Device{Type: "Android", Agent: "Android-Mail/8.5.20.198/x"}, "12.1,14.0,14.1"},
		"Gmail of today":                   {store.Device{Type: "Android", Agent: "Android-Mail/2024.05.12"}, "12.1,14.0,14.1,16.0,16.1"},
		"old Android, field note 12":       {store.Device{Type: "Android", Agent: "Android/4.4.2-EAS-1.3"}, "12.1,14.0,14.1"},
		"set by hand, below":               {store.Device{Type: "iPhone", Offer: "14.1"}, "12.1,14.0,14.1"},
		"set by hand, above what is known": {store.Device{Type: "WindowsOutlook15", Offer: "16.1"}, "12.1,14.0,14.1,16.0,16.1"},
	} {
		if got := header(offered(c.d)); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

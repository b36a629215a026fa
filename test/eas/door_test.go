package eas_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/partner/device"
	"tandem/wire/wbxml"
)

// TestCommonStatuses: what the door itself refuses, as a status from 14.0 on and as an HTTP code before. MS-ASCMD 2.2.2
func TestCommonStatuses(t *testing.T) {
	sync := "<FolderSync><SyncKey>0</SyncKey></FolderSync>"
	for _, version := range versions {
		h := newHouse(t)
		c := h.client("ann", "phone1", version)
		expect := func(name, got string, code, status int) {
			t.Helper()
			want := fmt.Sprintf("FolderSync{Status=%d}", status)
			if version == "12.1" {
				want = fmt.Sprint("HTTP ", code)
			}
			if got != want {
				t.Errorf("%s, %s: %s, want %s", version, name, got, want)
			}
		}
		post := func(typ, body string) string {
			a, err := c.Post(t.Context(), "FolderSync", nil, typ, []byte(body))
			h.must(err)
			if a.Code != 200 {
				return fmt.Sprint("HTTP ", a.Code)
			}
			return "FolderSync{Status=" + a.Status() + "}"
		}
		expect("not a document", post("text/xml", "<FolderSync/>"), 400, 101)                // MS-ASCMD_R4811, R7546
		expect("a broken document", post("application/vnd.ms-sync.wbxml", "\x03"), 400, 102) // MS-ASCMD_R4815
		_, err := h.devices.SetPolicy(t.Context(), device.Scope{}, map[string]string{"DevicePasswordEnabled": "1"})
		h.must(err)
		expect("no policy", h.do(c, "FolderSync", sync), 449, 142) // MS-ASCMD_R4906, R7564
		c.PolicyKey = 4711
		expect("a wrong key", h.do(c, "FolderSync", sync), 449, 144) // MS-ASCMD_R4912, R7566
		policy := "<provision:Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType>%s</Policy></Policies></provision:Provision>"
		key := policyKey(h.do(c, "Provision", fmt.Sprintf(policy, "")))
		final := policyKey(h.do(c, "Provision", fmt.Sprintf(policy, "<PolicyKey>"+key+"</PolicyKey><Status>1</Status>")))
		_, err = fmt.Sscan(final, &c.PolicyKey)
		h.must(err)
		contains(t, h.do(c, "FolderSync", sync), "FolderSync{Status=1 ")
		_, err = h.devices.SetPolicy(t.Context(), device.Scope{}, map[string]string{"MinDevicePasswordLength": "6"})
		h.must(err)
		expect("another policy", h.do(c, "FolderSync", sync), 449, 143) // MS-ASCMD_R4909, R7565
		_, err = h.devices.AskWipe(t.Context(), "ann", "phone1", false, "ann")
		h.must(err)
		expect("a wipe", h.do(c, "FolderSync", sync), 403, 140) // MS-ASCMD_R5280, R7561
		_, err = h.devices.CancelWipe(t.Context(), "ann", "phone1", "ann")
		h.must(err)
		_, err = h.devices.Block(t.Context(), "ann", "phone1", "ann")
		h.must(err)
		expect("blocked", h.do(c, "FolderSync", sync), 403, 129) // MS-ASCMD_R4876
		if got := h.do(c, "SendMail", ""); got != "HTTP 501" {   // MS-ASHTTP_R186
			t.Errorf("a command that is not served: %s", got)
		}
		if got := h.do(c, "Find", "<Find/>"); got != "HTTP 501" && version != "16.1" {
			t.Errorf("%s: a command of later versions: %s", version, got)
		}
	}
}

func policyKey(answer string) string {
	_, key, _ := strings.Cut(answer, "PolicyKey=")
	key, _, _ = strings.Cut(key, " ")
	return strings.TrimRight(key, "}")
}

// TestHeaders covers MS-ASHTTP 2.2.2 and 2.2.3: what stands in answers beside the document.
func TestHeaders(t *testing.T) {
	h := newHouse(t)
	c := h.client("ann", "phone1", "14.1")
	a, err := c.Options(t.Context())
	h.must(err)
	for name, want := range map[string]string{"MS-ASProtocolVersions": "12.1,14.0,14.1,16.0,16.1", "MS-ASProtocolCommands": strings.Join(slices.Sorted(slices.Values(commands)), ","), "Cache-Control": "private",
		"Content-Length": "0", "Public": "OPTIONS,POST", "Allow": "OPTIONS,POST"} { // MS-ASHTTP 2.2.3
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	p := h.phone("ann", "phone1", "14.1")
	key := h.begin(p.Client, p.FolderOf(9))
	c.Gzip = true
	for name, got := range map[string]func() (http.Header, []byte){
		"a document": func() (http.Header, []byte) {
			a, err := c.Post(t.Context(), "Settings", nil, "application/vnd.ms-sync.wbxml", []byte("\x03\x01\x6a\x00\x00\x12\x45\x5d\x07\x01\x01"))
			h.must(err)
			return a.Header, a.Raw
		},
	} {
		header, raw := got()
		if header.Get("Content-Type") != "application/vnd.ms-sync.wbxml" || len(raw) == 0 || header.Get("Content-Length") == "" || header.Get("MS-Server-ActiveSync") == "" || header.Get("Cache-Control") != "private" {
			t.Errorf("%s: %v", name, header)
		}
	}
	if got := h.do(c, "Sync", sync1(collection(key, p.FolderOf(9), changes))); got != "" { // nothing: no content type. MS-ASHTTP_R212
		t.Error(got)
	}
}

// TestInitialHeaders: a device that begins with its folders is told what it may use. MS-ASHTTP_R1104
func TestInitialHeaders(t *testing.T) {
	h := newHouse(t)
	c := h.client("ann", "phone1", "14.1")
	ask := func(key string) http.Header {
		a, err := c.Do(t.Context(), "FolderSync", wbxml.New(wbxml.FolderHierarchyFolderSync, wbxml.Text(wbxml.FolderHierarchySyncKey, key)))
		h.must(err)
		return a.Header
	}
	first := ask("0")
	if first.Get("X-MS-RP") == "" || first.Get("MS-ASProtocolVersions") == "" || first.Get("MS-ASProtocolCommands") == "" {
		t.Errorf("with key 0: %v", first)
	}
	if later := ask("4711"); later.Get("X-MS-RP") != "" {
		t.Errorf("with another key: %v", later)
	}
}

// TestCompressed: large answers are packed for those who can unpack them, and Content-Encoding says so. MS-ASHTTP_R214, R215
func TestCompressed(t *testing.T) {
	h := newHouse(t)
	for i := range 30 {
		h.put(h.collection("ann", tandem.Contact), card(fmt.Sprint("u", i), "Zoe", "1"))
	}
	p := h.phone("ann", "phone1", "14.1")
	for _, gzip := range []bool{true, false} {
		p.Client.Gzip = gzip
		key := h.begin(p.Client, p.FolderOf(9))
		doc, err := wbxml.FromXML(strings.NewReader(sync1(collection(key, p.FolderOf(9), changes))))
		h.must(err)
		a, err := p.Do(t.Context(), "Sync", doc)
		h.must(err)
		if got := a.Header.Get("Content-Encoding") == "gzip"; got != gzip || a.Doc == nil {
			t.Errorf("%v: %v", gzip, a.Header)
		}
	}
}

// TestPolicyElements: every element of a policy is sent in every version, below EASProvisionDoc, as the schemas have it. MS-ASPROV 2.2.2
func TestPolicyElements(t *testing.T) {
	h := newHouse(t)
	for name := range device.Ranges() {
		value := "1"
		switch {
		case name == "MaxDevicePasswordFailedAttempts" || name == "MaxCalendarAgeFilter":
			value = "4"
		case strings.HasSuffix(name, "List"):
			value = "one\ntwo"
		}
		_, err := h.devices.SetPolicy(t.Context(), device.Scope{}, map[string]string{name: value})
		h.must(err)
	}
	for _, version := range versions {
		c := h.client("ann", "phone"+version, version)
		got := h.do(c, "Provision", "<provision:Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></provision:Provision>")
		_, doc, _ := strings.Cut(got, "EASProvisionDoc{")
		for _, name := range device.Names() {
			if strings.HasSuffix(name, "List") {
				name += "{"
			} else {
				name += "="
			}
			if !strings.Contains(" "+doc, " "+name) {
				t.Errorf("%s: no %s in %s", version, name, doc)
			}
		}
		contains(t, doc, "ApplicationName=one ApplicationName=two", "Hash=one Hash=two")
	}
	h.valid()
}

// TestPolicyValues: each value that the specification lists can be set, and no other. MS-ASPROV 2.2.2
func TestPolicyValues(t *testing.T) {
	h := newHouse(t)
	set := func(name, value string) error {
		_, err := h.devices.SetPolicy(t.Context(), device.Scope{}, map[string]string{name: value})
		return err
	}
	for name, values := range map[string]struct{ good, bad string }{
		"AttachmentsEnabled": {"0 1", "2 x"}, "MaxCalendarAgeFilter": {"0 4 5 6 7", "1 2 3 8"}, "MaxEmailAgeFilter": {"0 1 2 3 4 5", "6 -1"}, "RequireEncryptedSMIMEMessages": {"0 1", "2"},
		"RequireEncryptionSMIMEAlgorithm": {"0 1 2 3 4", "5"}, "RequireSignedSMIMEAlgorithm": {"0 1", "2"}, "RequireSignedSMIMEMessages": {"0 1", "2"},
		"AllowSMIMEEncryptionAlgorithmNegotiation": {"0 1 2", "3"},
	} {
		for _, v := range strings.Fields(values.good) {
			if err := set(name, v); err != nil {
				t.Errorf("%s %s: %v", name, v, err)
			}
		}
		for _, v := range strings.Fields(values.bad) {
			if err := set(name, v); err == nil {
				t.Errorf("%s %s is taken", name, v)
			}
		}
	}
}

// every are the commands that the protocol has, by the numbers of the encoded query. MS-ASHTTP 2.2.1.1.1.1.2
var every = []string{"Sync", "SendMail", "SmartForward", "SmartReply", "GetAttachment", "GetHierarchy", "CreateCollection", "DeleteCollection", "MoveCollection", "FolderSync", "FolderCreate",
	"FolderDelete", "FolderUpdate", "MoveItems", "GetItemEstimate", "MeetingResponse", "Search", "Settings", "Ping", "ItemOperations", "Provision", "ResolveRecipients", "ValidateCert", "Find"}

// TestAdvertised: what OPTIONS tells is what is served, and nothing else is: with mail and without, each command is done, or refused for what is in it, if it is
// named, and not known if it is not.
func TestAdvertised(t *testing.T) {
	for name, h := range map[string]*house{"with mail": newPostHouse(t).house, "without": newHouse(t)} {
		c := h.client("ann", "phone1", "14.1")
		a, err := c.Options(t.Context())
		h.must(err)
		told := strings.Split(a.Header.Get("MS-ASProtocolCommands"), ",")
		for _, command := range told {
			if !slices.Contains(every, command) {
				t.Errorf("%s: %q is none of the protocol", name, command)
			}
		}
		for _, command := range every {
			served := false
			for _, version := range versions { // some commands are of one version only
				c.Version = version
				a, err := c.Post(t.Context(), command, nil, "application/vnd.ms-sync.wbxml", nil)
				h.must(err)
				served = served || a.Code != http.StatusNotImplemented
			}
			if served != slices.Contains(told, command) {
				t.Errorf("%s: %s: served is %v, told is %v", name, command, served, !served)
			}
		}
	}
}

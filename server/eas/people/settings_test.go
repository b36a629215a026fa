package people_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tandem"
	"tandem/kind/eas"
	"tandem/partner/away"
	"tandem/server/eas/people"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/test/easkit"
)

// kit is a hub with the commands.
type kit struct {
	*easkit.Kit
	svc      *people.Service
	recovery bool
	kept     string            // by which the device can be unlocked
	told     map[string]string // what a device told about itself
}

func newKit(t testing.TB) *kit {
	t.Helper()
	k := &kit{Kit: easkit.New(t)}
	k.svc = &people.Service{Accounts: k.Store.Accounts, Devices: k.Store.Devices, Home: k.Store.Home, Lookup: k.Store.Lookup, Texts: k.Store.Texts, Folders: k.Folders, Contacts: k.Views[tandem.Contact], Views: k.Views,
		Info: func(_ context.Context, user, id string, info map[string]string) (store.Device, error) {
			k.told = info
			return store.Device{}, nil
		},
		Recovery: func(context.Context, store.Device) (bool, error) { return k.recovery, nil },
		KeepPassword: func(_ context.Context, _ store.Device, password string) error {
			k.kept = password
			return nil
		},
		Zone: func(store.User) *time.Location { return k.Zone },
	}
	return k
}

func (k *kit) ask(run proto.Command, command, request string) string {
	k.Helper()
	return k.Ask(run, "ann", command, request)
}

func (k *kit) settings(inner string) string {
	k.Helper()
	return k.ask(k.svc.Settings, "Settings", "<Settings>"+inner+"</Settings>")
}

// TestSettingsSyntax: a request that makes no sense is not begun. MS-ASCMD_R483, R4388
func TestSettingsSyntax(t *testing.T) {
	k := newKit(t)
	on := "<Oof><Set><OofState>1</OofState></Set></Oof>"
	for name, inner := range map[string]string{"nothing": "", "twice": on + on, "a stranger": on + "<Enabled/>", "a stranger first": "<Enabled/>" + on,
		"of another page": on + "<ping:Status/>"} {
		if got := k.settings(inner); got != "Settings{Status=2}" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, doc := range []string{"", "<Ping/>"} {
		if got := k.ask(k.svc.Settings, "Settings", doc); got != "Settings{Status=2}" {
			t.Errorf("%q: %s", doc, got)
		}
	}
	if got := k.settings("<Oof><Get><BodyType>Text</BodyType></Get></Oof>"); !strings.Contains(got, "OofState=0") {
		t.Errorf("something was done: %s", got)
	}
	k.Valid()
}

// TestSettingsOrder: properties are answered in order, each with its status first. MS-ASCMD_R469, R478, R480, R481, R482, R484, R485, R486, R5713
func TestSettingsOrder(t *testing.T) {
	k := newKit(t)
	got := k.settings("<UserInformation><Get/></UserInformation><DevicePassword/><Oof><Set><OofState>1</OofState></Set></Oof><DeviceInformation><Set><Model>X</Model></Set></DeviceInformation>")
	if !strings.HasPrefix(got, "Settings{Status=1 UserInformation{Status=1 ") ||
		!strings.HasSuffix(got, "DevicePassword{Status=2} Oof{Status=1} DeviceInformation{Status=1}}") {
		t.Error(got)
	}
	k.Valid()
}

// TestOof: what a client sets is what it gets. MS-ASCMD 2.2.3.122 to 2.2.3.124
func TestOof(t *testing.T) {
	k := newKit(t)
	get := func(typ string) string {
		return k.settings("<Oof><Get><BodyType>" + typ + "</BodyType></Get></Oof>")
	}
	set := func(inner, want string) {
		t.Helper()
		if got := k.settings("<Oof><Set>" + inner + "</Set></Oof>"); got != "Settings{Status=1 Oof{Status="+want+"}}" {
			t.Errorf("%s: %s", inner, got)
		}
	}
	message := func(tag, enabled, text, typ string) string {
		return "<OofMessage><" + tag + "/><Enabled>" + enabled + "</Enabled><ReplyMessage>" + text + "</ReplyMessage><BodyType>" + typ + "</BodyType></OofMessage>"
	}
	// All three audiences are told of at all times: MS-ASCMD_R3505, R3513, R3525.
	off := "Settings{Status=1 Oof{Status=1 Get{OofState=0 OofMessage{AppliesToInternal Enabled=0} OofMessage{AppliesToExternalKnown Enabled=0} OofMessage{AppliesToExternalUnknown Enabled=0}}}}"
	if got := get("Text"); got != off {
		t.Errorf("at first: %s", got)
	}
	set("<OofState>1</OofState>"+message("AppliesToInternal", "1", "Away", "Text")+message("AppliesToExternalKnown", "0", "&lt;b&gt;Away&lt;/b&gt;", "HTML"), "1")
	for _, want := range []string{"OofState=1 ", "OofMessage{AppliesToInternal Enabled=1 ReplyMessage=Away BodyType=Text}",
		"OofMessage{AppliesToExternalKnown Enabled=0 ReplyMessage=Away BodyType=Text}"} { // MS-ASCMD_R3532, R802 to R805, R826
		if got := get("Text"); !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if got := get("html"); !strings.Contains(got, "AppliesToExternalKnown Enabled=0 ReplyMessage=<b>Away</b> BodyType=HTML") {
		t.Error(got)
	}
	span := "<StartTime>2026-07-01T08:00:00.000Z</StartTime><EndTime>2026-07-05T08:00:00.000Z</EndTime>"
	set("<OofState>2</OofState>"+span, "1") // MS-ASCMD_R3533
	if got := get("Text"); !strings.Contains(got, "OofState=2 StartTime=2026-07-01T08:00:00.000Z EndTime=2026-07-05T08:00:00.000Z ") || !strings.Contains(got, "ReplyMessage=Away") {
		t.Error(got)
	}
	set(message("AppliesToExternalUnknown", "1", "x", "Text"), "1") // the rest stays
	if got := get("Text"); !strings.Contains(got, "OofState=2 StartTime") || !strings.Contains(got, "AppliesToExternalUnknown Enabled=1 ReplyMessage=x") {
		t.Error(got)
	}
	set("<OofState>1</OofState>"+span, "1") // MS-ASCMD_R3535, R7544
	if got := get("Text"); strings.Contains(got, "Time") {
		t.Error(got)
	}
	before := get("Text")
	set("<OofState>2</OofState>", "2")
	set("<OofState>2</OofState><StartTime>2026-07-01T08:00:00.000Z</StartTime>", "2") // MS-ASCMD_R5681
	set("<OofState>2</OofState><EndTime>2026-07-01T08:00:00.000Z</EndTime>", "2")     // MS-ASCMD_R2272
	set("<OofState>2</OofState><StartTime>soon</StartTime><EndTime>later</EndTime>", "2")
	set("<OofState>2</OofState><StartTime>2026-07-05T08:00:00.000Z</StartTime><EndTime>2026-07-01T08:00:00.000Z</EndTime>", "6") // MS-ASCMD_R5583
	set("<OofState>3</OofState>", "2")
	set("<OofState>yes</OofState>", "2")
	set(message("AppliesToInternal", "1", strings.Repeat("x", 200000), "Text"), "5") // MS-ASCMD_R5582
	if got := get("Text"); got != before {
		t.Errorf("what was refused was done: %s", got)
	}
	for _, inner := range []string{"<Oof/>", "<Oof><Get/><Set/></Oof>"} {
		if got := k.settings(inner); got != "Settings{Status=1 Oof{Status=2}}" {
			t.Errorf("%s: %s", inner, got)
		}
	}
	k.Must(k.Store.Accounts.SetProps(t.Context(), "ann", map[string]string{away.Prop: "{broken"}))
	if got := get("Text"); got != off {
		t.Errorf("what cannot be read: %s", got)
	}
	if got := k.Ask(k.svc.Settings, "bob", "Settings", "<Settings><Oof><Get/></Oof></Settings>"); got != off {
		t.Errorf("bob: %s", got)
	}
	k.Valid()
}

// TestDeviceInformation covers MS-ASCMD 2.2.3.45.
func TestDeviceInformation(t *testing.T) {
	k := newKit(t)
	if got := k.settings("<DeviceInformation><Set><Model>M</Model><OS>iOS 26</OS><IMEI/></Set></DeviceInformation>"); got != "Settings{Status=1 DeviceInformation{Status=1}}" {
		t.Error(got)
	}
	if len(k.told) != 2 || k.told["model"] != "M" || k.told["os"] != "iOS 26" { // MS-ASCMD_R3944
		t.Errorf("told %v", k.told)
	}
	if got := k.settings("<DeviceInformation/>"); got != "Settings{Status=1 DeviceInformation{Status=2}}" {
		t.Error(got)
	}
	k.Valid()
}

// TestDevicePassword covers MS-ASCMD_R4396, R4398, R4400, R4402.
func TestDevicePassword(t *testing.T) {
	k := newKit(t)
	set := func(p string) string {
		return k.settings("<DevicePassword><Set><Password>" + p + "</Password></Set></DevicePassword>")
	}
	if got := set("1234"); got != "Settings{Status=1 DevicePassword{Status=7}}" || k.kept != "" {
		t.Errorf("%s, kept %q", got, k.kept)
	}
	k.recovery = true
	if got := set("1234"); got != "Settings{Status=1 DevicePassword{Status=1}}" || k.kept != "1234" {
		t.Errorf("%s, kept %q", got, k.kept)
	}
	if got := set(strings.Repeat("x", 256)); got != "Settings{Status=1 DevicePassword{Status=5}}" || k.kept != "1234" {
		t.Errorf("%s, kept %q", got, k.kept)
	}
	for _, inner := range []string{"<DevicePassword/>", "<DevicePassword><Set/></DevicePassword>"} {
		if got := k.settings(inner); got != "Settings{Status=1 DevicePassword{Status=2}}" {
			t.Errorf("%s: %s", inner, got)
		}
	}
	if got := set(""); got != "Settings{Status=1 DevicePassword{Status=1}}" || k.kept != "" {
		t.Errorf("%s, kept %q", got, k.kept)
	}
	k.Valid()
}

// TestUserInformation covers MS-ASCMD_R713 and which version is told what: 2.2.3.193. Field note 38: the whole address is there.
func TestUserInformation(t *testing.T) {
	k := newKit(t)
	for _, v := range easkit.Versions {
		k.Version = v
		want := "Settings{Status=1 UserInformation{Status=1 Get{EmailAddresses{SMTPAddress=ann@example.org}}}}"
		if v >= eas.V141 {
			want = "Settings{Status=1 UserInformation{Status=1 Get{Accounts{Account{UserDisplayName=Ann Adams EmailAddresses{SMTPAddress=ann@example.org PrimarySmtpAddress=ann@example.org}}}}}}"
		}
		if got := k.settings("<UserInformation><Get/></UserInformation>"); got != want {
			t.Errorf("%s: %s", v, got)
		}
		if got := k.settings("<UserInformation/>"); got != "Settings{Status=1 UserInformation{Status=2}}" {
			t.Errorf("%s: %s", v, got)
		}
	}
	k.Valid()
}

// TestRightsManagement: protected mail is not served, and before 14.1 nobody may ask. MS-ASRM_R196, MS-ASCMD_R7278, R7280
func TestRightsManagement(t *testing.T) {
	k := newKit(t)
	for _, v := range easkit.Versions {
		k.Version = v
		want := "Settings{Status=2}"
		if v >= eas.V141 {
			want = "Settings{Status=1 RightsManagementInformation{Status=168 Get{RightsManagementTemplates}}}"
		}
		if got := k.settings("<RightsManagementInformation><Get/></RightsManagementInformation>"); got != want {
			t.Errorf("%s: %s", v, got)
		}
	}
	k.Valid()
}

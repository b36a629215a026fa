package provision_test

import (
	"context"
	"strings"
	"testing"

	"tandem/internal/easschema"
	"tandem/kind/eas"
	"tandem/partner/device"
	"tandem/server/eas/proto"
	"tandem/server/eas/provision"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/wire/wbxml"
)

const policyType = "MS-EAS-Provisioning-WBXML"

// world is a store with a device.
type world struct {
	testing.TB
	st      *store.Store
	dev     *device.Service
	svc     *provision.Service
	answers [][]byte
	trial   bool
	version eas.Version
}

func newWorld(t testing.TB) *world {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	w := &world{TB: t, st: st, version: eas.V161}
	w.dev = device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events})
	w.svc = &provision.Service{Devices: w.dev}
	if err := st.Accounts.AddUser(context.Background(), store.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	_, err = w.dev.Meet(context.Background(), "ann", device.Sighting{ID: "phone", Type: "iPhone", Agent: "Apple-iPhone", Protocol: "16.1"})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) device() store.Device {
	w.Helper()
	d, err := w.st.Devices.Device(context.Background(), "ann", "phone")
	w.must(err)
	return d
}

// set changes the policy for all.
func (w *world) set(values map[string]string) {
	w.Helper()
	_, err := w.dev.SetPolicy(context.Background(), device.Scope{}, values)
	w.must(err)
}

// events are the texts of the log.
func (w *world) events() (texts []string) {
	w.Helper()
	list, err := w.st.Events.List(context.Background(), 0, "", 0)
	w.must(err)
	for _, e := range list {
		texts = append(texts, e.Text)
	}
	return texts
}

func (w *world) ask(doc *wbxml.Element) *wbxml.Element {
	w.Helper()
	r := &proto.Request{Command: "Provision", User: store.User{Name: "ann"}, Version: w.version, Body: doc}
	if !w.trial {
		r.Device = w.device()
	}
	resp, err := w.svc.Provision(context.Background(), r)
	if err != nil {
		w.Fatal(err)
	}
	var b strings.Builder
	if err := wbxml.ToXML(&b, resp.Body); err != nil {
		w.Fatal(err)
	}
	w.answers = append(w.answers, []byte(b.String()))
	return resp.Body
}

// first asks for the policy; ack says what became of it.
func first(extra ...*wbxml.Element) *wbxml.Element {
	return wbxml.New(wbxml.ProvisionProvision, append(extra, wbxml.New(wbxml.ProvisionPolicies,
		wbxml.New(wbxml.ProvisionPolicy, wbxml.Text(wbxml.ProvisionPolicyType, policyType))))...)
}

func ack(key, status string) *wbxml.Element {
	return wbxml.New(wbxml.ProvisionProvision, wbxml.New(wbxml.ProvisionPolicies, wbxml.New(wbxml.ProvisionPolicy,
		wbxml.Text(wbxml.ProvisionPolicyType, policyType), wbxml.Text(wbxml.ProvisionPolicyKey, key), wbxml.Text(wbxml.ProvisionStatus, status))))
}

func policyOf(doc *wbxml.Element) *wbxml.Element {
	return doc.Child(wbxml.ProvisionPolicies).Child(wbxml.ProvisionPolicy)
}

// TestTwoPhases covers MS-ASPROV 3.2.5.1: a temporary key with the policy (R650), a final one for its acknowledgement (R657, R662); repeated requests
// get the same answers.
func TestTwoPhases(t *testing.T) {
	w := newWorld(t)
	w.set(map[string]string{"DevicePasswordEnabled": "1"})
	info := wbxml.New(wbxml.SettingsDeviceInformation, wbxml.New(wbxml.SettingsSet, wbxml.Text(wbxml.SettingsModel, "iPhone15,2"), wbxml.Text(wbxml.SettingsOS, "iOS 26")))
	a := w.ask(first(info))
	if w.device().Info["model"] != "iPhone15,2" || w.device().Info["os"] != "iOS 26" || a.Child(wbxml.SettingsDeviceInformation).Get(wbxml.SettingsStatus) != "1" {
		t.Fatalf("device information: %v", w.device().Info) // MS-ASPROV_R488
	}
	p := policyOf(a)
	temporary := p.Get(wbxml.ProvisionPolicyKey)
	doc := p.Child(wbxml.ProvisionData).Child(wbxml.ProvisionEASProvisionDoc)
	if p.Get(wbxml.ProvisionStatus) != "1" || temporary == "" || temporary == "0" || doc.Get(wbxml.ProvisionDevicePasswordEnabled) != "1" || len(doc.Children) != 1 {
		t.Fatalf("policy: %v", p)
	}
	if again := policyOf(w.ask(first())).Get(wbxml.ProvisionPolicyKey); again != temporary {
		t.Fatalf("asked again: %s, then %s", temporary, again)
	}
	if w.device().PolicyKey != 0 {
		t.Fatal("a policy that nobody acknowledged is in force")
	}
	if st := policyOf(w.ask(ack("1", "1"))).Get(wbxml.ProvisionStatus); st != "5" { // MS-ASPROV_R658
		t.Fatalf("a wrong key: status %s", st)
	}
	if st := policyOf(w.ask(ack("x", "1"))).Get(wbxml.ProvisionStatus); st != "5" {
		t.Fatalf("no key: status %s", st)
	}
	p = policyOf(w.ask(ack(temporary, "1")))
	final := p.Get(wbxml.ProvisionPolicyKey)
	if p.Get(wbxml.ProvisionStatus) != "1" || final == temporary || w.device().PolicyKey == 0 || w.device().Policy == "" || p.Has(wbxml.ProvisionData) {
		t.Fatalf("acknowledged: %v, device %+v", p, w.device())
	}
	if again := policyOf(w.ask(ack(temporary, "1"))).Get(wbxml.ProvisionPolicyKey); again != final {
		t.Fatalf("acknowledged again: %s, then %s", final, again)
	}
	// Another policy: the old acknowledgement does not count for it.
	w.set(map[string]string{"MinDevicePasswordLength": "6"})
	if st := policyOf(w.ask(ack(temporary, "1"))).Get(wbxml.ProvisionStatus); st != "5" {
		t.Fatalf("an acknowledgement of the policy before: status %s", st)
	}
	next := policyOf(w.ask(first())).Get(wbxml.ProvisionPolicyKey)
	if next == temporary {
		t.Fatalf("another policy under the same key %s", next)
	}
	if ok, err := w.dev.Provisioned(t.Context(), w.device(), w.device().PolicyKey); ok || err != nil {
		t.Fatalf("a policy that nobody acknowledged is in force: %v", err)
	}
	w.valid(t)
}

// TestNotCompliant covers MS-ASPROV_R660: a device that does not obey is not let in; one that obeys in part is, and somebody hears of it.
func TestNotCompliant(t *testing.T) {
	for _, c := range []struct {
		version    eas.Version
		said, want string
	}{{eas.V161, "3", "139"}, {eas.V141, "4", "139"}, {eas.V121, "3", "5"}, {eas.V161, "9", "139"}, {eas.V161, "2", "1"}} {
		w := newWorld(t)
		w.set(map[string]string{"DevicePasswordEnabled": "1"})
		before := len(w.events())
		w.version = c.version
		key := policyOf(w.ask(first())).Get(wbxml.ProvisionPolicyKey)
		st := policyOf(w.ask(ack(key, c.said))).Get(wbxml.ProvisionStatus)
		if in := w.device().PolicyKey != 0; st != c.want || in != (c.want == "1") || in != (len(w.events()) > before) {
			t.Errorf("%s says %s: status %s, device %+v, log %q", c.version, c.said, st, w.device(), w.events())
		}
		w.valid(t)
	}
}

// TestWholePolicy: every element that a policy may hold is sent, in an order that the schema likes.
func TestWholePolicy(t *testing.T) {
	w := newWorld(t)
	for name, values := range device.Ranges() {
		value := "1"
		switch {
		case name == "MaxDevicePasswordFailedAttempts" || name == "MaxCalendarAgeFilter":
			value = "4"
		case strings.HasSuffix(name, "List"):
			value = "one\ntwo"
		}
		if _, err := w.dev.SetPolicy(t.Context(), device.Scope{}, map[string]string{name: value}); err != nil {
			t.Fatalf("%s (%s): %v", name, values, err)
		}
	}
	doc := policyOf(w.ask(first())).Child(wbxml.ProvisionData).Child(wbxml.ProvisionEASProvisionDoc)
	if len(doc.Children) != len(device.Names()) {
		t.Fatalf("%d elements of %d are sent", len(doc.Children), len(device.Names()))
	}
	w.valid(t)
}

// TestNothingSet: a hub without policy still answers, with a document that sets nothing (field note 16).
func TestNothingSet(t *testing.T) {
	w := newWorld(t)
	p := policyOf(w.ask(first()))
	if doc := p.Child(wbxml.ProvisionData).Child(wbxml.ProvisionEASProvisionDoc); doc == nil || len(doc.Children) != 0 {
		t.Fatalf("%v", p)
	}
	if st := policyOf(w.ask(ack(p.Get(wbxml.ProvisionPolicyKey), "1"))).Get(wbxml.ProvisionStatus); st != "1" {
		t.Fatalf("status %s", st)
	}
	w.valid(t)
}

// TestSyntax covers MS-ASPROV_R395, R380: nonsense gets a status.
func TestSyntax(t *testing.T) {
	w := newWorld(t)
	if st := w.ask(wbxml.Empty(wbxml.AirSyncSync)).Get(wbxml.ProvisionStatus); st != "2" {
		t.Errorf("another document: status %s", st)
	}
	if st := w.ask(wbxml.New(wbxml.ProvisionProvision, wbxml.Empty(wbxml.ProvisionPolicies))).Get(wbxml.ProvisionStatus); st != "2" {
		t.Errorf("no policy: status %s", st)
	}
	for _, doc := range []*wbxml.Element{nil, wbxml.Empty(wbxml.ProvisionProvision)} {
		a := w.ask(doc)
		if st := a.Get(wbxml.ProvisionStatus); st != "1" || a.Has(wbxml.ProvisionRemoteWipe) { // MS-ASPROV_R654
			t.Errorf("an empty request: status %s", st)
		}
	}
	old := wbxml.New(wbxml.ProvisionProvision, wbxml.New(wbxml.ProvisionPolicies, wbxml.New(wbxml.ProvisionPolicy, wbxml.Text(wbxml.ProvisionPolicyType, "MS-WAP-Provisioning-XML"))))
	if st := policyOf(w.ask(old)).Get(wbxml.ProvisionStatus); st != "3" {
		t.Errorf("a policy of another sort: status %s", st)
	}
	w.valid(t)
}

// TestWipe covers MS-ASPROV 3.2.5.1.2: the directive, its acknowledgement, and a failure.
func TestWipe(t *testing.T) {
	for name, c := range map[string]struct {
		account bool
		tag     wbxml.Tag
	}{"device": {false, wbxml.ProvisionRemoteWipe}, "account": {true, wbxml.ProvisionAccountOnlyRemoteWipe}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.dev.AskWipe(t.Context(), "ann", "phone", c.account, "admin")
			w.must(err)
			for range 2 { // asked again, it is told again
				a := w.ask(wbxml.Empty(wbxml.ProvisionProvision))
				if a.Get(wbxml.ProvisionStatus) != "1" || !a.Has(c.tag) || len(a.Children) != 2 || w.device().Wipe != store.WipeSent {
					t.Fatalf("%v, device %+v", a, w.device())
				}
			}
			failed := w.ask(wbxml.New(wbxml.ProvisionProvision, wbxml.New(c.tag, wbxml.Text(wbxml.ProvisionStatus, "2"))))
			if failed.Get(wbxml.ProvisionStatus) != "2" || !failed.Has(c.tag) || w.device().Wipe != store.WipeFail { // MS-ASPROV_R665, R701
				t.Fatalf("failed: %v, device %+v", failed, w.device())
			}
			if again := w.ask(wbxml.Empty(wbxml.ProvisionProvision)); !again.Has(c.tag) {
				t.Fatalf("it is let off: %v", again)
			}
			done := w.ask(wbxml.New(wbxml.ProvisionProvision, wbxml.New(c.tag, wbxml.Text(wbxml.ProvisionStatus, "1"))))
			d := w.device()
			if done.Get(wbxml.ProvisionStatus) != "1" || d.Wipe != store.Wiped || d.Access != store.Blocked || d.PolicyKey != 0 { // MS-ASPROV_R664
				t.Fatalf("done: %v, device %+v", done, d)
			}
			if log := strings.Join(w.events(), "\n"); !strings.Contains(log, "admin asks for a wipe") || !strings.Contains(log, "could not wipe") || !strings.Contains(log, "has wiped") {
				t.Fatalf("log:\n%s", log)
			}
			w.valid(t)
		})
	}
}

// TestTrial: a device that only tries the account is answered and not remembered (field note 7).
func TestTrial(t *testing.T) {
	w := newWorld(t)
	w.trial = true
	key := policyOf(w.ask(first())).Get(wbxml.ProvisionPolicyKey)
	if st := policyOf(w.ask(ack(key, "1"))).Get(wbxml.ProvisionStatus); st != "1" || w.device().PolicyPending != 0 {
		t.Fatalf("status %s, device %+v", st, w.device())
	}
}

func (w *world) valid(t *testing.T) {
	t.Helper()
	schemas := easschema.New(t)
	for _, a := range w.answers {
		if err := schemas.Validate("ProvisionResponse", a); err != nil {
			t.Errorf("%v\n%s", err, a)
		}
	}
}

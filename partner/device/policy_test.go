package device

import (
	"encoding/xml"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/internal/corpus"
	"tandem/store"
)

func TestPolicySet(t *testing.T) {
	for _, test := range []struct {
		name, text, want string // "" : refused
	}{
		{"DevicePasswordEnabled", "yes", "1"}, {"devicepasswordenabled", "FALSE", "0"}, {"AllowCamera", "2", ""}, {"AllowCamera", "maybe", ""},
		{"MinDevicePasswordLength", "6", "6"}, {"MinDevicePasswordLength", " 06 ", "6"}, {"MinDevicePasswordLength", "0", ""}, {"MinDevicePasswordLength", "17", ""},
		{"MaxDevicePasswordFailedAttempts", "3", ""}, {"MaxDevicePasswordFailedAttempts", "4", "4"}, // MS-ASPROV_R253
		{"MaxCalendarAgeFilter", "4", "4"}, {"MaxCalendarAgeFilter", "3", ""}, {"MaxCalendarAgeFilter", "0", "0"}, // MS-ASPROV_R245
		{"MaxEmailAgeFilter", "5", "5"}, {"MaxEmailAgeFilter", "6", ""}, // MS-ASPROV_R257
		{"MaxEmailBodyTruncationSize", "-1", "-1"}, {"MaxEmailBodyTruncationSize", "-2", ""}, // MS-ASPROV_R266
		{"AllowBluetooth", "2", "2"}, {"AllowBluetooth", "3", ""}, // MS-ASPROV_R72
		{"AllowSMIMEEncryptionAlgorithmNegotiation", "3", ""},                                      // MS-ASPROV_R145
		{"MaxAttachmentSize", "4294967295", "4294967295"}, {"MaxAttachmentSize", "4294967296", ""}, // xs:unsignedInt
		{"ApprovedApplicationList", "a\nb", "a\nb"}, {"ApprovedApplicationList", "a\tb", ""}, {"NoSuchElement", "1", ""},
	} {
		p, err := Policy{}.Set(map[string]string{test.name: test.text})
		if test.want == "" {
			if !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%+v: %v, %v", test, p, err)
			}
			continue
		}
		if err != nil || len(p) != 1 || slices.Collect(maps.Values(p))[0] != test.want {
			t.Errorf("%+v: %v, %v", test, p, err)
		}
	}
	p := Policy{"AllowCamera": "0", "AllowWiFi": "1"}
	q, err := p.Set(map[string]string{"allowcamera": ""})
	if err != nil || !maps.Equal(q, Policy{"AllowWiFi": "1"}) || len(p) != 2 {
		t.Fatalf("%v, %v; before %v", q, err, p)
	}
}

func TestPolicySettings(t *testing.T) {
	p := Policy{"ApprovedApplicationList": "one\ntwo\n", "AllowCamera": "0", "DevicePasswordEnabled": "1", "Unknown": "1"}
	var got []string
	for _, s := range p.Settings() {
		got = append(got, s.Name+"="+strings.Join(s.Values, "+"))
	}
	if want := []string{"DevicePasswordEnabled=1", "AllowCamera=0", "ApprovedApplicationList=one+two"}; !slices.Equal(got, want) {
		t.Fatalf("settings %q, want %q", got, want)
	}
	if (Policy{}).Digest() != "" || Policy(nil).Digest() != "" {
		t.Fatal("no policy has a digest")
	}
	seen := map[string]bool{}
	for _, p := range []Policy{{"AllowCamera": "0"}, {"AllowCamera": "1"}, {"AllowWiFi": "0"}, {"AllowCamera": "0", "AllowWiFi": "0"}, {"ApprovedApplicationList": "a\nb"},
		{"ApprovedApplicationList": "a b"}, {"UnapprovedInROMApplicationList": "a\nb"}} {
		d := p.Digest()
		if d == "" || seen[d] || d != maps.Clone(p).Digest() {
			t.Errorf("digest %q of %v", d, p)
		}
		seen[d] = true
	}
}

// TestElementsAreTheSchemas compares our elements and their order with Microsoft's schema.
func TestElementsAreTheSchemas(t *testing.T) {
	f, err := os.Open(filepath.Join(corpus.Dir(t), "..", "eas", "xsd", "Provision.xsd"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	depth, doc := 0, 0
	for d := xml.NewDecoder(f); ; {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch el := tok.(type) {
		case xml.StartElement:
			depth++
			for _, a := range el.Attr {
				if el.Name.Local == "element" && a.Name.Local == "name" {
					if a.Value == "EASProvisionDoc" {
						doc = depth
					} else if doc != 0 && depth == doc+3 {
						names = append(names, a.Value)
					}
				}
			}
		case xml.EndElement:
			if depth == doc {
				doc = 0
			}
			depth--
		}
	}
	if got := Names(); !slices.Equal(got, names) {
		t.Fatalf("elements %q\nschema  %q", got, names)
	}
}

func TestPolicies(t *testing.T) {
	k := newKit(t)
	d := k.meet("anna", phone)
	in := func(key uint32, want bool) {
		k.Helper()
		got, err := k.Provisioned(k.ctx, k.have("anna", phone.ID), key)
		k.must(err)
		if got != want {
			k.Fatalf("provisioned with key %d: %v", key, got)
		}
	}
	in(0, true) // no policy
	set := func(c Scope, values map[string]string) {
		k.Helper()
		_, err := k.SetPolicy(k.ctx, c, values)
		k.must(err)
	}
	set(Scope{}, map[string]string{"AllowCamera": "no", "DevicePasswordEnabled": "yes"})
	set(Scope{User: "Anna"}, map[string]string{"AllowCamera": "yes", "MinDevicePasswordLength": "4"})
	set(Scope{User: "anna", Device: phone.ID}, map[string]string{"MinDevicePasswordLength": "8"})
	p, err := k.PolicyFor(k.ctx, "anna", phone.ID)
	k.must(err)
	if !maps.Equal(p, Policy{"AllowCamera": "1", "DevicePasswordEnabled": "1", "MinDevicePasswordLength": "8"}) {
		t.Fatalf("policy %v", p)
	}
	if p, err := k.PolicyFor(k.ctx, "bob", "other"); err != nil || len(p) != 2 || p["AllowCamera"] != "0" {
		t.Fatalf("bob's policy %v, %v", p, err)
	}
	if tries, err := k.Provisioned(k.ctx, store.Device{User: "anna", ID: "validate"}, 0); err != nil || !tries {
		t.Fatal("the try of an account needs a policy")
	}
	in(0, false)

	_, err = k.AcceptPolicy(k.ctx, "anna", phone.ID, 4711, false)
	k.kind(err, tandem.Changed)
	offered, key, err := k.OfferPolicy(k.ctx, "anna", phone.ID)
	k.must(err)
	_, again, err := k.OfferPolicy(k.ctx, "anna", phone.ID)
	k.must(err)
	if key == 0 || again != key || !maps.Equal(offered, p) {
		t.Fatalf("offered %v under %d, then %d", offered, key, again)
	}
	in(key, false) // not accepted yet
	final, err := k.AcceptPolicy(k.ctx, "anna", phone.ID, key, false)
	k.must(err)
	if same, err := k.AcceptPolicy(k.ctx, "anna", phone.ID, key, false); err != nil || same != final { // the answer was lost
		t.Fatalf("accepted again: %d, %v; want %d", same, err, final)
	}
	in(final, true)
	in(key, false)
	in(0, false)

	// Another policy in between: what was offered is not what would be accepted.
	_, key, err = k.OfferPolicy(k.ctx, "anna", phone.ID)
	k.must(err)
	set(Scope{User: "anna", Device: phone.ID}, map[string]string{"MinDevicePasswordLength": ""})
	in(final, false)
	_, err = k.AcceptPolicy(k.ctx, "anna", phone.ID, key, false)
	k.kind(err, tandem.Changed)
	_, key, err = k.OfferPolicy(k.ctx, "anna", phone.ID)
	k.must(err)
	var at int64
	k.logged(&at)
	final, err = k.AcceptPolicy(k.ctx, "anna", phone.ID, key, true)
	k.must(err)
	k.wantLog(&at, "in part only")
	in(final, true)

	set(Scope{}, map[string]string{"AllowCamera": "", "DevicePasswordEnabled": ""})
	set(Scope{User: "anna"}, map[string]string{"AllowCamera": "", "MinDevicePasswordLength": ""})
	in(0, true)
	if all, err := k.Policies(k.ctx); err != nil || len(all) != 0 {
		t.Fatalf("policies %v, %v", all, err)
	}
	_, err = k.SetPolicy(k.ctx, Scope{Device: d.ID}, map[string]string{"AllowCamera": "no"})
	k.kind(err, tandem.Invalid)
	_, err = k.SetPolicy(k.ctx, Scope{}, map[string]string{"Nonsense": "no"})
	k.kind(err, tandem.Invalid)
	_, _, err = k.OfferPolicy(k.ctx, "bob", phone.ID)
	k.kind(err, tandem.NotFound)
}

func FuzzPolicy(f *testing.F) {
	f.Add("AllowCamera", "yes")
	f.Add("ApprovedApplicationList", "a\nb")
	f.Fuzz(func(t *testing.T, name, text string) {
		p, err := Policy{}.Set(map[string]string{name: text})
		if err != nil {
			return
		}
		again, err := Policy{}.Set(p)
		if err != nil || again.Digest() != p.Digest() {
			t.Errorf("%q is not read as %q again: %v", p, again, err)
		}
	})
}

package page

import (
	"slices"
	"strings"
	"testing"

	devices "tandem/partner/device"
	"tandem/server/web/page/words"
)

// TestPolicyWords: every element that a policy can have is told in words, once, and so are its values.
func TestPolicyWords(t *testing.T) {
	t.Parallel()
	for _, lang := range words.Languages() {
		w := words.In(lang)
		p, err := devices.Policy{}.Set(map[string]string{"AllowCamera": policyValue(w, w.T("no")), "DevicePasswordEnabled": policyValue(w, strings.ToUpper(w.T("yes"))), "AllowBluetooth": "1", "MinDevicePasswordLength": "6", "MaxCalendarAgeFilter": "5",
			"ApprovedApplicationList": policyValue(w, "aa\r\nbb")})
		if err != nil {
			t.Fatal(err)
		}
		rows, all := policyOf(w, p)
		var names []string
		for _, g := range all {
			for _, o := range g.List {
				names = append(names, o.Value)
				if strings.Contains(o.Text, o.Value) {
					t.Errorf("%s: %q is not in words", lang, o.Text)
				}
			}
		}
		slices.Sort(names)
		if want := slices.Sorted(slices.Values(devices.Names())); !slices.Equal(names, want) {
			t.Errorf("%s: %q, want %q", lang, names, want)
		}
		var said []string
		for _, r := range rows {
			said = append(said, r.Label+" = "+r.Value)
		}
		want := "It has a password = yes\nCharacters at least = 6\nCamera = no\nBluetooth = hands-free sets only\nHow far back the calendar goes = a month\nApps that may run, by their hashes = aa, bb"
		if lang == "de" {
			want = "Es hat ein Kennwort = ja\nMindestens so viele Zeichen = 6\nKamera = nein\nBluetooth = nur Freisprecheinrichtungen\nWie weit der Kalender zurückreicht = ein Monat\nApps, die laufen dürfen, nach ihren Prüfsummen = aa, bb"
		}
		if got := strings.Join(said, "\n"); got != want {
			t.Errorf("%s: %s\nwant %s", lang, got, want)
		}
	}
}

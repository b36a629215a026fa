package tlstrust

import (
	"testing"

	"tandem"
)

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		pin, ca string
		ok      bool
	}{
		"the system's":  {"", "", true},
		"pin":           {"SHA256:00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF", "", true},
		"half a pin":    {"0011", "", false},
		"no hex":        {"zz", "", false},
		"no authority":  {"", "nothing", false},
		"pin before ca": {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "nothing", true},
	} {
		if _, err := Config(c.pin, []byte(c.ca)); (err == nil) != c.ok || err != nil && !tandem.IsKind(err, tandem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package explain

import (
	"strings"
	"testing"

	"tandem"
)

// TestM158EveryErrorKindIsExplained: each kind of error has a code, a meaning, causes and a next step, and is found by its code and by its name.
func TestM158EveryErrorKindIsExplained(t *testing.T) {
	all := All()
	seen := map[string]bool{}
	for k := tandem.Internal; k <= tandem.Held; k++ {
		x := all[k]
		if x.Code != k.Code() || seen[x.Code] || strings.ContainsAny(x.Code, " \t") {
			t.Errorf("%v has the code %q, and is explained as %q", k, k.Code(), x.Code)
		}
		seen[x.Code] = true
		if x.Title == "" || x.Meaning == "" || len(x.Causes) == 0 || len(x.Next) == 0 {
			t.Errorf("%+v", x)
		}
		for _, word := range []string{k.Code(), k.String(), " " + strings.ToUpper(k.Code())} {
			if got, err := Find(word); err != nil || got.Code != x.Code {
				t.Errorf("%q: %+v, %v", word, got, err)
			}
		}
	}
	if len(all) != int(tandem.Held)+1 || (tandem.Held+1).Code() != "internal" {
		t.Errorf("%d explained", len(all))
	}
	if _, err := Find("0x85010004"); !tandem.IsKind(err, tandem.NotFound) || !strings.Contains(err.Error(), "too-large") {
		t.Error(err)
	}
}

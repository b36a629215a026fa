package recur_test

import (
	"testing"

	"tandem/kind/recur"
)

func TestOldRules(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{"D1 #3", "FREQ=DAILY;COUNT=3"},
		{"D2", "FREQ=DAILY;INTERVAL=2;COUNT=2"},
		{"W2 MO WE #0", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"},
		{"w1 tu 19991231T000000Z", "FREQ=WEEKLY;UNTIL=19991231T000000Z;BYDAY=TU"},
		{"MP1 1+ SU 1- FR #10", "FREQ=MONTHLY;COUNT=10;BYDAY=1SU,-1FR"},
		{"MD1 15 LD #4", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=-1,15"},
		{"MD1 2- #4", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=-2"},
		{"YM1 7 6 #8", "FREQ=YEARLY;COUNT=8;BYMONTH=6,7"},
		{"YD3 1 100 200 #10", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200"},
	} {
		r, err := recur.ParseOldRule(c.rule)
		if err != nil || r.String() != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.rule, r, err, c.want)
		}
	}
	for _, bad := range []string{"", "D", "X1", "W1 XX", "MP1 SU", "MD1 32", "YM1 13", "D1 #-1", "D1 1200", "FREQ=DAILY", "W0"} {
		if r, err := recur.ParseOldRule(bad); err == nil {
			t.Errorf("%q: read as %s, want an error", bad, r)
		}
	}
}

package progress

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem"
)

func all() []Status {
	return []Status{Waiting, Updating, Indeterminate, Succeeded, Failed, Cancelled, Disconnected}
}

// TestSC36ProgressStateMachine tries every status after every other: after succeeded, failed and cancelled only failed is allowed; anything else is
// refused and marks the item failed.
func TestSC36ProgressStateMachine(t *testing.T) {
	for _, was := range all() {
		for _, is := range all() {
			t.Run(was.String()+" then "+is.String(), func(t *testing.T) {
				row, err := Row{Status: was, Text: "before"}.Next(Report{Item: "x", Status: is, Text: "after", Step: 1, Max: 2})
				switch {
				case is == Waiting:
					if !tandem.IsKind(err, tandem.Invalid) || row.Status != was {
						t.Errorf("%v, %v", row, err)
					}
				case (was == Succeeded || was == Failed || was == Cancelled) && is != Failed:
					if !tandem.IsKind(err, tandem.Denied) || row.Status != Failed {
						t.Errorf("%v, %v; want it refused and the item failed", row, err)
					}
				default:
					if err != nil || row.Status != is || row.Text != "after" {
						t.Errorf("%v, %v", row, err)
					}
				}
			})
		}
	}
}

func TestSC36StepsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		status    Status
		step, max int
		ok        bool
	}{{Updating, 0, 0, true}, {Updating, 3, 3, true}, {Updating, 4, 3, false}, {Updating, -1, 3, false}, {Updating, 0, -1, false},
		{Indeterminate, 4, 3, true}, {Succeeded, -1, -1, true}, {Disconnected + 1, 0, 0, false}, {255, 0, 0, false}} {
		row, err := Row{Status: Indeterminate}.Next(Report{Status: c.status, Step: c.step, Max: c.max})
		if (err == nil) != c.ok {
			t.Errorf("%v %d of %d: %v", c.status, c.step, c.max, err)
		}
		if err != nil && (row != Row{Status: Indeterminate} || !tandem.IsKind(err, tandem.Invalid)) {
			t.Errorf("%v %d of %d left %v", c.status, c.step, c.max, row)
		}
		if c.status != Updating && (row.Step != 0 || row.Max != 0) {
			t.Errorf("%v shows steps: %v", c.status, row)
		}
	}
}

// TestSC36Limits holds texts, names and ids to what the Sync Center allows.
func TestSC36Limits(t *testing.T) {
	for _, n := range []int{0, 1, 259, 260, 261, 5000} {
		row, err := Row{}.Next(Report{Status: Indeterminate, Text: strings.Repeat("ä", n)})
		if err != nil || utf8.RuneCountInString(row.Text) != min(n, MaxText) || !utf8.ValidString(row.Text) {
			t.Errorf("%d characters became %d, %v", n, utf8.RuneCountInString(row.Text), err)
		}
	}
	for _, c := range []struct {
		check func(string, string) error
		most  int
	}{{CheckID, 64}, {CheckName, 128}} {
		for n, ok := range map[int]bool{0: false, 1: true, c.most: true, c.most + 1: false} {
			if err := c.check("item", strings.Repeat("ü", n)); (err == nil) != ok || err != nil && !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("%d of %d: %v", n, c.most, err)
			}
		}
	}
}

// TestSC09SeveralSessions: how far an item is cannot be told when several sessions work on it.
func TestSC09SeveralSessions(t *testing.T) {
	up, ind := Row{Status: Updating, Text: "a", Step: 1, Max: 4}, Row{Status: Indeterminate, Text: "b"}
	for i, c := range []struct {
		rows []Row
		want Row
	}{
		{nil, Row{}},
		{[]Row{up}, up},
		{[]Row{up, {Status: Succeeded}}, up},
		{[]Row{{Status: Failed}, up}, up},
		{[]Row{up, up}, Row{Status: Indeterminate, Text: "a"}},
		{[]Row{ind, up}, Row{Status: Indeterminate, Text: "b"}},
		{[]Row{{}, up}, up},
		{[]Row{{Status: Failed}, {Status: Succeeded, Text: "last"}}, Row{Status: Succeeded, Text: "last"}},
	} {
		if got := Combine(c.rows); got != c.want {
			t.Errorf("%d: %+v, want %+v", i, got, c.want)
		}
	}
}

func TestWordsTravel(t *testing.T) {
	for _, s := range all() {
		text, err := json.Marshal(s)
		var back Status
		if err != nil || json.Unmarshal(text, &back) != nil || back != s {
			t.Errorf("%v: %s, %v", s, text, err)
		}
	}
	for _, a := range []Answer{GoOn, CancelItem, CancelAll} {
		text, err := json.Marshal(a)
		var back Answer
		if err != nil || json.Unmarshal(text, &back) != nil || back != a {
			t.Errorf("%v: %s, %v", a, text, err)
		}
	}
	var s Status
	var a Answer
	if json.Unmarshal([]byte(`"gone"`), &s) == nil || json.Unmarshal([]byte(`"perhaps"`), &a) == nil {
		t.Error("unknown words were taken")
	}
	if got := fmt.Sprint(Status(99)); got != "status 99" {
		t.Error(got)
	}
}

// FuzzNext: whatever is reported, an item that is over stays over unless it failed, and nothing shown is too long.
func FuzzNext(f *testing.F) {
	f.Add(uint8(1), uint8(3), "text", 1, 2)
	f.Fuzz(func(t *testing.T, was, is uint8, text string, step, max int) {
		before := Row{Status: Status(was % 7)}
		row, err := before.Next(Report{Status: Status(is), Text: text, Step: step, Max: max})
		if before.Status.Over() && row.Status != Failed && row != before {
			t.Errorf("%v became %v", before, row)
		}
		if err == nil && before.Status.Over() && row.Status != Failed {
			t.Error("allowed")
		}
		if utf8.RuneCountInString(row.Text) > MaxText || row.Step > row.Max {
			t.Errorf("%+v", row)
		}
	})
}

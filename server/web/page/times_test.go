package page

import (
	"testing"

	"tandem/center/when"
	"tandem/server/web/page/words"
)

// TestRuleWords: a plan is told in words, whichever way it was written.
func TestRuleWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ plan, english, german string }{
		{"at 07:00, 14:30 on mon,fri", "at 07:00, 14:30, Mon, Fri", "um 07:00, 14:30, Mo, Fr"},
		{"at 07:00 on mon-fri", "at 07:00, Mon–Fri", "um 07:00, Mo–Fr"},
		{"every 15m on sat,sun 08:00-20:00", "every 15 min, Sat, Sun, 08:00–20:00", "alle 15 min, Sa, So, 08:00–20:00"},
		{"0 7 * * 1-5", "at 07:00, Mon–Fri", "um 07:00, Mo–Fr"},
		{"30 2 * * *", "at 02:30, every day", "um 02:30, jeden Tag"},
		{"*/15 * * * *", "every 15 min, every day", "alle 15 min, jeden Tag"},
		{"* * * * *", "every 1 min, every day", "alle 1 min, jeden Tag"},
		{"@hourly", "every 1 h, every day", "alle 1 h, jeden Tag"},
		{"@daily", "at 00:00, every day", "um 00:00, jeden Tag"},
		{"@weekly", "at 00:00, Sun", "um 00:00, So"},
		{"@monthly", "at 00:00, on day 1 of the month", "um 00:00, an Tag 1 des Monats"},
		{"0 */2 * * *", "every 2 h, every day", "alle 2 h, jeden Tag"},
		{"0,30 8-18 * * mon-fri", "every 30 min, 08:00–18:59, Mon–Fri", "alle 30 min, 08:00–18:59, Mo–Fr"},
		{"5 * * * *", "at minute 5 of every hour, every day", "zur Minute 5 jeder Stunde, jeden Tag"},
		{"7,8,9,40 1,2,3,5 * * *", "at minute 7–9, 40 of the hours 1–3, 5, every day", "zur Minute 7–9, 40 der Stunden 1–3, 5, jeden Tag"},
		{"* 3,9 * * *", "every 1 min, in the hours 3, 9, every day", "alle 1 min, in den Stunden 3, 9, jeden Tag"},
		{"0 6 1,15 * 1", "at 06:00, on day 1, 15 of the month or Mon", "um 06:00, an Tag 1, 15 des Monats oder Mo"},
		{"0 6 */10 * 1", "at 06:00, on day 1, 11, 21, 31 of the month or Mon", "um 06:00, an Tag 1, 11, 21, 31 des Monats oder Mo"},
		{"0 6 1 1,7 *", "at 06:00, on day 1 of the month, only in January, July", "um 06:00, an Tag 1 des Monats, nur im Januar, Juli"},
		{"TZ=Europe/Berlin 30 2 * * 1", "at 02:30, Mon, Europe/Berlin", "um 02:30, Mo, Europe/Berlin"},
	} {
		plan, err := when.Parse(c.plan)
		if err != nil || len(plan.Rules) != 1 {
			t.Fatalf("%s: %v, %v", c.plan, plan, err)
		}
		for lang, want := range map[string]string{"en": c.english, "de": c.german} {
			if got := ruleWords(words.In(lang), plan.Rules[0]); got != want {
				t.Errorf("%s: %q, want %q", c.plan, got, want)
			}
		}
	}
}

package words_test

import (
	"testing"

	"tandem/server/web/page/words"
)

// TestReminders: what center/remind.go and center/first.go make is German in German, dates and reasons included, and names no command in either language.
func TestReminders(t *testing.T) {
	t.Parallel()
	remedy := "sync it with `tandem sync calendar`, which says what is in the way, or leave it alone with `tandem item disable calendar`"
	for text, want := range map[string][2]string{
		"calendar has not synced for days": {"calendar has not synced for days", "calendar wurde seit Tagen nicht abgeglichen"},
		"has not synced for 12 days":       {"has not synced for 12 days", "seit 12 Tagen nicht abgeglichen"},
		"has not synced for 12 days: it works offline: connection refused": {"has not synced for 12 days: it works offline: connection refused",
			"seit 12 Tagen nicht abgeglichen: es arbeitet ohne Verbindung: Verbindung abgelehnt"},
		"last on 2 March 2026; it waits for a network": {"last on 2 March 2026; it waits for a network", ""},
		"last on 2 March 2026 – " + remedy:             {"last on 2 March 2026 – start calendar, which says what is in the way, or switch it off", "zuletzt am 2. März 2026 – calendar abgleichen, was sagt, woran es liegt, oder ausschalten"},
		"it waits for your word how its sides meet: `tandem item first calendar`": {"it waits for your word how its sides meet, for which you are asked under Conflicts",
			"es wartet auf Ihr Wort, wie seine Seiten zusammenkommen; danach wird unter Konflikte gefragt"},
		"it came before the days that are synced (option days)": {"it came before the days that are synced", "es kam vor den Tagen, die abgeglichen werden"},
	} {
		if got := words.In("en").Say(text); got != want[0] {
			t.Errorf("en: %q becomes %q", text, got)
		}
		if got, all := words.In("de").Said(text); want[1] != "" && (got != want[1] || !all) {
			t.Errorf("de: %q becomes %q (%v)", text, got, all)
		}
	}
}

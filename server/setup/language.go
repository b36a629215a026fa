package setup

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// languages are those in which the page is, the one for everybody else first.
func languages() []string { return []string{"en", "de"} }

// language is the one that was chosen under Settings in this browser, or else what the browser prefers. RFC 9110 12.5.4
func language(r *http.Request) string {
	if c, err := r.Cookie("tandem-lang"); err == nil {
		for _, l := range languages() {
			if c.Value == l {
				return l
			}
		}
	}
	best, weight := languages()[0], 0.0
	for one := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, rest, _ := strings.Cut(strings.TrimSpace(one), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(rest), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64) // no number: not wanted
		}
		main, _, _ := strings.Cut(strings.ToLower(tag), "-")
		for _, l := range languages() {
			if l == main && q > weight {
				best, weight = l, q
			}
		}
	}
	return best
}

// number is what stands for itself in every language.
var number = regexp.MustCompile(`[0-9]+`)

// say says a text of this package in a language; what the language lacks stays English.
func say(lang, text string) string {
	if lang != "de" || text == "" {
		return text
	}
	n := number.FindString(text)
	if said, ok := german()[number.ReplaceAllString(text, "#")]; ok {
		return strings.Replace(said, "#", n, 1)
	}
	return text
}

// german is what the page says besides what its template holds. # stands for a number.
func german() map[string]string {
	return map[string]string{
		"works":   "geht",
		"warning": "Warnung",
		"fails":   "geht nicht",
		"Please type your mail address, such as anna@example.org.":                "Bitte geben Sie Ihre Mailadresse ein, etwa anna@example.org.",
		"This is too much for a name and a password.":                             "Das ist zu viel für einen Namen und ein Passwort.",
		"Please type your user name and password.":                                "Bitte geben Sie Ihren Benutzernamen und Ihr Passwort ein.",
		"Others are checking just now. Please try again in half a minute.":        "Gerade prüfen andere. Bitte versuchen Sie es in einer halben Minute noch einmal.",
		"The user name or the password is wrong.":                                 "Der Benutzername oder das Passwort ist falsch.",
		"Too many wrong passwords came from this address. Please wait # seconds.": "Zu viele falsche Passwörter kamen von dieser Adresse. Bitte warten Sie # Sekunden.",
		"The check could not be made. The hub's log says why.":                    "Die Prüfung war nicht möglich. Das Protokoll des Hubs sagt, warum.",
	}
}

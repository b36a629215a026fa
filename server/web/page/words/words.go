// Package words is what the pages say, in the languages they speak. Texts are written in English where they are used, and looked up by that English; a test holds every
// other language to every text.
package words

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Words speaks one language.
type Words struct {
	lang  string
	table map[string]string // from English; nil for English itself

	phrases func() phrases // of other packages; made when first needed
}

// Languages are those that pages speak, as BCP 47 tags.
func Languages() []string { return []string{"en", "de"} }

// Name is what a language calls itself.
func Name(lang string) string {
	if lang == "de" {
		return "Deutsch"
	}
	return "English"
}

// In speaks a language, English where it is not known.
func In(lang string) Words {
	if lang == "de" {
		return Words{"de", german(), sync.OnceValue(func() phrases { return phrasesIn("de") })}
	}
	return Words{"en", nil, sync.OnceValue(func() phrases { return phrasesIn("en") })}
}

// Prefer is the first language that a browser prefers and that there is. RFC 9110 12.5.4
func Prefer(header string, have []string) string {
	best, weight := "", 0.0
	for _, one := range strings.Split(header, ",") {
		tag, rest, _ := strings.Cut(strings.TrimSpace(one), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(rest), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64) // no number: not wanted
		}
		main, _, _ := strings.Cut(strings.ToLower(tag), "-")
		for _, l := range have {
			if l == main && q > weight {
				best, weight = l, q
			}
		}
	}
	if best == "" {
		return have[0]
	}
	return best
}

// Lang is the language.
func (w Words) Lang() string { return w.lang }

// T says a text. Arguments are put in as by fmt.Sprintf.
func (w Words) T(text string, args ...any) string {
	if w.table != nil {
		if s, ok := w.table[text]; ok {
			text = s
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Has is a text in the language, false if the language lacks it.
func (w Words) Has(text string) (string, bool) {
	if w.table == nil {
		return text, true
	}
	s, ok := w.table[text]
	return s, ok
}

// Texts are the English texts that the language knows, in order.
func (w Words) Texts() []string { return slices.Sorted(maps.Keys(w.table)) }

// N says how many there are: one where n is 1, many otherwise; both with %s for the number.
func (w Words) N(n int, one, many string) string {
	if n == 1 {
		return w.T(one, w.Number(n))
	}
	return w.T(many, w.Number(n))
}

// Number groups digits by thousands.
func (w Words) Number(n int) string {
	s, sep := strconv.Itoa(n), ","
	if w.lang == "de" {
		sep = "."
	}
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return sign + s
}

// Size says a number of bytes.
func (w Words) Size(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(max(n, 0), 10) + " B"
	}
	f, i := float64(n)/1024, 0
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for f >= 1023.95 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return w.decimal(f) + " " + units[i]
}

func (w Words) decimal(f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	if w.lang == "de" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// Seconds says how long something took or will take.
func (w Words) Seconds(s float64) string {
	d := int(math.Round(s))
	switch {
	case s < 0 || math.IsNaN(s):
		return "?"
	case s < 9.95:
		return w.decimal(s) + " s"
	case d < 60:
		return w.T("%d s", d)
	case d < 3600:
		return w.T("%d min", (d+30)/60)
	case d < 2*86400:
		return w.T("%d h", (d+1800)/3600)
	}
	return w.T("%d days", (d+43200)/86400)
}

// Ago says when an instant (Unix seconds) was or will be, as seen from now.
func (w Words) Ago(unix int64, now time.Time) string {
	if unix == 0 {
		return w.T("never")
	}
	d := now.Unix() - unix
	switch {
	case d < -5:
		return w.T("in %s", w.Seconds(float64(-d)))
	case d < 10:
		return w.T("just now")
	}
	return w.T("%s ago", w.Seconds(float64(d)))
}

// When says an instant (Unix seconds) in full.
func (w Words) When(unix int64, now time.Time) string {
	if unix == 0 {
		return w.T("never")
	}
	t := time.Unix(unix, 0).In(now.Location())
	if w.lang == "de" {
		return t.Format("02.01.2006, 15:04")
	}
	return t.Format("2 Jan 2006, 15:04")
}

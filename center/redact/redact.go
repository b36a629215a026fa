// Package redact takes out of texts what must not leave a hub: secrets, names of people and places, addresses. What is known to be one is replaced by a name that stands for it, the same one each
// time within one Redactor and another one in the next; what looks like one is taken out, even if it was harmless.
package redact

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Redactor redacts texts. Known is to be called for all that is known before the first Text.
type Redactor struct {
	key   []byte
	known map[string]string // lower case: what stands for it
	find  *regexp.Regexp    // nil: to be made
	says  []*regexp.Regexp
	marks []mark
}

// mark is a sort of text that is taken out wherever it stands.
type mark struct {
	find *regexp.Regexp
	put  string // as regexp.ReplaceAllString takes it; "": how long it was
}

// New makes a Redactor.
func New() *Redactor {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return &Redactor{key: key, known: map[string]string{}, marks: marks()}
}

// marks are in the order in which they are looked for.
func marks() []mark {
	list := []mark{
		{regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-csrf-token|x-ms-policykey|www-authenticate)(["']?\s*[:=]).*`), "$1$2 [removed]"},
		{regexp.MustCompile(`(?i)\b(bearer|basic|digest|negotiate)\s+[^\s"',;]+`), "$1 [removed]"},
		{regexp.MustCompile(`(?i)([\w.-]*(?:passw(?:or)?d|passwort|pwd|secret|token|api[_-]?key|credential|signature|passphrase|otp)[\w-]*)(["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)`), "$1$2[removed]"},
		{regexp.MustCompile(`(?i)\b((?:password|secret|token) (?:is|was) )\S+`), "$1[removed]"},
		{regexp.MustCompile(`\$[a-z0-9-]+\$[^\s"']+`), "[hash]"},
		{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*)://[^\s"'<>]+`), "$1:[removed]"},
		{regexp.MustCompile(`[^\s<>"'(),;:@]+@[^\s<>"'(),;:@]+`), "[address]"},
		{regexp.MustCompile(`"[^"\n]*"`), ""},
		{regexp.MustCompile(`“[^”\n]*”`), ""},
		{regexp.MustCompile(`(?i)\b([a-z][a-z0-9-]*):(?:~?[/\\])[^\s"'<>;:]*`), "$1:[path]"},
		{regexp.MustCompile(`(?:~|\b[A-Za-z]:)?(?:[/\\][^\s/\\"'<>;:,]+){2,}[/\\]?`), "[path]"},
		{regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), "[ip]"},
		{regexp.MustCompile(`(?i)\b(?:[0-9a-f]{1,4}:){2,7}[0-9a-f:]*[0-9a-f]\b`), "[ip]"},
		{regexp.MustCompile(`\b(?:[\w-]+\.)+(?:[a-z]{2,})\b(?::\d+)?`), "[host]"},
		{regexp.MustCompile(`[A-Za-z0-9+/_=-]{20,}`), ""},
		{regexp.MustCompile(`\+?\d[\d /()-]{7,}\d`), "[number]"},
	}
	return list
}

// Name stands for a text of a sort: "user-3fa9c1". It is the same each time, and nobody who has not the key of this Redactor can try names out.
func (r *Redactor) Name(sort, text string) string {
	if text == "" {
		return ""
	}
	m := hmac.New(sha256.New, r.key)
	m.Write([]byte(sort + "\x00" + strings.ToLower(text)))
	return sort + "-" + hex.EncodeToString(m.Sum(nil)[:4])
}

// common are names that many give to things, and that say nothing of them: in every other message they mean something else.
const common = " contacts calendar tasks notes mail files documents pictures inbox phone laptop server cloud stick test "

// Known has Text replace a text of a sort, whatever its case, by its Name.
func (r *Redactor) Known(sort string, texts ...string) {
	for _, t := range texts {
		t = strings.TrimSpace(t)
		if low := strings.ToLower(t); t != "" && r.known[low] == "" && !strings.Contains(common, " "+low+" ") {
			r.known[low] = r.Name(sort, t)
			r.find = nil
		}
	}
}

// Says has Text leave out what stands in the groups of texts of these forms: messages name what people wrote without marks around it.
func (r *Redactor) Says(forms ...*regexp.Regexp) { r.says = append(r.says, forms...) }

// standsFor is a Name, as Text writes it.
var standsFor = regexp.MustCompile(`^\[[a-z-]+-[0-9a-f]{8}\]$`)

// said is a text without what stands in the groups of the forms that it has.
func (r *Redactor) said(s string) string {
	for _, form := range r.says {
		at := form.FindStringSubmatchIndex(s)
		for i := len(at) - 2; i >= 2; i -= 2 { // from the end, so that the others stay where they are
			if from, to := at[i], at[i+1]; from >= 0 && from < to && !standsFor.MatchString(s[from:to]) {
				s = s[:from] + fmt.Sprintf("[%d characters]", len([]rune(s[from:to]))) + s[to:]
			}
		}
	}
	return s
}

// Text is a text without what is known and without what looks like a secret, an address, a path or something quoted.
func (r *Redactor) Text(s string) string {
	s = r.said(r.Names(s))
	for _, m := range r.marks {
		if m.put != "" {
			s = m.find.ReplaceAllString(s, m.put)
			continue
		}
		s = m.find.ReplaceAllStringFunc(s, func(t string) string { return fmt.Sprintf("[%d characters]", len([]rune(t))) })
	}
	return s
}

// Names is a text without what is known, for texts that were redacted in another way.
func (r *Redactor) Names(s string) string {
	if len(r.known) == 0 {
		return s
	}
	if r.find == nil {
		r.find = r.finder()
	}
	return r.find.ReplaceAllStringFunc(s, func(m string) string { return "[" + r.known[strings.ToLower(m)] + "]" })
}

// finder finds what is known, the longest first. What is short is found as a whole word only, or much that is harmless would be taken out with it.
func (r *Redactor) finder() *regexp.Regexp {
	var all []string
	for t := range r.known {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	for i, t := range all {
		all[i] = regexp.QuoteMeta(t)
		if len([]rune(t)) < 4 {
			all[i] = `\b` + all[i] + `\b`
		}
	}
	return regexp.MustCompile("(?i)" + strings.Join(all, "|"))
}

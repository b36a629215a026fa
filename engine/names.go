package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold returns the form of a name under which a place with this rule cannot tell it from others.
func fold(name string, rule NameRule) string {
	if rule.NFC {
		name = norm.NFC.String(name)
	}
	if rule.FoldCase {
		name = cases.Fold().String(name)
		if rule.NFC {
			name = norm.NFC.String(name)
		}
	}
	return name
}

// form is fold without the case: a place that keeps names in a normal form of its own has not renamed anything.
func form(name string, rule NameRule) string { return fold(name, NameRule{NFC: rule.NFC}) }

// badName tells that a place under Windows rules cannot hold a name: reserved characters, device names, a final dot or
// space.
func badName(name string) bool {
	if name == "" || strings.ContainsAny(name, "<>:\"\\|?*") || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return true
	}
	for i := range len(name) {
		if name[i] < 32 {
			return true
		}
	}
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, dev := range [...]string{"COM", "LPT"} {
		if rest, ok := strings.CutPrefix(stem, dev); ok && (len(rest) == 1 && rest[0] >= '0' && rest[0] <= '9' ||
			rest == "¹" || rest == "²" || rest == "³") {
			return true
		}
	}
	return false
}

const tempPrefix = ".tandem-swap-"

// isTemp recognises a name that a plan gives for the time of its own steps.
func isTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }

// tempName is the name under which something waits while another takes its place.
func tempName(of string) string {
	sum := sha256.Sum256([]byte(of))
	return tempPrefix + hex.EncodeToString(sum[:6])
}

const conflictMark = " (conflict "

// conflictName is the name of a second version. It depends on the content alone, so that both sides and every run choose
// the same, and replaces an earlier mark instead of adding one: conflict copies do not breed.
func conflictName(name, content string) string {
	stem, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		stem, ext = name[:i], name[i:]
	}
	if i := strings.LastIndex(stem, conflictMark); i > 0 && len(stem) == i+len(conflictMark)+8+1 && stem[len(stem)-1] == ')' {
		stem = stem[:i]
	}
	sum := sha256.Sum256([]byte(content))
	return stem + conflictMark + hex.EncodeToString(sum[:4]) + ")" + ext
}

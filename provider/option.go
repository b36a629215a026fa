package provider

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tandem"
)

// parse checks a value against the option's type and returns its canonical form, so that equal settings have equal
// texts.
func (o Option) parse(value string, around surroundings) (string, error) {
	switch o.Type {
	case "bool":
		switch strings.ToLower(value) {
		case "true", "yes", "on", "1":
			return "true", nil
		case "false", "no", "off", "0":
			return "false", nil
		}
		return "", o.wrong(value, "yes or no")
	case "int":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return "", o.wrong(value, "a whole number")
		}
		return strconv.FormatInt(n, 10), nil
	case "size":
		n, err := ParseSize(value)
		if err != nil {
			return "", o.wrong(value, "a size such as 500, 64KiB or 10MiB")
		}
		return FormatSize(n), nil
	case "choice":
		if !slices.Contains(o.Choices, value) {
			return "", o.wrong(value, "one of "+strings.Join(o.Choices, ", "))
		}
		return value, nil
	case "list":
		return joinList(splitList(value)), nil
	case "path":
		return around.abs(value)
	}
	return value, nil
}

func (o Option) wrong(value, want string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: o.Name,
		Err: fmt.Errorf("%q is not valid", value), Remedy: "give " + want}
}

// units of sizes, the largest first, in the spelling that FormatSize writes.
func units() []struct {
	name string
	n    int64
} {
	return []struct {
		name string
		n    int64
	}{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1},
	}
}

// ParseSize reads a size in bytes: a whole or decimal number, followed by KiB, MiB, GiB, TiB (or K, M, G, T, which
// mean the same), kB, MB, GB, TB (powers of ten), or nothing. Letters may be of any case.
func ParseSize(s string) (int64, error) {
	num, factor := strings.TrimSpace(s), int64(1)
	for _, u := range units() {
		if len(num) > len(u.name) && strings.EqualFold(num[len(num)-len(u.name):], u.name) {
			num, factor = strings.TrimSpace(num[:len(num)-len(u.name)]), u.n
			break
		}
	}
	if n, err := strconv.ParseInt(num, 10, 64); err == nil && n >= 0 && n <= math.MaxInt64/factor {
		return n * factor, nil
	}
	f, err := strconv.ParseFloat(num, 64)
	if err != nil || !(f >= 0) || f*float64(factor) >= math.MaxInt64 || strings.ContainsAny(num, "eExXpP_") {
		return 0, tandem.Errorf(tandem.Invalid, "%q is not a size", s)
	}
	return int64(f * float64(factor)), nil
}

// FormatSize writes a size so that ParseSize reads the same number: in the largest binary unit that divides it.
func FormatSize(n int64) string {
	for _, u := range units()[:4] {
		if n != 0 && n%u.n == 0 {
			return strconv.FormatInt(n/u.n, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

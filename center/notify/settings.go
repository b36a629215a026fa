package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tandem"
	"tandem/center/when"
	"tandem/partner/account"
	"tandem/store"
)

// Prop is the property of a user that keeps what they set, PagesProp the one that keeps the language in which they last saw the pages.
const (
	Prop      = "notify"
	PagesProp = "pages-language"
)

// AsBrowser is for the language in which the user's browser shows the pages.
const AsBrowser = "browser"

// Settings are what a user wants to be told, how and when.
type Settings struct {
	Desktop, Mail, Push bool
	Sorts               map[string]bool // by the constants for sorts
	Quiet               string          // quiet hours, as Key "quiet" takes them
	Every               time.Duration   // between two messages
	After               time.Duration   // how long what is tried again by itself lasts before it is told
	Language            string          // of Languages

	plan when.Plan // what Quiet says
}

// Key is a setting.
type Key struct {
	Name    string   `json:"name"`
	Words   []string `json:"words" doc:"what it takes; none: any text"`
	Default string   `json:"default" doc:"what holds if nothing is set"`
	Help    string   `json:"help"`
}

// Languages are those that people can be told in, the first one if nothing is known of theirs.
func Languages() []string { return []string{"en", "de"} }

// Keys are the settings, in the order to be shown.
func Keys() []Key {
	onOff := []string{"on", "off"}
	return []Key{
		{"desktop", onOff, "", "tell on the desktop of the hub's computer; at first on for who alone uses or administers the hub"},
		{"mail", onOff, "off", "tell by mail, to the user's own address"},
		{"push", onOff, "on", "tell in the browsers that asked for it"},
		{"errors", onOff, "on", "tell when something fails"},
		{"conflicts", onOff, "on", "tell of conflicts"},
		{"questions", onOff, "on", "tell of questions, such as whether much is to be deleted"},
		{"devices", onOff, "on", "tell of devices that wait to be let in"},
		{"quiet", nil, "", "quiet hours, such as 22:00-07:00 or sat-sun 00:00-24:00; several with semicolons"},
		{"every", nil, "15m", "how far apart messages are at least; what comes meanwhile is told together"},
		{"after", nil, "30m", "how long a failure that is tried again by itself lasts before it is told"},
		{"language", append([]string{AsBrowser}, Languages()...), AsBrowser, "the language that it is told in; browser: the one in which the user's browser shows the pages"},
	}
}

// keyOf are the settings that switch sorts.
func keyOf() map[string]string {
	return map[string]string{"errors": Problem, "conflicts": Conflict, "questions": Question, "devices": Device}
}

// chosen is what a user has set, by key.
func chosen(u store.User) map[string]string {
	set := map[string]string{}
	if text := u.Props.Get(Prop); text != "" {
		_ = json.Unmarshal([]byte(text), &set) // what cannot be read is as if nothing was set
	}
	return set
}

// Language is the one that a user chose to be told in, "" if they chose none.
func Language(u store.User) string {
	if l := chosen(u)["language"]; l != AsBrowser {
		return l
	}
	return ""
}

// languageOf is the language that a user is told in: the one that they chose, or in which they last saw the pages.
func languageOf(u store.User) string {
	for _, l := range []string{Language(u), u.Props.Get(PagesProp)} {
		if slices.Contains(Languages(), l) {
			return l
		}
	}
	return Languages()[0]
}

// Values are the settings of a user by key, with the defaults.
func Values(u store.User, users []store.User) map[string]string {
	set := chosen(u)
	for _, k := range Keys() {
		if set[k.Name] == "" {
			set[k.Name] = k.Default
		}
	}
	if set["desktop"] == "" {
		set["desktop"] = "off"
		if alone(u, users) {
			set["desktop"] = "on"
		}
	}
	return set
}

// alone reports whether the hub's computer is most likely a user's own: they are the only one, or the only one who administers the hub.
func alone(u store.User, users []store.User) bool {
	if len(users) == 1 {
		return true
	}
	admins := 0
	for _, x := range users {
		if account.IsAdmin(x) {
			admins++
		}
	}
	return admins == 1 && account.IsAdmin(u)
}

// Read reads the settings of one of all users.
func Read(u store.User, users []store.User) Settings {
	s, err := read(Values(u, users))
	if err != nil { // kept by another version: better to tell too much
		s, _ = read(Values(store.User{Name: u.Name}, users))
	}
	s.Language = languageOf(u)
	return s
}

func read(v map[string]string) (Settings, error) {
	s := Settings{Desktop: v["desktop"] == "on", Mail: v["mail"] == "on", Push: v["push"] == "on", Sorts: map[string]bool{}, Quiet: v["quiet"], Language: v["language"]}
	for key, sort := range keyOf() {
		s.Sorts[sort] = v[key] == "on"
	}
	var err error
	if s.plan, err = quietPlan(s.Quiet); err != nil {
		return s, err
	}
	if s.Every, err = span("every", v["every"], 0, 7*24*time.Hour); err != nil {
		return s, err
	}
	s.After, err = span("after", v["after"], 0, 7*24*time.Hour)
	return s, err
}

func span(key, text string, low, high time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && (d < low || d > high) {
		err = fmt.Errorf("it is not between %s and %s", low, high)
	}
	if err != nil {
		return 0, invalid(key, err, "write such as 15m or 2h")
	}
	return d, nil
}

// quietPlan reads quiet hours.
func quietPlan(text string) (when.Plan, error) {
	var clauses []string
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part != "" {
			clauses = append(clauses, "quiet "+part)
		}
	}
	p, err := when.Parse(strings.Join(clauses, "; "))
	if err == nil && len(p.Quiet) != len(clauses) {
		err = errors.New("these are no hours")
	}
	var e *tandem.Error
	if errors.As(err, &e) && e.Err != nil { // what helps a schedule is not what helps here
		err = fmt.Errorf("%q: %w", text, e.Err)
	}
	if err != nil {
		return p, invalid("quiet", err, "write such as 22:00-07:00, or mon-fri 22:00-06:00; sat-sun 23:00-09:00")
	}
	return p, nil
}

func invalid(key string, err error, remedy string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "change notifications: set", Thing: key, Err: err, Remedy: remedy}
}

// Set changes settings of a user, all or none. An empty value means the default.
func (s *Service) Set(ctx context.Context, user string, set map[string]string) error {
	u, err := s.cfg.Accounts.User(ctx, user)
	if err != nil {
		return err
	}
	keep := chosen(u)
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value := strings.ToLower(strings.TrimSpace(set[name]))
		i := slices.IndexFunc(Keys(), func(k Key) bool { return k.Name == name })
		if i < 0 {
			var names []string
			for _, k := range Keys() {
				names = append(names, k.Name)
			}
			return invalid(name, errors.New("there is no such setting"), "choose one of "+strings.Join(names, ", "))
		}
		if words := Keys()[i].Words; words != nil && value != "" && !slices.Contains(words, value) {
			return invalid(name, fmt.Errorf("%q is not a choice", value), "choose one of "+strings.Join(words, ", "))
		}
		if keep[name] = value; value == "" {
			delete(keep, name)
		}
	}
	merged := maps.Clone(keep)
	for _, k := range Keys() {
		if merged[k.Name] == "" {
			merged[k.Name] = k.Default
		}
	}
	if _, err := read(merged); err != nil {
		return err
	}
	text := ""
	if len(keep) > 0 {
		b, err := json.Marshal(keep)
		if err != nil {
			return err
		}
		text = string(b)
	}
	if err := s.cfg.Accounts.SetProps(ctx, u.Name, map[string]string{Prop: text}); err != nil {
		return err
	}
	s.Poke()
	return nil
}

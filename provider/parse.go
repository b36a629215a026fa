package provider

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"regexp"
	"runtime"
	"sort"
	"strings"

	"tandem"
)

// surroundings are the facts of the machine that a path's meaning hangs on.
type surroundings struct {
	dir     func() (string, error) // working directory
	home    func() (string, error) // of the user
	isDir   func(path string) bool
	windows bool
}

func realSurroundings() surroundings {
	return surroundings{
		dir:  os.Getwd,
		home: os.UserHomeDir,
		isDir: func(path string) bool {
			fi, err := os.Stat(path)
			return err == nil && fi.IsDir()
		},
		windows: runtime.GOOS == "windows",
	}
}

// ParsePlace reads a place: "provider:path?option=value&option=value". In the path and the values, "%" followed by two
// hexadecimal digits stands for a character, so "%3F" is a question mark and "%25" a percent sign. Errors are Invalid
// and name what is wrong, what would be right, and the remedy.
func (r *Registry) ParsePlace(text string) (Place, error) {
	text = strings.TrimSpace(text)
	around := r.around()
	scheme, rest, ok := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	if text == "" || !ok || !isScheme(scheme) {
		return Place{}, r.noScheme(text, around)
	}
	p := r.find(scheme)
	if p == nil {
		if abs, err := around.abs(text); err == nil && around.isDir(abs) {
			return Place{}, r.noScheme(text, around)
		}
		return Place{}, invalid(text, fmt.Errorf("there is no provider %q", scheme), "the known providers are "+r.known())
	}
	rawPath, query, _ := strings.Cut(rest, "?")
	if p.Address {
		rawPath, query = p.ownParameters(rawPath, query)
	}
	place := Place{Provider: p.Name, Options: map[string]string{}}
	var err error
	if place.Path, err = p.parsePath(rawPath, around); err != nil {
		return Place{}, invalid(text, err, "write the place like "+example(p))
	}
	if err := p.parseOptions(&place, query, around); err != nil {
		var e *tandem.Error
		if errors.As(err, &e) {
			return Place{}, invalid(text, fmt.Errorf("%s: %w", strings.TrimSpace(e.Op+" "+e.Thing), e.Err), e.Remedy)
		}
		return Place{}, invalid(text, err, "")
	}
	place.Text = p.canonical(place, around)
	return place, nil
}

// Reset is a place with other options. An empty value means the default; secrets are not among the options of a place's text.
func (r *Registry) Reset(text string, set map[string]string) (Place, error) {
	place, err := r.ParsePlace(text)
	if err != nil {
		return Place{}, err
	}
	p, err := r.Provider(place.Provider)
	if err != nil {
		return Place{}, err
	}
	for name, value := range set {
		o := p.option(name)
		if o == nil || o.Secret {
			return Place{}, &tandem.Error{Kind: tandem.Invalid, Op: "change option", Thing: name, Err: fmt.Errorf("%s has no such option", p.Name), Remedy: p.knownOptions()}
		}
		if delete(place.Options, name); value != "" {
			if place.Options[name], err = o.parse(value, r.around()); err != nil {
				return Place{}, err
			}
		}
	}
	return r.ParsePlace(p.canonical(place, r.around()))
}

// withPassword is an address in a text with a password in it.
var withPassword = regexp.MustCompile(`//([^:/?#@\s]*):[^?#\s]*@`)

// invalid is an error about a text. A password in an address is not repeated.
func invalid(text string, err error, remedy string) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "read place", Thing: withPassword.ReplaceAllString(text, "//$1:***@"), Err: err, Remedy: remedy}
}

func example(p *Provider) string {
	if len(p.Examples) > 0 {
		return p.Examples[0]
	}
	return p.Name + ":PATH"
}

// noScheme explains a text that names no provider. Most often somebody gave a bare path.
func (r *Registry) noScheme(text string, around surroundings) error {
	if text == "" {
		return invalid(`""`, errors.New("the place is empty"), "write it as PROVIDER:PATH; the known providers are "+r.known())
	}
	if abs, err := around.abs(text); err == nil && around.isDir(abs) {
		var ways []string
		for _, name := range r.Names() {
			if p := r.find(name); p != nil && p.Local {
				ways = append(ways, fmt.Sprintf("%s:%s (%s)", name, escapePath(text), p.Title))
			}
		}
		if len(ways) > 0 {
			return invalid(text, errors.New("this is a folder, but how to read it is not said"), "write "+strings.Join(ways, " or "))
		}
	}
	return invalid(text, errors.New("no provider is named"), "write it as PROVIDER:PATH; the known providers are "+r.known())
}

// parsePath reads what stands between the scheme and the options.
func (p *Provider) parsePath(raw string, around surroundings) (string, error) {
	if p.Address || !p.Local && strings.HasPrefix(raw, "//") {
		u, err := url.Parse(raw)
		if err != nil {
			return "", errors.New("the address is malformed")
		}
		if _, has := u.User.Password(); has {
			return "", errors.New("passwords are not taken from a place's text, where others can read them")
		}
		return strings.TrimSpace(raw), nil
	}
	clean, err := url.PathUnescape(raw)
	if err != nil {
		return "", errors.New(`a "%" must be followed by two hexadecimal digits; a percent sign itself is written %25`)
	}
	if strings.ContainsRune(clean, 0) {
		return "", errors.New("the path holds a zero byte")
	}
	if !p.Local {
		return clean, nil
	}
	if clean == "" {
		return "", errors.New("the path is empty")
	}
	if local, ok := strings.CutPrefix(clean, "//"); ok && !around.windows {
		// A URL with an empty authority, as in files:///srv/data; an authority would be another machine.
		if !strings.HasPrefix(local, "/") {
			return "", errors.New("the path names another machine")
		}
		clean = local
	} else if ok && strings.HasPrefix(local, "/") {
		clean = strings.TrimLeft(local, "/")
	}
	return around.abs(clean)
}

// ownParameters moves what is no option from the query to the address.
func (p *Provider) ownParameters(address, query string) (string, string) {
	var own, options []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil && p.option(plain) != nil {
			options = append(options, part)
		} else if part != "" {
			own = append(own, part)
		}
	}
	if len(own) > 0 {
		address += "?" + strings.Join(own, "&")
	}
	return address, strings.Join(options, "&")
}

// parseOptions reads the query, checks each value, and fills in defaults.
func (p *Provider) parseOptions(place *Place, query string, around surroundings) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("the options are malformed: %w", err)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		o := p.option(name)
		switch {
		case o == nil:
			return &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: name,
				Err: fmt.Errorf("%s has no such option", p.Name), Remedy: p.knownOptions()}
		case o.Secret:
			return &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: name,
				Err:    errors.New("secrets are not taken from a place's text, where others can read them"),
				Remedy: "leave it out: it is asked for, or read from a file, an environment variable or the system's keyring"}
		case len(values[name]) > 1 && o.Type != "list":
			return &tandem.Error{Kind: tandem.Invalid, Op: "read option", Thing: name,
				Err: errors.New("it is given twice"), Remedy: "give it once"}
		}
		value, err := o.parse(strings.Join(values[name], ","), around)
		if err != nil {
			return err
		}
		place.Options[name] = value
	}
	for _, o := range p.Options {
		if _, given := place.Options[o.Name]; !given && o.Default != "" {
			place.Options[o.Name] = o.Default
		}
	}
	return nil
}

func (p *Provider) option(name string) *Option {
	for i := range p.Options {
		if p.Options[i].Name == name {
			return &p.Options[i]
		}
	}
	return nil
}

func (p *Provider) knownOptions() string {
	var names []string
	for _, o := range p.Options {
		if !o.Secret {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return "leave it out: " + p.Name + " has no options"
	}
	sort.Strings(names)
	return "the options of " + p.Name + " are " + strings.Join(names, ", ")
}

// canonical writes a place with absolute path and only those options that are not at their default, sorted.
func (p *Provider) canonical(place Place, around surroundings) string {
	out := place.Path
	if p.Local && around.windows {
		out = strings.ReplaceAll(out, `\`, "/")
	}
	if !p.Address && (p.Local || !strings.HasPrefix(out, "//")) {
		out = escapePath(out)
	}
	query := url.Values{}
	for name, value := range place.Options {
		if o := p.option(name); o != nil && !o.Secret && value != o.Default {
			query.Set(name, value)
		}
	}
	if len(query) > 0 {
		sep := "?"
		if p.Address && strings.Contains(out, "?") {
			sep = "&"
		}
		out += sep + query.Encode()
	}
	return p.Name + ":" + out
}

// escapePath writes a path so that it reads well and parses back: only what would be misread is escaped.
func escapePath(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '%' || c == '?' || c < ' ' || c == 0x7f || (c == ' ' && (i == 0 || i == len(s)-1)) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// abs makes a path of this machine absolute and clean, expanding "~" to the user's home.
func (a surroundings) abs(p string) (string, error) {
	slash := p
	if a.windows {
		slash = strings.ReplaceAll(p, `\`, "/")
	}
	if slash == "~" || strings.HasPrefix(slash, "~/") {
		home, err := a.home()
		if err != nil {
			return "", fmt.Errorf("the home folder is not known: %w", err)
		}
		return a.clean(home + "/" + slash[1:]), nil
	}
	if strings.HasPrefix(slash, "/") && !a.windows {
		return a.clean(slash), nil
	}
	if a.windows && (strings.HasPrefix(slash, "//") || isDrive(slash)) {
		return a.clean(slash), nil
	}
	if a.windows && len(slash) >= 2 && slash[1] == ':' {
		if len(slash) > 2 || !isDrive(slash+"/") {
			return "", errors.New("a path on a drive must start with a slash there, as in C:/folder")
		}
		return a.clean(slash + "/"), nil
	}
	dir, err := a.dir()
	if err != nil {
		return "", fmt.Errorf("the working directory is not known: %w", err)
	}
	if a.windows && strings.HasPrefix(slash, "/") {
		return a.clean(dir[:2] + slash), nil // on the current drive
	}
	return a.clean(dir + "/" + slash), nil
}

// isDrive reports whether a path starts with a Windows drive and is absolute on it.
func isDrive(p string) bool {
	return len(p) >= 3 && p[1] == ':' && p[2] == '/' && ('a' <= p[0]|0x20 && p[0]|0x20 <= 'z')
}

func (a surroundings) clean(p string) string {
	if !a.windows {
		return path.Clean(p)
	}
	p = strings.ReplaceAll(p, `\`, "/")
	switch {
	case isDrive(p):
		p = strings.ToUpper(p[:1]) + ":" + path.Clean(p[2:])
	case strings.HasPrefix(p, "//"):
		p = "/" + path.Clean(p)
	default:
		p = path.Clean(p)
	}
	return strings.ReplaceAll(p, "/", `\`)
}

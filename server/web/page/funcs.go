package page

import (
	"errors"
	"html/template"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/kind/object"
	"tandem/partner/outgoing"
	"tandem/provider"
	"tandem/server/web/page/words"
	"tandem/store"
)

// funcs are what templates can call, in one language.
func (p *Pages) funcs(w words.Words) template.FuncMap {
	return template.FuncMap{
		"asset":    p.Assets.URL,
		"t":        w.T,
		"n":        w.N,
		"num":      w.Number,
		"size":     w.Size,
		"secs":     w.Seconds,
		"ago":      func(unix int64) template.HTML { return p.instant(unix, w.Ago(unix, p.cfg.Now()), w) },
		"when":     func(unix int64) template.HTML { return p.instant(unix, w.When(unix, p.cfg.Now()), w) },
		"icon":     icon,
		"say":      func(text string) template.HTML { return say(w, text, false) },
		"saying":   func(text string) template.HTML { return say(w, text, true) },
		"sentence": func(text string) template.HTML { return sentence(w, text) },
		"told":     func(text string) template.HTML { return say(w, plainPlaces(text), true) },
		"called":   func(text string) template.HTML { return say(w, plainPlaces(text), false) },
		"choice":   func(option, value string) string { return optionChoice(w, option, value) },
		"about":    func(p *provider.Provider) template.HTML { return about(w, p) },
		"token":    token,
		"tasks":    func(k card) []task { return k.Shown(w) },
		"kind":     func(k tandem.Kind) string { return kindName(w, k) },
		"place":    func(text string) string { return placeName(w, text) },
		"toldof":   func(item string) string { return itemWords(w, item) },
		"path":     url.PathEscape,
		"query":    func(s string) template.URL { return template.URL(url.QueryEscape(s)) }, // said to be escaped: it would be once more
		"dict":     dict,
		"cut":      cut,
		"ticks":    ticks,
		"totals":   func(t engine.Totals) string { return totals(w, t) },
		"near":     near,
		"slug":     slug,
		"nano":     func(nanos int64) template.HTML { return p.instant(nanos/1e9, w.Ago(nanos/1e9, p.cfg.Now()), w) },
		"result":   func(r string) look { return resultWords(w, r) },
		"browser":  browserName,
		"appdoors": func() []option { return appDoors(w) },
		"appfor":   func(l store.Login) string { return appFor(w, l) },
		"joined":   func(list []string) string { return strings.Join(list, ", ") },

		"whom":      whom,
		"mailstate": func(m outgoing.Listed) look { return mailState(w, m) },

		"commands": center.CommandsText,
	}
}

// instant is a time as people say it, with its exact value for programs and on hovering.
func (p *Pages) instant(unix int64, said string, w words.Words) template.HTML {
	if unix == 0 {
		return template.HTML(template.HTMLEscapeString(said))
	}
	at := time.Unix(unix, 0).In(p.cfg.Now().Location())
	return template.HTML(`<time datetime="` + at.Format(time.RFC3339) + `" title="` + template.HTMLEscapeString(w.When(unix, p.cfg.Now())) + `">` + template.HTMLEscapeString(said) + `</time>`)
}

// dict makes a map of names and values, for templates within templates.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict takes pairs")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("dict takes names that are texts")
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// cut shortens a text to n runes.
func cut(n int, s string) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// kindName is a kind of records as people say it.
func kindName(w words.Words, k tandem.Kind) string {
	switch k {
	case tandem.Contact:
		return w.T("Contacts")
	case tandem.Event:
		return w.T("Calendar")
	case tandem.Task:
		return w.T("Tasks")
	case tandem.Note:
		return w.T("Notes")
	case tandem.Mail:
		return w.T("Mail")
	case tandem.SMS:
		return w.T("Text messages")
	case tandem.Bookmark:
		return w.T("Bookmarks")
	case tandem.File:
		return w.T("Files")
	case tandem.Picture:
		return w.T("Pictures")
	case tandem.Table:
		return w.T("Tables")
	case tandem.Page:
		return w.T("Saved pages")
	case tandem.Setting:
		return w.T("Settings")
	case tandem.Recipient:
		return w.T("Whom you write to")
	}
	return ownKind(k)
}

// ownKind is a kind that others made up, as people read it: x-stock-list is Stock list, as those of the hub begin.
func ownKind(k tandem.Kind) string {
	return capital(strings.ReplaceAll(strings.TrimPrefix(string(k), object.Prefix), "-", " "))
}

// placeName shortens a place to what people know it by: "Phone book in /home/anna" would be too much for a row.
func placeName(w words.Words, text string) string {
	if strings.HasPrefix(text, "home:") || text == "home" {
		return w.T("This hub")
	}
	bare, _, _ := strings.Cut(text, "?")
	_, rest, ok := strings.Cut(bare, ":")
	if !ok {
		return text
	}
	return strings.TrimPrefix(rest, "//")
}

// bare is a place without its options.
func bare(place string) string {
	text, _, _ := strings.Cut(place, "?")
	return text
}

// schemeOf is the provider of a place.
func schemeOf(place string) string {
	name, _, _ := strings.Cut(place, ":")
	return name
}

// htmlText is a text as it is written within HTML.
func htmlText(s string) string { return template.HTMLEscapeString(s) }

// slug makes a name for a collection of how its place calls it.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r > 0x9f:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if out := strings.Trim(b.String(), "-."); out != "" {
		return out
	}
	return "collection"
}

// browserName is what people call a browser, from its User-Agent.
func browserName(agent string) string {
	name, system := "", ""
	for _, b := range [][2]string{{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if name == "" && strings.Contains(agent, b[0]) {
			name = b[1]
		}
	}
	for _, s := range [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if system == "" && strings.Contains(agent, s[0]) {
			system = s[1]
		}
	}
	switch {
	case name == "":
		return cut(60, agent)
	case system == "":
		return name
	}
	return name + ", " + system
}

// ticks is a text in which what stands between backticks is to be typed.
func ticks(s string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(s, "`") {
		switch {
		case i%2 == 0:
			b.WriteString(htmlText(part))
		default:
			b.WriteString("<code>" + htmlText(part) + "</code>")
		}
	}
	return template.HTML(b.String())
}

// say says a text that another package made. What the language lacks is marked as English, so that it is read aloud as such. WCAG 2.2, 3.1.2
func say(w words.Words, text string, typed bool) template.HTML {
	said, ok := w.Said(text)
	out := template.HTML(htmlText(said))
	if typed {
		out = ticks(said)
	}
	if !ok {
		out = `<span lang="en">` + out + `</span>`
	}
	return out
}

// sentence is a text that other packages made as a sentence that follows another.
func sentence(w words.Words, text string) template.HTML {
	said, ok := w.Said(text)
	if first, size := utf8.DecodeRuneInString(said); size > 0 {
		said = string(unicode.ToUpper(first)) + said[size:]
	}
	if !strings.HasSuffix(said, ".") {
		said += "."
	}
	out := ticks(said)
	if !ok {
		out = `<span lang="en">` + out + `</span>`
	}
	return out
}

// about is what a provider is for. One that pages do not know speaks for itself.
func about(w words.Words, p *provider.Provider) template.HTML {
	if text := w.Provider(p.Name); text != "" {
		return ticks(text)
	}
	return say(w, p.Help, true)
}

var (
	homePlace = regexp.MustCompile(`\bhome:([^\s?;,]+)(\?kind=[a-z]+)?`)
	// localPlace is a place on the hub's computer, which people know by its path.
	localPlace = regexp.MustCompile(`\b(?:vdir|files|maildir|sms):(/)`)
	withKind   = regexp.MustCompile(`\?kind=[a-z]+`)
)

// plainPlaces calls places in a text what people call them.
func plainPlaces(text string) string {
	return localPlace.ReplaceAllString(withKind.ReplaceAllString(homePlace.ReplaceAllString(text, "$1"), ""), "$1")
}

// near is what people know a long place by: the end of a path, the account at a server.
func near(path string) string {
	parts := strings.Split(strings.TrimRight(path, "/"), "/")
	switch {
	case len(parts) < 4 || len([]rune(path)) <= 24:
		return path
	case strings.Contains(parts[0], "@"): // an account at a server
		return parts[0] + "/…"
	}
	return "…/" + strings.Join(parts[len(parts)-2:], "/")
}

// writer says who wrote a version, and from where it came.
func writer(w words.Words, who, from string) string {
	if who+from == "" {
		return ""
	}
	if scheme, _, ok := strings.Cut(from, ":"); ok && scheme != "eas" { // a place
		from = near(placeName(w, from))
	}
	return w.T("by %s", w.Say(center.AuthorText(who+" "+from)))
}

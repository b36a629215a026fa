package page

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/server/web/page/words"
)

// call is one request with what every page needs.
type call struct {
	p     *Pages
	w     http.ResponseWriter
	r     *http.Request
	hub   center.Service
	words words.Words
	frame frame

	refused error // why the form was refused that the page shows once more
}

// frame is what the layout shows around a page.
type frame struct {
	Lang, Theme string
	Person      Person
	Title       string
	Nav         string   // the entry of the navigation that is marked
	Live        bool     // the page hears of what happens
	Here        string   // the page's own address, without the hub's
	Done        string   // what was just done
	Problem     *problem // what went wrong
	Body        template.HTML
}

// view is what the template of a page gets: the frame, and what the page itself shows as D.
type view struct {
	*frame
	D any
}

// with is the same view of something else, for templates within templates.
func (v view) With(d any) view { return view{v.frame, d} }

func (p *Pages) newCall(w http.ResponseWriter, r *http.Request) *call {
	c := &call{p: p, w: w, r: r}
	if who, ok := p.cfg.Person(r.Context()); ok {
		c.frame.Person, c.hub = who, p.cfg.Service(r.Context())
	}
	c.words = p.words[p.language(r)]
	c.frame.Lang, c.frame.Theme = c.words.Lang(), choice(r, themeCookie, "auto", "light", "dark")
	here := *r.URL
	if q := here.Query(); q.Has("done") {
		c.frame.Done = c.done(q.Get("done"))
		q.Del("done")
		here.RawQuery = q.Encode()
	}
	c.frame.Here = here.RequestURI()
	return c
}

// The cookies that keep how somebody wants pages to look. They are no secrets.
const (
	langCookie  = "tandem-lang"
	themeCookie = "tandem-theme"
)

// choice is the value of a cookie, the first of the words if it is none of them.
func choice(r *http.Request, name string, list ...string) string {
	if c, err := r.Cookie(name); err == nil {
		for _, w := range list {
			if c.Value == w {
				return w
			}
		}
	}
	return list[0]
}

// language is the one that was chosen, or else what the browser prefers.
func (p *Pages) language(r *http.Request) string {
	if l := choice(r, langCookie, append([]string{""}, p.cfg.Languages...)...); l != "" {
		return l
	}
	return words.Prefer(r.Header.Get("Accept-Language"), p.cfg.Languages)
}

// htmx reports whether a part of a page is asked for.
func (c *call) htmx() bool { return c.r.Header.Get("HX-Request") == "true" }

func (c *call) admin() bool { return c.frame.Person.Admin }

func (c *call) form(name string) string { return strings.TrimSpace(c.r.PostFormValue(name)) }

func (c *call) query(name string) string { return c.asSent(name).Get(name) }

// execute makes text of a template.
func (c *call) execute(name string, d any) (*bytes.Buffer, error) {
	var buf bytes.Buffer
	err := c.p.byLang[c.frame.Lang].ExecuteTemplate(&buf, name, view{&c.frame, d})
	return &buf, err
}

// show answers with a page.
func (c *call) show(nav, title, name string, d any) error {
	if c.refused != nil {
		return c.again(c.refused, nav, title, name, d)
	}
	if c.p.cfg.Reads != nil {
		if err := c.p.cfg.Reads(c.r.Context(), c.frame.Lang); err != nil {
			return err
		}
	}
	c.frame.Nav, c.frame.Title = nav, title
	c.render(http.StatusOK, name, d)
	return nil
}

// part answers with a part of a page.
func (c *call) part(name string, d any) error {
	body, err := c.execute(name, d)
	if err != nil {
		return err
	}
	write(c.w, http.StatusOK, body)
	return nil
}

// render answers with a page, as a whole or not at all.
func (c *call) render(status int, name string, d any) {
	problem := c.frame.Problem
	if c.refused != nil {
		c.frame.Problem = nil // it is said beside the field
	}
	body, err := c.execute(name, d)
	if err == nil {
		c.frame.Body = template.HTML(body.String())
		body, err = c.execute("layout", nil)
	}
	if err == nil && c.refused != nil {
		body, err = c.beside(body, problem)
	}
	if err != nil {
		c.p.cfg.Log.Error("page", "name", name, "err", err)
		http.Error(c.w, "internal error", http.StatusInternalServerError)
		return
	}
	write(c.w, status, body)
}

// away sends the browser to another page of the hub, which says what was done.
func (c *call) away(to, done string) error {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	q.Del("done")
	if done != "" {
		q.Set("done", done)
	}
	u.RawQuery = q.Encode()
	http.Redirect(c.w, c.r, u.String(), http.StatusSeeOther)
	return nil
}

// back sends the browser to where the form says that it was.
func (c *call) back(done string) error {
	to := c.r.PostFormValue("back")
	if to == "" {
		to = "/"
	}
	return c.away(to, done)
}

// done is what a page says about what was just done. Only what is listed here can be said, so that a link cannot make a page say something else.
func (c *call) done(key string) string {
	switch key {
	case "started":
		return c.words.T("The sync has begun.")
	case "stopped":
		return c.words.T("The sync was stopped.")
	case "later":
		return c.words.T("Nothing was synced. The question waits under Conflicts.")
	case "saved":
		return c.words.T("Saved.")
	case "sent":
		return c.words.T("It is on its way.")
	case "removed":
		return c.words.T("Removed.")
	case "decided":
		return c.words.T("Your answer is being carried out.")
	case "undone":
		return c.words.T("It was put back.")
	case "added":
		return c.words.T("Added.")
	case "ordered":
		return c.words.T("Done. The device hears of it with its next request.")
	}
	return ""
}

// problem is an error as a page shows it.
type problem struct {
	Title  string // what sort of error it is, and what helps with all of them
	Hint   string
	What   string // what was tried, with what
	Cause  string
	Remedy string
	Code   string // for whoever is asked for help
}

// problemOf makes a problem of an error. What nobody foresaw is told to the hub's log only.
func (c *call) problemOf(err error) *problem {
	if w, ok := err.(wrong); ok {
		err = w.error
	}
	f := center.FailureOf(err)
	p := &problem{}
	p.Title, p.Hint = c.kindWords(f.Kind)
	p.Code = "tandem/" + strings.ReplaceAll(f.Kind.String(), " ", "-")
	if f.Kind == tandem.Internal {
		c.p.cfg.Log.Error("page", "path", c.r.URL.Path, "err", err)
		p.What = c.r.URL.Path
		return p
	}
	p.What = strings.TrimSpace(f.Op + " " + clipped(f.Thing))
	p.Cause, p.Remedy = clipped(f.Text), f.Remedy
	if p.Cause == "" {
		p.Cause = f.Kind.String()
	}
	if f.Op != "" {
		p.Code += "/" + strings.ReplaceAll(f.Op, " ", "-")
	}
	return p
}

// clipped is a text without what nobody would read.
func clipped(text string) string {
	const most = 400
	if r := []rune(text); len(r) > most {
		return string(r[:most/4]) + "…"
	}
	return text
}

// statusOf is the one table from kinds of errors to HTTP. RFC 9110 15
func statusOf(k tandem.ErrorKind) int {
	switch k {
	case tandem.NotFound:
		return http.StatusNotFound
	case tandem.Gone:
		return http.StatusGone
	case tandem.Invalid, tandem.TooNew:
		return http.StatusBadRequest
	case tandem.Exists, tandem.Changed, tandem.Held, tandem.Busy:
		return http.StatusConflict
	case tandem.Denied:
		return http.StatusForbidden
	case tandem.TooLarge:
		return http.StatusRequestEntityTooLarge
	case tandem.Full:
		return http.StatusInsufficientStorage
	case tandem.Transient, tandem.Unreadable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// fail shows what went wrong: as a page, or in the place for messages of the page that is there already.
func (c *call) fail(err error) {
	if errors.Is(err, c.r.Context().Err()) && c.r.Context().Err() != nil {
		return // nobody is there to be told
	}
	c.frame.Problem = c.problemOf(err)
	if c.htmx() {
		c.w.Header().Set("HX-Retarget", "#notice")
		c.w.Header().Set("HX-Reswap", "innerHTML")
		if err := c.part("problem", c.frame.Problem); err != nil {
			c.p.cfg.Log.Error("page", "err", err)
		}
		return
	}
	c.frame.Live = false
	c.frame.Title = c.frame.Problem.Title
	c.render(statusOf(tandem.KindOf(err)), "error", nil)
}

// again shows a form once more, with what was wrong with it.
func (c *call) again(err error, nav, title, name string, d any) error {
	c.refused, c.frame.Problem = err, c.problemOf(err)
	c.frame.Nav, c.frame.Title, c.frame.Done, c.frame.Live = nav, title, "", false
	c.render(statusOf(tandem.KindOf(err)), name, d)
	return nil
}

// kindWords say what sort of error it is, and what helps with all of them.
func (c *call) kindWords(k tandem.ErrorKind) (title, hint string) {
	t := c.words.T
	switch k {
	case tandem.NotFound, tandem.Gone:
		return t("This is not there"), t("It may have been removed or renamed meanwhile, or it belongs to somebody else.")
	case tandem.Invalid, tandem.TooNew:
		return t("This cannot be used as it is"), t("Correct what is named below and try again.")
	case tandem.Exists:
		return t("This exists already"), t("Choose another name.")
	case tandem.Changed, tandem.Held:
		return t("This needs another look"), t("Something changed meanwhile, or there is something to think of first. Nothing was done.")
	case tandem.Busy:
		return t("Busy just now"), t("Something else uses it. Try again in a moment.")
	case tandem.Denied:
		return t("This is not allowed"), t("You, or the hub, may not do this. An administrator can change that.")
	case tandem.TooLarge:
		return t("This is too large"), ""
	case tandem.Full:
		return t("There is no space left"), t("Make room where the data is kept; then it goes on by itself.")
	case tandem.Transient, tandem.Unreadable:
		return t("This cannot be reached"), t("The hub tries again by itself. Nothing is deleted because a place cannot be reached.")
	}
	return t("Something went wrong inside the hub"), t("Nothing was changed by this. The hub's log says more.")
}

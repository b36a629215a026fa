package dav

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
)

// zone is a domain's service records.
type zone struct {
	srv map[string][]*net.SRV
	txt map[string][]string
}

func (z zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if l := z.srv["_"+service+"._"+proto+"."+name]; l != nil {
		return "", l, nil
	}
	return "", nil, errors.New("no such host")
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if l := z.txt[name]; l != nil {
		return l, nil
	}
	return nil, errors.New("no such host")
}

// site answers PROPFIND with what is given per path, else 404; "→" redirects.
func site(t *testing.T, pages map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path+" "+r.Header.Get("Depth")]
		if !ok {
			page, ok = pages[r.URL.Path]
		}
		switch to, is := strings.CutPrefix(page, "→"); {
		case !ok:
			http.NotFound(w, r)
		case is:
			http.Redirect(w, r, to, http.StatusMovedPermanently)
		default:
			w.WriteHeader(http.StatusMultiStatus)
			fmt.Fprintf(w, `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:a="urn:ietf:params:xml:ns:carddav" xmlns:c="urn:ietf:params:xml:ns:caldav">%s</d:multistatus>`, page)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func page(href, props string) string {
	return `<d:response><d:href>` + href + `</d:href><d:propstat><d:prop>` + props + `</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
}

func bookOf(href, name string) string {
	return page(href, `<d:resourcetype><d:collection/><a:addressbook/></d:resourcetype><d:displayname>`+name+`</d:displayname>`)
}

func calendarOf(href, name string, comps ...string) string {
	set := ""
	for _, c := range comps {
		set += `<c:comp name="` + c + `"/>`
	}
	return page(href, `<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>`+name+`</d:displayname><c:supported-calendar-component-set>`+set+`</c:supported-calendar-component-set>`)
}

const plain = `<d:resourcetype><d:collection/></d:resourcetype>`

func home(t *testing.T) map[string]string {
	return map[string]string{
		"/.well-known/carddav": "→/dav/", "/.well-known/caldav": "→/dav/",
		"/":                "→/web/",
		"/dav/":            page("/dav/", plain+`<d:current-user-principal><d:href>/dav/anna</d:href></d:current-user-principal>`),
		"/dav/anna":        page("/dav/anna", plain+`<a:addressbook-home-set><d:href>/books/anna</d:href></a:addressbook-home-set><c:calendar-home-set><d:href>/cals/anna/</d:href></c:calendar-home-set>`),
		"/books/anna/ 1":   page("/books/anna/", plain) + bookOf("/books/anna/one/", "Family") + bookOf("/books/anna/two%20x/", "") + calendarOf("/books/anna/no/", "No"),
		"/books/anna":      page("/books/anna/", plain),
		"/books/anna/one/": bookOf("/books/anna/one/", "Family"),
		"/cals/anna/ 1":    page("/cals/anna/", plain) + calendarOf("/cals/anna/office/", "Office", "VEVENT", "VTODO") + calendarOf("/cals/anna/lists/", "Lists", "VTODO") + calendarOf("/cals/anna/diary/", "Diary", "VJOURNAL"),
	}
}

func lookAt(t *testing.T, res Resolver, place string) ([]provider.Found, error) {
	t.Helper()
	reg := provider.NewRegistry(providers(res)...)
	p, err := reg.ParsePlace(place)
	if err != nil {
		t.Fatal(err)
	}
	pr, err := reg.Provider(p.Provider)
	if err != nil {
		t.Fatal(err)
	}
	return pr.List(t.Context(), p, provider.Env{})
}

// Collections are found from the server's root, the principal, a home, a collection, and a mail address. RFC 6764
func TestDiscovery(t *testing.T) {
	s := site(t, home(t))
	host := strings.TrimPrefix(s.URL, "http://")
	addr := s.Listener.Addr().(*net.TCPAddr)
	records := zone{srv: map[string][]*net.SRV{
		"_carddav._tcp.127.0.0.1":   {{Target: "127.0.0.1.", Port: uint16(addr.Port)}},
		"_caldav._tcp.127.0.0.1":    {{Target: "127.0.0.1.", Port: uint16(addr.Port)}},
		"_carddav._tcp.example.org": {{Target: "127.0.0.1.", Port: uint16(addr.Port)}},
		"_carddav._tcp.none.org":    {{Target: "."}},
	}, txt: map[string][]string{"_caldav._tcp.127.0.0.1": {"v=1", "path=/dav/"}}}
	both := "Family carddav://anna@" + host + "/books/anna/one/ contact, two x carddav://anna@" + host + "/books/anna/two%20x/ contact"
	mail := strings.ReplaceAll(both, "anna@127", "anna%40127.0.0.1@127")
	for place, want := range map[string]string{
		"carddav://anna@" + host:                      both,
		"carddav://anna@" + host + "/":                both,
		"carddav://anna@" + host + "/dav/":            both,
		"carddav://anna@" + host + "/dav/anna":        both,
		"carddav://anna@" + host + "/books/anna":      both,
		"carddav://anna@" + host + "/books/anna/one/": strings.Split(both, ", ")[0],
		"carddav:anna@127.0.0.1":                      mail,
		"caldav:anna@127.0.0.1": strings.NewReplacer("%", "anna%40127.0.0.1@"+host).Replace(
			"Diary caldav://%/cals/anna/diary/ note, Lists caldav://%/cals/anna/lists/ task, Office caldav://%/cals/anna/office/?kind=event event, Office caldav://%/cals/anna/office/?kind=task task"),
	} {
		got, err := lookAt(t, records, place)
		if err != nil {
			t.Errorf("%s: %v", place, err)
			continue
		}
		var texts []string
		for _, f := range got {
			texts = append(texts, fmt.Sprint(f.Name, " ", f.Place, " ", f.Kind))
		}
		if text := strings.Join(texts, ", "); text != want {
			t.Errorf("%s:\n  %s\nwant\n  %s", place, text, want)
		}
	}
	for place, want := range map[string]tandem.ErrorKind{
		"carddav://anna@" + host + "/nothing/": tandem.Unreadable, "carddav:anna@none.org:" + strconv.Itoa(addr.Port): tandem.Unreadable, "carddav:anna": tandem.Invalid, "carddav:anna@example.org": tandem.Denied, "carddav:/x": tandem.Invalid,
	} {
		if _, err := lookAt(t, records, place); !tandem.IsKind(err, want) {
			t.Errorf("%s: %v, want kind %v", place, err, want)
		}
	}
}

// A place that means several collections says which there are; an option or a kind chooses.
func TestChoice(t *testing.T) {
	list := []found{{at: mustURL(t, "https://x/w/"), name: "Work", components: []string{"VEVENT", "VTODO"}}, {at: mustURL(t, "https://x/l/"), name: "Lists", components: []string{"VTODO"}},
		{at: mustURL(t, "https://x/any/"), name: "Any"}}
	for options, want := range map[string]string{
		"":                          "2 collections",
		"kind=note":                 "/any/ note", // a server that names no components may take any
		"kind=event":                "2 collections",
		"collection=Work":           "/w/ event",
		"collection=w":              "/w/ event",
		"collection=work&kind=task": "/w/ task",
		"collection=Lists":          "/l/ task",
		"collection=None":           "no such collection",
	} {
		place := provider.Place{Text: "caldavs://anna@x/", Options: map[string]string{}}
		for _, o := range strings.Split(options, "&") {
			if k, v, ok := strings.Cut(o, "="); ok {
				place.Options[k] = v
			}
		}
		a := &acct{service: services()[1], place: place, user: "anna"}
		f, k, err := a.choose(list)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = f.at.Path + " " + string(k)
		}
		if options == "" {
			want = "3 collections"
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", options, got, want)
		}
	}
}

// The account's password goes to nobody else.
func TestPasswordStaysHome(t *testing.T) {
	var leaked bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked = leaked || r.Header.Get("Authorization") != ""
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(other.Close)
	for name, pages := range map[string]map[string]string{
		"redirect":  {"/": "→" + other.URL + "/"},
		"principal": {"/": page("/", plain+`<d:current-user-principal><d:href>`+other.URL+`/p/</d:href></d:current-user-principal>`)},
		"home":      {"/": page("/", plain+`<a:addressbook-home-set><d:href>`+other.URL+`/h/</d:href></a:addressbook-home-set>`)},
	} {
		s := site(t, pages)
		_, err := lookAt(t, zone{}, "carddav://anna@"+strings.TrimPrefix(s.URL, "http://")+"/?password-from=env:PATH")
		if err == nil || leaked {
			t.Errorf("%s: %v, leaked: %v", name, err, leaked)
		}
	}
}

// A root that belongs to people and leads away is no reason not to look at the well-known address, and a server that wants the short name gets it.
func TestWaysToLogin(t *testing.T) {
	pages := home(t)
	pages["/"] = "→http://example.org/welcome"
	s := site(t, pages)
	if got, err := lookAt(t, zone{}, "carddav://anna@"+strings.TrimPrefix(s.URL, "http://")+"/"); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	inner := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pw, _ := r.BasicAuth(); user != "anna" || pw != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})
	addr := s.Listener.Addr().(*net.TCPAddr)
	records := zone{srv: map[string][]*net.SRV{"_carddav._tcp.127.0.0.1": {{Target: "127.0.0.1.", Port: uint16(addr.Port)}}}}
	reg := provider.NewRegistry(providers(records)...)
	p, err := reg.ParsePlace("carddav:anna@127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	pr, err := reg.Provider("carddav")
	if err != nil {
		t.Fatal(err)
	}
	for pw, ok := range map[string]bool{"secret": true, "wrong": false} {
		got, err := pr.List(t.Context(), p, provider.Env{Secret: func(context.Context, string) (string, error) { return pw, nil }})
		if (err == nil && len(got) == 2) != ok || !ok && !tandem.IsKind(err, tandem.Denied) {
			t.Errorf("%s: %v, %v", pw, got, err)
		}
	}
}

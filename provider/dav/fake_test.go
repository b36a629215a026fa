package dav

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/provider"
	"tandem/wire/davxml"
)

// fake is an address book in memory behind HTTP, with the ways of servers that cannot be run here as knobs.
type fake struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex // guards what follows
	members map[string]member1
	seq     int
	gone    map[string]int                                    // name → sequence number of its deletion
	asked   []string                                          // methods and names, in order
	before  func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	after   func(method string, body []byte) []byte           // spoils an answer

	ctag       bool   // the collection has a tag of its own
	token      string // prefix of sync tokens; "": the server has no sync reports
	noTag      bool   // no entity tags in listings and answers
	putTag     string // entity tag after PUT: "strong" (also when empty), "none", "weak"
	bare       bool   // entity tags without quotes
	edits      func([]byte) []byte
	renames    bool
	omits      bool // multiget leaves out what is not there
	statused   bool // sync reports give changed members a status of their own
	teapot     bool
	drops      bool // sync tokens are answered with everything
	page       int
	emptyProps bool
	noMultiget bool
	forget     func(w http.ResponseWriter) // answers an old token
}

type member1 struct {
	body []byte
	tag  int // sequence number of its last change
}

const fakeBook = "/dav/anna@x/book/"

func newFake(t *testing.T) *fake {
	f := &fake{t: t, members: map[string]member1{}, gone: map[string]int{}, token: "http://sabre.io/ns/sync/"}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) env() provider.Env {
	known := kinds.Kinds()
	return provider.Env{Kind: func(k tandem.Kind) (kind.Handler, bool) { h, ok := known[k]; return h, ok },
		Secret: func(context.Context, string) (string, error) { return "secret", nil }}
}

func (f *fake) open() *provider.Opened {
	f.t.Helper()
	o, err := provider.NewRegistry(Providers()...).Open(f.t.Context(), "carddav://anna@"+strings.TrimPrefix(f.URL, "http://")+fakeBook, f.env())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { o.Close() })
	return o
}

// as makes the replica take the server for one that it knows by its address, which a test cannot have.
func as(o *provider.Opened, set func(*quirks)) *provider.Opened {
	r := o.Replica.(*replica)
	_, done, err := r.ready(context.Background())
	if err != nil {
		panic(err)
	}
	done()
	set(r.link.ways.Load())
	return o
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) count(prefix string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, a := range f.asked {
		if strings.HasPrefix(a, prefix) {
			n++
		}
	}
	return n
}

func (f *fake) put(name string, body []byte) {
	f.set(func() { f.store(name, body) })
}

func (f *fake) store(name string, body []byte) {
	f.seq++
	if f.edits != nil {
		body = f.edits(body)
	}
	f.members[name] = member1{body, f.seq}
	delete(f.gone, name)
}

func (f *fake) remove(name string) {
	f.set(func() { f.drop(name) })
}

func (f *fake) drop(name string) {
	f.seq++
	delete(f.members, name)
	f.gone[name] = f.seq
}

func (f *fake) tag(n int) string {
	if f.bare {
		return "t" + strconv.Itoa(n)
	}
	return `"t` + strconv.Itoa(n) + `"`
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path, _ := url.PathUnescape(r.URL.EscapedPath())
	name := strings.TrimPrefix(path, fakeBook)
	f.asked = append(f.asked, r.Method+" "+name)
	if f.before != nil && f.before(w, r) {
		return
	}
	var out bytes.Buffer
	status := http.StatusMultiStatus
	switch {
	case r.Method == "PROPFIND" && path == fakeBook:
		f.propfind(&out, r.Header.Get("Depth") == "1")
	case r.Method == "REPORT" && path == fakeBook:
		status = f.report(w, r, &out)
	case strings.HasPrefix(path, fakeBook) && name != "":
		status = f.one(w, r, name, &out)
	default:
		status = http.StatusNotFound
	}
	if status == 0 {
		return
	}
	data := out.Bytes()
	if f.after != nil {
		data = f.after(r.Method, data)
	}
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

func (f *fake) self() davxml.Response {
	props := []*davxml.Element{davxml.New(davxml.D("resourcetype"), davxml.New(davxml.D("collection")), davxml.New(davxml.A("addressbook"))), davxml.NewText(davxml.D("displayname"), "Book")}
	reports := davxml.New(davxml.D("supported-report-set"))
	add := func(n davxml.Name) {
		reports.Add(davxml.New(davxml.D("supported-report"), davxml.New(davxml.D("report"), davxml.New(n))))
	}
	add(davxml.A("addressbook-multiget"))
	add(davxml.A("addressbook-query"))
	if f.token != "" {
		add(davxml.D("sync-collection"))
		props = append(props, davxml.NewText(davxml.D("sync-token"), f.token+strconv.Itoa(f.seq)))
	}
	if f.ctag {
		props = append(props, davxml.NewText(davxml.S("getctag"), strconv.Itoa(f.seq)))
	}
	r := davxml.Response{Href: strings.ReplaceAll(fakeBook, "@", "%40"), Propstats: []davxml.Propstat{{Status: 200, Props: append(props, reports)}}}
	if f.emptyProps {
		r.Propstats = append(r.Propstats, davxml.Propstat{Status: 404, Props: []*davxml.Element{davxml.New(davxml.D("resourcetype")), davxml.New(davxml.D("sync-token"))}})
	}
	return r
}

func (f *fake) member(name string) davxml.Response {
	m := f.members[name]
	r := davxml.Response{Href: fakeBook + escapeSegment(name), Propstats: []davxml.Propstat{{Status: 200, Props: []*davxml.Element{davxml.New(davxml.D("resourcetype"))}}}}
	if !f.noTag {
		r.Propstats[0].Props = append(r.Propstats[0].Props, davxml.NewText(davxml.D("getetag"), f.tag(m.tag)))
	}
	if f.emptyProps {
		r.Propstats = append(r.Propstats, davxml.Propstat{Status: 404, Props: []*davxml.Element{davxml.New(davxml.D("getetag"))}})
	}
	return r
}

func (f *fake) names() []string {
	var names []string
	for n := range f.members {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (f *fake) propfind(out io.Writer, deep bool) {
	m := davxml.NewMultistatus(out)
	m.Response(f.self())
	if deep {
		for _, n := range f.names() {
			m.Response(f.member(n))
		}
	}
	_ = m.Close()
}

func (f *fake) report(w http.ResponseWriter, r *http.Request, out io.Writer) int {
	root, err := davxml.Parse(r.Body, davxml.Limits{})
	if err != nil {
		return http.StatusBadRequest
	}
	m := davxml.NewMultistatus(out)
	switch root.Name {
	case davxml.D("sync-collection"):
		return f.sync(w, m, root.Get(davxml.D("sync-token")))
	case davxml.A("addressbook-multiget"):
		if f.noMultiget {
			return http.StatusNotImplemented
		}
		for h := range root.All(davxml.D("href")) {
			path, _ := url.PathUnescape(h.Value())
			name := strings.TrimPrefix(path, fakeBook)
			if x, ok := f.members[name]; ok {
				resp := f.member(name)
				resp.Propstats[0].Props = append(resp.Propstats[0].Props, davxml.NewText(davxml.A("address-data"), string(x.body)))
				m.Response(resp)
			} else if !f.omits {
				m.Response(davxml.Response{Href: h.Value(), Status: 404})
			}
		}
	case davxml.A("addressbook-query"):
		uid := root.Path(davxml.A("filter"), davxml.A("prop-filter"), davxml.A("text-match")).Value()
		for _, n := range f.names() {
			if outlineOf(f.members[n].body).uid == uid {
				m.Response(f.member(n))
			}
		}
	}
	_ = m.Close()
	return http.StatusMultiStatus
}

func (f *fake) sync(w http.ResponseWriter, m *davxml.Multistatus, token string) int {
	since := 0
	if token != "" {
		if f.forget != nil {
			f.forget(w)
			return 0
		}
		since, _ = strconv.Atoi(strings.TrimPrefix(token, f.token))
	}
	if f.drops {
		since = 0
	}
	type news struct {
		name string
		seq  int
	}
	var list []news
	for n, x := range f.members {
		list = append(list, news{n, x.tag})
	}
	for n, seq := range f.gone {
		if since > 0 {
			list = append(list, news{n, seq})
		}
	}
	list = slices.DeleteFunc(list, func(n news) bool { return n.seq <= since })
	slices.SortFunc(list, func(a, b news) int { return a.seq - b.seq })
	next := f.seq
	if f.page > 0 && len(list) > f.page {
		list = list[:f.page]
		next = list[f.page-1].seq
		m.Response(davxml.Response{Href: fakeBook, Status: 507})
	}
	for _, n := range list {
		if _, there := f.members[n.name]; !there {
			r := davxml.Response{Href: fakeBook + escapeSegment(n.name), Status: 404}
			if f.teapot {
				r.Propstats = []davxml.Propstat{{Status: 418}}
			}
			m.Response(r)
			continue
		}
		r := f.member(n.name)
		if f.statused {
			r.Status = 201
		}
		m.Response(r)
	}
	m.Element(davxml.NewText(davxml.D("sync-token"), f.token+strconv.Itoa(next)))
	_ = m.Close()
	return http.StatusMultiStatus
}

func (f *fake) one(w http.ResponseWriter, r *http.Request, name string, out io.Writer) int {
	m, there := f.members[name]
	if want := r.Header.Get("If-Match"); want != "" && want != "*" && (!there || want != f.tag(m.tag)) || r.Header.Get("If-None-Match") == "*" && there {
		return http.StatusPreconditionFailed
	}
	switch r.Method {
	case "GET":
		if !there {
			return http.StatusNotFound
		}
		if !f.noTag {
			w.Header().Set("ETag", f.tag(m.tag))
		}
		_, _ = out.Write(m.body)
		return http.StatusOK
	case "DELETE":
		if !there {
			return http.StatusNotFound
		}
		f.drop(name)
		return http.StatusNoContent
	case "PUT":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return http.StatusBadRequest
		}
		if f.renames && !there {
			name = fmt.Sprintf("own%d", f.seq)
			w.Header().Set("Location", fakeBook+name)
		}
		f.store(name, body)
		switch tag := f.tag(f.seq); f.putTag {
		case "none":
		case "weak":
			w.Header().Set("ETag", "W/"+tag)
		default:
			w.Header().Set("ETag", tag)
		}
		return http.StatusCreated
	}
	return http.StatusMethodNotAllowed
}

// listed reads a listing.
func listed(t *testing.T, o *provider.Opened, since tandem.Cursor) (map[tandem.ID]tandem.Change, tandem.Listing, error) {
	t.Helper()
	seq, end := o.Changes(t.Context(), since)
	out := map[tandem.ID]tandem.Change{}
	for c, err := range seq {
		if err != nil {
			return out, end(), err
		}
		out[c.ID] = c
	}
	return out, end(), nil
}

func create(n int) tandem.Write {
	id := tandem.ID(fmt.Sprintf("c%d.vcf", n))
	return tandem.Write{Op: tandem.Create, ID: id, Marker: tandem.Marker("m" + id), Record: tandem.Record{Body: tandem.Bytes(card(n, 1, 0))}}
}

// apply performs writes that the place as a whole must take.
func apply(t *testing.T, o *provider.Opened, writes ...tandem.Write) []tandem.Outcome {
	t.Helper()
	out, err := o.Apply(t.Context(), writes)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

package dav

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tandem"
	"tandem/provider"
	"tandem/provider/dav/conn"
	"tandem/wire/davxml"
)

const (
	metaName   = ".tandem"         // folder of ours in the root, as in local folders
	idName     = metaName + "/dav" // file with the identity
	uploadMark = ".tandem-upload-" // begins the names of files in the making
	dirVersion = "dir"             // of every folder: what happens inside is no news of it
	maxDepth   = 200
)

// tree is a folder of a server, opened for syncing.
type tree struct {
	a      *acct
	link   *link
	at     *url.URL
	id     tandem.Identity
	atomic bool // the server looks at conditions and shows no half of a file
	life   context.Context
	end    context.CancelFunc
}

func (a *acct) openTree(ctx context.Context) (*provider.Opened, error) {
	t := &tree{a: a, link: a.link, at: asCollection(a.base)}
	t.life, t.end = context.WithCancel(context.WithoutCancel(ctx))
	readOnly, err := t.begin(ctx)
	if err != nil {
		t.end()
		return nil, err
	}
	return &provider.Opened{Replica: t, Kind: tandem.File, Place: a.place.Text, Rate: t.link.quirks().rate,
		Features: provider.Features{Tree: true, Rename: true, ReadOnly: readOnly, Batch: batch}}, nil
}

// begin looks at the folder and at who it is.
func (t *tree) begin(ctx context.Context) (readOnly bool, err error) {
	root, err := t.root(ctx)
	if err != nil {
		return false, err
	}
	readOnly = t.a.place.Bool("read-only") || !mayWrite(root)
	h := *t.link.header.Load()
	ways := learn(t.at, h, "")
	t.link.ways.Store(&ways)
	server := h.Get("Server")
	t.atomic = strings.Contains(t.at.Path, "/remote.php/") || h.Get("X-Sabre-Version") != "" || strings.HasPrefix(server, "Apache")
	t.id = tandem.Identity{Store: "webdav://" + strings.ToLower(t.at.Host) + cleanPath(t.at)}
	planted, err := t.plant(ctx, readOnly)
	if planted != "" {
		t.id.Store = planted
	}
	return readOnly, err
}

// root looks whether the folder is there.
func (t *tree) root(ctx context.Context) (*davxml.Response, error) {
	r, err := t.link.propfind(ctx, t.at, davxml.D("resourcetype"), davxml.D("current-user-privilege-set"))
	if err != nil {
		return nil, err
	}
	if !r.Prop(davxml.D("resourcetype")).Has(davxml.D("collection")) {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "open", Thing: t.at.Redacted(), Err: errors.New("it is no folder"), Remedy: "check the address"}
	}
	return r, nil
}

// plant reads the identity of the folder, or gives it one. "": there is none, and none can be given.
func (t *tree) plant(ctx context.Context, readOnly bool) (string, error) {
	read := func() (string, error) {
		resp, err := t.link.Do(ctx, &conn.Request{Method: "GET", URL: t.url(idName)})
		if err != nil {
			return "", broken(ctx, "get", t.at, err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusForbidden {
				return "", nil
			}
			return "", t.link.refusal(resp, "read identity of")
		}
		data, err := io.ReadAll(io.LimitReader(resp.Body, 200))
		if id := strings.TrimSpace(string(data)); err == nil && strings.HasPrefix(id, "tandem-") && utf8.ValidString(id) {
			return id, nil
		}
		return "", err
	}
	id, err := read()
	if id != "" || err != nil || readOnly {
		return id, err
	}
	for _, r := range []*conn.Request{{Method: "MKCOL", URL: t.url(metaName)},
		{Method: "PUT", URL: t.url(idName), Body: tandem.Bytes("tandem-" + rand.Text() + "\n"), Header: map[string]string{"If-None-Match": "*", "Content-Type": "text/plain"}}} {
		resp, err := t.link.Do(ctx, r)
		if err != nil {
			return "", broken(ctx, "plant identity in", t.at, err)
		}
		resp.Body.Close() // what it says shows when the identity is read
	}
	return read()
}

// enter begins an operation, as replica.begin does.
func (t *tree) enter(ctx context.Context) (context.Context, func(), error) {
	if t.life.Err() != nil {
		return nil, nil, tandem.Errorf(tandem.Invalid, "%s is closed", t.a.place.Text)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.life, cancel)
	return ctx, func() { stop(); cancel() }, nil
}

// Identity implements provider.Replica.
func (t *tree) Identity(ctx context.Context) (tandem.Identity, error) {
	ctx, done, err := t.enter(ctx)
	if err != nil {
		return tandem.Identity{}, err
	}
	defer done()
	_, err = t.root(ctx)
	return t.id, err
}

// Watch implements provider.Replica. Servers tell of changes only to those who ask.
func (t *tree) Watch(ctx context.Context) (<-chan tandem.Hint, error) {
	_, done, err := t.enter(ctx)
	if err == nil {
		done()
	}
	return nil, err
}

// Close implements provider.Replica.
func (t *tree) Close() error {
	t.end()
	t.link.Close()
	return nil
}

// url is the address of a path below the folder.
func (t *tree) url(id string) *url.URL {
	u := t.at
	for seg := range strings.SplitSeq(id, "/") {
		u = below(u, escapeSegment(seg))
	}
	return u
}

// sound tells whether an id is a path within the tree that a server can hold.
func sound(id tandem.ID) bool {
	s := string(id)
	if s == "" || s != path.Clean(s) || s[0] == '/' || s == "." || s == ".." || strings.HasPrefix(s, "../") || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\\") {
		return false
	}
	return !ours(s)
}

// ours tells the names that belong to Tandem and are no records.
func ours(id string) bool {
	return id == metaName || strings.HasPrefix(id, metaName+"/") || strings.HasPrefix(path.Base(id), uploadMark)
}

func treeProps() []davxml.Name {
	return []davxml.Name{davxml.D("resourcetype"), davxml.D("getetag"), davxml.D("getcontentlength"), davxml.D("getlastmodified")}
}

// entry is a file or folder as a listing shows it.
type entry struct {
	dir bool
	tag string // entity tag as the server spells it
	tandem.Meta
}

func entryOf(r *davxml.Response) entry {
	if r.Prop(davxml.D("resourcetype")).Has(davxml.D("collection")) {
		return entry{dir: true, Meta: tandem.Meta{Version: dirVersion, Attrs: "type=dir"}}
	}
	e := entry{tag: r.Prop(davxml.D("getetag")).Value()}
	e.Size, _ = strconv.ParseInt(r.Prop(davxml.D("getcontentlength")).Value(), 10, 64)
	modified := r.Prop(davxml.D("getlastmodified")).Value()
	if at, err := http.ParseTime(modified); err == nil {
		e.Modified = at.UnixNano()
	}
	if e.Version = tagVersion(e.tag); e.Version == "" && modified != "" { // the best there is without entity tags
		e.Version = tandem.Version("time:" + modified + " " + strconv.FormatInt(e.Size, 10))
	}
	return e
}

// stat looks at one path. NotFound where nothing is there.
func (t *tree) stat(ctx context.Context, id tandem.ID) (entry, error) {
	r, err := t.link.propfind(ctx, t.url(string(id)), treeProps()...)
	if statusOf(err) == http.StatusNotFound || statusOf(err) == http.StatusGone {
		return entry{}, gone(id)
	}
	if err != nil {
		return entry{}, err
	}
	if r.Status >= 400 {
		if r.Status == http.StatusNotFound || r.Status == http.StatusGone {
			return entry{}, gone(id)
		}
		return entry{}, t.link.refused(&davxml.Condition{Status: r.Status}, "read", string(id), 0, t.at.Host)
	}
	return entryOf(r), nil
}

// Fetch implements provider.Replica. Bodies are read when they are opened.
func (t *tree) Fetch(ctx context.Context, ids []tandem.ID) iter.Seq2[tandem.Record, error] {
	return func(yield func(tandem.Record, error) bool) {
		ctx, done, err := t.enter(ctx)
		if err != nil {
			yield(tandem.Record{}, err)
			return
		}
		defer done()
		for _, id := range ids {
			rec := tandem.Record{ID: id}
			err := error(gone(id))
			if sound(id) {
				var e entry
				if e, err = t.stat(ctx, id); err == nil {
					rec.Meta = e.Meta
					if !e.dir {
						rec.Body = &remote{tree: t, id: id, entry: e}
					}
				}
			}
			if down(err) {
				yield(tandem.Record{}, err)
				return
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// remote is the body of a file on the server.
type remote struct {
	*tree
	id tandem.ID
	entry
}

// Size implements tandem.Body.
func (b *remote) Size() int64 { return b.entry.Size }

// Open implements tandem.Body. The file must still be the one that was listed.
func (b *remote) Open() (io.ReadCloser, error) {
	ctx, done, err := b.enter(context.Background()) // a body has no context; closing it or the replica ends it
	if err != nil {
		return nil, err
	}
	r := &download{remote: b, ctx: ctx, done: done}
	if err := r.ask(); err != nil {
		done()
		return nil, err
	}
	return r, nil
}

// download reads a file, and goes on where it was when the line breaks.
type download struct {
	*remote
	ctx   context.Context
	done  func()
	body  io.ReadCloser
	at    int64
	tries int
}

func (d *download) ask() error {
	h := map[string]string{"Accept-Encoding": "identity"}
	if fits(d.Version) && d.tag != "" {
		h["If-Match"] = ifMatch(d.Version)
	}
	if d.at > 0 {
		h["Range"] = "bytes=" + strconv.FormatInt(d.at, 10) + "-"
	}
	u := d.url(string(d.id))
	resp, err := d.link.Do(d.ctx, &conn.Request{Method: "GET", URL: u, Header: h})
	if err != nil {
		return broken(d.ctx, "get", u, err)
	}
	want := http.StatusOK
	if d.at > 0 {
		want = http.StatusPartialContent
	}
	changed := &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: string(d.id), Err: errors.New("it changed while it was read")}
	switch tag := resp.Header.Get("ETag"); {
	case resp.StatusCode == http.StatusPreconditionFailed, resp.StatusCode == want && tag != "" && d.tag != "" && tagVersion(tag) != tagVersion(d.tag):
		err = changed
	case resp.StatusCode == http.StatusNotFound:
		err = gone(d.id)
	case resp.StatusCode != want:
		err = d.link.refused(condition(resp), "read", string(d.id), conn.RetryAfter(resp.Header, time.Now()), u.Host)
	default:
		d.body = resp.Body
		return nil
	}
	resp.Body.Close()
	return err
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	d.at += int64(n)
	switch {
	case err == io.EOF && d.at != d.entry.Size:
		return n, &tandem.Error{Kind: tandem.Changed, Op: "read", Thing: string(d.id), Err: errors.New("it is not as long as it was listed")}
	case err == nil || err == io.EOF || n > 0:
		if err != io.EOF {
			err = nil // told with the next call
		}
		return n, err
	case d.tries < 3 && d.ctx.Err() == nil && d.tag != "":
		d.tries++
		d.body.Close()
		if again := d.ask(); again != nil {
			d.body = io.NopCloser(strings.NewReader(""))
			return 0, again
		}
		return 0, nil
	}
	return n, err
}

func (d *download) Close() error {
	defer d.done()
	return d.body.Close()
}

// folders implements provider.Provider.List for files: the folders right below the address.
func (a *acct) folders(ctx context.Context) ([]provider.Found, error) {
	t := &tree{a: a, link: a.link, at: asCollection(a.base)}
	root, err := t.root(ctx)
	if err != nil {
		return nil, err
	}
	out := []provider.Found{{Name: lastSegment(t.at), Place: a.text(&found{at: t.at}, ""), Kind: tandem.File, ReadOnly: !mayWrite(root)}}
	seq, _ := t.link.listing(ctx, "PROPFIND", t.at, "1", propfindBody(treeProps()), maxListing)
	for r, err := range seq {
		if err != nil {
			return nil, err
		}
		if segment, _ := member(t.at, r.Href); segment != "" && entryOf(r).dir {
			if id := string(idOf(segment)); !ours(id) {
				out = append(out, provider.Found{Name: id, Place: a.text(&found{at: asCollection(below(t.at, segment))}, ""), Kind: tandem.File})
			}
		}
	}
	return out, nil
}

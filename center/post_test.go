package center

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem"
	"tandem/kind"
	kinds "tandem/kind/all"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/provider"
	"tandem/provider/home"
	"tandem/provider/maildir"
	"tandem/session"
	"tandem/store"
	"tandem/store/sqlite"
)

// post is a hub with users and trees of Maildirs, and a provider of them that can be made to fail.
type post struct {
	*testing.T
	hub   *Hub
	store *store.Store
	root  string
	fail  error  // of List
	after func() // done once, after the next List; nil: nothing
	blind bool   // folders have no identity of their own, as at many servers
	calls []string
	seek  func(provider.Sought) (provider.Beyond, error) // what is beyond a window; nil: nothing

	mu    sync.Mutex // guards what follows
	fresh []time.Time
}

func newPost(t *testing.T) *post {
	t.Helper()
	return newPostWith(t, provider.Env{})
}

// newPostWith is a post with further providers.
func newPostWith(t *testing.T, env provider.Env, more ...*provider.Provider) *post {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &post{T: t, store: st, root: t.TempDir()}
	for _, u := range []string{"anna", "ben"} {
		if err := st.Accounts.AddUser(t.Context(), store.User{Name: u}); err != nil {
			t.Fatal(err)
		}
	}
	known := kinds.Kinds()
	opener := home.Opener{Store: st, Kinds: known}
	p.hub = New(Config{
		Store: st, Places: provider.NewRegistry(append(more, p.provider())...), Env: env,
		Kind: func(k tandem.Kind) (kind.Handler, bool) { h, ok := known[k]; return h, ok },
		OpenHome: func(c tandem.Collection) (*provider.Opened, error) {
			mine := opener
			mine.User = c.User
			return mine.Open(c)
		},
		Run: func(ctx context.Context, p session.Pair, o session.Options) (*session.Report, error) {
			return session.Run(ctx, session.Deps{Store: st}, p, o)
		},
	})
	t.Cleanup(func() {
		if err := p.hub.Close(); err != nil {
			t.Error(err)
		}
		st.Close()
	})
	return p
}

func (p *post) provider() *provider.Provider {
	m := *maildir.Provider()
	list, folders, open := m.List, m.Folders, m.Open
	m.Open = func(ctx context.Context, place provider.Place, env provider.Env) (*provider.Opened, error) {
		p.asOf(ctx)
		return open(ctx, place, env)
	}
	m.List = func(ctx context.Context, place provider.Place, env provider.Env) ([]provider.Found, error) {
		p.asOf(ctx)
		if p.fail != nil {
			return nil, p.fail
		}
		out, err := list(ctx, place, env)
		for i := range out {
			if p.blind {
				out[i].Stable = ""
			}
		}
		if do := p.after; do != nil {
			p.after = nil
			do()
		}
		return out, err
	}
	m.Seek = func(_ context.Context, _ provider.Place, _ provider.Env, q provider.Sought) (provider.Beyond, error) {
		if p.seek == nil {
			return provider.Beyond{}, nil
		}
		return p.seek(q)
	}
	m.Folders = func(ctx context.Context, place provider.Place, env provider.Env) (provider.Folders, error) {
		fs, err := folders(ctx, place, env)
		return noted{fs, p}, err
	}
	return &m
}

// asOf notes what moment a question may be answered as of.
func (p *post) asOf(ctx context.Context) {
	t, _ := provider.Fresh(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fresh = append(p.fresh, t)
}

// noted notes what is asked of folders.
type noted struct {
	provider.Folders
	*post
}

func (n noted) Create(ctx context.Context, path, role string) (provider.Found, error) {
	n.calls = append(n.calls, "create "+path)
	f, err := n.Folders.Create(ctx, path, role)
	if n.blind {
		f.Stable = ""
	}
	return f, err
}

func (n noted) Rename(ctx context.Context, f provider.Found, to string) (provider.Found, error) {
	n.calls = append(n.calls, "rename "+f.Name+" "+to)
	out, err := n.Folders.Rename(ctx, f, to)
	if n.blind {
		out.Stable = ""
	}
	return out, err
}

func (n noted) WatchFolders(ctx context.Context) (<-chan tandem.Hint, error) {
	return n.Folders.(provider.FolderWatcher).WatchFolders(ctx)
}

func (n noted) Delete(ctx context.Context, f provider.Found) error {
	n.calls = append(n.calls, "delete "+f.Name)
	return n.Folders.Delete(ctx, f)
}

// tree makes a tree of Maildirs.
func (p *post) tree(name string, dirs ...string) {
	p.Helper()
	for _, d := range append([]string{""}, dirs...) {
		for _, part := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(p.root, name, d, part), 0o700); err != nil {
				p.Fatal(err)
			}
		}
	}
}

// deliver puts n messages into a folder.
func (p *post) deliver(dir string, n int, what string) {
	p.Helper()
	for i := range n {
		body := fmt.Sprintf("Subject: %s %d\nMessage-ID: <%s-%d@x>\n\nx\n", what, i, what, i)
		if err := os.WriteFile(filepath.Join(p.root, dir, "new", fmt.Sprintf("17000000%02d.M%s.h", i, what)), []byte(body), 0o600); err != nil {
			p.Fatal(err)
		}
	}
}

func (p *post) messages(dir string) int {
	n := 0
	for _, sub := range []string{"new", "cur"} {
		names, _ := os.ReadDir(filepath.Join(p.root, dir, sub))
		n += len(names)
	}
	return n
}

func (p *post) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// begin makes an account of a tree.
func (p *post) begin(name, user string) {
	p.Helper()
	_, err := p.hub.AddPartner(p.Context(), user, name, "maildir:"+filepath.Join(p.root, name))
	p.must(err)
	p.must(p.hub.FollowFolders(p.Context(), Follow{Partner: name, User: user}))
	p.sync()
}

// sync runs everything once.
func (p *post) sync() {
	p.Helper()
	p.must(p.trySync())
}

func (p *post) trySync() (failed error) {
	p.Helper()
	err := p.hub.Sync(p.Context(), nil, SyncOptions{}, func(n SyncNews) {
		if n.Err != nil {
			failed = n.Err.Err()
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// homes are a user's mail folders with their numbers of messages.
func (p *post) homes(user string) string {
	p.Helper()
	colls, err := p.store.Home.Collections(p.Context(), user)
	p.must(err)
	var out []string
	for _, c := range colls {
		if c.Kind != tandem.Mail {
			continue
		}
		recs, err := p.recordsIn(c)
		if tandem.IsKind(err, tandem.NotFound) {
			continue // a running hub has removed it since it was listed
		}
		p.must(err)
		out = append(out, fmt.Sprintf("%s:%d", c.Name, len(recs)))
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

func (p *post) records(c tandem.Collection) []store.HomeRecord {
	recs, err := p.recordsIn(c)
	p.must(err)
	return recs
}

func (p *post) recordsIn(c tandem.Collection) ([]store.HomeRecord, error) {
	recs, _, err := p.store.Home.Since(p.Context(), c.ID, 0, 0)
	return slices.DeleteFunc(recs, func(r store.HomeRecord) bool { return r.Deleted }), err
}

func (p *post) homeIs(user, want string) {
	p.Helper()
	if got := p.homes(user); got != want {
		p.Errorf("%s has %q, want %q", user, got, want)
	}
}

// placeIs checks the folders of a tree with their numbers of messages.
func (p *post) placeIs(tree, want string) {
	p.Helper()
	dirs, err := maildir.List(p.Context(), filepath.Join(p.root, tree))
	p.must(err)
	var out []string
	for _, f := range dirs {
		dir, _ := strings.CutPrefix(f.Place, "maildir:"+p.root+"/")
		out = append(out, fmt.Sprintf("%s:%d", f.Name, p.messages(dir)))
	}
	sort.Strings(out)
	if got := strings.Join(out, " "); got != want {
		p.Errorf("%s has %q, want %q", tree, got, want)
	}
}

func (p *post) coll(user, name string) tandem.Collection {
	p.Helper()
	colls, err := p.store.Home.Collections(p.Context(), user)
	p.must(err)
	for _, c := range colls {
		if c.Kind == tandem.Mail && c.Name == name {
			return c
		}
	}
	p.Fatalf("%s has no folder %q: %s", user, name, p.homes(user))
	return tandem.Collection{}
}

func (p *post) makeHome(user, name string) tandem.Collection {
	p.Helper()
	c, err := p.store.Home.PutCollection(p.Context(), tandem.Collection{User: user, Kind: tandem.Mail, Name: name})
	p.must(err)
	return c
}

func (p *post) renameHome(user, name, to string) {
	p.Helper()
	c := p.coll(user, name)
	c.Name = to
	_, err := p.store.Home.PutCollection(p.Context(), c)
	p.must(err)
}

func (p *post) removeHome(user, name string) {
	p.Helper()
	p.must(p.store.Home.RemoveCollection(p.Context(), p.coll(user, name).ID))
}

// write puts a message into a mail folder of the hub, as a phone does.
func (p *post) write(c tandem.Collection, text string, f mail.Flags) {
	p.Helper()
	_, err := mailbox.New(p.store).Put(p.Context(), c, mailbox.Message{Body: tandem.Bytes("Subject: " + text + "\n\n" + text + "\n"), Flags: f})
	p.must(err)
}

func (p *post) rename(from, to string) {
	p.Helper()
	p.must(os.Rename(filepath.Join(p.root, from), filepath.Join(p.root, to)))
}

func (p *post) remove(dir string) {
	p.Helper()
	p.must(os.RemoveAll(filepath.Join(p.root, dir)))
}

// asked checks what was asked of the place's folders since the last time.
func (p *post) asked(want ...string) {
	p.Helper()
	if !slices.Equal(p.calls, want) {
		p.Errorf("asked of the place: %q, want %q", p.calls, want)
	}
	p.calls = nil
}

// quiet checks that nothing is left to be done.
func (p *post) quiet() {
	p.Helper()
	p.calls = nil
	p.sync()
	p.asked()
}

// held are the folders of an account that wait for an answer.
func (p *post) held(partner string) (out []string) {
	p.Helper()
	list, err := p.hub.Folders(p.Context(), partner)
	p.must(err)
	for _, f := range list {
		if f.Held != "" {
			out = append(out, f.Path)
		}
	}
	return out
}

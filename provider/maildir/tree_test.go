package maildir

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/provider"
)

// grow makes the folders of a tree; the empty name is its root.
func grow(t *testing.T, dirs ...string) (root string, tree *Tree) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "Mail 50%?")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		for _, part := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(root, d, part), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root, &Tree{root: root}
}

// folders lists a tree as "name (role)".
func folders(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	for _, f := range mustList(t, root) {
		text := f.Name
		if f.Role != "" {
			text += " (" + f.Role + ")"
		}
		out = append(out, text)
	}
	return out
}

func mustList(t *testing.T, root string) []provider.Found {
	t.Helper()
	list, err := List(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func mustFind(t *testing.T, root, name string) provider.Found {
	t.Helper()
	for _, f := range mustList(t, root) {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no %q", name)
	return provider.Found{}
}

func TestList(t *testing.T) {
	for name, c := range map[string]struct{ dirs, want []string }{
		"Maildir++": {[]string{"", ".Sent", ".Archive", ".Archive.2024", ".Entw&APw-rfe", ".Größe", ".v1&AC4-2&AC8-x", ".50%", "..odd", ".a..b"},
			[]string{"INBOX (inbox)", "50%25", "Archive (archive)", "Archive/2024", "Entwürfe (drafts)", "Größe", "Sent (sent)", "v1.2%2Fx"}},
		"Dovecot below INBOX": {[]string{"", ".INBOX.Trash", ".Spam"}, []string{"INBOX (inbox)", "INBOX/Trash (trash)", "Spam (junk)"}},
		"mbsync Verbatim":     {[]string{"Inbox", "Lists/go", "Lists/go/old", "Sent Items"}, []string{"Inbox", "Lists/go", "Lists/go/old", "Sent Items (sent)"}},
		"mbsync Legacy":       {[]string{"A", "A/.B", "A/.B/.C", ".hidden"}, []string{"A", "A/B", "A/B/C", "hidden"}},
		"two of a purpose":    {[]string{"", ".Sent Items", ".Sent", ".Gesendet"}, []string{"INBOX (inbox)", "Gesendet", "Sent (sent)", "Sent Items"}},
	} {
		t.Run(name, func(t *testing.T) {
			root, _ := grow(t, c.dirs...)
			got := folders(t, root)
			if !slices.Equal(got, c.want) {
				t.Errorf("folders %q, want %q", got, c.want)
			}
			reg := provider.NewRegistry(Provider())
			seen := map[string]bool{}
			for _, f := range mustList(t, root) {
				o, err := reg.Open(t.Context(), f.Place, provider.Env{})
				if err != nil {
					t.Fatalf("%s: %v", f.Place, err)
				}
				id, err := o.Identity(t.Context())
				if err != nil || id.Store != f.Stable || f.Stable == "" || seen[f.Stable] {
					t.Errorf("%s: identity %q (%v), listed as %q", f.Place, id.Store, err, f.Stable)
				}
				seen[f.Stable] = true
				o.Close()
			}
		})
	}
}

// TestUnreadableTree must not list fewer folders than there are.
func TestUnreadableTree(t *testing.T) {
	for name, harm := range map[string]func(root string) error{
		"not there":    os.RemoveAll,
		"emptied":      func(root string) error { return os.Rename(root, root+"-x") },
		"no messages":  func(root string) error { return os.Rename(filepath.Join(root, ".A/cur"), filepath.Join(root, ".A/x")) },
		"another disk": func(root string) error { return os.Symlink("/nowhere/at/all", filepath.Join(root, ".B")) },
	} {
		t.Run(name, func(t *testing.T) {
			root, _ := grow(t, "", ".A")
			mustList(t, root)
			if err := harm(root); err != nil {
				t.Fatal(err)
			}
			if name == "emptied" {
				if err := os.Mkdir(root, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := List(t.Context(), root); !tandem.IsKind(err, tandem.Unreadable) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	for name, c := range map[string]struct {
		dirs   []string
		create map[string]string // path → directory
		rename [2]string
		want   []string // directories after renaming and then deleting the renamed one
	}{
		"Maildir++": {[]string{"", ".A", ".A.B", ".AB"},
			map[string]string{"Neu/Ä.b": ".Neu.&AMQALg-b", "c%2Fd": ".c&AC8-d", "cur": ".cur"}, [2]string{"A", "Z/Y"},
			[]string{".AB", ".Neu.&AMQALg-b", ".Z.Y.B", ".c&AC8-d", ".cur"}},
		"UTF-8": {[]string{"", ".A", ".Ä"}, map[string]string{"Ö": ".Ö", "a.ü": ".a&AC4A,A-"}, [2]string{"A", "Ü"}, []string{".a&AC4A,A-", ".Ä", ".Ö"}},
		"Verbatim": {[]string{"Inbox", "A", "A/B"}, map[string]string{"N/Ä": "N/&AMQ-", "cur": "&AGM-ur", ".x": "&AC4-x"}, [2]string{"A", "Z/Y"},
			[]string{"&AC4-x", "&AGM-ur", "Inbox", "N/&AMQ-", "Z/Y/B"}},
		"Legacy": {[]string{"A", "A/.B"}, map[string]string{"C/D": "C/.D"}, [2]string{"A", "Z"}, []string{"C/.D", "Z/.B"}},
	} {
		t.Run(name, func(t *testing.T) {
			root, tree := grow(t, c.dirs...)
			for path, dir := range c.create {
				f, err := tree.Create(t.Context(), path, "")
				if err != nil || f.Name != path || !isMaildir(filepath.Join(root, dir)) || f.Place != placeOf(filepath.Join(root, dir)) || f.Stable == "" {
					t.Errorf("create %q: %+v, %v", path, f, err)
				}
				if _, err := tree.Create(t.Context(), path, ""); !tandem.IsKind(err, tandem.Exists) {
					t.Errorf("create %q again: %v", path, err)
				}
			}
			from := mustFind(t, root, c.rename[0])
			for range 2 { // an answer that was lost is asked for again
				f, err := tree.Rename(t.Context(), from, c.rename[1])
				if err != nil || f.Name != c.rename[1] || f.Stable != from.Stable {
					t.Fatalf("rename: %+v, %v", f, err)
				}
			}
			if _, err := tree.Rename(t.Context(), mustFind(t, root, c.rename[1]), c.rename[1]+"/in itself"); !tandem.IsKind(err, tandem.Invalid) {
				t.Errorf("rename into itself: %v", err)
			}
			if err := tree.Delete(t.Context(), mustFind(t, root, c.rename[1])); err != nil {
				t.Fatal(err)
			}
			dirs, err := folderDirs(t.Context(), root)
			dirs = slices.DeleteFunc(dirs, func(d string) bool { return d == "." })
			slices.Sort(dirs)
			if err != nil || !slices.Equal(dirs, c.want) {
				t.Errorf("left are %q (%v), want %q", dirs, err, c.want)
			}
			if left, _ := filepath.Glob(filepath.Join(root, trashed+"*")); len(left) > 0 {
				t.Errorf("left over: %q", left)
			}
		})
	}
}

func TestFolderRefusals(t *testing.T) {
	root, tree := grow(t, "", ".A", ".B")
	a, in := mustFind(t, root, "A"), mustFind(t, root, inbox)
	stranger := a
	stranger.Stable = "another"
	gone := provider.Found{Name: "X", Place: placeOf(filepath.Join(root, ".X"))}
	rename := func(f provider.Found, to string) error { _, err := tree.Rename(t.Context(), f, to); return err }
	for name, c := range map[string]struct {
		err  error
		kind tandem.ErrorKind
	}{
		"onto another":        {rename(a, "B"), tandem.Exists},
		"onto the inbox":      {rename(a, "inbox"), tandem.Exists},
		"the inbox":           {rename(in, "C"), tandem.Invalid},
		"gone":                {rename(gone, "C"), tandem.NotFound},
		"another of its name": {rename(stranger, "C"), tandem.Changed},
		"empty level":         {rename(a, "x//y"), tandem.Invalid},
		"too long":            {rename(a, strings.Repeat("x", 300)), tandem.Invalid},
		"delete the inbox":    {tree.Delete(t.Context(), in), tandem.Invalid},
		"delete what is gone": {tree.Delete(t.Context(), gone), tandem.NotFound},
		"delete another":      {tree.Delete(t.Context(), stranger), tandem.Changed},
	} {
		if !tandem.IsKind(c.err, c.kind) {
			t.Errorf("%s: %v, want kind %q", name, c.err, c.kind)
		}
	}
	if got := folders(t, root); len(got) != 3 {
		t.Errorf("left are %q", got)
	}
}

func TestWatchFolders(t *testing.T) {
	root, tree := grow(t, "", ".A")
	ctx, cancel := context.WithCancel(t.Context())
	hints, err := tree.WatchFolders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(root, ".A"), filepath.Join(root, ".B")); err != nil {
		t.Fatal(err)
	}
	<-hints
	cancel()
	for range hints {
	}
}

// TestWatchFoldersInSteps: a folder is hinted at when it is whole, though another program made it long before.
func TestWatchFoldersInSteps(t *testing.T) {
	root, tree := grow(t, "")
	mkdir := func(dir string) {
		if err := os.Mkdir(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	mkdir(".Before")
	ctx, cancel := context.WithCancel(t.Context())
	hints, err := tree.WatchFolders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	mkdir(".Before/cur")
	<-hints
	mkdir(".After")
	<-hints
	if got := folders(t, root); len(got) != 2 {
		t.Errorf("the unfinished folder is listed: %q", got)
	}
	mkdir(".After/cur")
	<-hints
	if got := folders(t, root); len(got) != 3 {
		t.Errorf("listed are %q", got)
	}
	cancel()
	for range hints {
	}
}

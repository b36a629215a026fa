package maildir

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem"
	"tandem/provider"
)

// inbox is the name of the folder that a tree of folders itself is. RFC 3501 5.1
const inbox = "INBOX"

// depth is how many levels of directories are looked into.
const depth = 16

// List lists the folders of a tree: path itself where it is a Maildir, the folders of Maildir++ in it (".Archive.2024"), and those that mbsync nests
// ("Archive/2024", "Archive/.2024"). A folder that cannot be looked into is an error: left out, it would be taken for gone.
func List(ctx context.Context, path string) ([]provider.Found, error) {
	dirs, err := folderDirs(ctx, path)
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		return nil, &tandem.Error{Kind: tandem.Unreadable, Op: "list folders of", Thing: path, Err: errors.New("there is no Maildir in it"),
			Remedy: "if it is on a disk that is not mounted, mount it; if it is new, make the folders cur, new and tmp in it"}
	}
	var out []provider.Found
	for _, d := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := foundAt(path, d)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	assignRoles(out)
	return out, nil
}

// foundAt describes the folder at dir, relative to the tree's root, and plants its identity if need be.
func foundAt(root, dir string) (provider.Found, error) {
	full := filepath.Join(root, dir)
	f := provider.Found{Name: nameOf(dir), Place: placeOf(full), Kind: tandem.Mail}
	r := &Replica{path: full}
	if err := r.openRoot(); err != nil {
		return f, err
	}
	f.ReadOnly = r.readOnly
	if r.planted {
		f.Stable = r.identity.Store
	}
	return f, nil
}

// placeOf writes the place of a folder.
func placeOf(path string) string {
	return "maildir:" + strings.NewReplacer("%", "%25", "?", "%3F").Replace(filepath.ToSlash(path))
}

// folderDirs finds the Maildirs of a tree, as paths relative to root ("." for root itself), the inbox first.
func folderDirs(ctx context.Context, root string) ([]string, error) {
	if _, err := os.Stat(root); err != nil {
		return nil, listTrouble(root, err)
	}
	top, err := maildirAt(root)
	if err != nil {
		return nil, err
	}
	var out []string
	if top {
		out = append(out, ".")
	}
	err = walk(ctx, root, ".", top, &out)
	slices.SortFunc(out, func(a, b string) int {
		if a == "." || b == "." {
			return cmp.Compare(len(a), len(b))
		}
		return cmp.Compare(nameOf(a), nameOf(b))
	})
	return out, err
}

// walk looks for Maildirs below a directory. It goes into what is a Maildir and, where the root is none, into any directory.
func walk(ctx context.Context, root, dir string, top bool, out *[]string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if strings.Count(dir, string(filepath.Separator)) >= depth {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return listTrouble(filepath.Join(root, dir), err)
	}
	for _, e := range entries {
		rel := filepath.Join(dir, e.Name())
		if !e.IsDir() && e.Type()&fs.ModeSymlink == 0 || isPart(e.Name()) || nameOf(rel) == "" {
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(root, rel))
			if err != nil {
				return listTrouble(filepath.Join(root, rel), err)
			}
			if !info.IsDir() {
				continue
			}
		}
		is, err := maildirAt(filepath.Join(root, rel))
		if err != nil {
			return err
		}
		if is {
			*out = append(*out, rel)
		}
		if is || !top && e.Name()[0] != '.' {
			if err := walk(ctx, root, rel, top, out); err != nil {
				return err
			}
		}
	}
	return nil
}

func isPart(name string) bool { return name == "cur" || name == "new" || name == tmpDir }

// maildirAt tells whether a directory is a Maildir. One that was and is none any more is an error.
func maildirAt(path string) (bool, error) {
	info, err := os.Stat(filepath.Join(path, "cur"))
	switch {
	case err == nil:
		return info.IsDir(), nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, listTrouble(path, err)
	}
	if _, err := os.Lstat(filepath.Join(path, idName)); err == nil {
		return false, &tandem.Error{Kind: tandem.Unreadable, Op: "list folders of", Thing: path, Err: errors.New("the folder cur is gone"), Remedy: "put it back, or remove what is left of the folder"}
	}
	return false, nil
}

func listTrouble(path string, err error) error {
	return &tandem.Error{Kind: tandem.Unreadable, Op: "list folders of", Thing: path, Err: cause(err), Remedy: "check that its disk is mounted and that you may read it"}
}

// levels are the names of a folder and of those above it, from its directory relative to the tree's root; nil for one that cannot be a folder.
func levels(dir string) []string {
	var out []string
	for i, part := range strings.Split(filepath.ToSlash(dir), "/") {
		hidden := strings.HasPrefix(part, ".")
		names := []string{strings.TrimPrefix(part, ".")}
		if hidden && i == 0 { // Maildir++; further down a dot is mbsync's "Legacy"
			names = strings.Split(names[0], ".")
		}
		for _, n := range names {
			if n == "" {
				return nil
			}
			out = append(out, decodeName(n))
		}
	}
	return out
}

// nameOf is the path of a folder as provider.Found has it, "" for a directory that is no folder.
func nameOf(dir string) string {
	if dir == "." {
		return inbox
	}
	return joinPath(levels(dir))
}

// joinPath writes a path, see provider.Folders.
func joinPath(levels []string) string {
	out := make([]string, len(levels))
	for i, l := range levels {
		out[i] = strings.NewReplacer("%", "%25", "/", "%2F").Replace(l)
	}
	return strings.Join(out, "/")
}

// splitPath reads a path.
func splitPath(path string) []string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("%2F", "/", "%2f", "/", "%25", "%").Replace(p)
	}
	return parts
}

// roleNames are what folders are called that programs make for a purpose, in lower case, the likeliest first. RFC 6154 has no names; these are the ones that Dovecot's
// configuration, Thunderbird, Outlook, Apple Mail, Evolution and mutt use, and their translations.
func roleNames() map[string][]string {
	return map[string][]string{
		"sent":    {"sent", "sent messages", "sent items", "sent mail", "gesendet", "gesendete elemente", "gesendete objekte", "envoyés", "éléments envoyés", "enviados", "posta inviata", "inviata"},
		"drafts":  {"drafts", "draft", "entwürfe", "brouillons", "borradores", "bozze"},
		"trash":   {"trash", "deleted messages", "deleted items", "deleted", "bin", "papierkorb", "gelöschte elemente", "gelöschte objekte", "corbeille", "éléments supprimés", "papelera", "cestino"},
		"junk":    {"junk", "spam", "junk e-mail", "junk email", "bulk mail", "junk-e-mail", "werbung", "indésirables", "correo no deseado", "posta indesiderata"},
		"archive": {"archive", "archives", "archiv", "archivio", "archivo"},
	}
}

// assignRoles tells what folders are for, by their names: one folder at most for a purpose.
func assignRoles(list []provider.Found) {
	taken := map[string]bool{}
	for i := range list {
		if list[i].Name == inbox {
			list[i].Role = "inbox"
		}
	}
	for role, names := range roleNames() {
		for _, name := range names {
			for i := range list {
				plain := strings.TrimPrefix(list[i].Name, inbox+"/")
				if !taken[role] && list[i].Role == "" && strings.EqualFold(plain, name) {
					list[i].Role, taken[role] = role, true
				}
			}
		}
	}
}

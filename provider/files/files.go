// Package files is the provider of plain file trees: folders within folders, links kept as links, permissions and
// times. It scans by asking for state only, hashes where that changed, and writes so that a crash or a concurrent edit
// never costs a version.
//
// What Tandem needs to remember in the place itself lies in ".tandem" in the root: the identity, files in the making,
// and what was overwritten or deleted.
package files

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"

	"tandem"
	"tandem/provider"
)

// Provider declares the provider "files".
func Provider() *provider.Provider {
	return &provider.Provider{
		Name:  "files",
		Title: "Folder of files",
		Help: "A folder with everything below it. Kept: contents, names, empty folders, links (as links, never followed), " +
			"permissions and modification times. Not kept: owners, extended attributes, hard links, sockets, pipes and devices. " +
			"What is overwritten or deleted is kept in " + metaName + "/history in the folder. " +
			"A file " + ignoreName + " in the folder lists patterns to leave out, in the form of gitignore.",
		Examples: []string{"files:./a", "files:~/Documents?ignore=*.tmp,build/&max-size=1GiB", "files:/srv/share?trash=true"},
		Kinds:    []tandem.Kind{tandem.File},
		Local:    true,
		Options: []provider.Option{
			{Name: "ignore", Type: "list", Help: "patterns of names to leave out, in the form of gitignore: *.tmp, build/, /top-level-only, !exception"},
			{Name: "max-size", Type: "size", Help: "leave out files larger than this"},
			{Name: "trash", Type: "bool", Default: "false", Help: "move deleted files to the desktop's trash instead of " + metaName + "/history"},
			{Name: "read-only", Type: "bool", Default: "false", Help: "never change anything in the folder"},
		},
		Features: provider.Features{Tree: true, Watch: true, Rename: true, Parks: true, Attrs: true, Batch: batch},
		Open:     open,
	}
}

// batch is how many writes one Apply should carry. The more, the better syncing the disk pays, and the more memory it
// takes: about one KiB each.
const batch = 32_768

func open(ctx context.Context, place provider.Place, env provider.Env) (*provider.Opened, error) {
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	rules, err := parseRules(place.List("ignore"))
	if err != nil {
		return nil, err
	}
	r := &Replica{
		path: place.Path, log: log.With("place", place.Text), rules: rules, maxSize: place.Size("max-size"), trash: place.Bool("trash"),
		umask: umask(), workers: max(2, min(runtime.GOMAXPROCS(0), 8)), digests: map[string]known{},
	}
	if err := r.open(ctx, place.Bool("read-only")); err != nil {
		return nil, err
	}
	return &provider.Opened{
		Replica: r, Kind: tandem.File, Place: place.Text,
		Features: provider.Features{
			Tree: true, ReadOnly: r.meta == nil, Watch: true, Rename: true, Parks: r.meta != nil, Attrs: true,
			FoldCase: r.foldCase, NFC: r.nfc, MaxSize: r.maxSize, Batch: batch, Names: nameRule,
		},
	}, nil
}

func quote(s string) string { return strconv.Quote(s) }

// Package vdir is the provider for folders with one file per record: ".vcf" files of vCards, ".ics" files of
// iCalendar. It is the layout that vdirsyncer, khal, todoman and khard use. Files that hold several records, as exports
// of other programs do, are read as several records and edited in place.
package vdir

import (
	"context"

	"tandem"
	"tandem/provider"
)

// Provider declares the provider.
func Provider() *provider.Provider {
	return &provider.Provider{
		Name:  "vdir",
		Title: "Folder of vCards or iCalendar files",
		Help: "A folder with one file per contact (.vcf), event, task or note (.ics), as vdirsyncer, khal, todoman and khard keep them. " +
			"Existing files keep their names; new ones are named by their UID. Bodies are kept byte for byte. " +
			"A file with several records, such as an export, is read as several records. " +
			"Hidden files, names ending in .tmp, and files of other types are left alone. " +
			"A folder that holds both events and tasks is opened as one of them at a time. " +
			"The folder .tandem in it holds the folder's identity.",
		Examples: []string{"vdir:~/contacts", "vdir:./calendar?kind=event"},
		Kinds:    []tandem.Kind{tandem.Contact, tandem.Event, tandem.Task, tandem.Note},
		Local:    true,
		Options: []provider.Option{{Name: "kind", Type: "choice",
			Choices: []string{string(tandem.Contact), string(tandem.Event), string(tandem.Task), string(tandem.Note)},
			Help:    "what the folder holds; told from its files where it is not given"}},
		Features: provider.Features{Watch: true, Rename: true, MaxSize: maxSize, Batch: batch, Overlap: true},
		Open:     open,
	}
}

const (
	maxSize = 32 << 20 // of a file; larger ones are a Problem
	batch   = 1000     // one Apply waits for the disk a few times; while it does, the next begins and the last is recorded
)

func open(ctx context.Context, place provider.Place, _ provider.Env) (*provider.Opened, error) {
	return Open(ctx, place.Path, tandem.Kind(place.Options["kind"]))
}

// Open opens the folder at path as a replica of one kind. Where kind is "" it is told from the files; an empty folder is opened
// with kind "" and takes any. Open plants the folder's identity if it can.
func Open(ctx context.Context, path string, kind tandem.Kind) (*provider.Opened, error) {
	r := &Replica{path: path, kind: kind, closed: make(chan struct{})}
	if err := r.openRoot(); err != nil {
		return nil, err
	}
	if kind == "" {
		var err error
		if r.kind, err = r.guessKind(ctx); err != nil {
			return nil, err
		}
	}
	return &provider.Opened{
		Replica: r,
		Kind:    r.kind,
		Place:   "vdir:" + path,
		Features: provider.Features{ReadOnly: r.readOnly, Watch: true, Rename: true, FoldCase: r.foldCase, NFC: r.nfc,
			MaxSize: maxSize, Batch: batch, Overlap: true, Names: nameRule},
	}, nil
}

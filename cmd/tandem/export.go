package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/center"
	"tandem/engine"
	"tandem/internal/ui"
)

const exportHelp = `Writes what a home collection holds to a folder, or any other place: contacts as vCards, events
and tasks as iCalendar files, mail as a Maildir, files as they are. The folder is made if it is
missing. Written again, it gets what changed since; nothing of it comes back to the collection.`

const importHelp = `Brings what a folder, or any other place, holds into a home collection, which tandem collection
add makes. What is in both already is not doubled: records are known by their UID, else by
what they hold. Brought in again, the collection gets what changed since; nothing is written to
the folder. What is overwritten can be put back with tandem undo.`

// exportCommand and importCommand are a sync of a home collection with a place, one way.
func (a *app) exportCommand() *cobra.Command {
	return a.oneWay("export", "Write a home collection to a folder", exportHelp, engine.AToB,
		"  tandem export contacts ./cards\n  tandem export anna/calendar ./calendar --kind event\n  tandem export papers files:/media/stick/papers --preview")
}

func (a *app) importCommand() *cobra.Command {
	return a.oneWay("import", "Bring the files of a folder into a home collection", importHelp, engine.BToA,
		"  tandem import contacts ./cards\n  tandem import anna/calendar ./calendar --kind event --preview")
}

func (a *app) oneWay(verb, short, long string, way engine.Direction, example string) *cobra.Command {
	f := &syncFlags{}
	var kind string
	c := &cobra.Command{
		Use: verb + " COLLECTION FOLDER|PLACE", Short: short, Long: long, Example: example,
		Args:              args(2, 2, "name a collection, such as contacts or anna/contacts, and a folder: tandem "+verb+" COLLECTION FOLDER"),
		ValidArgsFunction: positions(a.collectionNames, a.places),
		RunE: func(c *cobra.Command, args []string) error {
			return a.onCollection(c.Context(), args[0], kind, func(s center.Service, x center.CollectionStatus) error {
				place, err := a.placeFor(x.Collection.Kind, args[1], way == engine.AToB && !f.opt.Preview)
				if err != nil {
					return err
				}
				if way == engine.AToB && f.opt.Preview && !a.json && toBeMade(args[1]) {
					_, err = fmt.Fprintf(a.out, "%s would be made, and %s written to it\n", ui.Clean(args[1]), ui.Count(x.Records, "record"))
					return err
				}
				p := center.Places{A: "home:" + qualified(x.Collection) + "?kind=" + string(x.Collection.Kind), B: place, Rules: engine.Rules{Direction: way}}
				run := func(ctx context.Context, s center.Service, opt center.SyncOptions, tell func(center.SyncNews)) error {
					return s.SyncPlaces(ctx, p, opt, tell)
				}
				return a.syncWith(c.Context(), s, f, run, labels{a: args[0], b: args[1]})
			})
		},
	}
	kindFlag(c, &kind, whichKind)
	fl := c.Flags()
	fl.BoolVarP(&f.opt.Preview, "preview", "n", false, "show what would be done, write nothing")
	fl.BoolVarP(&f.opt.Approve, "yes", "y", false, "let a plan go ahead that the guard would hold")
	return a.jsonFlag(c)
}

// toBeMade reports whether a text names a folder that is not there.
func toBeMade(text string) bool {
	_, err := os.Stat(text)
	scheme, _, ok := strings.Cut(text, ":")
	return errors.Is(err, os.ErrNotExist) && (!ok || len(scheme) == 1)
}

// placeFor is the place that a person means: one that is written in full, or the folder of this path, held as records of a kind are held in folders.
func (a *app) placeFor(kind tandem.Kind, text string, create bool) (string, error) {
	if scheme, _, ok := strings.Cut(text, ":"); ok && len(scheme) > 1 { // a letter is a drive
		place, err := a.registry().ParsePlace(text)
		if err != nil {
			return "", asUsage(err)
		}
		return place.Text, nil
	}
	scheme := ""
	switch kind {
	case tandem.Contact, tandem.Event, tandem.Task, tandem.Note:
		scheme = "vdir"
	case tandem.File, tandem.Picture:
		scheme = "files"
	case tandem.Mail:
		scheme = "maildir"
	default:
		return "", &tandem.Error{Kind: tandem.Invalid, Op: "open folder", Thing: text, Err: fmt.Errorf("records of the kind %s have no form as files", kind),
			Remedy: "name a place that holds them, see `tandem provider list`"}
	}
	dir, err := filepath.Abs(text)
	if err != nil {
		return "", err
	}
	if fi, err := os.Stat(dir); err == nil && !fi.IsDir() {
		return "", &tandem.Error{Kind: tandem.Invalid, Op: "open folder", Thing: text, Err: errors.New("it is a file"), Remedy: "name the folder that it is in, or is to be in"}
	}
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", &tandem.Error{Kind: tandem.Denied, Op: "make folder", Thing: text, Err: cause(err), Remedy: "name one that is there, or that you may make"}
		}
	}
	place, err := a.registry().ParsePlace(scheme + ":" + dir)
	return place.Text, err
}

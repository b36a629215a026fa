package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"tandem"
	"tandem/center"
	"tandem/center/handler"
	"tandem/provider/all"
)

// discoverer finds places of this computer that could be set up: media that are plugged in, which come and go, and folders where programs keep mail and address books.
type discoverer struct {
	media []string // directories below which media are mounted
	home  string   // of the user that the hub runs as; "": not known
}

// thisComputer is where to look on this system.
func thisComputer() discoverer {
	d := discoverer{}
	d.home, _ = os.UserHomeDir() // without one there is less to find
	switch runtime.GOOS {
	case "linux":
		d.media = []string{"/media"}
		if d.home != "" {
			d.media = append(d.media, filepath.Join("/media", filepath.Base(d.home)), filepath.Join("/run/media", filepath.Base(d.home)))
		}
	case "darwin":
		d.media = []string{"/Volumes"}
	}
	return d
}

// known are folders below the home folder, and the providers that read them.
func (d discoverer) known() []center.Discovered {
	return []center.Discovered{
		{Name: "Maildir", Place: "maildir:", Comment: "mail of programs on this computer"},
		{Name: ".calendars", Place: "vdir:", Comment: "calendars of programs on this computer"},
		{Name: ".contacts", Place: "vdir:", Comment: "address books of programs on this computer"},
	}
}

// found begins the ids of what was discovered.
const found = "folder-"

// find tells what is there now. What cannot be looked at is not there.
func (d discoverer) find(context.Context) ([]center.Discovered, error) {
	var out []center.Discovered
	add := func(x center.Discovered, dir string) {
		sum := sha256.Sum256([]byte(dir)) // ids are short, paths may not be
		x.ID, x.Type = found+hex.EncodeToString(sum[:6]), handler.Folder
		x.Place += strings.NewReplacer("%", "%25", "?", "%3F").Replace(filepath.ToSlash(dir))
		out = append(out, x)
	}
	for _, top := range d.media {
		entries, err := os.ReadDir(top)
		if err != nil {
			continue
		}
		for _, e := range entries {
			dir := filepath.Join(top, e.Name())
			if e.IsDir() && !slices.Contains(d.media, dir) && !strings.HasPrefix(e.Name(), ".") {
				add(center.Discovered{Name: e.Name(), Place: "files:", Comment: "a medium that is plugged in"}, dir)
			}
		}
	}
	for _, x := range d.known() {
		if dir := filepath.Join(d.home, x.Name); d.home != "" && isDir(dir) {
			add(x, dir)
		}
	}
	return out, nil
}

func isDir(dir string) bool {
	fi, err := os.Stat(dir)
	return err == nil && fi.IsDir()
}

// query refuses to set up what was discovered and is gone again, or cannot be read. ISyncMgrHandler: QueryBeforeActivate
func (d discoverer) query(ctx context.Context, o center.HandlerOrder) error {
	id, ok := strings.CutPrefix(o.Handler, "setup/")
	if !ok || o.Do != handler.Activate || !strings.HasPrefix(id, found) {
		return nil
	}
	list, err := d.find(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(x center.Discovered) bool { return x.ID == id })
	if i < 0 {
		return &tandem.Error{Kind: tandem.NotFound, Op: "set up", Thing: o.Handler, Err: errors.New("it is not there any more"), Remedy: "plug it in again, or mount it"}
	}
	place, err := all.Registry().ParsePlace(list[i].Place)
	if err == nil {
		if _, err = os.ReadDir(place.Path); err != nil {
			err = &tandem.Error{Kind: tandem.Unreadable, Op: "set up", Thing: list[i].Name, Err: err, Remedy: "give the user that the hub runs as the right to read it"}
		}
	}
	return err
}

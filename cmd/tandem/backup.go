package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tandem"
	"tandem/internal/datadir"
	"tandem/internal/ui"
	"tandem/partner/outgoing"
	"tandem/server/eas/airsync"
	"tandem/store/sqlite"
)

func (a *app) backupCommand() *cobra.Command {
	return noun("backup", "Copies of all that a hub holds, and the way back",
		`A backup is one file with the records, history, settings and certificates of a hub, as they
stood at one moment. Passwords of accounts elsewhere are sealed in it; their key, the file
secrets.key of the data folder, is not: keep that in another place.`,
		a.backupCreate(), a.backupList(), a.backupVerify(), a.backupRestore())
}

// backupFile is a backup as it is listed.
type backupFile struct {
	File string `json:"file"`
	Size int64  `json:"size"`
	sqlite.Backup
}

func (a *app) tellBackup(b backupFile, text string) error {
	if a.json {
		return ui.JSON(a.out, b)
	}
	_, err := fmt.Fprintln(a.out, text)
	return err
}

func (a *app) backupCreate() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "create [FILE|FOLDER]",
		Short: "Write a backup to a new file",
		Long: `Writes a backup to a new file, or to a file named by the time in a folder (default: this
folder). A hub may run meanwhile: the backup is as it stood at one moment. Only you may read
the file. Run it from a timer to have one each night.`,
		Example: "  tandem backup create\n  tandem backup create /media/stick\n  tandem backup create before-the-move.zip",
		Args:    args(0, 1, "backup create takes a file or a folder at most"),
		RunE: func(c *cobra.Command, args []string) error {
			file := "."
			if len(args) > 0 {
				file = args[0]
			}
			return a.createBackup(c.Context(), file)
		},
	})
}

func (a *app) createBackup(ctx context.Context, file string) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); errors.Is(err, os.ErrNotExist) {
		return &tandem.Error{Kind: tandem.NotFound, Op: "back up", Thing: dir, Err: errors.New("there is no data of tandem in it"), Remedy: "name the right data folder with --data"}
	}
	if fi, err := os.Stat(file); err == nil && fi.IsDir() {
		file = filepath.Join(file, "tandem-"+now().Format("20060102-150405")+".zip")
	}
	b, err := sqlite.WriteBackup(ctx, dir, file, version(), now().Unix())
	if err != nil {
		return err
	}
	out := backupFile{File: file, Size: sizeOf(file), Backup: b}
	if err := a.tellBackup(out, fmt.Sprintf("%s: %s; keep %s of the data folder in another place", clean(file), ui.Size(out.Size), "secrets.key")); err != nil {
		return err
	}
	if b.Missing > 0 {
		fmt.Fprintf(a.err, "tandem: %d bodies that the store names are not there; look with `tandem doctor`\n", b.Missing)
		return errExit(exitLeft)
	}
	return nil
}

func sizeOf(file string) int64 {
	fi, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return fi.Size()
}

func (a *app) backupList() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list [FOLDER]",
		Short:   "List the backups in a folder, the newest first",
		Example: "  tandem backup list\n  tandem backup list /media/stick --json",
		Args:    args(0, 1, "backup list takes a folder at most"),
		RunE: func(_ *cobra.Command, args []string) error {
			folder := "."
			if len(args) > 0 {
				folder = args[0]
			}
			return a.listBackups(folder)
		},
	})
}

func (a *app) listBackups(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return &tandem.Error{Kind: tandem.Unreadable, Op: "list backups", Thing: folder, Err: err, Remedy: "name a folder that is there and that you may read"}
	}
	list := []backupFile{}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".zip" || !e.Type().IsRegular() {
			continue
		}
		file := filepath.Join(folder, e.Name())
		if b, err := sqlite.ReadNote(file); err == nil { // other files are none of ours
			list = append(list, backupFile{File: file, Size: sizeOf(file), Backup: b})
		}
	}
	slices.SortFunc(list, func(x, y backupFile) int { return int(y.Made - x.Made) })
	if a.json {
		return ui.JSON(a.out, list)
	}
	for _, b := range list {
		fmt.Fprintf(a.out, "%s  %s  %s\n", time.Unix(b.Made, 0).Format("2006-01-02 15:04"), ui.Size(b.Size), clean(b.File))
	}
	if len(list) == 0 {
		fmt.Fprintln(a.out, "no backups here; make one with `tandem backup create`")
	}
	return nil
}

func (a *app) backupVerify() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "verify FILE",
		Short: "Look whether a backup is whole and can be restored",
		Long: `Unpacks the backup beside it, looks over the store and every body as tandem doctor does,
and removes what it unpacked. It takes as much room as the data folder.`,
		Example: "  tandem backup verify tandem-20260301-030000.zip",
		Args:    args(1, 1, "backup verify takes the file of a backup"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			dir, b, err := unpackBackup(c.Context(), args[0], filepath.Dir(args[0]))
			if dir != "" {
				defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			}
			if err != nil {
				return err
			}
			return a.tellBackup(backupFile{File: args[0], Size: sizeOf(args[0]), Backup: b}, clean(args[0])+": whole, of "+time.Unix(b.Made, 0).Format("2006-01-02 15:04"))
		},
	})
}

// unpackBackup unpacks a backup into a new folder below another, and looks it over. The folder is the caller's to remove.
func unpackBackup(ctx context.Context, file, below string) (dir string, b sqlite.Backup, err error) {
	if _, err := sqlite.ReadNote(file); err != nil {
		return "", b, err
	}
	if dir, err = os.MkdirTemp(below, ".tandem-restore-"); err != nil {
		return "", b, err
	}
	if b, err = sqlite.ReadBackup(ctx, file, dir); err != nil {
		return dir, b, err
	}
	damage, err := sqlite.Check(ctx, dir)
	if err == nil && len(damage) > b.Missing {
		err = &tandem.Error{Kind: tandem.Unreadable, Op: "verify backup", Thing: file, Err: damage[0], Remedy: "use another backup"}
	}
	return dir, b, err
}

func (a *app) backupRestore() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "restore FILE",
		Short: "Make a data folder of a backup",
		Long: `Makes the data folder of a backup, after looking over all of it. A folder that holds data
is left alone: move it away first. Put the file secrets.key into the folder, or log in anew at
accounts elsewhere. Mail that waited to be sent is not sent by itself: nobody knows whether it was,
and ` + "`tandem mail doubt`" + ` says what becomes of it.

Partners bring what they have had since. Phones and programs that have synced since load
everything anew: let them send what was changed on them before, if the old hub still runs.`,
		Example: "  tandem backup restore tandem-20260301-030000.zip\n  tandem backup restore old.zip --data /srv/tandem",
		Args:    args(1, 1, "backup restore takes the file of a backup"),
		RunE:    func(c *cobra.Command, args []string) error { return a.restoreBackup(c.Context(), args[0]) },
	})
}

// restored has the store in a folder go on as one that was put back to an earlier state.
func restored(ctx context.Context, dir string) (err error) {
	if err := sqlite.Restored(ctx, dir); err != nil {
		return err
	}
	st, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return errors.Join(airsync.Restored(ctx, st.Devices), outgoing.Restored(ctx, st.Queue))
}

func (a *app) restoreBackup(ctx context.Context, file string) (err error) {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	if _, err := sqlite.ReadNote(file); err != nil { // before a folder is made for it
		return err
	}
	lock, err := datadir.Acquire(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	for _, name := range []string{sqlite.FileName, "blobs", "tls"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			return &tandem.Error{Kind: tandem.Exists, Op: "restore backup", Thing: dir, Err: fmt.Errorf("there is data in it already (%s)", name), Remedy: "move it away, or name another folder with --data"}
		}
	}
	from, b, err := unpackBackup(ctx, file, dir)
	if from != "" {
		defer func() { err = errors.Join(err, os.RemoveAll(from)) }()
	}
	if err != nil {
		return err
	}
	if err := restored(ctx, from); err != nil {
		return err
	}
	for _, name := range []string{"tls", "blobs", sqlite.FileName} { // the database last: with it the folder holds data
		if err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return a.tellBackup(backupFile{File: file, Size: sizeOf(file), Backup: b}, fmt.Sprintf("%s holds the backup of %s; start it with `tandem serve`", clean(dir), time.Unix(b.Made, 0).Format("2006-01-02 15:04")))
}

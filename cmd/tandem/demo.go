package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/test/easclient"
)

func (a *app) demoCommand() *cobra.Command {
	var once bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "A throw-away hub with sample data, to look around in",
		Long: `Makes a hub with sample contacts and a calendar in a folder of its own, keeps three
places in step there, and tells what happens and where to look. Everything is taken away
again at Ctrl-C. With --once it shows the main things by itself in a few seconds, and ends.`,
		Example: "  tandem demo\n  tandem demo --once",
		Args:    args(0, 0, "demo takes no arguments"),
		RunE:    func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), once) },
	}
	c.Flags().BoolVar(&once, "once", false, "show the main things without waiting for anybody, and end")
	return c
}

// demo is a hub in a folder of its own.
type demo struct {
	app  *app
	hub  *hub
	dir  string
	mu   sync.Mutex    // guards the output; news come from several items
	news chan struct{} // holds one token when something happened since it was last taken
	once bool

	doors          *doors // for phones
	phone          *easclient.Phone
	user, password string // of the phone
}

func (a *app) demo(ctx context.Context, once bool) error {
	dir, err := os.MkdirTemp("", "tandem-demo-")
	if err != nil {
		return err
	}
	d := &demo{app: a, dir: dir, once: once, news: make(chan struct{}, 1)}
	err = d.run(ctx)
	if rmErr := os.RemoveAll(dir); rmErr != nil && err == nil {
		err = rmErr
	}
	if err == nil {
		fmt.Fprintf(a.out, "\nThe demo is over; %s was taken away.\n", dir)
	}
	return err
}

func (d *demo) run(ctx context.Context) (err error) {
	for name, text := range demoFiles() {
		if err := d.write(name, text); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(d.path("laptop-calendar"), 0o700); err != nil {
		return err
	}
	if d.hub, err = openHub(d.path("data"), hubOptions{news: d.tell}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.hub.Close()) }()
	for _, n := range []center.NewItem{
		{Home: "contacts", Partner: "vdir:" + escape(d.path("phone-book")), Kind: "contact", Name: "contacts-phone"},
		{Home: "contacts", Partner: "vdir:" + escape(d.path("laptop-book")), Kind: "contact", Name: "contacts-laptop"},
		{Home: "calendar", Partner: "vdir:" + escape(d.path("phone-calendar")), Kind: "event", Name: "calendar-phone"},
		{Home: "calendar", Partner: "vdir:" + escape(d.path("laptop-calendar")), Kind: "event", Name: "calendar-laptop"},
	} {
		if _, err := d.hub.AddItem(ctx, n); err != nil {
			return err
		}
	}
	if err := d.openDoor(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	if d.once {
		if err := d.hub.Start(ctx); err != nil {
			return errors.Join(err, d.doors.close())
		}
		go func() { ended <- d.doors.serve(ctx) }()
		err := d.tour(ctx)
		stop()
		return errors.Join(err, <-ended)
	}
	d.welcome()
	go func() {
		d.keepPhone(ctx)
		ended <- nil
	}()
	err = d.app.serveQuietly(ctx, d.hub, d.doors)
	stop()
	return errors.Join(err, <-ended)
}

// escape writes a path so that a place holds it as it is.
func escape(path string) string { return strings.NewReplacer("%", "%25", "?", "%3F").Replace(path) }

func (d *demo) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func (d *demo) write(name, text string) error {
	path := d.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// Written beside and renamed, so that nobody reads half of it.
	if err := os.WriteFile(path+".tmp", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

func (d *demo) welcome() {
	fmt.Fprintf(d.app.out, `A throw-away hub runs in %[1]s and keeps these in step:

  %[1]s/phone-book        and  laptop-book        contacts, one vCard per file
  %[1]s/phone-calendar    and  laptop-calendar    events, one .ics per file

A simulated phone syncs the contacts over Exchange ActiveSync. Another client can join it:

  server %[2]s   user %[3]s   password %[4]s

Try it: change a name or a number in a file of one folder and look into the other one,
delete a file, copy one, change one contact in both folders. What happens is told here.

  tandem status --data %[1]s/data
  tandem conflict list --data %[1]s/data
  tandem history --data %[1]s/data

Ctrl-C takes everything away again.

`, d.dir, d.doors.srv.Addresses()[0], d.user, d.password)
}

// tell shows what the hub does by itself.
func (d *demo) tell(n center.SyncNews) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case n.Err != nil:
		fmt.Fprintf(d.app.err, "  %s: %s\n", n.Item, oneLine(n.Err.Err()))
	case n.Report == nil:
		return
	case !quietReport(n.Report) && !d.once:
		fmt.Fprintf(d.app.out, "%s  %s: %s\n", now().Format("15:04:05"), n.Item, runLine(n))
		problems(d.app.out, n.Report.Problems, false)
	}
	select {
	case d.news <- struct{}{}:
	default:
	}
}

func (d *demo) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.app.out, format+"\n", args...)
}

const demoPatience = 30 * time.Second

// until waits for the hub's doing until a condition holds.
func (d *demo) until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	for {
		if ok, err := holds(); ok || err != nil {
			return err
		}
		select {
		case <-d.news:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
}

// card finds the card of a name in a book.
func (d *demo) card(book, name string) (path, text string) {
	files, _ := filepath.Glob(filepath.Join(d.path(book), "*.vcf")) // the pattern is well-formed
	for _, f := range files {
		if body, err := os.ReadFile(f); err == nil && strings.Contains(string(body), "FN:"+name) {
			return f, string(body)
		}
	}
	return "", ""
}

func (d *demo) both(book1, book2, name string, want ...string) func() (bool, error) {
	return func() (bool, error) {
		for _, book := range []string{book1, book2} {
			_, text := d.card(book, name)
			for _, w := range want {
				if !strings.Contains(text, w) {
					return false, nil
				}
			}
		}
		return true, nil
	}
}

// edit replaces a part of a card.
func (d *demo) edit(book, name, old, with string) error {
	path, text := d.card(book, name)
	if !strings.Contains(text, old) {
		return fmt.Errorf("the card of %s in %s does not hold %q", name, book, old)
	}
	rel, err := filepath.Rel(d.dir, path)
	if err != nil {
		return err
	}
	return d.write(filepath.ToSlash(rel), strings.Replace(text, old, with, 1))
}

// tour shows the main things one after the other.
func (d *demo) tour(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.showUnion, d.showMerge, d.showConflict, d.showDelete, d.showPhone, d.showItems} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) showUnion(ctx context.Context) error {
	d.say("1. A phone book with Anna and Ben, a laptop's with Ben and Carla, a calendar on one side only.")
	err := d.until(ctx, "the books to agree", func() (bool, error) {
		for _, book := range []string{"phone-book", "laptop-book"} {
			for _, name := range []string{"Anna Adams", "Ben Bauer", "Carla Costa"} {
				if path, _ := d.card(book, name); path == "" {
					return false, nil
				}
			}
		}
		events, err := filepath.Glob(filepath.Join(d.path("laptop-calendar"), "*.ics"))
		return len(events) == 1, err
	})
	if err == nil {
		d.say("   → both hold Anna, Ben (once) and Carla; the event is on both sides.")
	}
	return err
}

func (d *demo) showMerge(ctx context.Context) error {
	d.say("2. The phone changes Anna's number while the laptop changes her e-mail address.")
	if err := d.edit("phone-book", "Anna Adams", "+49 30 1111", "+49 30 2222"); err != nil {
		return err
	}
	if err := d.edit("laptop-book", "Anna Adams", "anna@example.org", "anna.adams@example.org"); err != nil {
		return err
	}
	err := d.until(ctx, "the merge", d.both("phone-book", "laptop-book", "Anna Adams", "+49 30 2222", "anna.adams@example.org"))
	if err == nil {
		d.say("   → merged field by field: both have the new number and the new address.")
	}
	return err
}

func (d *demo) showConflict(ctx context.Context) error {
	d.say("3. Both change Carla's number, differently.")
	if err := d.edit("phone-book", "Carla Costa", "+49 30 3333", "+49 30 4444"); err != nil {
		return err
	}
	if err := d.edit("laptop-book", "Carla Costa", "+49 30 3333", "+49 30 5555"); err != nil {
		return err
	}
	var id int64
	err := d.until(ctx, "the conflict", func() (bool, error) {
		open, err := d.hub.Conflicts(ctx, true)
		if len(open) > 0 {
			id = open[0].ID
		}
		return len(open) > 0, err
	})
	if err != nil {
		return err
	}
	d.say("   → a conflict waits, and each keeps its version: tandem conflict list")
	if err := d.hub.Decide(ctx, id, "a", nil); err != nil {
		return err
	}
	err = d.until(ctx, "the decision to be carried out", func() (bool, error) {
		_, one := d.card("phone-book", "Carla Costa")
		_, two := d.card("laptop-book", "Carla Costa")
		return one == two && one != "", nil
	})
	if err == nil {
		d.say("   → decided for the hub's version: both have it now, the other is kept in history.")
	}
	return err
}

func (d *demo) showDelete(ctx context.Context) error {
	d.say("4. The laptop deletes Ben.")
	path, _ := d.card("laptop-book", "Ben Bauer")
	if err := os.Remove(path); err != nil {
		return err
	}
	err := d.until(ctx, "the deletion", func() (bool, error) {
		path, _ := d.card("phone-book", "Ben Bauer")
		return path == "", nil
	})
	if err != nil {
		return err
	}
	d.say("   → gone from the phone, too, and kept in history: tandem history, tandem undo")
	return nil
}

// showItems lists what was kept in step.
func (d *demo) showItems(ctx context.Context) error {
	list, err := d.hub.Status(ctx, nil)
	if err != nil {
		return err
	}
	d.say("")
	t := ui.NewTable("ITEM", "HOME", "PLACE")
	for _, st := range list {
		t.Add(st.Item.Name, st.Home, st.Place)
	}
	return t.Write(d.app.out)
}

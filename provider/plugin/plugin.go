// Package plugin lets a provider be a program of its own, in any language. The hub starts it, writes requests to its standard input and reads answers from its standard
// output, one JSON object per line; doc/plugins.md has the protocol. [Provider] makes of such a program what every other provider is, so that preview, conflicts, history,
// schedules and progress are those of the hub. [Serve] is the other half for programs in Go: it serves a *provider.Provider as it would stand in the hub.
//
// One program runs per opened place, and ends with it. What a program writes to standard error goes to the hub's log.
package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/internal/atomicfile"
	"tandem/provider"
)

// Protocol is the version of the protocol. A program says which it speaks.
const Protocol = 1

// Folder is the folder of the data folder in which registered programs are noted, a file each.
const Folder = "providers"

// Registered is a program that the hub knows as a provider.
type Registered struct {
	Command     []string    `json:"command"` // the program, as an absolute path, and its arguments
	Declaration Declaration `json:"declaration"`

	bounds bounds // zero: the usual ones
}

// Declaration is what a program says of itself: a provider's declaration without its functions.
type Declaration struct {
	Protocol int           `json:"protocol"`
	Name     string        `json:"name"`
	Title    string        `json:"title"`
	Help     string        `json:"help"`
	Examples []string      `json:"examples,omitempty"`
	Icon     string        `json:"icon,omitempty"` // a drawing's name, see provider.Provider
	Kinds    []tandem.Kind `json:"kinds"`
	Options  []Option      `json:"options,omitempty"`
	Local    bool          `json:"local,omitempty"`
	Address  bool          `json:"address,omitempty"`
	Network  bool          `json:"network,omitempty"`
	Poll     int64         `json:"poll,omitempty"` // seconds
	Features Features      `json:"features"`
	Lists    bool          `json:"lists,omitempty"` // it answers "list"
	Asks     bool          `json:"asks,omitempty"`  // it answers "ask", and may refuse a task
}

// Option is a setting of its places.
type Option struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Choices []string `json:"choices,omitempty"`
	Default string   `json:"default,omitempty"`
	Help    string   `json:"help"`
	Secret  bool     `json:"secret,omitempty"`
}

// Features are those of provider.Features that a program may have.
type Features struct {
	Tree     bool   `json:"tree,omitempty"`
	ReadOnly bool   `json:"read_only,omitempty"`
	Watch    bool   `json:"watch,omitempty"`
	Cursor   bool   `json:"cursor,omitempty"`
	Rename   bool   `json:"rename,omitempty"`
	FoldCase bool   `json:"fold_case,omitempty"`
	NFC      bool   `json:"nfc,omitempty"`
	OneUID   bool   `json:"one_uid,omitempty"`
	Attrs    bool   `json:"attrs,omitempty"`
	Lasting  bool   `json:"lasting,omitempty"`
	MaxSize  int64  `json:"max_size,omitempty"`
	Batch    int    `json:"batch,omitempty"`
	Workers  int    `json:"workers,omitempty"`
	Names    string `json:"names,omitempty"`
	Judges   bool   `json:"judges,omitempty"` // it answers "judge": see provider.Arbiter
}

// MaxBody is the largest body that travels to or from a program.
const MaxBody = 16 << 20

// The most that is believed of what a program says of itself.
const (
	maxBatch   = 1000
	maxWorkers = 16
	maxPoll    = 366 * 24 * 60 * 60 // seconds
)

func (f Features) whole() provider.Features {
	if f.MaxSize <= 0 || f.MaxSize > MaxBody {
		f.MaxSize = MaxBody
	}
	f.Batch, f.Workers = min(max(f.Batch, 0), maxBatch), min(max(f.Workers, 0), maxWorkers)
	return provider.Features{Tree: f.Tree, ReadOnly: f.ReadOnly, Watch: f.Watch, Cursor: f.Cursor, Rename: f.Rename, FoldCase: f.FoldCase, NFC: f.NFC, OneUID: f.OneUID,
		Attrs: f.Attrs, Lasting: f.Lasting, MaxSize: f.MaxSize, Batch: f.Batch, Workers: f.Workers, Names: f.Names}
}

func featuresOf(f provider.Features) Features {
	return Features{Tree: f.Tree, ReadOnly: f.ReadOnly, Watch: f.Watch, Cursor: f.Cursor, Rename: f.Rename, FoldCase: f.FoldCase, NFC: f.NFC, OneUID: f.OneUID,
		Attrs: f.Attrs, Lasting: f.Lasting, MaxSize: f.MaxSize, Batch: f.Batch, Workers: f.Workers, Names: f.Names}
}

// Declare is the declaration of a provider that is written in Go.
func Declare(p *provider.Provider) Declaration {
	d := Declaration{Protocol: Protocol, Name: p.Name, Title: p.Title, Help: p.Help, Examples: p.Examples, Icon: p.Icon, Kinds: p.Kinds, Local: p.Local, Address: p.Address,
		Network: p.Network, Poll: int64(p.Poll / time.Second), Features: featuresOf(p.Features), Lists: p.List != nil, Asks: p.Ask != nil}
	for _, o := range p.Options {
		d.Options = append(d.Options, Option{Name: o.Name, Type: o.Type, Choices: o.Choices, Default: o.Default, Help: o.Help, Secret: o.Secret})
	}
	return d
}

// Provider is the provider that a program is.
func (r Registered) Provider() *provider.Provider {
	d := r.Declaration
	p := &provider.Provider{Name: d.Name, Title: d.Title, Help: d.Help, Examples: d.Examples, Icon: d.Icon, Kinds: d.Kinds, Local: d.Local, Address: d.Address, Network: d.Network,
		Poll: time.Duration(d.Poll) * time.Second, Features: d.Features.whole()}
	for _, o := range d.Options {
		p.Options = append(p.Options, provider.Option{Name: o.Name, Type: o.Type, Choices: o.Choices, Default: o.Default, Help: o.Help, Secret: o.Secret})
	}
	p.Open = r.open
	if d.Lists {
		p.List = r.list
	}
	if d.Asks {
		p.Ask = r.ask
	}
	return p
}

// Ask starts a program and has it declare itself. Invalid, with what is wrong, for one that is no provider.
func Ask(ctx context.Context, command []string) (Registered, error) {
	r := Registered{Command: command}
	err := r.once(ctx, provider.Env{}, request{Do: "declare"}, func(a answer) error {
		if a.Declaration == nil {
			return r.wrong(errors.New("it declared nothing"))
		}
		r.Declaration = *a.Declaration
		return nil
	})
	if err == nil {
		err = r.check()
	}
	return r, err
}

func (r Registered) wrong(err error) error {
	return &tandem.Error{Kind: tandem.Invalid, Op: "start provider", Thing: r.called(), Err: err, Remedy: "it has to speak the protocol of doc/plugins.md; see what it says with --help"}
}

// called is how people know the program.
func (r Registered) called() string {
	if r.Declaration.Name != "" {
		return r.Declaration.Name
	}
	if len(r.Command) == 0 {
		return ""
	}
	return filepath.Base(r.Command[0])
}

func (r Registered) check() error {
	d := r.Declaration
	if d.Protocol != Protocol {
		return &tandem.Error{Kind: tandem.TooNew, Op: "start provider", Thing: r.called(), Err: fmt.Errorf("it speaks version %d of the protocol, and this program version %d", d.Protocol, Protocol), Remedy: "get the one that fits"}
	}
	if d.Poll < 0 || d.Poll > maxPoll {
		return r.wrong(fmt.Errorf("it wants to be looked at every %d seconds", d.Poll))
	}
	for _, o := range d.Options {
		if o.Name == provider.OnBehalf {
			return r.wrong(errors.New("the option " + provider.OnBehalf + " is the hub's own"))
		}
	}
	if err := provider.NewRegistry(r.Provider()).Check(); err != nil {
		return r.wrong(err)
	}
	return nil
}

// file is where a registered program of this name is noted.
func file(data, name string) string { return filepath.Join(data, Folder, name+".json") }

// Register notes a program in a data folder. What was noted under its name is replaced.
func Register(data string, r Registered) error {
	if err := r.check(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(data, Folder), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(file(data, r.Declaration.Name), append(text, '\n'), 0o600)
}

// Unregister forgets one. NotFound.
func Unregister(data, name string) error {
	all, err := Load(data)
	if !slices.ContainsFunc(all, func(r Registered) bool { return r.Declaration.Name == name }) {
		return errors.Join(&tandem.Error{Kind: tandem.NotFound, Op: "remove provider", Thing: name, Err: errors.New("no program is registered under this name"), Remedy: "see which are with `tandem provider list`"}, err)
	}
	return os.Remove(file(data, name))
}

// Load lists the programs that are noted in a data folder. A note that cannot be read is told in the error, and does not hide the others.
func Load(data string) (out []Registered, err error) {
	entries, e := os.ReadDir(filepath.Join(data, Folder))
	if e != nil && !errors.Is(e, os.ErrNotExist) {
		return nil, e
	}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok || strings.HasPrefix(name, ".") {
			continue
		}
		var r Registered
		text, e := os.ReadFile(file(data, name))
		if e == nil {
			e = json.Unmarshal(text, &r)
		}
		if e == nil {
			e = r.check()
		}
		if e == nil && r.Declaration.Name != name {
			e = fmt.Errorf("it declares %q", r.Declaration.Name)
		}
		if e != nil {
			err = errors.Join(err, &tandem.Error{Kind: tandem.Invalid, Op: "read provider", Thing: file(data, name), Err: e, Remedy: "register it again with `tandem provider add PROGRAM`, or remove that file"})
			continue
		}
		out = append(out, r)
	}
	return out, err
}

// Source tells the providers that are registered in a data folder, as they are at each call. What cannot be read is left out; Load tells why.
func Source(data string) func() []*provider.Provider {
	var mu sync.Mutex // guards all below
	var seen string
	var known []*provider.Provider
	return func() []*provider.Provider {
		now := look(data)
		mu.Lock()
		defer mu.Unlock()
		if now == seen {
			return known
		}
		list, _ := Load(data) // `tandem doctor` tells what is wrong
		seen, known = now, nil
		for _, r := range list {
			known = append(known, r.Provider())
		}
		return known
	}
}

// look is something that differs when a registered program came, changed or went.
func look(data string) string {
	entries, _ := os.ReadDir(filepath.Join(data, Folder)) // where there is no folder there are none
	var b strings.Builder
	for _, e := range entries {
		if fi, err := e.Info(); err == nil {
			fmt.Fprintln(&b, e.Name(), fi.Size(), fi.ModTime().UnixNano())
		}
	}
	return b.String()
}

package plugin_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"tandem"
	"tandem/internal/need"
	"tandem/provider"
	"tandem/provider/plugin"
	"tandem/provider/providertest"
	"tandem/provider/vdir"
)

// The kit for any program: go test tandem/provider/plugin -run TestProgram -plugin.program "/path/to/program" -plugin.place "/tmp/%d" -plugin.body '{"n":%[1]d,"v":%[2]d}'
var (
	program = flag.String("plugin.program", "", "the program to test, with its arguments")
	places  = flag.String("plugin.place", "", "the path of places to test with; %d becomes a number, and folders are made")
	bodies  = flag.String("plugin.body", `{"uid":"u%[1]d","n":%[1]d,"v":%[2]d}`, "a body: number, version")
)

// TestMain lets the test's own program be a provider's: served is what follows "serve".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		plugin.Main(served(os.Args[2]))
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "misbehave" {
		misbehave(os.Args[2])
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

func self(which string) []string { return []string{os.Args[0], "serve", which} }

// served are the providers of tests.
func served(which string) *provider.Provider {
	p := vdir.Provider()
	open := p.Open
	switch which {
	case "dies": // in the middle of a listing
		p.Open = func(ctx context.Context, at provider.Place, env provider.Env) (*provider.Opened, error) {
			o, err := open(ctx, at, env)
			if err == nil {
				o.Replica = dying{o.Replica}
			}
			return o, err
		}
	case "babbles":
		fmt.Println("hello, world")
	case "curious":
		p.Open = func(ctx context.Context, at provider.Place, env provider.Env) (*provider.Opened, error) {
			own, err := env.Secret(ctx, "password of vdir:mine")
			_, other := env.Secret(ctx, "password of imaps://somebody")
			return nil, fmt.Errorf("own: %s, %v, other: %v, put: %v", own, err, other, env.Keep.Put(ctx, "vdir:note", "kept"))
		}
	}
	return p
}

type dying struct{ provider.Replica }

// Identity implements provider.Replica.
func (dying) Identity(context.Context) (tandem.Identity, error) {
	fmt.Fprintln(os.Stderr, "out of paper")
	os.Exit(3)
	return tandem.Identity{}, nil
}

func card(n, v, size int) []byte {
	return []byte(fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u%d\r\nFN:Name %d\r\nN:;Name %d;;;\r\nNOTE:%d%s\r\nEND:VCARD\r\n", n, n, n, v, strings.Repeat("x", size)))
}

// object is a body of a kind of one's own.
func object(n, v, size int) []byte {
	return []byte(fmt.Sprintf(`{"n":%d,"v":%d,"pad":"%s"}`, n, v, strings.Repeat(".", size)))
}

// suite runs the suite of providers over a program that keeps its places in folders.
func suite(t *testing.T, r plugin.Registered, kind tandem.Kind, body func(n, v, size int) []byte, edit bool) {
	prov := r.Provider()
	id := func(n int) tandem.ID {
		if kind == tandem.Contact {
			return tandem.ID(fmt.Sprintf("record-%d.vcf", n))
		}
		return tandem.ID(fmt.Sprintf("record-%d", n))
	}
	providertest.Run(t, providertest.Factory{Kind: kind, Body: body, ID: id, New: func(t *testing.T) *providertest.Place {
		dir := filepath.Join(t.TempDir(), "place")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		p := &providertest.Place{
			Open: func(ctx context.Context) (*provider.Opened, error) {
				place := provider.Place{Provider: prov.Name, Path: dir, Text: prov.Name + ":" + dir, Options: map[string]string{"kind": string(kind)}}
				return prov.Open(ctx, place, provider.Env{})
			},
			Vanish: func() (func(), error) {
				return func() { _ = os.Rename(dir+".away", dir) }, os.Rename(dir, dir+".away")
			},
		}
		if edit {
			p.Edit = func(id tandem.ID, body []byte) error {
				name := filepath.Join(dir, url.PathEscape(string(id))+".json")
				if body == nil {
					return os.Remove(name)
				}
				return os.WriteFile(name, body, 0o644)
			}
		}
		return p
	}})
}

// TestM042ProviderInItsOwnProcess: a provider of the hub's own, which is known to keep the contract, keeps all of it through a program, with a watch and cursors.
func TestM042ProviderInItsOwnProcess(t *testing.T) {
	r, err := plugin.Ask(t.Context(), self("vdir"))
	if err != nil {
		t.Fatal(err)
	}
	suite(t, r, tandem.Contact, card, false)
}

// TestM040ProviderOutsideTheTree builds a provider in a module of its own, which brings a kind of its own, and runs the suite over it.
func TestM040ProviderOutsideTheTree(t *testing.T) {
	r, err := plugin.Ask(t.Context(), []string{Stocks(t)})
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Declaration; d.Name != "stocks" || d.Kinds[0] != "x-stock" || !d.Asks || d.Lists {
		t.Fatalf("it declares %+v", d)
	}
	suite(t, r, "x-stock", object, true)
}

// TestM052KitForAnyLanguage runs the suite over a program in Python that knows nothing but the protocol.
func TestM052KitForAnyLanguage(t *testing.T) {
	script, err := filepath.Abs("testdata/jots.py")
	if err != nil {
		t.Fatal(err)
	}
	r, err := plugin.Ask(t.Context(), []string{need.Program(t, "python3"), script})
	if err != nil {
		t.Fatal(err)
	}
	suite(t, r, "x-jot", object, true)
}

// TestProgram runs the suite over the program that the flags name.
func TestProgram(t *testing.T) {
	if *program == "" {
		t.Skip("name a program with -plugin.program")
	}
	r, err := plugin.Ask(t.Context(), strings.Fields(*program))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	last := 0
	prov := r.Provider()
	providertest.Run(t, providertest.Factory{Kind: r.Declaration.Kinds[0],
		Body: func(n, v, size int) []byte {
			return append(fmt.Appendf(nil, *bodies, n, v), strings.Repeat(" ", size)...)
		},
		New: func(t *testing.T) *providertest.Place {
			at := filepath.Join(t.TempDir(), "place")
			if *places != "" {
				mu.Lock()
				last++
				at = fmt.Sprintf(*places, last)
				mu.Unlock()
			} else if err := os.Mkdir(at, 0o755); err != nil {
				t.Fatal(err)
			}
			return &providertest.Place{Open: func(ctx context.Context) (*provider.Opened, error) {
				reg := provider.NewRegistry(prov)
				return reg.Open(ctx, prov.Name+":"+at, provider.Env{})
			}}
		}})
}

// Stocks builds the sample outside of the tree.
func Stocks(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	for name, change := range map[string]func(string) string{
		"main.go": func(s string) string { return s },
		"go.mod":  func(s string) string { return strings.ReplaceAll(s, "../../../..", dir) },
	} {
		text, err := os.ReadFile(filepath.Join("testdata/stocks", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, name), []byte(change(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(work, "stocks")
	if runtime.GOOS == "windows" {
		out += ".exe"
	}
	sums, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err == nil {
		err = os.WriteFile(filepath.Join(work, "go.sum"), sums, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), need.Program(t, "go", "golang"), "build", "-mod=mod", "-o", out, ".")
	c.Dir, c.Env = work, append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GONOSUMDB=*", "GONOSUMCHECK=1")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build the sample: %v\n%s", err, text)
	}
	return out
}

// TestProgramDies: what a program said last is told, nothing hangs, and the place is taken for unreadable.
func TestProgramDies(t *testing.T) {
	r, err := plugin.Ask(t.Context(), self("dies"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o, err := r.Provider().Open(t.Context(), provider.Place{Provider: "vdir", Path: dir, Text: "vdir:" + dir, Options: map[string]string{"kind": "contact"}}, provider.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	for range 2 {
		if _, err := o.Identity(t.Context()); !tandem.IsKind(err, tandem.Unreadable) || !strings.Contains(err.Error(), "out of paper") {
			t.Errorf("%v", err)
		}
	}
	outs, err := o.Apply(t.Context(), []tandem.Write{{Op: tandem.Create, ID: "a", Record: tandem.Record{Body: tandem.Bytes(card(1, 1, 0))}}})
	if err == nil || len(outs) != 1 || outs[0].Status != tandem.Maybe {
		t.Errorf("%+v %v", outs, err)
	}
}

func TestAskRefuses(t *testing.T) {
	for name, command := range map[string][]string{
		"babbles": self("babbles"), "nothing": nil, "no program": {filepath.Join(t.TempDir(), "none")}, "says nothing": {need.Program(t, "true", "coreutils")},
	} {
		if r, err := plugin.Ask(t.Context(), command); err == nil {
			t.Errorf("%s: %+v", name, r)
		} else if !tandem.IsKind(err, tandem.Invalid) && !tandem.IsKind(err, tandem.Unreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestM051OwnChannel: a program reads secrets of its own places and keeps what it wants to find again, and nothing else of the hub's.
func TestM051OwnChannel(t *testing.T) {
	r, err := plugin.Ask(t.Context(), self("curious"))
	if err != nil {
		t.Fatal(err)
	}
	kept := &keeper{}
	env := provider.Env{Keep: kept, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Secret: func(_ context.Context, name string) (string, error) { return "secret of " + name, nil }}
	_, err = r.Provider().Open(t.Context(), provider.Place{Provider: "vdir", Path: "/", Text: "vdir:/"}, env)
	if err == nil || !strings.Contains(err.Error(), "own: secret of password of vdir:mine") || !strings.Contains(err.Error(), "of its own places only") || kept.name != "vdir:note" || kept.value != "kept" {
		t.Errorf("%v, kept %+v", err, kept)
	}
}

type keeper struct{ name, value string }

func (k *keeper) Get(context.Context, string) (string, error) { return k.value, nil }
func (k *keeper) Put(_ context.Context, name, value string) error {
	k.name, k.value = name, value
	return nil
}

// TestM053Registered: programs are noted in the data folder by name, replaced, listed and forgotten, and a torn note hides no other.
func TestM053Registered(t *testing.T) {
	data := t.TempDir()
	r, err := plugin.Ask(t.Context(), self("vdir"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := plugin.Register(data, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(data, plugin.Folder, "torn.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := plugin.Load(data)
	if len(list) != 1 || list[0].Declaration.Name != "vdir" || err == nil || !strings.Contains(err.Error(), "torn.json") {
		t.Errorf("%+v %v", list, err)
	}
	if err := plugin.Unregister(data, "vdir"); err != nil {
		t.Error(err)
	}
	if err := plugin.Unregister(data, "vdir"); !tandem.IsKind(err, tandem.NotFound) {
		t.Error(err)
	}
}

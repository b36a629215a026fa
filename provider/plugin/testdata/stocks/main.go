// Stocks is a provider outside of Tandem's tree: a portfolio, as a folder with one JSON file per share. It brings a kind of records of its own, x-stock.
package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"tandem"
	"tandem/provider"
	"tandem/provider/plugin"
	"tandem/provider/simple"
)

func main() {
	plugin.Main(&provider.Provider{
		Name: "stocks", Title: "Portfolio", Help: "A folder with a JSON file for each share that is held.", Examples: []string{"stocks:~/portfolio"},
		Icon: "row", Kinds: []tandem.Kind{"x-stock"}, Local: true, Features: simple.Features(simple.Place{}),
		Options: []provider.Option{{Name: "read-only", Type: "bool", Default: "false", Help: "never write there"}},
		Open: func(_ context.Context, p provider.Place, _ provider.Env) (*provider.Opened, error) {
			return simple.Open(simple.Place{Kind: "x-stock", Identity: p.Path, ReadOnly: p.Bool("read-only"), MaxSize: 8 << 20, Store: folder(p.Path)}), nil
		},
		Ask: func(_ context.Context, p provider.Place, _ provider.Env, task string) error {
			if _, err := os.Stat(filepath.Join(p.Path, ".keep-me")); task == "delete" && err == nil {
				return tandem.Errorf(tandem.Denied, "the portfolio says that it wants to be kept")
			}
			return nil
		},
	})
}

// folder is where the files are.
type folder string

func (f folder) file(name string) string {
	return filepath.Join(string(f), url.PathEscape(name)+".json")
}

func (f folder) Records(context.Context) (map[string][]byte, map[string]error, error) {
	entries, err := os.ReadDir(string(f))
	bodies, bad := map[string][]byte{}, map[string]error{}
	for _, e := range entries {
		name, err := url.PathUnescape(strings.TrimSuffix(e.Name(), ".json"))
		if err != nil || filepath.Ext(e.Name()) != ".json" {
			continue
		}
		body, err := os.ReadFile(f.file(name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			bad[name] = tandem.Errorf(tandem.Unreadable, "%w", err)
			continue
		}
		bodies[name] = body
	}
	return bodies, bad, err
}

func (f folder) Write(_ context.Context, name string, body []byte) error {
	if len(url.PathEscape(name)) > 200 {
		return tandem.Errorf(tandem.Invalid, "the name is too long")
	}
	t, err := os.CreateTemp(string(f), ".new-")
	if err != nil {
		return err
	}
	_, err = t.Write(body)
	if err = errors.Join(err, t.Sync(), t.Close()); err == nil {
		err = os.Rename(t.Name(), f.file(name))
	}
	return err
}

func (f folder) Remove(_ context.Context, name string) error { return os.Remove(f.file(name)) }

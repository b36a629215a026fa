package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"tandem/center"
	"tandem/provider"
	"tandem/server/web/api"
)

var update = flag.Bool("update", false, "write doc/openapi.json")

const document = "../../doc/openapi.json"

// openAPI is what the API says of itself, with a version that does not hang on the build.
func openAPI(t *testing.T) []byte {
	t.Helper()
	a, err := api.New(api.Config{Service: func(context.Context) center.Service { return nil }, Places: provider.NewRegistry(), Version: "1", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := a.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", " "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// TestOpenAPIIsCurrent compares the document in doc with the program. Run it with -update to write it.
func TestOpenAPIIsCurrent(t *testing.T) {
	want := openAPI(t)
	if *update {
		if err := os.WriteFile(document, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), want) {
		t.Error("doc/openapi.json is not what the API says of itself; write it anew with `go test ./server/web -run OpenAPI -update`")
	}
}

// operation is what the tests look at of an operation.
type operation struct {
	OperationID string
	Summary     string
	Tags        []string
	Parameters  []struct {
		Name, In string
		Required bool
		Schema   any
	}
	Responses map[string]struct{ Description string }
}

func operations(t *testing.T) (map[string]operation, map[string]any) {
	t.Helper()
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]operation
	}
	raw := openAPI(t)
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", doc.OpenAPI)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]operation{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			where := strings.ToUpper(method) + " " + path
			if _, twice := out[o.OperationID]; twice || o.OperationID == "" {
				t.Errorf("%s: operationId %q is missing or doubled", where, o.OperationID)
			}
			if o.Summary == "" || len(o.Tags) != 1 || len(o.Responses) == 0 {
				t.Errorf("%s: no summary, tag or response", where)
			}
			checkParameters(t, where, path, o)
			out[o.OperationID] = o
		}
	}
	return out, all
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

// checkParameters holds an operation to OpenAPI 3.1.0 4.8.12: every part of the path that varies is a parameter, required and with a schema.
func checkParameters(t *testing.T, where, path string, o operation) {
	t.Helper()
	var want, have []string
	for _, m := range inPath.FindAllStringSubmatch(path, -1) {
		want = append(want, m[1])
	}
	for _, p := range o.Parameters {
		if p.Schema == nil {
			t.Errorf("%s: parameter %s has no schema", where, p.Name)
		}
		if p.In == "path" {
			have = append(have, p.Name)
			if !p.Required {
				t.Errorf("%s: parameter %s of the path is not required", where, p.Name)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		t.Errorf("%s: parameters %v, in the path are %v", where, have, want)
	}
	for code, r := range o.Responses {
		if r.Description == "" {
			t.Errorf("%s: response %s has no description", where, code)
		}
	}
}

// TestOpenAPIIsWhole checks that every reference leads somewhere, and every operation has a name of its own.
func TestOpenAPIIsWhole(t *testing.T) {
	_, doc := operations(t)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				var at any = doc
				for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
					m, _ := at.(map[string]any)
					at = m[part]
				}
				if at == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(doc)
}

// kebab is the name of an operation that does what a method does.
func kebab(method string) string {
	var b strings.Builder
	for i, r := range method {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestEveryMethodHasAnOperation holds the API to center.Service: whatever a person can ask of the hub a program can ask over HTTP.
func TestEveryMethodHasAnOperation(t *testing.T) {
	otherwise := map[string]string{
		"FollowLog":   "follow",           // /api/events tells both
		"Collections": "list-collections", // with more about each
		"ListItems":   "list-items",
		"Secret":      "", // secrets are kept, not told; see package scope
	}
	ops, _ := operations(t)
	service := reflect.TypeFor[center.Service]()
	for i := range service.NumMethod() {
		name := service.Method(i).Name
		id, other := otherwise[name]
		if !other {
			id = kebab(name)
		}
		if _, ok := ops[id]; !ok && id != "" {
			t.Errorf("nothing does what %s does; the operation would be called %q", name, id)
		}
	}
	if len(ops) < 50 {
		t.Errorf("only %d operations", len(ops))
	}
	t.Log(fmt.Sprint(len(ops), " operations for ", service.NumMethod(), " methods"))
}

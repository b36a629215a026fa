package web_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"tandem"
	"tandem/store"
)

// TestMarkupEverywhere: whatever places, records, devices, programs and servers call themselves or say is shown as text on every page that shows it. Each of the strings
// below is told apart, and must have been seen somewhere as what it is.
func TestMarkupEverywhere(t *testing.T) {
	evil := func(what string) string { return `"'><img src=x onerror=alert(1)><script>` + what + `</script>` }
	place := evil("place")
	k := newKit(t, place)
	ctx := t.Context()
	body := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:" + evil("title") + "\r\nN:x;;;;\r\nNOTE:" + evil("note") + "\r\nEND:VCARD\r\n"
	k.must(k.places[place].Put("1", []byte(body), ""))
	k.item("anna", place, "mine")
	k.sync("mine")
	// A conflict in the record, so that both versions are shown.
	items, err := k.hub.ListItems(ctx)
	k.must(err)
	first := k.firstRecord(items[0].Collection)
	outs, err := k.st.Home.Write(ctx, items[0].Collection, store.Author{User: "anna", Via: evil("via")}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.Update, ID: first.ID, If: first.Version, Record: tandem.Record{
		Body: tandem.Bytes(strings.Replace(body, evil("note"), evil("here"), 1))}}}})
	k.must(err)
	if outs[0].Status != tandem.Applied {
		t.Fatalf("%+v", outs[0])
	}
	k.must(k.places[place].Put("1", []byte(strings.Replace(body, evil("note"), evil("there"), 1)), ""))
	k.sync("mine")
	_, err = k.st.Devices.ChangeDevice(ctx, "anna", "PHONE1", func(d *store.Device) error {
		d.Access, d.Type, d.Agent, d.Reason, d.Address = store.Held, evil("type"), evil("agent"), evil("reason"), evil("address")
		d.Info = map[string]string{"model": evil("model"), "name": evil("name"), "os": evil("os"), "operator": evil("operator"), "phone": evil("number")}
		return nil
	})
	k.must(err)
	k.must(k.st.Events.Add(ctx, store.Event{When: 1, User: "anna", Item: "mine", Level: store.Error, Text: evil("error"), Remedy: evil("remedy"), Record: tandem.ID(evil("record")), Code: "denied",
		Link: "javascript:alert(1)", LinkText: evil("link")}))
	coll, err := k.st.Home.PutCollection(ctx, tandem.Collection{User: "anna", Kind: tandem.Contact, Name: evil("folder")})
	k.must(err)
	open, err := k.hub.Conflicts(ctx, true)
	k.must(err)
	if len(open) != 1 {
		t.Fatalf("%d conflicts", len(open))
	}
	anna := k.in("anna")
	values := strings.NewReplacer("{user}", "anna", "{item}", "mine", "{partner}", url.PathEscape(items[0].Partner), "{provider}", "mem", "{$}", "")
	var all strings.Builder
	for _, route := range pageRoutes(t) {
		method, path, _ := strings.Cut(values.Replace(route), " ")
		if method != "GET" || path == "/live" {
			continue
		}
		id := strconv.FormatInt(coll.ID, 10)
		switch {
		case strings.HasPrefix(path, "/devices/"):
			id = "PHONE1"
		case strings.HasPrefix(path, "/conflicts/"):
			id = strconv.FormatInt(open[0].ID, 10)
		case strings.Contains(path, "/runs/"):
			id = "1"
		}
		path = variable.ReplaceAllString(path, id)
		a := anna.get(path)
		all.WriteString(a.body)
		for _, raw := range []string{"<img src=x", "<script>place", "<script>title", `href="javascript:`} {
			if strings.Contains(a.body, raw) {
				t.Errorf("%s obeys %q", path, raw)
			}
		}
		if strings.HasPrefix(a.head.Get("Content-Type"), "text/html") && inlineScript(a.body) {
			t.Errorf("%s has inline script", path)
		}
	}
	for _, what := range []string{"place", "title", "here", "there", "type", "agent", "model", "error", "remedy", "folder"} {
		if !strings.Contains(all.String(), "script&gt;"+what+"&lt;/script") && !strings.Contains(all.String(), what+"&lt;/script") {
			t.Errorf("no page shows %s as it is", what)
		}
	}
}

// inlineScript reports whether a page has script of its own.
func inlineScript(body string) bool {
	for rest := body; ; {
		_, after, ok := strings.Cut(rest, "<script")
		if !ok {
			return false
		}
		head, inner, _ := strings.Cut(after, ">")
		if !strings.Contains(head, "src=") || !strings.HasPrefix(inner, "</script>") {
			return true
		}
		rest = inner
	}
}

// firstRecord is the first record of a collection.
func (k *kit) firstRecord(collection int64) store.HomeRecord {
	k.Helper()
	list, _, err := k.st.Home.Since(k.Context(), collection, 0, 0)
	k.must(err)
	if len(list) == 0 {
		k.Fatal("no records")
	}
	return list[0]
}

package center

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"tandem"
	"tandem/partner/seal"
	"tandem/partner/trace"
	"tandem/provider/memory"
	"tandem/store"
)

// unzip is what a bundle holds, by name.
func unzip(t *testing.T, b Bundle) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b.Data), int64(len(b.Data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		out[f.Name] = string(text)
	}
	return out
}

// TestBundleTellsNoSecrets plants secrets, names and addresses wherever the hub keeps something, and looks for them in a bundle.
func TestBundleTellsNoSecrets(t *testing.T) {
	w := newWorld(t, memory.Knobs{}, "phone")
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	keeper, err := seal.Open(w.store.Secrets, t.TempDir())
	must(err)
	w.hub.cfg.Secrets, w.hub.cfg.Version = keeper, "1.2.3-test"
	must(keeper.Put(ctx, "password imap://zoe@mail.zebra.example", "swordfish"))
	must(keeper.Put(ctx, "token dav", "tok 7"))
	must(w.store.Accounts.AddUser(ctx, store.User{Name: "zoe", Title: "Zoe Zebra", Address: "zoe@zebra.example", Props: ""}))
	must(w.store.Accounts.SetProps(ctx, "zoe", map[string]string{"oof": "I am in Ouagadougou", "submission": `{"password":"plainpass"}`}))
	must(w.store.Settings.PutValues(ctx, map[string]string{"webhook https://hooks.example/T0KEN": "bearer planted-secret-1", "keep-history": "2592000"}))
	must(w.places["phone"].Put("1", tandem.Bytes("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nFN:Yan Yak\r\nN:Yak;Yan;;;\r\nNOTE:planted body\r\nEND:VCARD\r\n"), ""))
	_, err = w.hub.AddItem(ctx, NewItem{Home: "zoes-people", Partner: "mem:phone", Name: "zoes-item", User: "zoe", Mode: Manual})
	must(err)
	w.run("zoes-item")
	must(w.store.Settings.PutPartner(ctx, store.Partner{Name: "zoes-cloud", User: "zoe", Provider: "dav", Place: "dav:https://zoe:urlpass@cloud.zebra.example/dav?key=planted-key", Title: "Zoe's cloud", Added: 5}))
	must(w.store.Settings.PutItem(ctx, store.Item{Name: "broken", User: "zoe", Collection: 1, Partner: "zoes-cloud", Sub: "/secret-folder/zoes", Mode: "manual", Rules: `{"policy":"a","filter":"planted-filter","guard":true}`}))
	_, err = w.store.Devices.ChangeDevice(ctx, "zoe", "ZOESPHONE123", func(d *store.Device) error {
		d.Access, d.Type, d.Agent, d.Address = store.Allowed, "iPhone", "Apple-iPhone/Zebra zoe@zebra.example", "203.0.113.77"
		d.Info = map[string]string{"name": "Zoe’s handset", "imei": "356938035643809", "phone": "+49 171 5550000"}
		return nil
	})
	must(err)
	must(w.store.Events.Add(ctx,
		store.Event{User: "zoe", Item: "zoes-item", Level: store.Error, Code: "denied", Record: "yan-yak.vcf", Text: `record yan-yak.vcf "Yan Yak": PUT https://zoe:urlpass@cloud.zebra.example/dav failed; Authorization: Basic em9lOnVybHBhc3M=`, Remedy: "ask zoe@zebra.example"},
		store.Event{Text: "Set-Cookie: tandem=planted-cookie; from 203.0.113.77", Item: "web:zoe"},
		store.Event{Text: "open /home/zoe/planted-path/x: the password is hunter2; swordfish; tok 7"},
		store.Event{Text: `answer {"access_token": "planted-token", "refresh_token":'planted-refresh'} for +49 171 5550000`},
		store.Event{Text: "$argon2id$v=19$m=65536,t=3$cGxhbnRlZA$aGFzaA was refused, AKIAPLANTEDPLANTED00"}))
	// What people wrote stands in some lines as it is, and so does who or what was removed since.
	must(w.store.Events.Add(ctx,
		store.Event{Item: "zoes-item", Record: "1", Text: "conflict: Planted: Yonder: changed on both sides: the field planted-field"},
		store.Event{Item: "repair", Text: "mended: body the record Planted Yonder in zoes-people of zoe, and 3 more: its bytes are not those that were stored"},
		store.Event{Item: "repair", Text: "could not be mended: record Planted: Yonder: fetch Planted: Yonder: no partner and no version in history has it"},
		store.Event{Item: "zoes-item", Text: "the command before the run wrote: planted output; more"},
		store.Event{Item: "zoes-item", Text: "run command: it ended with exit status 1: planted words"},
		store.Event{Item: "zoes-item", Text: "mailer says that the conflict about Planted title is settled"},
		store.Event{Item: "zoes-cloud", Text: "Planted folder with 7 messages was removed at zoes-cloud"},
		store.Event{Item: "zoes-cloud", Text: "Planted folder cannot be removed at zoes-cloud: no"},
		store.Event{User: "plantedgone", Item: "web:zoe", Text: "zoe set the password of plantedgone"},
		store.Event{Item: "web:zoe", Text: "zoe removed the user plantedleft"},
		store.Event{User: "zoe", Item: "web:zoe", Text: "zoe shared collection 1 with plantedleft"},
		store.Event{Item: "eas:ZOESPHONE123", Record: "1", Text: "zoes-people may only be read: Planted title was changed on the device, and it is put back. What it sent is in history as h7."},
		store.Event{Item: "eas:ZOESPHONE123", Record: "1", Text: "Planted title was changed on the device, and the hub, which was put back to an earlier state, does not know it."},
		store.Event{Item: "eas:ZOESPHONE123", Record: "1", Text: "nobody tells Planted, Yonder of Planted title: there is no way there"},
		store.Event{Item: "eas:ZOESPHONE123", Record: "1", Text: "the answer of zoe to Planted title is in the calendar; the organizer is told"},
		store.Event{Item: "mail of zoe", Record: "1", Text: "a message about a meeting, Planted subject: the calendar stays as it is: it is older"}))
	book := trace.New(nil)
	w.hub.cfg.Traces = book
	_, err = book.Start("zoe", "ZOESPHONE123", "zoe", 0)
	must(err)
	book.Add("zoe", "ZOESPHONE123", trace.Exchange{Command: "Sync", Head: []string{"User-Agent: Apple-iPhone/Zebra zoe@zebra.example"}, Asked: "<Sync><Name>zoes-people</Name></Sync>", Note: "from zoe"})
	pair, err := w.store.Bases.Open(ctx, `item 77 "zoes-old-stick" ""`) // is found by the repairs
	must(err)
	_ = pair

	b, err := w.hub.Bundle(ctx)
	must(err)
	files := unzip(t, b)
	for _, name := range []string{"README.txt", "about.json", "config.json", "items.json", "runs.json", "log.json", "checks.json", "repairs.json", "traces.json", "goroutines.txt"} {
		if files[name] == "" {
			t.Errorf("no %s", name)
		}
		if strings.HasSuffix(name, ".json") && !json.Valid([]byte(files[name])) {
			t.Errorf("%s is no JSON", name)
		}
		if strings.Contains(files[name], `"error": `) && name != "checks.json" {
			t.Errorf("%s: %s", name, files[name])
		}
	}
	for name, text := range files {
		low := strings.ToLower(text)
		for _, secret := range []string{"swordfish", "tok 7", "zoe", "zebra", "ouagadougou", "plainpass", "planted", "hooks.example", "t0ken", "yan", "yak", "urlpass", "em9lonvybhbhc3m", "356938035643809", "5550000",
			"203.0.113.77", "hunter2", "yonder", "akia", "secret-folder", "handset", "cgxhbnrlza"} {
			if i := strings.Index(low, secret); i >= 0 {
				t.Errorf("%s tells %q: %s", name, secret, text[max(0, i-80):min(len(text), i+80)])
			}
		}
	}
	for name, want := range map[string][]string{
		"about.json":  {`"version": "1.2.3-test"`, `"Format": `, `"contact": 1`},
		"config.json": {`"provider": "dav"`, `"policy": "a"`, `"filter": 14`, `"guard": true`, `"value": "2592000"`, `"type": "iPhone"`},
		"items.json":  {`"kind": "contact"`},
		"runs.json":   {`"result": "ok"`},
		"log.json": {`"code": "denied"`, "failed", "was refused", "conflict: [15 characters]: changed on both sides", "has it", "were stored", "ended with exit status 1: [", "removed the user [",
			"put back. What it sent", "the organizer is told", "the calendar stays"},
		"checks.json":    {`"name": "left over"`},
		"repairs.json":   {`"sort": "base"`},
		"traces.json":    {`"command": "Sync"`, "<Sync>"},
		"goroutines.txt": {"goroutine ", "TestBundleTellsNoSecrets"},
	} {
		for _, s := range want {
			if !strings.Contains(files[name], s) {
				t.Errorf("%s does not say %q: %.2000s", name, s, files[name])
			}
		}
	}
	again, err := w.hub.Bundle(ctx)
	must(err)
	one, two := map[string][]map[string]any{}, map[string][]map[string]any{}
	must(json.Unmarshal([]byte(files["config.json"]), &one))
	must(json.Unmarshal([]byte(unzip(t, again)["config.json"]), &two))
	if one["users"][0]["user"] == two["users"][0]["user"] {
		t.Error("names that stand for others are the same in two bundles")
	}
}

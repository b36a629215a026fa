package interop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/kind/mail"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/hubkit"
	"tandem/test/mailkit"
)

// draftHub is a hub's data with a mail folder that is kept in step with a mailbox. The program that does it can be killed at any point.
type draftHub struct {
	*testing.T
	data string
}

func newDraftHub(t *testing.T, place string) *draftHub {
	h := &draftHub{t, t.TempDir()}
	h.run(nil, "user", "add", "anna", "--address", "anna@example.org", "--password-file", "-")
	h.run(nil, "item", "add", "drafts", place+"?password-from=env:MAIL_PASSWORD", "--name", "drafts", "--user", "anna")
	return h
}

// run runs the program. started hears of it when it runs, and its end is then whatever it is.
func (h *draftHub) run(started func(*os.Process), args ...string) {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), hubkit.Program(h.T), append(args, "--data", h.data)...)
	cmd.Env, cmd.Stdin = append(os.Environ(), "MAIL_PASSWORD="+mailkit.Password), strings.NewReader("correct horse battery\n")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Start()
	if err == nil && started != nil {
		started(cmd.Process)
	}
	if err == nil {
		err = cmd.Wait()
	}
	if started != nil {
		h.Logf("with the fault: %v\n%s", err, out.String())
	} else if err != nil {
		h.Fatalf("tandem %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
}

// open gives the store and the folder while the program does not run.
func (h *draftHub) open(do func(ctx context.Context, st *store.Store, c tandem.Collection)) {
	h.Helper()
	st, err := sqlite.Open(h.data, sqlite.Options{})
	if err != nil {
		h.Fatal(err)
	}
	defer st.Close()
	all, err := st.Home.Collections(h.Context(), "anna")
	if err != nil {
		h.Fatal(err)
	}
	for _, c := range all {
		if c.Kind == tandem.Mail && c.Name == "drafts" {
			do(h.Context(), st, c)
			return
		}
	}
	h.Fatalf("no folder for drafts: %+v", all)
}

// messages are the bodies in the folder, by subject.
func (h *draftHub) messages(ctx context.Context, st *store.Store, c tandem.Collection) (out []store.HomeRecord, texts []string) {
	h.Helper()
	recs, _, err := st.Home.Since(ctx, c.ID, 0, 0)
	if err != nil {
		h.Fatal(err)
	}
	for _, rec := range recs {
		if rec.Deleted {
			continue
		}
		for full, err := range st.Home.Get(ctx, c.ID, []tandem.ID{rec.ID}) {
			if err != nil {
				h.Fatal(err)
			}
			data, err := tandem.ReadBody(full.Body, 1<<20)
			if err != nil {
				h.Fatal(err)
			}
			out, texts = append(out, full), append(texts, textOf(string(data)))
		}
	}
	return out, texts
}

// textOf is what a draft says: its second part after the headers.
func textOf(message string) string {
	_, text, _ := strings.Cut(message, "\r\n\r\n")
	return strings.TrimSpace(text)
}

func draft(text string) string {
	return "From: anna@example.org\r\nSubject: draft\r\nMessage-ID: <draft@example.org>\r\n\r\n" + text + "\r\n"
}

// edit gives the draft another text, as a phone does.
func (h *draftHub) edit(was, text string) {
	h.Helper()
	h.open(func(ctx context.Context, st *store.Store, c tandem.Collection) {
		recs, texts := h.messages(ctx, st, c)
		i := slices.Index(texts, was)
		if i < 0 {
			h.Fatalf("no draft %q in %q", was, texts)
		}
		body := tandem.Bytes(draft(text))
		info, err := mail.Handler{}.InspectBody(body)
		if err != nil {
			h.Fatal(err)
		}
		meta := tandem.Meta{UID: info.Index.UID, Attrs: recs[i].Attrs}
		out, err := st.Home.Write(ctx, c.ID, store.Author{User: "anna", Via: "test"}, []store.HomeWrite{{Digest: info.Digest, Index: info.Index, Title: info.Summary.String(),
			Write: tandem.Write{Op: tandem.Update, ID: recs[i].ID, If: recs[i].Version, Record: tandem.Record{Meta: meta, Body: body}}}})
		if err != nil || out[0].Status != tandem.Applied {
			h.Fatalf("%+v, %v", out, err)
		}
	})
}

// textsAt is what the drafts in a mailbox say.
func (a *account) textsAt(mailbox string) []string {
	a.Helper()
	_, err := a.Select(mailbox, nil).Wait()
	a.must(err)
	var out []string
	for _, m := range a.bodies() {
		out = append(out, textOf(m))
	}
	slices.Sort(out)
	return out
}

// A draft that was written on is another message at the server, in the place of the old one. Wherever the hub is killed, or the line breaks, between the first byte of the
// new one and the last answer about the old one: after the next run there is one draft on each side, the new one.
func TestDraftFaults(t *testing.T) {
	t.Parallel()
	for name, conf := range map[string]mailkit.Config{"usual": {}, "old": {Capabilities: "IMAP4rev1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testDraftFaults(t, conf, name == "old")
		})
	}
}

func testDraftFaults(t *testing.T, conf mailkit.Config, some bool) {
	s := mailkit.Dovecot(t, conf)
	a := newAccount(t, s)
	proxy := mailkit.NewProxy(t, s.IMAP)
	type fault struct {
		kill bool
		set  func()
	}
	faults := map[string]fault{}
	for _, cmd := range []string{" APPEND ", "+FLAGS", " FLAGS.SILENT", " UID EXPUNGE "} {
		name := strings.ToLower(strings.NewReplacer(" ", "-", ".", "-").Replace(strings.TrimSpace(cmd)))
		faults[name+"-deaf"] = fault{false, func() { proxy.Deafen(cmd) }}
		faults[name+"-deaf-killed"] = fault{true, func() { proxy.Deafen(cmd) }}
		if !some {
			for _, n := range []int64{0, 60} {
				faults[fmt.Sprintf("%s-cut-%d", name, n)] = fault{true, func() { proxy.Cut(true, n, cmd) }}
			}
			faults[name+"-answer"] = fault{true, func() { proxy.Cut(false, 20, cmd) }}
		}
	}
	blown := 0
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			a.T = t
			mailkit.MakeFolder(a.T, a.Client, name)
			a.put(name, draft("first"))
			a.put(name, strings.ReplaceAll(draft("bystander"), "draft@", "other@"))
			h := newDraftHub(t, "imap://anna@"+proxy.Addr+"/"+name)
			h.run(nil, "sync", "drafts")
			h.edit("first", "second")
			fault.set()
			h.run(func(p *os.Process) {
				if fault.kill {
					proxy.Then(func() { _ = p.Kill() }) // it may have ended
				}
			}, "sync", "drafts")
			if proxy.Heal() {
				blown++
			}
			for range 2 {
				h.run(nil, "sync", "drafts")
			}
			want := []string{"bystander", "second"}
			if got := a.textsAt(name); !slices.Equal(got, want) {
				t.Errorf("the mailbox holds %q", got)
			}
			h.open(func(ctx context.Context, st *store.Store, c tandem.Collection) {
				_, got := h.messages(ctx, st, c)
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("the hub holds %q", got)
				}
			})
		})
	}
	if blown < len(faults)/2 {
		t.Errorf("%d of %d faults came about", blown, len(faults))
	}
}

package imap

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/kind/mail"
	"tandem/provider"
	"tandem/test/mailkit"
)

// TestAppended: only an answer that tells a number for each message, in this mailbox, is believed.
func TestAppended(t *testing.T) {
	for said, want := range map[string][]imap.UID{
		"[APPENDUID 7 3:5] done":                {3, 4, 5},
		"[appenduid 7 9,3:4] done":              {9, 3, 4},
		"[APPENDUID 7 4294967293:4294967295] x": {4294967293, 4294967294, 4294967295},
		"[APPENDUID 8 3:5] another mailbox":     nil,
		"[APPENDUID 7 3:4] one is missing":      nil,
		"[APPENDUID 7 3:6] one too many":        nil,
		"[APPENDUID 7 1:4294967295] too many":   nil,
		"[APPENDUID 7 3,3,4] one is two":        nil,
		"[APPENDUID 7 5:3] backwards":           nil,
		"[APPENDUID 7 3:*] no number":           nil,
		"[APPENDUID 7 3:5":                      nil,
		"[APPENDUID 7] done":                    nil,
		"done":                                  nil,
		"":                                      nil,
	} {
		if got := appended(said, 7, 3); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", said, got, want)
		}
	}
}

func TestQuoted(t *testing.T) {
	for name, want := range map[string]string{"INBOX": `"INBOX"`, "Work/To do": `"Work/To do"`, `a"b`: "", `a\b`: "", "R&D": "", "Entwürfe": "", "a\r\nb": ""} {
		if got, ok := quoted(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", name, got, ok)
		}
	}
	for text, want := range map[string]bool{"Seen": true, "$Work": true, "": false, "a b": false, "a)": false, "a\r\n": false, `a"`: false, "ü": false} {
		if isAtom(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// lotOf are creates of messages of several sorts: with other line ends, large and small, two that hold the same, with flags, keywords and times.
func lotOf(n int) (list []tandem.Write) {
	for i := range n {
		body := letterOf(i, 1, i*97%9000)
		switch {
		case i%11 == 5:
			body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
		case i%17 == 3:
			body = letterOf(1000, 1, 500)
		case i == n/2:
			body = letterOf(i, 1, 2*groupedMax)
		}
		list = append(list, tandem.Write{Op: tandem.Create, Marker: tandem.Marker(fmt.Sprint("many", i)), Record: tandem.Record{Body: tandem.Bytes(body), Meta: tandem.Meta{Attrs: attrsOf(i % 4)}}})
	}
	return list
}

// holds checks that each write that was made is the message of the id that was told of it, and that there are no others.
func holds(t *testing.T, r *provider.Opened, writes []tandem.Write, outs []tandem.Outcome) {
	t.Helper()
	of := map[tandem.ID]int{}
	var ids []tandem.ID
	for i, o := range outs {
		if o.Status != tandem.Applied {
			continue
		}
		if was, twice := of[o.ID]; twice {
			t.Errorf("writes %d and %d are both %s", was, i, o.ID)
		}
		of[o.ID], ids = i, append(ids, o.ID)
	}
	for rec, err := range r.Fetch(t.Context(), ids) {
		must(t, err)
		x := &writes[of[rec.ID]]
		got, err := tandem.ReadBody(rec.Body, 1<<20)
		must(t, err)
		want, err := tandem.ReadBody(x.Record.Body, 1<<20)
		must(t, err)
		if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
			t.Errorf("%s holds %.60q, want %.60q", rec.ID, got, want)
		}
		if told := outs[of[rec.ID]]; rec.Attrs != x.Record.Attrs || told.Version != rec.Version {
			t.Errorf("%s has %q at %q, told as at %q, want %q", rec.ID, rec.Attrs, rec.Version, told.Version, x.Record.Attrs)
		}
	}
	if got, _ := lines(t, r, ""); len(got) != len(ids) {
		t.Errorf("there are %d messages, want %d", len(got), len(ids))
	}
}

// retried makes the writes that were not made, as the next run would.
func retried(t *testing.T, r *provider.Opened, writes []tandem.Write, was []tandem.Outcome) []tandem.Outcome {
	t.Helper()
	var left []tandem.Write
	var at []int
	for i, o := range was {
		if o.Status != tandem.Applied {
			left, at = append(left, writes[i]), append(at, i)
		}
	}
	out, err := r.Apply(t.Context(), left)
	must(t, err)
	for k, i := range at {
		was[i] = out[k]
	}
	return was
}

// TestManyInOneCommand: what goes out together is there as it was written, each message under the number that is told of it.
func TestManyInOneCommand(t *testing.T) {
	for name, c := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailkit.Dovecot(t, c)
			p := mailkit.NewProxy(t, s.IMAP)
			grouped := name != "old" && !strings.Contains(c.Capabilities, "IMAP4rev1")
			if grouped {
				p.Hearken("Z1 APPEND") // so that a command went out is told
			}
			r := open(t, "imap://anna@"+p.Addr+"/INBOX")
			_, _ = lines(t, r, "")
			writes := lotOf(130)
			bytesTold := int64(0)
			writes[7].Progress = func(n int64) { bytesTold += n }
			writes[9].Record.Body = tandem.Bytes("Subject: zero\r\n\r\n\x00")
			out, err := r.Apply(t.Context(), writes)
			if grouped {
				if !p.Heal() {
					t.Error("each message went alone")
				}
				if err == nil {
					t.Error("the connection was cut and nobody says so")
				}
			}
			if err != nil {
				out = retried(t, r, writes, out)
			}
			for i, o := range out {
				if want := map[bool]tandem.Status{true: tandem.Rejected, false: tandem.Applied}[i == 9]; o.Status != want {
					t.Errorf("write %d: %v, %v", i, o.Status, o.Err)
				}
			}
			if bytesTold == 0 {
				t.Error("nobody was told of the progress")
			}
			holds(t, r, writes, out)
		})
	}
}

// TestGroupLost: wherever the connection breaks in a command with many messages, a second try makes those that are not there, and none twice.
func TestGroupLost(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{})
	for name, fault := range map[string]func(*mailkit.Proxy){
		"before":        func(p *mailkit.Proxy) { p.Cut(true, 1, "Z1 APPEND") },
		"within":        func(p *mailkit.Proxy) { p.Cut(true, 60_000, "Z1 APPEND") },
		"answer lost":   func(p *mailkit.Proxy) { p.Deafen("Z1 APPEND") },
		"within answer": func(p *mailkit.Proxy) { p.Cut(false, 10, "Z1 APPEND") },
	} {
		t.Run(name, func(t *testing.T) {
			p := mailkit.NewProxy(t, s.IMAP)
			box := "Lost " + name
			must(t, raw(t, s.IMAP, "anna").Create(box, nil).Wait())
			r := open(t, "imap://anna@"+p.Addr+"/"+strings.ReplaceAll(box, " ", "%20"))
			_, _ = lines(t, r, "")
			writes := lotOf(40)
			fault(p)
			out, err := r.Apply(t.Context(), writes)
			if err == nil || !p.Heal() {
				t.Fatalf("error %v", err)
			}
			for i, o := range out {
				if o.Status != tandem.Applied && (o.Status != tandem.Maybe && o.Status != tandem.RetryAfter || o.Err == nil) {
					t.Errorf("write %d: %v, %v", i, o.Status, o.Err)
				}
			}
			out = retried(t, r, writes, out)
			for i, o := range out {
				if o.Status != tandem.Applied {
					t.Errorf("write %d: %v, %v", i, o.Status, o.Err)
				}
			}
			holds(t, r, writes, out)
		})
	}
}

// TestGroupRefused: a server that has no room for all messages of a command gets them one by one, takes those that it has room for, and says of each other why not.
func TestGroupRefused(t *testing.T) {
	s := mailkit.Dovecot(t, mailkit.Config{Lines: "mail_plugins = quota\nplugin {\n  quota = count:all\n  quota_vsizes = yes\n  quota_rule = *:storage=60K\n}\n"})
	r := open(t, "imap://anna@"+s.IMAP+"/INBOX")
	_, _ = lines(t, r, "")
	writes := lotOf(30)[:14]
	for i := range writes {
		writes[i].Record.Body = tandem.Bytes(letterOf(i, 1, 8000))
		writes[i].Record.Attrs = mail.Flags{Received: 1_790_000_000}.Attrs()
	}
	out, err := r.Apply(t.Context(), writes)
	must(t, err)
	made := 0
	for i, o := range out {
		switch o.Status {
		case tandem.Applied:
			made++
		case tandem.RetryAfter, tandem.Rejected:
			if o.Err == nil || !strings.Contains(strings.ToLower(o.Err.Error()), "quota") {
				t.Errorf("write %d: %v", i, o.Err)
			}
		default:
			t.Errorf("write %d: %v, %v", i, o.Status, o.Err)
		}
	}
	if made == 0 || made == len(writes) {
		t.Errorf("%d of %d were made", made, len(writes))
	}
	holds(t, r, writes, out)
}

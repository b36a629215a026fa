package interop

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fsnotify/fsnotify"

	"tandem/test/easclient"
	"tandem/test/hubkit"
	"tandem/test/peer"
)

// front is a mail server that hands messages to a hub, which can be killed, and tries again as such servers do: what it was told is accepted it forgets.
type front struct {
	*testing.T
	hub           *hub
	network, addr string
	hello         string // how it says who it is: LHLO or EHLO
	phones        map[string]*easclient.Phone
	kill          func()
}

func (f *front) start() {
	f.Helper()
	flag, at := "--smtp", f.addr
	if f.network == "unix" {
		flag, at = "--lmtp", "unix:"+f.addr
	}
	f.hub.url, _, f.kill = hubkit.Mortal(f, f.hub.data, "http://127.0.0.1:0", regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`), flag, at)
	for _, p := range f.phones {
		p.Base = f.hub.url
	}
}

// hand hands over a message, and returns for whom the hub took it. step is told of each step of the talk.
func (f *front) hand(text string, to []string, step func(string)) (took []string, err error) {
	raw, err := net.Dial(f.network, f.addr)
	if err != nil {
		return nil, err
	}
	c := textproto.NewConn(raw)
	defer c.Close()
	step("connected")
	say := func(code int, after, format string, args ...any) {
		if err == nil && format != "" {
			err = c.PrintfLine(format, args...)
		}
		if err == nil {
			_, _, err = c.ReadResponse(code)
		}
		if err == nil {
			step(after)
		}
	}
	say(220, "greeting", "")
	say(250, "hello", "%s front.test", f.hello)
	say(250, "sender", "MAIL FROM:<zoe@elsewhere.org>")
	for _, a := range to {
		say(250, "recipient", "RCPT TO:<%s>", a)
	}
	say(354, "text", "DATA")
	if err != nil {
		return nil, err
	}
	for i, part := range []string{text[:len(text)/2], text[len(text)/2:] + ".\r\n"} {
		if _, err := raw.Write([]byte(part)); err != nil {
			return nil, err
		}
		step([]string{"half", "dot"}[i])
	}
	answers := [][]string{to} // SMTP has one for all, LMTP one for each. RFC 2033 4.2
	if f.hello == "LHLO" {
		answers = slices.Collect(slices.Chunk(to, 1))
	}
	for _, who := range answers {
		if _, _, err := c.ReadResponse(250); err != nil {
			return took, err
		}
		took = append(took, who...)
		step("answer")
	}
	step("answered")
	return took, nil
}

// afterWrites does something when the hub has written to its database so often, or when it is told to. What is returned waits for it.
func (f *front) afterWrites(n int, do func()) (now func()) {
	f.Helper()
	w, err := fsnotify.NewWatcher()
	if err != nil {
		f.Fatal(err)
	}
	if err := w.Add(f.hub.data); err != nil {
		f.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for e := range w.Events {
			if strings.HasSuffix(e.Name, "-wal") {
				n--
			}
			if n <= 0 {
				do()
				return
			}
		}
	})
	done.Go(func() {
		for range w.Errors { // the watcher stands still while nobody takes one
		}
	})
	return func() {
		w.Close()
		done.Wait()
		do()
	}
}

// TestReceivedKilled: the hub is killed at each step of a talk in which it is handed a message, and in the midst of what it does with it, and started again. The server in front tries again for those for whom the
// message was not taken; one that did not hear, for all. Everybody has each message, once. RFC 5321 4.2.5, 6.1
func TestReceivedKilled(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"LMTP", "SMTP"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			testReceivedKilled(t, by)
		})
	}
}

func testReceivedKilled(t *testing.T, by string) {
	f := &front{T: t, network: "tcp", hello: "EHLO", phones: map[string]*easclient.Phone{}, hub: &hub{T: t, data: t.TempDir(), user: "anna", password: "correct horse battery"}}
	if by == "LMTP" {
		f.network, f.addr, f.hello = "unix", filepath.Join(t.TempDir(), "lmtp"), "LHLO"
	} else {
		f.addr = fmt.Sprintf("127.0.0.1:%d", peer.FreePorts(t, 1)[0])
	}
	var to []string
	for _, user := range []string{"anna", "ben"} {
		f.hub.cli(f.hub.password, "user", "add", user, "--address", user+"@example.org", "--password-file", "-")
		to = append(to, user+"@example.org")
		var app struct{ Password string }
		if err := json.Unmarshal([]byte(f.hub.cli("", "user", "app-password", "add", user, "phone", "--json")), &app); err != nil {
			t.Fatal(err)
		}
		f.phones[user] = easclient.NewPhone(&easclient.Client{HTTP: http.DefaultClient, User: user + "@example.org", Password: app.Password, DeviceID: "phone" + user, DeviceType: "test", Agent: "test", Version: "16.1"})
	}
	f.start()
	var subjects []string
	for _, at := range []string{"connected", "greeting", "hello", "sender", "recipient", "text", "half", "half large", "dot", "dot large", "write 1", "write 2", "write 3", "write 5", "answer", "answered", "unheard"} {
		subjects = append(subjects, "killed at "+at)
		f.killedAt(at, to)
	}
	slices.Sort(subjects)
	for user, phone := range f.phones {
		got := folderSubjects(t, phone, typeInbox)
		if slices.Sort(got); !slices.Equal(got, subjects) {
			t.Errorf("%s has %q,\nwant %q", user, got, subjects)
		}
	}
}

// killedAt has a message delivered, with the hub killed at a step on the first try.
func (f *front) killedAt(at string, to []string) {
	f.Helper()
	lines := 100
	if strings.HasSuffix(at, "large") { // it goes through a file
		lines = 20_000
	}
	text := plainLetter("killed at "+at) + strings.Repeat(strings.Repeat("x", 76)+"\r\n", lines)
	kill, now := f.kill, func() {}
	var took []string
	took, err := f.hand(text, to, func(step string) {
		var n int
		if _, err := fmt.Sscanf(at, "write %d", &n); err == nil {
			switch step {
			case "text":
				now = f.afterWrites(n, kill)
			case "answered":
				now()
			}
		} else if step == strings.TrimSuffix(at, " large") || at == "unheard" && step == "answered" {
			kill()
		}
	})
	now()
	f.Logf("killed at %-12s taken for %d: %v", at, len(took), err)
	if at == "unheard" {
		took = nil
	}
	f.start()
	if rest := slices.DeleteFunc(slices.Clone(to), func(a string) bool { return slices.Contains(took, a) }); len(rest) > 0 {
		if took, err := f.hand(text, rest, func(string) {}); err != nil || len(took) != len(rest) {
			f.Fatalf("once more after being killed at %s: taken for %q, %v", at, took, err)
		}
	}
}

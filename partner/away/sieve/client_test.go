package sieve

import (
	"bufio"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"tandem"
	"tandem/partner/away"
)

// TestAnswers: what servers answer, in all forms that strings have. RFC 5804 1.2, 4
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want [][]string
		err  string
	}{
		"ok":              {"OK\r\n", nil, ""},
		"with text":       {"OK (WARNINGS) \"line 8\"\r\n", nil, ""},
		"scripts":         {"\"a\"\r\n\"b \\\"c\\\" \\\\\" ACTIVE\r\n{3}\r\nd e\r\nok\r\n", [][]string{{"a"}, {`b "c" \`, "ACTIVE"}, {"d e"}}, ""},
		"a literal":       {"{6+}\r\nx\r\ny\r\n\r\nOK \"done\"\r\n", [][]string{{"x\r\ny\r\n"}}, ""},
		"no":              {"NO (NONEXISTENT) \"there is none\"\r\n", nil, "there is none"},
		"no in a literal": {"NO {5}\r\nsorry\r\n", nil, "sorry"},
		"bye":             {"BYE \"enough\"\r\n", nil, "enough"},
		"nonsense":        {"HELLO\r\n", nil, "HELLO"},
		"without an end":  {"\"abc\r\n", nil, "no end"},
		"an escape":       {"\"abc\\", nil, ""},
		"too long":        {"{99999999}\r\n", nil, "too long"},
		"too much":        {strings.Repeat("\""+strings.Repeat("x", 4000)+"\"\r\n", 500), nil, "too much"},
		"too many":        {strings.Repeat("\"x\"\r\n", maxLines+1), nil, "too much"},
		"a long line":     {"OK \"" + strings.Repeat("x", 10000) + "\"\r\n", nil, ""},
		"cut":             {"\"abc\"\r\n{10}\r\nabc", nil, ""},
	} {
		cl := &Client{r: bufio.NewReader(strings.NewReader(c.text))}
		got, err := cl.answer()
		bad := c.err != "" || slices.Contains([]string{"an escape", "a long line", "cut"}, name)
		if bad != (err != nil) || err != nil && !strings.Contains(err.Error(), c.err) || !slices.EqualFunc(got, c.want, slices.Equal[[]string]) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// FuzzAnswer: no server makes the client panic, or hold more than it said.
func FuzzAnswer(f *testing.F) {
	f.Add("\"IMPLEMENTATION\" \"x\"\r\n\"SIEVE\" \"vacation\"\r\nOK\r\n")
	f.Add("{3}\r\nabc ACTIVE\r\nNO (QUOTA) {2}\r\nno\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, _ := (&Client{r: bufio.NewReader(strings.NewReader(text))}).answer()
		n := 0
		for _, l := range lines {
			for _, w := range l {
				n += len(w)
			}
		}
		if n > len(text) {
			t.Errorf("%d bytes out of %d", n, len(text))
		}
	})
}

// TestDialRefusals: a server that offers no encryption, speaks before it is asked, or takes no password is left before the password is said.
func TestDialRefusals(t *testing.T) {
	for name, c := range map[string]struct{ tls, greeting string }{
		"no encryption": {"starttls", "\"SIEVE\" \"vacation\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n"},
		"no password":   {"none", "\"SIEVE\" \"vacation\"\r\n\"SASL\" \"GSSAPI\"\r\nOK\r\n"},
		"another":       {"none", "* OK IMAP4rev1\r\n"},
		"injected":      {"starttls", "\"SASL\" \"PLAIN\"\r\n\"STARTTLS\"\r\nOK\r\nOK\r\nOK \"injected\"\r\n"},
		"hung up":       {"none", ""},
	} {
		near, far := net.Pipe()
		said := make(chan string, 1)
		go func() {
			_, _ = far.Write([]byte(c.greeting)) // error: the other side went
			if c.greeting == "" {
				far.Close()
			}
			buf := make([]byte, 4096)
			n, _ := far.Read(buf)
			far.Close()
			said <- string(buf[:n])
		}()
		_, err := Dial(t.Context(), Server{Host: "h", Port: 4190, TLS: c.tls, User: "u", Password: "geheim", Dial: func(context.Context, string) (net.Conn, error) { return near, nil }})
		want := tandem.Invalid
		if c.greeting == "" { // it may be there later
			want = tandem.Transient
		}
		if !tandem.IsKind(err, want) {
			t.Errorf("%s: %v, want kind %q", name, err, want)
		}
		near.Close()
		if s := <-said; strings.Contains(s, "AUTHENTICATE") {
			t.Errorf("%s: it was told %q", name, s)
		}
	}
	if _, err := Dial(t.Context(), Server{Host: "h", Port: 1, Dial: func(context.Context, string) (net.Conn, error) { return nil, errors.New("no route") }}); err == nil {
		t.Error("no route")
	}
}

// TestScript: what a script says, and what cannot be said in one.
func TestScript(t *testing.T) {
	all := func(string) bool { return true }
	r := func(text string) away.Reply { return away.Reply{Enabled: true, Text: text, Type: "Text"} }
	on := away.Settings{State: away.On, Messages: map[string]away.Reply{away.Internal: r("a"), away.Known: r("a"), away.Unknown: r("a")}}
	text, err := Script(on, []string{"anna@x.org"}, nil, `my "script"`, all)
	if err != nil || !strings.Contains(text, `include :personal "my \"script\"";`) || beforeOf(text) != `my "script"` || !strings.Contains(text, `:addresses ["anna@x.org"]`) {
		t.Errorf("%v\n%s", err, text)
	}
	for name, c := range map[string]struct {
		change func(m map[string]away.Reply)
		can    func(string) bool
	}{
		"contacts only":      {func(m map[string]away.Reply) { m[away.Unknown] = away.Reply{} }, all},
		"contacts otherwise": {func(m map[string]away.Reply) { m[away.Known] = r("b") }, all},
		"no vacation":        {func(map[string]away.Reply) {}, func(e string) bool { return e != "vacation" }},
		"no include":         {func(map[string]away.Reply) {}, func(e string) bool { return e != "include" }},
	} {
		s := away.Settings{State: away.On, Messages: map[string]away.Reply{away.Internal: r("a"), away.Known: r("a"), away.Unknown: r("a")}}
		c.change(s.Messages)
		if _, err := Script(s, nil, nil, "mine", c.can); !tandem.IsKind(err, tandem.Invalid) || !cannot(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, line := range []string{"", "# before: ", "# before: \"x", "# before: x"} {
		if got := beforeOf(line); got != "" {
			t.Errorf("%q: %q", line, got)
		}
	}
	if got := quoted("a\"b\\c\r\n\x00d"); got != `"a\"b\\cd"` {
		t.Errorf("quoted: %s", got)
	}
}

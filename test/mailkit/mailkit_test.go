package mailkit

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// The server lets its user in, and only with the password.
func TestDovecot(t *testing.T) {
	s := Dovecot(t, Config{TLS: true, Users: []string{"anna", "bert"}})
	for _, addr := range []string{s.IMAP, NewProxy(t, s.IMAP).Addr} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for _, x := range []struct{ say, want string }{{"", "* OK"}, {"a login bert wrong\r\n", "a NO"}, {"b login bert \"" + Password + "\"\r\n", "b OK"}} {
			if _, err := c.Write([]byte(x.say)); err != nil {
				t.Fatal(err)
			}
			if got, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(got, x.want) {
				t.Errorf("%q: %q, %v\n%s", x.say, got, err, s.Log())
			}
		}
	}
	s.Stop()
	if _, err := net.Dial("tcp", s.IMAP); err == nil {
		t.Error("it is not stopped")
	}
	s.Start()
}

// A proxy lets exactly so many bytes by, and loses answers where it is told to.
func TestProxy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				line, _ := bufio.NewReader(c).ReadString('!') // error: the proxy cut it
				got <- line
				_, _ = c.Write([]byte("answer")) // error: the same
			}()
		}
	}()
	p := NewProxy(t, l.Addr().String())
	ask := func() string {
		c, err := net.Dial("tcp", p.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = c.Write([]byte("some words!"))
		answer, _ := bufio.NewReader(c).ReadString('!') // error: all of the answer is read to its end
		return answer
	}
	for name, c := range map[string]struct {
		fault        func()
		heard, heeds string
	}{
		"whole":  {func() {}, "some words!", "answer"},
		"cut":    {func() { p.Cut(true, 2, "some") }, "some w", ""},
		"answer": {func() { p.Cut(false, 3, "") }, "some words!", "ans"},
		"deaf":   {func() { p.Deafen("words") }, "some words!", ""},
	} {
		c.fault()
		if heeds := ask(); heeds != c.heeds {
			t.Errorf("%s: the answer is %q", name, heeds)
		}
		if heard := <-got; heard != c.heard {
			t.Errorf("%s: the server heard %q", name, heard)
		}
		if blown := p.Heal(); blown != (name != "whole") {
			t.Errorf("%s: blown is %v", name, blown)
		}
	}
}

// TestHearken: the answer arrives, and what the client says next does not.
func TestHearken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := NewProxy(t, l.Addr().String())
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p.Hearken("words")
	for _, say := range []string{"first!", "some words!", "next!"} {
		_, _ = c.Write([]byte(say)) // error: what is read tells
		got, err := bufio.NewReader(s).ReadString('!')
		if say == "next!" {
			if err == nil || got != "" {
				t.Errorf("the server heard %q, %v", got, err)
			}
			break
		}
		if err != nil || got != say {
			t.Fatalf("the server heard %q, %v", got, err)
		}
		_, _ = s.Write([]byte("answer!")) // error: the same
		if answer, err := bufio.NewReader(c).ReadString('!'); err != nil || answer != "answer!" {
			t.Errorf("the answer to %q is %q, %v", say, answer, err)
		}
	}
	if !p.Heal() {
		t.Error("nothing happened")
	}
}

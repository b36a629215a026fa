package imap

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tandem"
)

// judged gives a text to the limits in pieces, and tells whether they bear it.
func judged(text string, piece int) (*limits, error) {
	x := &limits{}
	for at := 0; at < len(text); at += piece {
		if err := x.see([]byte(text[at:min(len(text), at+piece)])); err != nil {
			return x, err
		}
	}
	return x, nil
}

// What servers say is borne, what no server has a reason to say is not, however it arrives.
func TestLimits(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"a body":                   {"* 1 FETCH (UID 1 BODY[] {2000000}\r\n" + long + long + " FLAGS ())\r\na OK\r\n", true},
		"a part of one":            {"* 1 fetch (BODY[]<0> {2000000+}\r\n" + long, true},
		"a body of bodies":         {"* 1 FETCH (BODY[] {5}\r\n{99}\nUID 3 BODY[1] {2000000}\r\n" + long, true},
		"a name":                   {"* LIST () \"/\" {5}\r\nINBOX\r\na OK\r\n", true},
		"words of a person":        {"* OK [ALERT] set {99999999999}\r\n* LIST () \"/\" x\r\n", true},
		"go on":                    {"+ send {99999999999}\r\na OK\r\n", true},
		"many numbers":             {"* SEARCH" + strings.Repeat(" 1234567", 1_000_000) + "\r\n", true},
		"no number":                {"* LIST () \"/\" {x}\r\n* LIST () \"/\" {}\r\n", true},
		"a long name":              {"* LIST () \"/\" {1048577}\r\n", false},
		"a name without end":       {"* LIST () \"/\" {99999999999999999999999}\r\n" + long, true}, // the library reads no such number
		"names in one answer":      {strings.Repeat("* LIST () {1000000}\r\n"[:20]+"\r\n"+long[:1_000_000], 1) + "* LIST (" + strings.Repeat("{1000000}\r\n"+long[:1_000_000], 5), false},
		"a list without end":       {"* LIST (" + strings.Repeat("\\a ", maxOther/3), false},
		"powers without end":       {"* CAPABILITY" + strings.Repeat(" a", maxOther/2), false},
		"numbers without end":      {"* SEARCH" + strings.Repeat(" 1", maxLine/2), false},
		"an envelope":              {"* 1 FETCH (UID 1 ENVELOPE (\"x\" {1048577}\r\n", false},
		"behind a literal":         {"* 1 FETCH (UID 1 ENVELOPE ({1}\r\n] {1048577}\r\n", false},
		"a field of a head":        {"* 1 FETCH (BODY[HEADER.FIELDS (\"a\" {1048577}\r\n", false},
		"a body that is not there": {"* LIST () BODY[] {1048577}\r\n", false},
		"an answer without a name": {"(((( {1048577}\r\n", false},
	} {
		for _, piece := range []int{1, 7, 4096, len(c.text)} {
			if piece < 4096 && len(c.text) > 300_000 {
				continue
			}
			x, err := judged(c.text, piece)
			if (err == nil) != c.ok {
				t.Errorf("%s in pieces of %d: %v", name, piece, err)
			}
			if err != nil && !tandem.IsKind(err, tandem.Unreadable) {
				t.Errorf("%s: %v", name, err)
			}
			if len(x.head) > headLen || len(x.tail) > tailLen {
				t.Errorf("%s: %d and %d bytes are kept", name, len(x.head), len(x.tail))
			}
		}
	}
}

// Whatever arrives, and however, is judged alike, and nothing of it is kept.
func FuzzLimits(f *testing.F) {
	f.Add([]byte("* 1 FETCH (UID 1 BODY[] {3}\r\nabc FLAGS ())\r\n* LIST () \"/\" {5}\r\nINBOX\r\na OK done\r\n"), 3)
	f.Add([]byte("* LIST () {9999999}\r\n"), 1)
	f.Fuzz(func(t *testing.T, text []byte, piece int) {
		whole, err := judged(string(text), max(1, len(text)))
		parts, err2 := judged(string(text), 1+(piece&0xff))
		if (err == nil) != (err2 == nil) || err == nil && (whole.literal != parts.literal || whole.spent != parts.spent || !bytes.Equal(whole.tail, parts.tail) || !bytes.Equal(whole.head, parts.head)) {
			t.Errorf("whole %+v %v, in parts %+v %v", whole, err, parts, err2)
		}
	})
}

// A server that goes on without end is left, after a bounded part of it was read, and what it did is told.
func TestWithoutEnd(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		most    int64
	}{
		"a name":           {map[string]string{"LIST": "* LIST () \"/\" {4294967296}\r\n~A name that goes on with lines.\r\n"}, 1 << 20},
		"a name in quotes": {map[string]string{"LIST": "* LIST () \"/\" \"~on and on "}, maxOther},
		"folders":          {map[string]string{"LIST": "~* LIST () \"/\" Sent\r\n"}, 100 * maxFound},
		"powers":           {map[string]string{"CAPABILITY": "* CAPABILITY~ X", "LOGIN": "% OK\r\n"}, maxOther},
		"namespaces":       {map[string]string{"LOGIN": "% OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n", "NAMESPACE": "* NAMESPACE (~(\"a\" \"/\") "}, maxOther},
		"flags":            {map[string]string{"SELECT": "* FLAGS (~\\a "}, maxOther},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var poured atomic.Int64
			reg := registry()
			text := "imap://anna@" + script(t, c.answers, &poured) + "/"
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			o, err := tryOpen(ctx, reg, text+"INBOX")
			if err == nil {
				o.Close()
				place, perr := reg.ParsePlace(text)
				must(t, perr)
				p, perr := reg.Provider("imap")
				must(t, perr)
				_, err = p.List(ctx, place, env())
			}
			if !tandem.IsKind(err, tandem.Unreadable) || ctx.Err() != nil {
				t.Errorf("%v", err)
			}
			if n := poured.Load(); n > c.most+16<<20 { // with what was on its way
				t.Errorf("%d bytes were heard", n)
			}
		})
	}
}

// A listing that never ends is left, too.
func TestListingWithoutEnd(t *testing.T) {
	var poured atomic.Int64
	for _, endless := range []string{`* 1 FETCH (UID 1 FLAGS () INTERNALDATE "01-Nov-2026 10:00:00 +0000" RFC822.SIZE 10)`, "* 5 EXISTS", "* OK still here"} {
		listsWithoutEnd(t, endless, &poured)
	}
}

func listsWithoutEnd(t *testing.T, endless string, poured *atomic.Int64) {
	at := script(t, map[string]string{"UID FETCH": "~" + endless + "\r\n"}, poured)
	o := open(t, "imap://anna@"+at+"/INBOX")
	seq, end := o.Changes(t.Context(), "")
	var err error
	for _, e := range seq {
		err = e
	}
	if !tandem.IsKind(err, tandem.Unreadable) || end().Complete {
		t.Errorf("%v", err)
	}
}

// What is said before the encryption begins is neither believed nor kept, and nothing secret is said.
func TestBeforeTLS(t *testing.T) {
	for name, say := range map[string]string{
		"logged in already": "* PREAUTH welcome\r\n", "refused": "* OK hi\r\n|T NO\r\n", "more than it may": "* OK hi\r\n|T OK go\r\n* OK [CAPABILITY IMAP4rev1]\r\n",
		"no end": "* OK " + strings.Repeat("x", 1<<16), "no answer": "* OK hi\r\n|" + strings.Repeat("* OK x\r\n", 200), "gone": "", "no TLS": "* OK hi\r\n|* OK x\r\nT OK go\r\n!x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			defer l.Close()
			heard := make(chan string, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				if say == "" {
					heard <- ""
					return
				}
				first, rest, _ := strings.Cut(say, "|")
				_, _ = io.WriteString(c, first) // error: nobody is there, which the test sees
				buf := make([]byte, 100)
				n, _ := c.Read(buf) // error: the same
				rest, more, _ := strings.Cut(rest, "!")
				_, _ = io.WriteString(c, rest)
				if more != "" {
					m, _ := c.Read(buf[n:])
					_ = m // what TLS says is of no matter
					_, _ = io.WriteString(c, more)
				}
				heard <- string(buf[:n])
			}()
			_, err = tryOpen(t.Context(), registry(), "imap://anna@"+l.Addr().String()+"/INBOX?pin="+strings.Repeat("0", 64))
			if err == nil {
				t.Fatal("it was opened")
			}
			if got := <-heard; got != "" && got != "T STARTTLS\r\n" {
				t.Errorf("it was told %q", got)
			}
		})
	}
}

package imap

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tandem"
	"tandem/provider"
	"tandem/test/mailkit"
)

// pieces is a connection that gives out what it has in pieces of a size, and takes everything.
type pieces struct {
	net.Conn
	text  []byte
	size  int
	asked chan struct{} // closed with the first write; nil: nobody waits for it
	once  sync.Once
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.text[:min(p.size, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

func (p *pieces) Write(b []byte) (int, error) {
	p.once.Do(func() { close(p.asked) })
	return len(b), nil
}

func (*pieces) Close() error { return nil }

// deflated is a text as a server compresses it.
func deflated(text string) string {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(w, text) // a buffer takes everything
	_ = w.Flush()
	return out.String()
}

// TestDeflater: wherever what comes is cut into pieces, the library reads all but the answer to the command it does not know, and what is compressed as it was.
func TestDeflater(t *testing.T) {
	later := "* 5 EXISTS\r\nZ1 OK is no answer here\r\n" + strings.Repeat("* 1 FETCH (FLAGS ())\r\n", 50)
	for name, c := range map[string]struct{ text, read, no string }{
		"agrees":            {"Z1 OK go\r\n" + deflated(later), later, ""},
		"says more before":  {"* 1 RECENT\r\n* OK Z1 OK\r\nZ1 OK\r\n" + deflated(later), "* 1 RECENT\r\n* OK Z1 OK\r\n" + later, ""},
		"in two blocks":     {"Z1 ok go\r\n" + deflated(later) + "", later, ""},
		"refuses":           {"Z1 NO [COMPRESSIONACTIVE] it is\r\n" + later, later, "imap: NO [COMPRESSIONACTIVE] it is"},
		"does not know":     {"* 2 EXISTS\r\nZ1 BAD what?\r\n", "* 2 EXISTS\r\n", "imap: BAD what?"},
		"hangs up":          {"* BYE too much\r\n", "* BYE too much\r\n", "EOF"},
		"breaks off inside": {"Z1 OK", "", "EOF"},
	} {
		for size := 1; size < 60; size++ {
			p := &pieces{text: []byte(c.text), size: size, asked: make(chan struct{})}
			d := newDeflater(p)
			say := make(chan error, 1)
			go func() { say <- d.squeeze() }()
			<-p.asked
			got, err := io.ReadAll(d)
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || string(got) != c.read {
				t.Fatalf("%s in pieces of %d: read %q, %v", name, size, got, err)
			}
			if err := <-say; (err == nil) != (c.no == "") || err != nil && err.Error() != c.no {
				t.Fatalf("%s in pieces of %d: %v", name, size, err)
			}
		}
	}
}

// TestDeflaterCloses: who waits for the answer is woken by the end of the connection, whoever ends it.
func TestDeflaterCloses(t *testing.T) {
	here, there := net.Pipe()
	d := newDeflater(here)
	say := make(chan error)
	go func() { say <- d.squeeze() }()
	if line, err := bufio.NewReader(there).ReadString('\n'); line != "Z1 COMPRESS DEFLATE\r\n" {
		t.Fatal(line, err)
	}
	d.Close()
	if err := <-say; err == nil {
		t.Error("it agrees")
	}
	if err := d.squeeze(); err == nil {
		t.Error("it agrees after the end")
	}
	endless := newDeflater(&pieces{text: bytes.Repeat([]byte("x"), 2*maxAwaited), size: 1000})
	endless.tag, endless.say = askTag, make(chan error, 1)
	if _, err := io.ReadAll(endless); !tandem.IsKind(err, tandem.Unreadable) {
		t.Errorf("a line without end: %v", err)
	}
}

// FuzzDeflater: no answer has it fail in another way than with an error.
func FuzzDeflater(f *testing.F) {
	f.Add([]byte("Z1 OK go\r\n"+deflated("* 1 EXISTS\r\n")), 3)
	f.Add([]byte("* x\r\nZ1 NO\r\n* y"), 1)
	f.Add([]byte("Z1 \n"), 9)
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		d := newDeflater(&pieces{text: text, size: max(1, size)})
		d.tag, d.say, d.squeezes = askTag, make(chan error, 1), true
		n, _ := io.CopyN(io.Discard, d, 1<<20)
		if d.tag != "" && len(text) < maxAwaited && n < 1<<20 {
			t.Error("who waits is not told")
		}
	})
}

// squeezing is a server that compresses.
func squeezing() mailkit.Config {
	return mailkit.Config{Lines: "protocol imap {\n  mail_plugins = imap_zlib\n}\n"}
}

// bodies reads all messages of a place.
func bodies(ctx context.Context, o *provider.Opened) (out []string, err error) {
	seq, _ := o.Changes(ctx, "")
	var ids []tandem.ID
	for c, err := range seq {
		if err != nil {
			return nil, err
		}
		ids = append(ids, c.ID)
	}
	for rec, err := range o.Fetch(ctx, ids) {
		if err != nil {
			return nil, err
		}
		data, err := tandem.ReadBody(rec.Body, 1<<20)
		if err != nil {
			return nil, err
		}
		out = append(out, string(data))
	}
	slices.Sort(out)
	return out, nil
}

// TestCompressed: with a server that can, the same messages come and go in far fewer bytes; where the server cannot, or the person does not want it, as before.
func TestCompressed(t *testing.T) {
	const count = 100
	sent, told := map[string]int64{}, map[string]int64{}
	var want []string
	for name, c := range map[string]struct {
		server  mailkit.Config
		options string
	}{"yes": {squeezing(), "?compress=yes"}, "no": {squeezing(), "?compress=no"}, "here": {squeezing(), ""}, "cannot": {mailkit.Config{}, "?compress=yes"}} {
		s := mailkit.Dovecot(t, c.server)
		proxy := mailkit.NewProxy(t, s.IMAP)
		o := open(t, "imap://anna@"+proxy.Addr+"/INBOX"+c.options)
		var writes []tandem.Write
		for n := range count {
			writes = append(writes, tandem.Write{Op: tandem.Create, Marker: tandem.Marker(fmt.Sprint(n)), Record: tandem.Record{Body: tandem.Bytes(letterOf(n, 1, 8<<10)), Meta: tandem.Meta{Attrs: attrsOf(1)}}})
		}
		outs, err := o.Apply(t.Context(), writes)
		must(t, err)
		for _, x := range outs {
			if x.Status != tandem.Applied {
				t.Fatalf("%s: %+v", name, x)
			}
		}
		sent[name] = proxy.Sent()
		before := proxy.Told()
		got, err := bodies(t.Context(), o)
		must(t, err)
		told[name] = proxy.Told() - before
		if want == nil {
			want = got
		}
		if len(got) != count || !slices.Equal(got, want) {
			t.Errorf("%s: %d messages, or others", name, len(got))
		}
	}
	t.Log("bytes to the server:", sent, "from it:", told)
	for _, x := range []map[string]int64{sent, told} {
		if x["yes"]*5 > x["no"] || x["here"] < x["no"]*9/10 || x["cannot"] < x["no"]*9/10 {
			t.Errorf("bytes: %v", x)
		}
	}
}

// TestNear: connections within a house are left as they are.
func TestNear(t *testing.T) {
	for ip, want := range map[string]bool{"127.0.0.1": true, "::1": true, "192.168.1.9": true, "10.2.3.4": true, "fd00::1": true, "fe80::1": true, "203.0.113.7": false, "2001:db8::1": false} {
		if got := near(&net.TCPAddr{IP: net.ParseIP(ip)}); got != want {
			t.Errorf("%s: %t", ip, got)
		}
		a := &account{spot: &spot{host: "mail.example.org", place: provider.Place{Options: map[string]string{}}}}
		if got := a.squeezes(&net.TCPAddr{IP: net.ParseIP(ip)}); got == want {
			t.Errorf("%s: compressed %t", ip, got)
		}
	}
	if near(nil) {
		t.Error("an unknown address is near")
	}
}

// TestCompressedLate: one that refuses, or cannot be understood once it agreed, is spoken to as before, in the same run.
func TestCompressedLate(t *testing.T) {
	caps := "IMAP4rev1 CONDSTORE UIDPLUS COMPRESS=DEFLATE"
	for name, answer := range map[string]string{"refuses": "% NO not now\r\n", "agrees and does not": "% OK now\r\n", "hangs up": "% OK now!\r\n"} {
		addr := script(t, map[string]string{"LOGIN": "% OK [CAPABILITY " + caps + "] in\r\n", "CAPABILITY": "* CAPABILITY " + caps + "\r\n% OK done\r\n", "COMPRESS": answer,
			"UID FETCH": "* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"01-Nov-2026 10:00:00 +0000\" RFC822.SIZE 10)\r\n* 2 FETCH (UID 2 FLAGS () INTERNALDATE \"01-Nov-2026 10:00:00 +0000\" RFC822.SIZE 10)\r\n% OK done\r\n"})
		o := open(t, "imap://anna@"+addr+"/INBOX?compress=yes")
		for range 2 {
			got, _ := lines(t, o, "")
			if len(got) != 2 {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

// TestCompressedCuts: wherever a compressed connection breaks, nothing is lost or read wrong, and the next try has everything.
func TestCompressedCuts(t *testing.T) {
	s := mailkit.Dovecot(t, squeezing())
	proxy := mailkit.NewProxy(t, s.IMAP)
	c := raw(t, s.IMAP, "anna")
	for n := range 12 {
		put(t, c, "INBOX", letterOf(n, 1, 3000))
	}
	want, err := bodies(t.Context(), open(t, "imap://anna@"+s.IMAP+"/INBOX"))
	must(t, err)
	reg := registry()
	blown := 0
	for _, toServer := range []bool{true, false} {
		for n := int64(0); n < 1200; n += 1 + n/6 {
			proxy.Cut(toServer, n, "COMPRESS DEFL")
			for try := range 2 {
				o, err := tryOpen(t.Context(), reg, "imap://anna@"+proxy.Addr+"/INBOX?compress=yes")
				if err != nil {
					t.Fatalf("to the server %t, %d bytes: %v", toServer, n, err)
				}
				got, err := bodies(t.Context(), o)
				o.Close()
				if err == nil && !slices.Equal(got, want) || try == 1 && err != nil {
					t.Errorf("to the server %t, %d bytes, try %d: %d messages, %v", toServer, n, try, len(got), err)
				}
				if try == 0 && proxy.Heal() {
					blown++
				}
			}
		}
	}
	if blown < 20 {
		t.Errorf("%d faults came about", blown)
	}
}

// BenchmarkCompressed reads mail of people, with and without compression: what goes over the line, and what that costs this machine (the server's part is not in CPU seconds, but in the time).
func BenchmarkCompressed(b *testing.B) {
	for _, how := range []string{"no", "yes"} {
		b.Run(how, func(b *testing.B) {
			s := mailkit.Dovecot(b, squeezing())
			proxy := mailkit.NewProxy(b, s.IMAP)
			c := raw(b, s.IMAP, "anna")
			n, random := 0, rand.New(rand.NewPCG(1, 2))
			for n < 500 {
				put(b, c, "INBOX", prose(random, n))
				n++
			}
			o := open(b, "imap://anna@"+proxy.Addr+"/INBOX?compress="+how)
			before := proxy.Told()
			for b.Loop() {
				if got, err := bodies(b.Context(), o); err != nil || len(got) != n {
					b.Fatal(len(got), err)
				}
			}
			b.ReportMetric(float64(proxy.Told()-before)/float64(b.N), "bytes/op")
		})
	}
}

// prose is a message of about 8 KiB in words that are as frequent as in a language.
func prose(random *rand.Rand, n int) []byte {
	zipf := rand.NewZipf(random, 1.2, 2, 20000)
	text := letterOf(n, 1, 0)
	for line := 0; len(text) < 8<<10; line++ {
		for range 12 {
			w := zipf.Uint64()
			text = fmt.Appendf(text, "%s ", strconv.FormatUint(w*2654435761%(1<<(10+w%30)), 36))
		}
		text = append(text, "\r\n"...)
	}
	return text
}

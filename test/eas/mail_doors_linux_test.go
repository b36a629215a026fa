package eas_test

import (
	"compress/flate"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tandem/partner/mailbox"
	"tandem/server/delivery"
	"tandem/test/easclient"
)

// doorMail are messages made to do harm at some door: what follows a header of ours, and how large that is.
func doorMail(t testing.TB) map[string]io.Reader {
	const mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	var nest, letters, bomb strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&nest, "Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n", i, i)
		letters.WriteString("Content-Type: message/rfc822\r\n\r\nSubject: within\r\n")
	}
	deflate, err := flate.NewWriter(base64.NewEncoder(base64.StdEncoding, &bomb), flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(deflate, zeros{}, 512<<20); err != nil {
		t.Fatal(err)
	}
	if err := deflate.Close(); err != nil {
		t.Fatal(err)
	}
	large := 100 << 20
	if testing.Short() {
		large = 10 << 20
	}
	return map[string]io.Reader{
		"a header of 100 MB":        io.MultiReader(&repeated{text: "X-Long: " + strings.Repeat("a", 900) + "\r\n", left: large}, strings.NewReader("\r\nthe text\r\n")),
		"a field of 20 MB":          io.MultiReader(strings.NewReader("X-Field: x\r\n"), &repeated{text: " " + strings.Repeat("b", 900) + "\r\n", left: large / 5}, strings.NewReader("\r\nthe text\r\n")),
		"a parameter of 20 MB":      io.MultiReader(strings.NewReader("Content-Type: text/plain; x=\""), &repeated{text: strings.Repeat("c", 900) + "\r\n ", left: 20 << 20}, strings.NewReader("\"\r\n\r\nthe text\r\n")),
		"a text of 50 MB":           io.MultiReader(strings.NewReader("Content-Type: text/html\r\n\r\n"), &repeated{text: "<p>the <b>text</b>\r\n", left: large / 2}),
		"10,000 parts":              io.MultiReader(strings.NewReader(mixed+"--b\r\n\r\nthe text\r\n"), &repeated{text: "--b\r\nContent-Type: application/x; name=f\r\n\r\nx\r\n", left: 10000 * 46}, strings.NewReader("--b--\r\n")),
		"10,000 texts":              io.MultiReader(strings.NewReader(mixed), &repeated{text: "--b\r\nContent-Type: text/html\r\n\r\n<p>the text\r\n", left: 10000 * 46}, strings.NewReader("--b--\r\n")),
		"1,000 deep":                strings.NewReader(nest.String() + "\r\nthe text\r\n"),
		"1,000 letters deep":        strings.NewReader(letters.String() + "\r\nthe text\r\n"),
		"zip of death":              strings.NewReader(mixed + "--b\r\n\r\nthe text\r\n--b\r\nContent-Type: application/zip; name=42.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(bomb.String()) + "--b--\r\n"),
		"100,000 elements deep":     strings.NewReader("Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>\r\n", 100000) + "the text<a href=\""),
		"script":                    strings.NewReader("Content-Type: text/html\r\n\r\n<script>alert(1)</script>the text<img src=x onerror=alert(2)><iframe src=javascript:alert(3)></iframe><svg><script>alert(4)</script>"),
		"entities":                  strings.NewReader("Content-Type: text/html\r\n\r\n" + strings.Repeat("&amp;&#x26;&#99999999;\r\n", 50000) + "the text"),
		"an unknown charset":        strings.NewReader("Content-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: x-rot13\r\n\r\n\xff\xfethe text\r\n"),
		"half a charset":            strings.NewReader("Content-Type: text/plain; charset=iso-2022-jp\r\n\r\nthe text\x1b$B!!\x1b\r\n"),
		"UTF-7 that never ends":     strings.NewReader("Content-Type: text/plain; charset=utf-7\r\n\r\nthe text+" + strings.Repeat("A", 900) + "\r\n"),
		"UTF-16 in half characters": strings.NewReader("Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\ndABoAGUAIAB0AGUAeAB0AADY\r\n"),
		"many names":                io.MultiReader(strings.NewReader("Cc: "), &repeated{text: "=?utf-8?q?someone?= <s@example.org>,\r\n ", left: 2 << 20}, strings.NewReader("x@example.org\r\n\r\nthe text\r\n")),
	}
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// repeated is a text over and over, about as long as left says.
type repeated struct {
	text string
	left int
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.left <= 0 {
			return 0, io.EOF
		}
		r.rest = r.text
		r.left -= len(r.text)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func lines(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := min(76, len(s))
		b.WriteString(s[:n] + "\r\n")
		s = s[n:]
	}
	return b.String()
}

// receive opens a door for mail on the house, and hand gives it a message.
func (p *postHouse) receive(most int64) (hand func(message io.Reader) error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	srv := delivery.New(delivery.Config{Boxes: p.boxes, Name: "hub.test", Domains: []string{"example.org"}, Max: most, Spool: p.TempDir()})
	var done sync.WaitGroup
	done.Go(func() { _ = srv.ServeLMTP(l) }) // error: it was closed
	p.Cleanup(func() {
		_ = srv.Shutdown(context.Background()) // error: a line that a test left
		done.Wait()
	})
	return func(message io.Reader) error {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		c := smtp.NewClientLMTP(conn)
		defer c.Close()
		for _, step := range []func() error{func() error { return c.Hello("mx.test") }, func() error { return c.Mail("zoe@elsewhere.test", nil) }, func() error { return c.Rcpt("ann@example.org", nil) }} {
			if err := step(); err != nil {
				return err
			}
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, message); err != nil {
			return err
		}
		_, err = w.CloseWithLMTPResponse()
		return err
	}
}

// spent is the CPU time and memory that something took of this process, the test with it.
func spent(do func()) (cpu time.Duration, allocated uint64) {
	usage := func() (time.Duration, uint64) {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // error: it has none for this process
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano()), m.TotalAlloc
	}
	cpu0, mem0 := usage()
	do()
	cpu1, mem1 := usage()
	return cpu1 - cpu0, mem1 - mem0
}

// TestHostileThroughDoors: messages made to do harm come in by LMTP, and are shown in every form, with their parts and files, and found, at a bounded price of time and memory; none of them harms what is beside it.
func TestHostileThroughDoors(t *testing.T) {
	h := newPostHouse(t)
	hand := h.receive(128 << 20)
	inbox := h.box("ann", mailbox.Inbox)
	price := func(what string, cpu time.Duration, mem uint64, do func()) {
		t.Helper()
		c, m := spent(do)
		if c > cpu || m > mem {
			t.Errorf("%s takes %v and %d MiB", what, c, m>>20)
		}
	}
	names := map[string]string{}
	for name, text := range doorMail(t) {
		price(name+" in", 30*time.Second, 1<<30, func() {
			err := hand(io.MultiReader(strings.NewReader("From: evil@elsewhere.test\r\nTo: ann@example.org\r\nSubject: hostile "+name+"\r\nMIME-Version: 1.0\r\n"), text))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		})
		all := h.live(inbox)
		names[h.server(inbox, all[len(all)-1].ID)] = name
	}
	old, last := h.phone("ann", "old", "12.1"), h.phone("ann", "last", "16.1")
	for id, name := range names {
		h.showsHostile(price, old.Client, last.Client, id, name)
	}
	price("Search", 10*time.Second, 1<<30, func() { // a store in memory copies what it opens
		contains(t, h.search(old.Client, "<FreeText>hostile</FreeText>", "<Range>0-99</Range><DeepTraversal/>"), "Result{", "Subject=hostile")
	})
	price("Find", 10*time.Second, 1<<30, func() { contains(t, h.find(last.Client, "hostile", "", "0-99"), "Find{Status=1 ", "Subject=hostile") })
	h.valid()
}

// showsHostile has phones look at a message in every way.
func (p *postHouse) showsHostile(price func(what string, cpu time.Duration, mem uint64, do func()), old, last *easclient.Client, id, name string) {
	p.Helper()
	fetch := func(c *easclient.Client, options string) string {
		return p.do(c, "ItemOperations", "<ItemOperations><Fetch><Store>Mailbox</Store><airsync:CollectionId>"+strings.Split(id, ":")[0]+"</airsync:CollectionId><airsync:ServerId>"+id+"</airsync:ServerId><Options>"+options+"</Options></Fetch></ItemOperations>")
	}
	for _, c := range []*easclient.Client{old, last} {
		for typ := 1; typ <= 4; typ++ {
			for _, cut := range []string{"<airsyncbase:TruncationSize>500</airsyncbase:TruncationSize>", "<airsyncbase:TruncationSize>1000000</airsyncbase:TruncationSize>"} {
				mime := ""
				if typ == 4 {
					mime = "<airsync:MIMESupport>2</airsync:MIMESupport>"
				}
				got := ""
				price(fmt.Sprintf("%s, %s, type %d, %s", name, c.Version, typ, cut), 10*time.Second, 300<<20, func() {
					got = fetch(c, mime+"<airsyncbase:BodyPreference><airsyncbase:Type>"+fmt.Sprint(typ)+"</airsyncbase:Type>"+cut+"</airsyncbase:BodyPreference>")
				})
				if !strings.Contains(got, "Fetch{Status=1 ") || !strings.Contains(got, "Body{") {
					p.Errorf("%s, %s, type %d: %.300s", name, c.Version, typ, got)
				}
				if typ == 1 && strings.Contains(got, "alert(") {
					p.Errorf("%s: the text has a script: %.300s", name, got)
				}
			}
		}
	}
	part := ""
	price(name+", part", 10*time.Second, 300<<20, func() {
		part = fetch(last, "<airsyncbase:BodyPartPreference><airsyncbase:Type>2</airsyncbase:Type><airsyncbase:TruncationSize>1000000</airsyncbase:TruncationSize></airsyncbase:BodyPartPreference>")
	})
	if !strings.Contains(part, "BodyPart{Status=1 ") {
		p.Errorf("%s: the part: %.300s", name, part)
	}
	price(name+", file", 10*time.Second, 300<<20, func() {
		a, err := old.Post(context.Background(), "GetAttachment", url.Values{"AttachmentName": {id + ":0"}}, "", nil) // a file is no document, which is an error
		if a == nil {
			p.Fatal(err)
		}
		if strings.Contains(part, "Attachments{") != (a.Code == 200) {
			p.Errorf("%s: its file: HTTP %d", name, a.Code)
		}
	})
}

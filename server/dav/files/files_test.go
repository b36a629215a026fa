package files_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"tandem"
	"tandem/kind/file"
	"tandem/server/dav/proto"
	"tandem/store"
	"tandem/store/sqlite"
	"tandem/test/davkit"
	"tandem/wire/davxml"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const base = "/dav/files/ann/files/"

// onDisk is a hub whose large bodies are files.
func onDisk(t *testing.T) *davkit.Kit {
	t.Helper()
	st, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return davkit.On(t, st)
}

// record is what is stored of a file.
func record(k *davkit.Kit, id string) store.HomeRecord {
	k.Helper()
	for rec, err := range k.Store.Home.Get(k.Context(), k.Collection("ann", tandem.File).ID, []tandem.ID{tandem.ID(id)}) {
		k.Must(err)
		return rec
	}
	k.Fatalf("%s is not there", id)
	return store.HomeRecord{}
}

func noise(n int) []byte {
	data := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(data)
	return data
}

func TestPutAndGet(t *testing.T) {
	k := onDisk(t)
	for _, n := range []int{0, 1, 100, 8 << 10, 64 << 10, 64<<10 + 1, file.BlockSize, file.BlockSize + 1, 3*file.BlockSize + 5} {
		body := string(noise(n))
		path := base + fmt.Sprint("f", n, ".txt")
		a := k.Do("ann", "PUT", path, body).Is(201)
		tag := a.Header.Get("ETag")
		g := k.Do("ann", "GET", path, "").Is(200)
		if g.Body != body || g.Header.Get("ETag") != tag || tag == "" || g.Header.Get("Content-Length") != fmt.Sprint(n) || g.Header.Get("Content-Type") != "text/plain; charset=utf-8" ||
			g.Header.Get("X-Content-Type-Options") != "nosniff" || g.Header.Get("Last-Modified") != k.Now.Format(http.TimeFormat) {
			t.Fatalf("%d bytes: came back as %d, %v, tag %s", n, len(g.Body), g.Header, tag)
		}
		if h := k.Do("ann", "HEAD", path, "").Is(200); h.Body != "" || h.Header.Get("Content-Length") != fmt.Sprint(n) || h.Header.Get("ETag") != tag {
			t.Fatalf("HEAD: %v", h.Header)
		}
		rec := record(k, fmt.Sprint("f", n, ".txt"))
		if rec.Digest != file.Sum([]byte(body)) || rec.Size != int64(n) || rec.Attrs.Get("mtime") != fmt.Sprint(k.Now.UnixNano()) || rec.Title != string(rec.ID) {
			t.Fatalf("stored %+v", rec)
		}
		other := k.Do("ann", "PUT", path, body+"!").Is(204).Header.Get("ETag")
		if other == tag || k.Do("ann", "GET", path, "").Body != body+"!" {
			t.Fatalf("the second version has the tag %s, the first %s", other, tag)
		}
	}
}

// TestReads reads parts, and what has not changed. RFC 9110 13.1, 14
func TestReads(t *testing.T) {
	k := onDisk(t)
	body := string(noise(200_000))
	tag := k.Do("ann", "PUT", base+"f.bin", body).Is(201).Header.Get("ETag")
	small := k.Do("ann", "PUT", base+"small", "0123456789").Is(201).Header.Get("ETag")
	date := k.Now.Format(http.TimeFormat)
	for _, c := range []struct {
		path    string
		headers []string
		status  int
		want    string
	}{
		{"f.bin", []string{"Range", "bytes=0-9"}, 206, body[:10]},
		{"f.bin", []string{"Range", "bytes=199990-"}, 206, body[199990:]},
		{"f.bin", []string{"Range", "bytes=-5"}, 206, body[199995:]},
		{"f.bin", []string{"Range", "bytes=100000-100099"}, 206, body[100000:100100]},
		{"f.bin", []string{"Range", "bytes=200000-"}, 416, ""},
		{"f.bin", []string{"Range", "lines=1-2"}, 416, ""},
		{"f.bin", []string{"Range", "bytes=0-9", "If-Range", tag}, 206, body[:10]},
		{"f.bin", []string{"Range", "bytes=0-9", "If-Range", `"other"`}, 200, body},
		{"small", []string{"Range", "bytes=2-3"}, 206, "23"},
		{"small", []string{"If-None-Match", small}, 304, ""},
		{"small", []string{"If-None-Match", `"other"`}, 200, "0123456789"},
		{"small", []string{"If-Match", `"other"`}, 412, ""},
		{"small", []string{"If-Match", small}, 200, "0123456789"},
		{"small", []string{"If-Modified-Since", date}, 304, ""},
		{"small", []string{"If-Unmodified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"}, 412, ""},
	} {
		if a := k.Do("ann", "GET", base+c.path, "", c.headers...); a.Status != c.status || c.want != "" && a.Body != c.want {
			t.Errorf("%s %q: %d with %d bytes; want %d with %d", c.path, c.headers, a.Status, len(a.Body), c.status, len(c.want))
		}
	}
	a := k.Do("ann", "GET", base+"small", "", "Range", "bytes=0-1,8-9").Is(206)
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "multipart/byteranges") || !strings.Contains(a.Body, "\r\n01\r\n") || !strings.Contains(a.Body, "\r\n89\r\n") {
		t.Errorf("two ranges: %v\n%s", a.Header, a.Body)
	}
	k.Do("ann", "GET", base+"none", "").Is(404)
	k.Do("bob", "GET", base+"small", "").Is(404)
	k.Do("", "GET", base+"small", "").Is(401)
	if page := k.Do("ann", "PUT", base+"page.html", "<script>").Is(201); page != nil && k.Do("ann", "GET", base+"page.html", "").Header.Get("Content-Security-Policy") != "sandbox" {
		t.Error("a page may run scripts")
	}
}

// TestNames puts files under odd names, which come back as they were.
func TestNames(t *testing.T) {
	k := davkit.New(t)
	names := []string{"with space", "gr\u00f6\u00dfe", "gro\u0308\u00dfe", "名前", "100%", "a+b&c=d;e,f", "a?b#c", "[x]{y}", "'q'\"", "back\\slash", "~", "...", "Case", "case", ":", "😀", "%2f", "a%00b",
		strings.Repeat("n", 255)}
	for _, name := range names {
		k.Do("ann", "PUT", base+proto.Escape(name), "body of "+name).Is(201)
	}
	seen := map[string]bool{}
	for _, href := range k.Do("ann", "PROPFIND", base, "", "Depth", "1").Hrefs() {
		seen[href] = true
		if href != base && !strings.HasPrefix(k.Do("ann", "GET", href, "").Is(200).Body, "body of ") {
			t.Errorf("%s is something else", href)
		}
	}
	for _, name := range names {
		if !seen[base+proto.Escape(name)] || record(k, name).Size != int64(len("body of "+name)) {
			t.Errorf("%q is not listed", name)
		}
	}
	page := k.Do("ann", "GET", base, "").Is(200)
	if !strings.Contains(page.Body, ">gr\u00f6\u00dfe</a>") || !strings.Contains(page.Body, "&#39;q&#39;&#34;") || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page\n%s", page.Body)
	}
	if h := k.Do("ann", "HEAD", base, "").Is(200); h.Body != "" {
		t.Error("HEAD has a body")
	}
}

// TestOddNames: what came from a folder is reached and can be given a better name, though it could not be made here.
func TestOddNames(t *testing.T) {
	k := davkit.New(t)
	k.Put(k.Collection("ann", tandem.File), map[string]string{"odd\xff\n": "odd"})
	hrefs := k.Do("ann", "PROPFIND", base, "", "Depth", "1").Hrefs()
	if len(hrefs) != 2 {
		t.Fatalf("listed %q", hrefs)
	}
	if got := k.Do("ann", "GET", hrefs[1], "").Is(200).Body; got != "odd" {
		t.Errorf("read %q", got)
	}
	k.Do("ann", "PUT", hrefs[1], "new").Is(204)
	k.Do("ann", "COPY", hrefs[1], "", "Destination", base+"%fe").Is(403)
	k.Do("ann", "MKCOL", base+"%fe", "").Is(403)
	k.Do("ann", "MOVE", hrefs[1], "", "Destination", base+"even").Is(201)
	if got := k.Do("ann", "GET", base+"even", "").Is(200).Body; got != "new" {
		t.Errorf("read %q", got)
	}
}

// TestRefusals: what cannot be stored is refused with a reason and leaves nothing behind.
func TestRefusals(t *testing.T) {
	k := davkit.New(t)
	k.Do("ann", "MKCOL", base+"d", "").Is(201)
	k.Do("ann", "PUT", base+"f", "f").Is(201)
	deep := base + strings.Repeat(strings.Repeat("p", 200)+"/", 20) + "x"
	for _, c := range []struct {
		method, path string
		headers      []string
		want         int
	}{
		{"PUT", base + "d", nil, 405},
		{"PUT", base + "d/", nil, 405},
		{"PUT", base + "new/", nil, 405},
		{"PUT", base, nil, 405},
		{"PUT", "/dav/files/ann/", nil, 405},
		{"PUT", "/dav/files/ann/none", nil, 405},
		{"PUT", "/dav/files/ann/none/x", nil, 409},
		{"PUT", base + "none/x", nil, 409},
		{"PUT", base + "f/x", nil, 409},
		{"PUT", base + strings.Repeat("n", 256), nil, 414},
		{"PUT", deep, nil, 414},
		{"PUT", base + "a%00b", nil, 409},
		{"PUT", base + "a%2fb", nil, 409},
		{"PUT", base + "d%2Fb", nil, 409},
		{"PUT", base + "%2e%2e/x", nil, 409},
		{"PUT", base + "d/%2e", nil, 409},
		{"PUT", base + "a%0Ab", nil, 403},
		{"PUT", base + "%ff", nil, 403},
		{"PUT", base + "d//x", nil, 409},
		{"PUT", "/dav/files/bob/files/x", nil, 409},
		{"PUT", base + "part", []string{"Content-Range", "bytes 0-3/10"}, 400},
		{"PUT", base + "x", []string{"X-OC-Mtime", "yesterday"}, 400},
		{"PUT", base + "x", []string{"X-OC-Mtime", "1.2.3"}, 400},
		{"PUT", base + "x", []string{"X-OC-Mtime", "99999999999999"}, 400},
		{"PUT", base + "x", []string{"OC-Checksum", "MD5:00"}, 400},
		{"PUT", base + "x", []string{"OC-Checksum", "SHA1:" + strings.Repeat("0", 40)}, 400},
		{"PUT", base + "x", []string{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}, 400},
		{"PUT", base + "x", []string{"Repr-Digest", "sha-256=:" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + ":"}, 400},
		{"MKCOL", base + "d", nil, 405},
		{"MKCOL", base + "f", nil, 405},
		{"MKCOL", base + "none/x", nil, 409},
		{"MKCOL", base + "f/x", nil, 409},
		{"MKCOL", base + strings.Repeat("n", 256), nil, 414},
		{"PATCH", base + "f", nil, 405},
	} {
		body := "body"
		if c.method == "MKCOL" {
			body = ""
		}
		if a := k.Do("ann", c.method, c.path, body, c.headers...); a.Status != c.want {
			t.Errorf("%s %.60s %q: %d, want %d\n%s", c.method, c.path, c.headers, a.Status, c.want, a.Body)
		}
	}
	k.Do("ann", "MKCOL", base+"n", "<x/>").Is(415)
	if n, _, err := k.Store.Lookup.Count(t.Context(), k.Collection("ann", tandem.File).ID, 0); err != nil || n != 2 {
		t.Errorf("%d records are there, want 2 (%v)", n, err)
	}
	for _, path := range []string{"/dav/files/../../etc/passwd", base + "../../../x", "/dav/files/ann/files/./f"} {
		conn, err := net.Dial("tcp", k.Server.Listener.Addr().String())
		k.Must(err)
		auth := base64.StdEncoding.EncodeToString([]byte("ann:" + davkit.Password))
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nConnection: close\r\n\r\n", path, auth)
		answer, err := io.ReadAll(conn)
		conn.Close()
		if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 404")) {
			t.Errorf("GET %s: %.60s, %v", path, answer, err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	k := davkit.New(t)
	k.Do("ann", "PUT", base+"f", "f").Is(201)
	c := k.Collection("ann", tandem.File)
	c.Props = map[string]string{"readonly": "1"}
	_, err := k.Store.Home.PutCollection(t.Context(), c)
	k.Must(err)
	k.Do("ann", "GET", base+"f", "").Is(200)
	for _, method := range []string{"PUT", "DELETE"} {
		k.Do("ann", method, base+"f", "").Fails(403, davxml.D("need-privileges"))
	}
	k.Do("ann", "MKCOL", base+"d", "").Fails(403, davxml.D("need-privileges"))
	k.Do("ann", "COPY", base+"f", "", "Destination", base+"g").Fails(403, davxml.D("need-privileges"))
	k.Do("ann", "MOVE", base+"f", "", "Destination", base+"g").Fails(403, davxml.D("need-privileges"))
}

func TestTimesAndModes(t *testing.T) {
	k := davkit.New(t)
	for text, want := range map[string]string{"1700000000": "1700000000000000000", "1700000000.25": "1700000000250000000", "-1.5": "-1500000000", "0": "1",
		"1700000000.1234567891": "1700000000123456789"} {
		a := k.Do("ann", "PUT", base+"f", "f", "X-OC-Mtime", text)
		if got := record(k, "f").Attrs.Get("mtime"); got != want || a.Header.Get("X-OC-MTime") != "accepted" {
			t.Errorf("%s: %s, want %s; %v", text, got, want, a.Header)
		}
	}
	c := k.Collection("ann", tandem.File)
	set := func(attrs tandem.Attrs) {
		t.Helper()
		_, err := k.Store.Home.Write(t.Context(), c.ID, store.Author{}, []store.HomeWrite{{Write: tandem.Write{Op: tandem.SetAttrs, ID: "f", If: record(k, "f").Version,
			Record: tandem.Record{Meta: tandem.Meta{Attrs: attrs}}}}})
		k.Must(err)
	}
	set("mode=755&mtime=5")
	k.Do("ann", "PUT", base+"f", "new").Is(204)
	if got := record(k, "f").Attrs; got.Get("mode") != "755" || got.Get("mtime") != fmt.Sprint(k.Now.UnixNano()) {
		t.Errorf("an executable file became %s", got)
	}
	set("target=elsewhere&type=link")
	if a := k.Do("ann", "GET", base+"f", "").Is(200); a.Body != "new" { // attributes alone were changed
		t.Errorf("a link reads as %q", a.Body)
	}
	k.Do("ann", "PUT", base+"f", "a file").Is(204)
	if got := record(k, "f").Attrs; got.Get("type") != "" || got.Get("target") != "" {
		t.Errorf("a link that was written to became %s", got)
	}
}

func TestChecksums(t *testing.T) {
	k := davkit.New(t)
	body := string(noise(100_000))
	md, sh, s2 := md5.Sum([]byte(body)), sha1.Sum([]byte(body)), sha256.Sum256([]byte(body))
	good := []string{"Content-MD5", base64.StdEncoding.EncodeToString(md[:]), "OC-Checksum", "SHA1:" + hex.EncodeToString(sh[:]) + " MD5:" + hex.EncodeToString(md[:]) + " Adler32:1",
		"Repr-Digest", "unixsum=:AA==:, sha-256=:" + base64.StdEncoding.EncodeToString(s2[:]) + ":"}
	k.Do("ann", "PUT", base+"f", body, good...).Is(201)
	k.Do("ann", "PUT", base+"f", body[1:], good...).Is(400)
	if k.Body(k.Collection("ann", tandem.File), "f") != body {
		t.Error("a damaged body took the place of the good one")
	}
}

// slow is a request body that is given piece by piece.
func slow(k *davkit.Kit, path string, headers ...string) (send *io.PipeWriter, answer chan *http.Response) {
	k.Helper()
	body, send := io.Pipe()
	req, err := http.NewRequest("PUT", k.Server.URL+path, body)
	k.Must(err)
	req.SetBasicAuth("ann", davkit.Password)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	answer = make(chan *http.Response, 1)
	go func() {
		resp, err := k.Server.Client().Do(req)
		if err == nil {
			resp.Body.Close()
		}
		answer <- resp
	}()
	return send, answer
}

// TestWritersMeet has somebody else write while an upload is under way.
func TestWritersMeet(t *testing.T) {
	k := onDisk(t)
	c := k.Collection("ann", tandem.File)
	tag := k.Do("ann", "PUT", base+"f", "first").Is(201).Header.Get("ETag")

	send, answer := slow(k, base+"f", "If-Match", tag)
	send.Write(noise(100_000)) // it is being read now
	k.Do("ann", "PUT", base+"f", "second").Is(204)
	send.Close()
	if resp := <-answer; resp == nil || resp.StatusCode != 412 || k.Body(c, "f") != "second" {
		t.Fatalf("a conditional write over another one: %v, %q", resp, k.Body(c, "f"))
	}

	send, answer = slow(k, base+"f")
	send.Write(noise(100_000))
	k.Do("ann", "PUT", base+"f", "third").Is(204)
	send.Close()
	if resp := <-answer; resp == nil || resp.StatusCode != 204 || len(k.Body(c, "f")) != 100_000 {
		t.Fatalf("an unconditional write over another one: %v", resp)
	}
	past, err := k.Store.History.List(t.Context(), store.PastFilter{Record: "f"})
	k.Must(err)
	var kept []string
	for _, p := range past {
		data, err := k.Store.Blobs.Get(t.Context(), p.Body)
		k.Must(err)
		kept = append(kept, string(data))
	}
	if strings.Join(kept, " ") != "third second first" {
		t.Errorf("history keeps %q", kept)
	}

	send, answer = slow(k, base+"f")
	send.Write(noise(100_000))
	k.Do("ann", "LOCK", base+"f", `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`).Is(200)
	send.Close()
	if resp := <-answer; resp == nil || resp.StatusCode != 423 {
		t.Errorf("a write to what was locked meanwhile: %v", resp)
	}
	send, answer = slow(k, base+"new", "If-None-Match", "*")
	send.Write(noise(100_000))
	k.Do("ann", "MKCOL", base+"new", "").Is(201)
	send.Close()
	if resp := <-answer; resp == nil || resp.StatusCode/100 != 4 {
		t.Errorf("a write to what became a directory: %v", resp)
	}
}

// TestBrokenUpload ends uploads in the middle.
func TestBrokenUpload(t *testing.T) {
	k := onDisk(t)
	c := k.Collection("ann", tandem.File)
	k.Do("ann", "PUT", base+"f", "first").Is(201)
	send, answer := slow(k, base+"f")
	send.Write(noise(500_000))
	send.CloseWithError(errors.New("the line is dead"))
	if resp := <-answer; resp != nil && resp.StatusCode != 400 {
		t.Errorf("the broken upload was answered %v", resp)
	}
	conn, err := net.Dial("tcp", k.Server.Listener.Addr().String())
	k.Must(err)
	auth := base64.StdEncoding.EncodeToString([]byte("ann:" + davkit.Password))
	fmt.Fprintf(conn, "PUT %sf HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nContent-Length: 1000000\r\n\r\n%s", base, auth, noise(300_000))
	conn.(*net.TCPConn).CloseWrite()
	got, _ := io.ReadAll(conn)
	conn.Close()
	if len(got) > 0 && !bytes.HasPrefix(got, []byte("HTTP/1.1 400")) {
		t.Errorf("an upload that is too short was answered %s", got)
	}
	k.Server.CloseClientConnections()
	if k.Body(c, "f") != "first" {
		t.Error("a part of an upload took the place of the file")
	}
}

// TestNoRoom: what does not fit is refused before it is sent.
func TestNoRoom(t *testing.T) {
	k := onDisk(t)
	req, err := http.NewRequest("PUT", k.Server.URL+base+"f", iotest.ErrReader(errors.New("nobody should read this")))
	k.Must(err)
	req.ContentLength = 1 << 31 // the kit has 1 GiB free
	req.SetBasicAuth("ann", davkit.Password)
	req.Header.Set("Expect", "100-continue")
	tr := &http.Transport{ExpectContinueTimeout: time.Minute}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	k.Must(err)
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 507 || !bytes.Contains(body, []byte("sufficient-disk-space")) {
		t.Errorf("%s %s", resp.Status, body)
	}
}

// TestFullStore fills the store up while it takes a body in. RFC 4918 11.5
func TestFullStore(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{MaxSize: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	k := davkit.On(t, st)
	k.Do("ann", "PUT", base+"f", "first").Is(201)
	k.Do("ann", "PUT", base+"f", string(noise(4<<20))).Fails(507, davxml.D("sufficient-disk-space"))
	if k.Body(k.Collection("ann", tandem.File), "f") != "first" {
		t.Error("the file is not as it was")
	}
}

// TestMany writes at once, each file by several, and reads meanwhile.
func TestMany(t *testing.T) {
	k := onDisk(t)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 10 {
				path := base + fmt.Sprint("f", i%5)
				if a := k.Do("ann", "PUT", path, strings.Repeat(fmt.Sprint(w), 70_000)); a.Status != 201 && a.Status != 204 && a.Status != 503 {
					t.Errorf("PUT: %d %s", a.Status, a.Body)
				}
				if a := k.Do("ann", "GET", path, ""); a.Status != 200 || a.Body != strings.Repeat(a.Body[:1], 70_000) {
					t.Errorf("GET: %d with %d bytes", a.Status, len(a.Body))
				}
			}
		})
	}
	wg.Wait()
}

// TestEmptyDirectories have a page and no tag.
func TestDirectories(t *testing.T) {
	k := davkit.New(t)
	k.Do("ann", "MKCOL", base+"d/", "").Is(201)
	a := k.Do("ann", "GET", base+"d", "").Is(200)
	if a.Header.Get("ETag") != "" || !strings.Contains(a.Body, "<title>d – Tandem</title>") || !strings.Contains(a.Body, `href="`+base+`"`) {
		t.Errorf("%v\n%s", a.Header, a.Body)
	}
	if rec := record(k, "d"); rec.Attrs != "type=dir" || rec.Body != nil || !rec.Digest.IsZero() {
		t.Errorf("stored %+v", rec)
	}
	for path, want := range map[string]string{"/dav/files/": "/dav/files/ann/", "/dav/files/ann/": base, base: base + "d/"} {
		if a := k.Do("ann", "GET", path, "").Is(200); !strings.Contains(a.Body, `href="`+want+`"`) {
			t.Errorf("%s does not lead to %s\n%s", path, want, a.Body)
		}
	}
}

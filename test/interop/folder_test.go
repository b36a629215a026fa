package interop

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// request sends a request as the hub's user, and returns its status, headers and body.
func (h *hub) request(method, path, body string, headers ...string) (int, http.Header, string) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	r.SetBasicAuth(h.user, h.password)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		h.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(data)
}

// TestFolderAndDesktop edits a folder that is kept in step with a collection, and the collection as a WebDAV client: each sees what the other did.
func TestFolderAndDesktop(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	const base = "/dav/files/anna/papers/"
	dir := t.TempDir()
	here := func(name string) string { return filepath.Join(dir, name) }
	is := func(want int, method, path, body string, headers ...string) http.Header {
		t.Helper()
		status, header, answer := h.request(method, base+path, body, headers...)
		if status != want {
			t.Fatalf("%s %s: %d, want %d\n%s", method, path, status, want, answer)
		}
		return header
	}
	content := func(name, want string) {
		t.Helper()
		if data, err := os.ReadFile(here(name)); err != nil || string(data) != want {
			t.Fatalf("%s: %q, %v; want %q", name, data, err, want)
		}
	}
	fill(t, dir)
	if err := os.Chmod(here("plain.txt"), 0o750); err != nil {
		t.Fatal(err)
	}
	h.cli("", "item", "add", "papers", "files:"+dir, "--mode", "manual")
	h.cli("", "sync")

	if _, _, body := h.request("GET", base+"gr%C3%B6%C3%9Fe/%E5%90%8D%E5%89%8D.md", ""); body != "deep" {
		t.Fatalf("a file of the folder reads as %q", body)
	}
	if _, header, body := h.request("GET", base+"large.bin", "", "Range", "bytes=3199990-"); body != "6789abcdef" || header.Get("Content-Range") != "bytes 3199990-3199999/3200000" {
		t.Fatalf("the end of a large file is %q", body)
	}
	is(207, "PROPFIND", "nothing/in%20it/", "", "Depth", "0")

	// The desktop edits: a new file, a new empty directory, new content, a rename with what is below, a deletion.
	is(201, "PUT", "from desktop.txt", "desktop", "X-OC-Mtime", "1600000000")
	is(201, "MKCOL", "empty%20from%20desktop", "")
	is(204, "PUT", "plain.txt", "edited by the desktop")
	is(201, "MOVE", "a/b", "", "Destination", base+"moved")
	is(204, "DELETE", "empty", "")
	is(201, "COPY", "large.bin", "", "Destination", base+"moved/copy.bin")
	is(207, "PROPPATCH", "from%20desktop.txt", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><x:executable xmlns:x="http://apache.org/dav/props/">T</x:executable></d:prop></d:set></d:propertyupdate>`)
	h.cli("", "sync")
	content("from desktop.txt", "desktop")
	content("plain.txt", "edited by the desktop")
	content("moved/c/d/e", "deeper")
	content("moved/copy.bin", strings.Repeat("0123456789abcdef", 200_000))
	for _, gone := range []string{"empty", "a/b"} {
		if _, err := os.Lstat(here(gone)); err == nil {
			t.Errorf("%s is still in the folder", gone)
		}
	}
	if fi, err := os.Stat(here("empty from desktop")); err != nil || !fi.IsDir() {
		t.Errorf("the empty directory is not in the folder: %v", err)
	}
	fi, err := os.Stat(here("plain.txt"))
	if err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o750 {
		t.Errorf("the mode of what the desktop edited is %v, %v", fi.Mode(), err)
	}
	if fi, err := os.Stat(here("from desktop.txt")); err != nil || fi.ModTime().Unix() != 1600000000 || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o755 {
		t.Errorf("the desktop's file has the time %v and the mode %v, %v", fi.ModTime(), fi.Mode(), err)
	}

	// The folder edits; the desktop's tags of what changed hold no more.
	tag := is(200, "GET", "plain.txt", "").Get("ETag")
	write(t, here("plain.txt"), "edited in the folder")
	if err := os.Rename(here("moved"), here("moved back")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(here("new empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	h.cli("", "sync")
	is(404, "GET", "moved/c/d/e", "")
	is(200, "GET", "moved%20back/c/d/e", "")
	is(207, "PROPFIND", "new%20empty/", "", "Depth", "0")
	is(412, "PUT", "plain.txt", "overwritten", "If-Match", tag)
	if _, _, body := h.request("GET", base+"plain.txt", ""); body != "edited in the folder" {
		t.Fatalf("a conditional write of an old version left %q", body)
	}
	is(204, "PUT", "plain.txt", "overwritten") // without a condition it is done, and the other version is kept
	if out := h.cli("", "history", "plain.txt"); !strings.Contains(out, "plain.txt") {
		t.Errorf("history of what was overwritten:\n%s", out)
	}

	// Both edit at once, different files, and a quiet run does nothing.
	write(t, here("moved back/c/d/e"), "by the folder")
	is(204, "PUT", "from%20desktop.txt", "by the desktop")
	h.cli("", "sync")
	content("from desktop.txt", "by the desktop")
	content("plain.txt", "overwritten")
	if _, _, body := h.request("GET", base+"moved%20back/c/d/e", ""); body != "by the folder" {
		t.Fatalf("after edits on both sides: %q", body)
	}
	before := is(200, "GET", "plain.txt", "").Get("ETag")
	h.cli("", "sync")
	if after := is(200, "GET", "plain.txt", "").Get("ETag"); after != before {
		t.Errorf("a quiet run changed the tag from %s to %s", before, after)
	}
}

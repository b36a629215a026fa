// Package asset serves the files that pages are made of. Each has a name with its hash in it, so that browsers keep it for good and never have an old one
// beside a new page.
package asset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Path is where files are.
const Path = "/static/"

// Set is a set of files.
type Set struct {
	byURL  map[string]file
	byName map[string]string
}

type file struct {
	body []byte
	kind string
	etag string
}

// New reads all files of a file system. Their names are the paths in it.
func New(files fs.FS) (*Set, error) {
	s := &Set{map[string]file{}, map[string]string{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		hash, ext := hex.EncodeToString(sum[:8]), path.Ext(name)
		url := Path + strings.TrimSuffix(name, ext) + "." + hash + ext
		s.byURL[url] = file{body, kindOf(ext), `"` + hash + `"`}
		s.byName[name] = url
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read pages' files: %w", err)
	}
	return s, nil
}

// kindOf is the media type of a file. What the system thinks of these endings must not matter: it may say that scripts are plain text.
func kindOf(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// URL is where the file of a name is. An unknown name is an error, so that a template that names one fails.
func (s *Set) URL(name string) (string, error) {
	if u, ok := s.byName[name]; ok {
		return u, nil
	}
	return "", fmt.Errorf("there is no file %q", name)
}

// ServeHTTP implements http.Handler.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := s.byURL[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	if r.Method == http.MethodHead {
		return
	}
	// An error here means that the browser is gone.
	_, _ = bytes.NewReader(f.body).WriteTo(w)
}

package dav

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestAcceptsGzip: RFC 9110 12.5.3.
func TestAcceptsGzip(t *testing.T) {
	for value, want := range map[string]bool{"": false, "gzip": true, "deflate, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false, "GZIP": true} {
		if got := acceptsGzip(http.Header{"Accept-Encoding": {value}}); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

// TestSqueezed: only large listings are compressed, and all heads are sent.
func TestSqueezed(t *testing.T) {
	pool := &sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
	large := strings.Repeat("<response/>", 1000)
	for _, c := range []struct {
		name          string
		accepts       bool
		code          int
		body          string
		wantsEncoding string
	}{
		{"a large listing", true, 207, large, "gzip"},
		{"a small one", true, 207, "<x/>", ""},
		{"an empty one", true, 207, "", ""},
		{"a client that does not", false, 207, large, ""},
		{"a record", true, 200, large, ""},
	} {
		for range 2 { // the second takes the writer of the first
			rec := httptest.NewRecorder()
			s := &squeezed{ResponseWriter: rec, accepts: c.accepts, pool: pool}
			s.WriteHeader(c.code)
			for part := range strings.SplitAfterSeq(c.body, strings.Repeat("<response/>", 500)) {
				if part != "" {
					if _, err := s.Write([]byte(part)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := s.end(); err != nil {
				t.Fatal(err)
			}
			var in io.Reader = rec.Body
			if c.wantsEncoding != "" {
				gz, err := gzip.NewReader(rec.Body)
				if err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				in = gz
			}
			data, err := io.ReadAll(in)
			if err != nil || string(data) != c.body || rec.Code != c.code || rec.Header().Get("Content-Encoding") != c.wantsEncoding {
				t.Errorf("%s: %d, %v, %d bytes, %v", c.name, rec.Code, rec.Header(), len(data), err)
			}
		}
	}
}

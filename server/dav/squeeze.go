package dav

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// squeezed compresses answers in XML for clients that understand it: listings are a tenth of their size then. Bodies of records are left as they are, for
// their entity tags are those of their bytes.
type squeezed struct {
	http.ResponseWriter
	accepts bool
	waits   bool // for the first bytes, to send the head
	gz      *gzip.Writer
	pool    *sync.Pool
}

// worthIt is from how many bytes on an answer is compressed.
const worthIt = 1024

// acceptsGzip reports whether a client takes what is compressed. RFC 9110 12.5.3
func acceptsGzip(h http.Header) bool {
	for one := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, param, _ := strings.Cut(one, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.TrimLeft(strings.TrimSpace(param), "q= ")
			return strings.Trim(q, "0.") != "" || q == ""
		}
	}
	return false
}

// WriteHeader implements http.ResponseWriter. Whether an answer is large enough shows with its first bytes, so that the head of one that may be waits for them.
func (s *squeezed) WriteHeader(code int) {
	if s.waits = s.accepts && code == http.StatusMultiStatus; !s.waits {
		s.ResponseWriter.WriteHeader(code)
	}
}

// Write implements io.Writer.
func (s *squeezed) Write(p []byte) (int, error) {
	if s.waits {
		s.begin(len(p) >= worthIt)
	}
	if s.gz != nil {
		return s.gz.Write(p)
	}
	return s.ResponseWriter.Write(p)
}

// begin sends the head that waits.
func (s *squeezed) begin(compressed bool) {
	s.waits = false
	s.Header().Add("Vary", "Accept-Encoding")
	if compressed {
		s.gz = s.pool.Get().(*gzip.Writer)
		s.gz.Reset(s.ResponseWriter)
		s.Header().Set("Content-Encoding", "gzip")
	}
	s.ResponseWriter.WriteHeader(http.StatusMultiStatus)
}

// end writes what is left.
func (s *squeezed) end() error {
	if s.waits {
		s.begin(false)
	}
	if s.gz == nil {
		return nil
	}
	err := s.gz.Close()
	s.pool.Put(s.gz)
	s.gz = nil
	return err
}

// Unwrap lets http.ResponseController find the server's own writer.
func (s *squeezed) Unwrap() http.ResponseWriter { return s.ResponseWriter }

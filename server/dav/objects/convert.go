package objects

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"tandem/kind/contact"
	"tandem/wire/davxml"
)

// convert gives a card in the version that a client asks for by its header Accept; one that it names no version of stays as it is. The entity tag is that of
// the record: a client that edits what it was shown writes the same record, and what its version could not say comes back (package kind/contact).
// RFC 6352 5.1.1
func convert(h http.Header, data []byte, kind string) ([]byte, string, error) {
	want := wanted(h)
	if want == "" {
		return data, kind, nil
	}
	out, err := contact.Convert(data, want)
	switch {
	case err == nil && bytes.Equal(out, data):
		return data, kind, nil
	case want != "3.0" && want != "4.0":
		return nil, "", davxml.Fail(http.StatusNotAcceptable, davxml.A("supported-address-data-conversion"))
	case err != nil:
		return data, kind, nil // as it is, it is of more use than an error
	}
	return out, "text/vcard; charset=utf-8; version=" + want, nil
}

// wanted is the version of vCard that a client likes best, "" if it does not say.
func wanted(h http.Header) (version string) {
	best := -1.0
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if v, err := strconv.ParseFloat(params["q"], 64); err == nil {
			q = v
		}
		if q <= best || q <= 0 {
			continue
		}
		switch media {
		case "text/vcard", "text/x-vcard":
			best, version = q, params["version"]
		case "*/*", "text/*":
			best, version = q, ""
		}
	}
	return version
}

package eas

import (
	"bytes"
	"net/http"

	"tandem/server/eas/proto"
	"tandem/server/listen"
)

// park puts the connection of a request aside until there is an answer. It reports false where it cannot, and the request waits as it is.
func (d *Door) park(w http.ResponseWriter, r *http.Request, q query, wait *proto.Waiting, seen *exchange) bool {
	zip, multipart, command, device := acceptsGzip(r), q.multipart, q.command, q.deviceID
	p, ok := listen.Park(w, r)
	if !ok {
		return false
	}
	p.OnGone(d.cfg.Waits.Later(p.Context(), wait, func(resp *proto.Response, err error) {
		buf := &buffer{header: http.Header{}}
		common(buf.header)
		seen.answered(resp, err)
		if err == nil {
			err = d.send(buf, zip, multipart, resp)
		}
		if err != nil {
			d.cfg.Log.Error("phone request failed", "what", command, "device", device, "err", err)
			buf = &buffer{header: http.Header{"Retry-After": {"60"}}, code: http.StatusServiceUnavailable}
		}
		if err := p.Answer(buf.code, buf.header, buf.Bytes()); err != nil {
			d.cfg.Log.Debug("answer not sent", "command", command, "device", device, "err", err)
		}
	}))
	return true
}

// buffer is an answer in memory.
type buffer struct {
	bytes.Buffer
	header http.Header
	code   int
}

func (b *buffer) Header() http.Header  { return b.header }
func (b *buffer) WriteHeader(code int) { b.code = code }

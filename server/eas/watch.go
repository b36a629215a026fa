package eas

import (
	"net/http"
	"time"

	"tandem/kind/eas"
	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// Asked is a request of a device that logged in, as whoever watches is told of it. It is good during the call only.
type Asked struct {
	User, DeviceID, DeviceType string
	Command                    string // one that is served
	Version                    eas.Version
	Header                     http.Header
	Body                       *wbxml.Element // nil: none, or what came is no WBXML
	Raw                        int            // bytes of a body that is something else
	Refused                    int            // the status under which it is refused for its form, 0: it is not
}

// Answered is its answer, good during the call only.
type Answered struct {
	Code     int             // of HTTP
	Response *proto.Response // nil: none
	Err      error           // why it was not served
	Took     time.Duration   // until it was answered, or began to wait
	Waited   bool            // it waited for something to happen
}

// Watch is told of requests. What it returns is called once with the answer, and not at all if the device goes away before; nil: it wants to know no more.
type Watch func(Asked) func(Answered)

// exchange is a request that is watched. A nil one is watched by nobody.
type exchange struct {
	now    func() time.Time
	began  time.Time
	took   time.Duration
	waited bool
	told   []func(Answered)
}

// watch tells of a request that was read.
func (d *Door) watch(r *http.Request, q query, req *proto.Request, status int, began time.Time) *exchange {
	var told []func(Answered)
	for _, w := range d.cfg.Watch {
		if f := w(Asked{User: req.User.Name, DeviceID: q.deviceID, DeviceType: q.deviceType, Command: req.Command, Version: req.Version, Header: r.Header, Body: req.Body, Raw: len(req.Raw), Refused: status}); f != nil {
			told = append(told, f)
		}
	}
	if told == nil {
		return nil
	}
	return &exchange{now: d.cfg.Now, began: began, told: told}
}

// waits notes that the answer comes when something happens.
func (e *exchange) waits() {
	if e != nil {
		e.took, e.waited = e.now().Sub(e.began), true
	}
}

// answered tells of the answer.
func (e *exchange) answered(resp *proto.Response, err error) {
	if e == nil {
		return
	}
	if !e.waited {
		e.took = e.now().Sub(e.began)
	}
	a := Answered{Code: http.StatusOK, Response: resp, Err: err, Took: e.took, Waited: e.waited}
	switch {
	case err != nil:
		a.Code, _ = failure(err)
	case resp != nil && resp.HTTP != 0:
		a.Code = resp.HTTP
	}
	for _, f := range e.told {
		f(a)
	}
}

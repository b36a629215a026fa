package eas

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/server/eas/proto"
	"tandem/store"
)

// anybody lets everybody in: the name is what the header says.
type anybody struct{}

func (anybody) VerifyBasic(_ context.Context, header, _ string, _ account.Use) (store.User, error) {
	return store.User{Name: header}, nil
}

func (anybody) Meet(_ context.Context, user string, s device.Sighting) (store.Device, error) {
	return store.Device{Number: 1, User: user, ID: s.ID, Access: store.Allowed}, nil
}

func (anybody) Provisioned(context.Context, store.Device, uint32) (bool, error) { return true, nil }

// held is a door whose command SendMail is answered when the test lets it.
type held struct {
	*Door
	in, out chan struct{}
}

func newHeld(bodies int64) *held {
	h := &held{in: make(chan struct{}), out: make(chan struct{})}
	h.Door = New(Config{Accounts: anybody{}, Devices: anybody{}, Bodies: bodies, Commands: map[string]proto.Command{
		"SendMail": func(context.Context, *proto.Request) (*proto.Response, error) {
			h.in <- struct{}{}
			<-h.out
			return &proto.Response{}, nil
		},
		"SmartReply":   func(context.Context, *proto.Request) (*proto.Response, error) { return &proto.Response{}, nil },
		"SmartForward": func(context.Context, *proto.Request) (*proto.Response, error) { panic("a fault of ours") },
	}})
	return h
}

func (h *held) post(user, command string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, Path+"?Cmd="+command+"&DeviceId=d&DeviceType=t", bytes.NewReader(body))
	r.Header.Set("Authorization", user)
	r.Header.Set("MS-ASProtocolVersion", "14.1")
	r.Header.Set("Content-Type", "message/rfc822")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func zipped(n int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(make([]byte, n)) // into memory
	_ = z.Close()
	return b.Bytes()
}

// Large bodies take their place until they are answered; who finds no room is to come again, and small ones always come through.
func TestRoom(t *testing.T) {
	const mib = 1 << 20
	h := newHeld(6 * mib)
	var busy sync.WaitGroup
	for _, user := range []string{"ann", "bob", "cid"} {
		busy.Go(func() {
			if w := h.post(user, "SendMail", make([]byte, 2*mib)); w.Code != http.StatusOK {
				t.Errorf("%s: %d", user, w.Code)
			}
		})
		<-h.in
	}
	for name, c := range map[string]struct {
		user    string
		body    []byte
		headers []string
		want    int
	}{
		"another of a user":        {"ann", make([]byte, mib), nil, http.StatusServiceUnavailable},
		"another, compressed":      {"ann", zipped(mib), []string{"Content-Encoding", "gzip"}, http.StatusServiceUnavailable},
		"a small one":              {"ann", make([]byte, 60<<10), nil, http.StatusOK},
		"of somebody else":         {"dan", make([]byte, mib), nil, http.StatusServiceUnavailable},
		"a small of somebody else": {"dan", nil, nil, http.StatusOK},
	} {
		w := h.post(c.user, "SmartReply", c.body, c.headers...)
		if w.Code != c.want || (w.Header().Get("Retry-After") == "30") != (c.want == http.StatusServiceUnavailable) {
			t.Errorf("%s: %d, Retry-After %q", name, w.Code, w.Header().Get("Retry-After"))
		}
	}
	close(h.out)
	busy.Wait()
	for _, again := range []string{"SmartReply", "SmartForward", "SmartReply"} { // also after a fault
		if w := h.post("ann", again, make([]byte, 2*mib)); (w.Code == http.StatusOK) != (again == "SmartReply") {
			t.Errorf("%s: %d", again, w.Code)
		}
	}
	if w := h.post("ann", "SmartReply", make([]byte, 3*mib)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("more than a user's room: %d", w.Code)
	}
	if h.room.all != 0 || len(h.room.user) != 0 {
		t.Errorf("left behind: %d, %v", h.room.all, h.room.user)
	}
}

// The usual limits let one of the largest requests through, and no larger one.
func TestRoomOfUsual(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine works through much: the race detector is told nothing new")
	}
	h := newHeld(0)
	if w := h.post("ann", "SmartReply", zipped(maxBody), "Content-Encoding", "gzip"); w.Code != http.StatusOK {
		t.Errorf("the largest: %d", w.Code)
	}
	w := h.post("ann", "SmartReply", zipped(maxBody+1), "Content-Encoding", "gzip")
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "too large") {
		t.Errorf("too large: %d %s", w.Code, w.Body)
	}
}

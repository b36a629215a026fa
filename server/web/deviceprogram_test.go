package web_test

import (
	"net/http"
	"testing"
)

// TestSC17ProgramsOfTypeDevice: a program may call itself a device. It is no phone that is let in: its user starts, switches off and forgets it as any other program, and no administrator sees it.
func TestSC17ProgramsOfTypeDevice(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	boss, ben := k.in("anna"), k.in("ben")
	if a := ben.call("POST", "/api/sessions", map[string]any{"handler": "frame", "name": "Picture frame", "type": "device", "items": []map[string]string{{"id": "frame-pictures"}}}); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	ben.shows("/handler?id=frame", "Picture frame", ">Device<", "/handler/forget?id=frame", ">Stop<")
	if a := ben.call("POST", "/api/handler/order", map[string]string{"handler": "frame", "do": "disable"}); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	ben.shows("/handler?id=frame", ">Switched off<")
	if a := ben.call("POST", "/api/handler/order", map[string]string{"handler": "frame", "do": "enable"}); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := boss.get("/api/handler?id=frame"); a.status != http.StatusNotFound {
		t.Errorf("an administrator sees it: %d %s", a.status, a.body)
	}
}

package main

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
)

// fakeDNS answers from a table.
type fakeDNS struct {
	srv map[string]*net.SRV
	txt map[string]string
}

func (f fakeDNS) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if s := f.srv["_"+service+"._"+proto+"."+name]; s != nil {
		return "", []*net.SRV{s}, nil
	}
	return "", nil, errors.New("no such record")
}

func (f fakeDNS) LookupTXT(_ context.Context, name string) ([]string, error) {
	if s := f.txt[name]; s != "" {
		return []string{s}, nil
	}
	return nil, errors.New("no such record")
}

// TestDesktopNames: RFC 6764 3, 4.
func TestDesktopNames(t *testing.T) {
	here := &net.SRV{Target: "Sync.example.org.", Port: 443}
	full := fakeDNS{srv: map[string]*net.SRV{"_caldavs._tcp.example.org": here, "_carddavs._tcp.example.org": here},
		txt: map[string]string{"_caldavs._tcp.example.org": "path=/dav/", "_carddavs._tcp.example.org": "path=/dav/"}}
	elsewhere := fakeDNS{srv: map[string]*net.SRV{"_caldavs._tcp.example.org": {Target: "other.example.org.", Port: 443}, "_carddavs._tcp.example.org": here}, txt: full.txt}
	for _, c := range []struct {
		name, hub, domain, level string
		dns                      fakeDNS
		remedy                   []string
	}{
		{"all there", "https://sync.example.org", "example.org", "ok", full, nil},
		{"another port", "https://sync.example.org:8443", "example.org", "warn", full, []string{"_caldavs._tcp.example.org. SRV 0 0 8443 sync.example.org.", "_carddavs._tcp.example.org. SRV"}},
		{"one elsewhere", "https://sync.example.org", "example.org", "warn", elsewhere, []string{"_caldavs._tcp.example.org. SRV 0 0 443 sync.example.org."}},
		{"nothing", "http://sync.example.org", "example.org", "warn", fakeDNS{}, []string{"_caldav._tcp.example.org. SRV 0 0 80", `_carddav._tcp.example.org. TXT "path=/dav/"`}},
		{"the host itself", "https://sync.example.org", "sync.example.org", "ok", fakeDNS{}, nil},
	} {
		hub, err := url.Parse(c.hub)
		if err != nil {
			t.Fatal(err)
		}
		l := desktopNames(t.Context(), c.dns, hub, c.domain)
		if l.Level != c.level || (l.Remedy == "") != (c.remedy == nil) {
			t.Errorf("%s: %+v", c.name, l)
		}
		for _, want := range c.remedy {
			if !strings.Contains(l.Remedy, want) {
				t.Errorf("%s: %q lacks %q", c.name, l.Remedy, want)
			}
		}
		if c.name == "one elsewhere" && strings.Contains(l.Remedy, "_carddavs") {
			t.Errorf("%s: %q", c.name, l.Remedy)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"tandem/server/dav/proto"
	"tandem/server/eas/check"
)

// dnsRecords is what is asked of DNS about desktops.
type dnsRecords interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// desktopNames looks whether a program that knows a mail address of a domain finds calendars and address books: by the records _caldavs._tcp and
// _carddavs._tcp. The remedy holds those that are missing. RFC 6764 3, 4
func desktopNames(ctx context.Context, res dnsRecords, hub *url.URL, domain string) check.Line {
	host, port := strings.ToLower(hub.Hostname()), hub.Port()
	suffix := "s"
	if hub.Scheme == "http" {
		suffix = ""
	}
	if port == "" {
		port = map[string]string{"s": "443", "": "80"}[suffix]
	}
	l := check.Line{Name: "calendar names", Level: "ok"}
	if strings.EqualFold(domain, host) {
		l.Text = "desktops look at " + host + " itself"
		return l
	}
	var missing []string
	for _, service := range []string{"caldav" + suffix, "carddav" + suffix} {
		name := "_" + service + "._tcp." + domain
		if !leadsTo(ctx, res, service, domain, host, port) {
			missing = append(missing, fmt.Sprintf("%s. SRV 0 0 %s %s.", name, port, host))
		}
		if text, err := res.LookupTXT(ctx, name); err != nil || !slices.Contains(text, "path="+proto.Path) {
			missing = append(missing, fmt.Sprintf("%s. TXT \"path=%s\"", name, proto.Path))
		}
	}
	if len(missing) == 0 {
		l.Text = "_caldav" + suffix + "._tcp." + domain + " and _carddav" + suffix + "._tcp." + domain + " lead to " + host + ", port " + port
		return l
	}
	l.Level = "warn"
	l.Text = "a calendar or address book program that is given only a mail address of " + domain + " does not find the hub; its user must type the server"
	l.Remedy = "add to DNS: " + strings.Join(missing, "  ")
	return l
}

// leadsTo reports whether a service record names the hub.
func leadsTo(ctx context.Context, res dnsRecords, service, domain, host, port string) bool {
	_, records, err := res.LookupSRV(ctx, service, "tcp", domain)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(records, func(s *net.SRV) bool {
		return strings.EqualFold(strings.TrimSuffix(s.Target, "."), host) && fmt.Sprint(s.Port) == port
	})
}

package check

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// desktops looks whether programs on desktops find calendars and address books: from the well-known addresses to a door that speaks CalDAV and CardDAV. RFC 6764 5, RFC 4791 5.1, RFC 6352 6.1
func (r *run) desktops(ctx context.Context) bool {
	const name = "well-known"
	door := ""
	for _, service := range []string{"caldav", "carddav"} {
		path := "/.well-known/" + service
		resp, err := r.send(ctx, "PROPFIND", path)
		if err != nil {
			return r.warn(name, path+" gives no answer: "+short(err), "let the reverse proxy pass /.well-known/ on to the hub, with the method PROPFIND")
		}
		to, err := url.Parse(resp.Header.Get("Location"))
		if resp.StatusCode/100 != 3 || err != nil || to.Path == "" {
			return r.warn(name, path+" was answered with "+resp.Status+" and leads nowhere", "let the reverse proxy pass /.well-known/caldav and /.well-known/carddav on to the hub")
		}
		if to.Host != "" && (!strings.EqualFold(to.Hostname(), r.Address.Hostname()) || port(to) != port(r.Address)) {
			return r.warn(name, path+" leads to "+to.String()+", not to "+r.Address.String(), "tell the hub its address: tandem serve --public "+r.Address.String()+", and trust the reverse proxy with --trust-proxy")
		}
		door = to.Path
	}
	r.ok(name, "caldav and carddav lead to "+door)
	return r.desktopDoor(ctx, door)
}

// desktopDoor looks whether the door for desktops answers, and what it says it speaks.
func (r *run) desktopDoor(ctx context.Context, path string) bool {
	const name, remedy = "desktops", "something on the way answers instead of the hub: let the reverse proxy pass the path on with all methods of WebDAV"
	resp, err := r.send(ctx, http.MethodOptions, path)
	if err != nil {
		return r.warn(name, "no answer: "+short(err), remedy)
	}
	speaks := strings.Join(resp.Header.Values("DAV"), ", ")
	if !strings.Contains(speaks, "calendar-access") || !strings.Contains(speaks, "addressbook") {
		return r.warn(name, path+" was answered with "+resp.Status+" and does not speak CalDAV and CardDAV", remedy)
	}
	resp, err = r.send(ctx, "PROPFIND", path)
	switch {
	case err != nil:
		return r.warn(name, "PROPFIND gets no answer: "+short(err), remedy)
	case resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "":
		return r.warn(name, "PROPFIND was answered with "+resp.Status+" where a password is to be asked for", remedy)
	}
	return r.ok(name, "CalDAV, CardDAV and WebDAV at "+path)
}

// asksForPassword looks whether Autodiscover in XML is there, for whom nobody logs in.
func (r *run) asksForPassword(ctx context.Context) bool {
	const name = "autodiscover 1"
	resp, err := r.send(ctx, http.MethodPost, "/autodiscover/autodiscover.xml")
	if err != nil || resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "" {
		text := "no answer: "
		if err != nil {
			text += short(err)
		} else {
			text = "the answer is " + resp.Status + " where a password is to be asked for"
		}
		return r.warn(name, text, "let the reverse proxy pass /autodiscover/ on to the hub, with the Authorization header")
	}
	return r.ok(name, "asks for a password")
}

// send sends a request of nobody, and returns the answer without its body.
func (r *run) send(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.Address.String()+path, nil)
	if err != nil {
		return nil, err
	}
	if method == "PROPFIND" {
		req.Header.Set("Depth", "0")
	}
	resp, err := r.plain.Do(req)
	if err != nil {
		return nil, err
	}
	return resp, resp.Body.Close()
}

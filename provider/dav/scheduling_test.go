package dav

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tandem/provider"
)

// A server tells whether it invites people by itself; one that does not say what it can is not known to do either.
func TestSchedules(t *testing.T) {
	for name, c := range map[string]struct {
		header []string
		status int
		want   bool
		known  bool
	}{
		"does":               {[]string{"1, 3, calendar-access, Calendar-Auto-Schedule"}, 200, true, true},
		"does, in two lines": {[]string{"1, calendar-access", "calendar-schedule,calendar-auto-schedule"}, 204, true, true},
		"does not":           {[]string{"1, 2, 3, calendar-access, addressbook"}, 200, false, true},
		"only the old draft": {[]string{"1, calendar-access, calendar-schedule"}, 200, false, true},
		"says nothing":       {nil, 200, false, false},
		"a proxy before it":  {[]string{"1"}, 200, false, false},
		"does not answer it": {[]string{"calendar-access, calendar-auto-schedule"}, 405, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.Method {
				case http.MethodOptions:
					asked++
					for _, h := range c.header {
						w.Header().Add("DAV", h)
					}
					w.WriteHeader(c.status)
				case "PROPFIND":
					w.Header().Set("Content-Type", "application/xml")
					w.WriteHeader(http.StatusMultiStatus)
					_, _ = w.Write([]byte(`<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response><D:href>` + r.URL.Path + `</D:href><D:propstat><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype>` +
						`<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`)) // whoever is gone does not read it
				default:
					w.WriteHeader(http.StatusNotFound)
				}
			}))
			defer srv.Close()
			f := newFake(t)
			o, err := provider.NewRegistry(Providers()...).Open(t.Context(), "caldav://anna@"+strings.TrimPrefix(srv.URL, "http://")+"/cal/", f.env())
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			got, err := o.Replica.(provider.Scheduler).Schedules(t.Context())
			if got != c.want || (err == nil) != c.known || asked != 1 {
				t.Errorf("%v, %v, asked %d times", got, err, asked)
			}
		})
	}
}

package dav_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem"
	"tandem/store/sqlite"
	"tandem/test/davkit"
)

// onDisk is a hub whose store is a file.
func onDisk(b *testing.B) *davkit.Kit {
	b.Helper()
	st, err := sqlite.Open(b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return davkit.On(b, st)
}

// fetch sends a request and reads the answer, without keeping it.
func fetch(k *davkit.Kit, method, path, body string, headers ...string) int64 {
	req, err := http.NewRequest(method, k.Server.URL+path, strings.NewReader(body))
	k.Must(err)
	req.SetBasicAuth("ann", davkit.Password)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	k.Must(err)
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	k.Must(err)
	if resp.StatusCode/100 != 2 {
		k.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return n
}

// fill puts n cards into ann's address book.
func fill(k *davkit.Kit, n int) (at string, hrefs []string) {
	c := k.Collection("ann", tandem.Contact)
	records := map[string]string{}
	for i := range n {
		id := fmt.Sprintf("card%05d.vcf", i)
		records[id] = strings.Replace(davkit.Card(fmt.Sprint("uid-", i), fmt.Sprint("Person ", i)), "END:", fmt.Sprintf("TEL;TYPE=CELL:+49 170 %d\r\nEMAIL:p%d@example.org\r\nEND:", i, i), 1)
		hrefs = append(hrefs, path(c)+id)
	}
	k.Put(c, records)
	return path(c), hrefs
}

// BenchmarkContacts: what a client asks of an address book of 5,000.
func BenchmarkContacts(b *testing.B) {
	k := onDisk(b)
	at, hrefs := fill(k, 5000)
	b.Run("propfind", func(b *testing.B) {
		for b.Loop() {
			b.SetBytes(fetch(k, "PROPFIND", at, prop("d:getetag", "d:resourcetype", "d:getcontenttype"), "Depth", "1"))
		}
	})
	b.Run("multiget", func(b *testing.B) {
		body := `<card:addressbook-multiget ` + namespaces + `><d:prop><d:getetag/><card:address-data/></d:prop><d:href>` + strings.Join(hrefs, "</d:href><d:href>") +
			`</d:href></card:addressbook-multiget>`
		for b.Loop() {
			b.SetBytes(fetch(k, "REPORT", at, body))
		}
	})
	b.Run("sync-first", func(b *testing.B) {
		for b.Loop() {
			b.SetBytes(fetch(k, "REPORT", at, syncBody("")))
		}
	})
	b.Run("sync-nothing", func(b *testing.B) {
		_, token := changes(k.Do("ann", "REPORT", at, syncBody("")))
		for b.Loop() {
			fetch(k, "REPORT", at, syncBody(token))
		}
	})
}

// BenchmarkPuts: 1,000 new contacts over 8 connections.
func BenchmarkPuts(b *testing.B) {
	k := onDisk(b)
	at := path(k.Collection("ann", tandem.Contact))
	var n atomic.Int64
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 8
	for b.Loop() {
		var all sync.WaitGroup
		start := time.Now()
		for range 8 {
			all.Go(func() {
				for range 125 {
					i := n.Add(1)
					fetch(k, "PUT", fmt.Sprintf("%sx%d.vcf", at, i), davkit.Card(fmt.Sprint("x", i), "X"), "Content-Type", "text/vcard")
				}
			})
		}
		all.Wait()
		b.ReportMetric(1000/time.Since(start).Seconds(), "puts/s")
	}
}

// BenchmarkBusyMonth: a month of a calendar that is full.
func BenchmarkBusyMonth(b *testing.B) {
	k := onDisk(b)
	c := k.Collection("ann", tandem.Event)
	records := map[string]string{}
	day := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	for i := range 10000 {
		at := day.AddDate(0, 0, i%365)
		records[fmt.Sprintf("e%d.ics", i)] = davkit.Event(fmt.Sprint("e", i), fmt.Sprint("Event ", i), at.Format("20060102T150405Z"), at.Add(time.Hour).Format("20060102T150405Z"))
	}
	k.Put(c, records)
	query := `<c:calendar-query ` + namespaces + `><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">` +
		`<c:time-range start="20260301T000000Z" end="20260401T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
	for b.Loop() {
		b.SetBytes(fetch(k, "REPORT", path(c), query, "Depth", "1"))
	}
}

// BenchmarkCalendarQuery: a month out of 10,000 events.
func BenchmarkCalendarQuery(b *testing.B) {
	k := onDisk(b)
	c := k.Collection("ann", tandem.Event)
	records := map[string]string{}
	day := time.Date(2000, 1, 1, 9, 0, 0, 0, time.UTC)
	for i := range 10000 {
		at := day.AddDate(0, 0, i)
		body := davkit.Event(fmt.Sprint("e", i), fmt.Sprint("Event ", i), at.Format("20060102T150405Z"), at.Add(time.Hour).Format("20060102T150405Z"))
		if i%100 == 0 {
			body = strings.Replace(body, "SUMMARY", "RRULE:FREQ=WEEKLY\r\nSUMMARY", 1)
		}
		records[fmt.Sprintf("e%d.ics", i)] = body
	}
	k.Put(c, records)
	query := `<c:calendar-query ` + namespaces + `><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">` +
		`<c:time-range start="20200501T000000Z" end="20200601T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
	for b.Loop() {
		b.SetBytes(fetch(k, "REPORT", path(c), query, "Depth", "1"))
	}
}

package dav

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tandem"
	"tandem/provider"
)

// counted opens the fake and counts the connections that are made to it.
func (f *fake) counted(n *atomic.Int64) *provider.Opened {
	f.t.Helper()
	env := f.env()
	env.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		n.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	o, err := provider.NewRegistry(Providers()...).Open(f.t.Context(), "carddav://anna@"+strings.TrimPrefix(f.URL, "http://")+fakeBook, env)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { o.Close() })
	return o
}

// TestReusesConnections: where a server keeps connections, one carries all that is asked one after another, whatever is answered, and none is given up
// where several work at the same time.
func TestReusesConnections(t *testing.T) {
	f := newFake(t)
	f.after = func(method string, body []byte) []byte { // what servers add, and nobody reads
		switch method {
		case "PUT", "DELETE":
			return []byte("<html>done</html>\n")
		case "PROPFIND", "REPORT":
			return append(body, strings.Repeat("\n", 5000)...)
		}
		return body
	}
	const records = 3*get + 50
	for i := range records {
		f.put(fmt.Sprintf("r%d.vcf", i), card(i, 1, 0))
	}
	var n atomic.Int64
	o := f.counted(&n)
	whoIs(t, o)
	all, l, err := listed(t, o, "")
	if err != nil || len(all) != records {
		t.Fatalf("%d listed, %v", len(all), err)
	}
	ids := make([]tandem.ID, 0, records)
	for id := range all {
		ids = append(ids, id)
	}
	for rec, err := range o.Fetch(t.Context(), append(ids, "nobody.vcf")) {
		if (err != nil) != (rec.ID == "nobody.vcf") {
			t.Errorf("%s: %v", rec.ID, err)
		}
	}
	var writes []tandem.Write
	for i := range 20 {
		id := ids[i]
		writes = append(writes, tandem.Write{Op: tandem.Update, ID: id, If: all[id].Version, Record: tandem.Record{Body: tandem.Bytes(card(i, 2, 0))}}, create(1000+i),
			tandem.Write{Op: tandem.Delete, ID: ids[100+i], If: all[ids[100+i]].Version}, tandem.Write{Op: tandem.Update, ID: ids[200], If: tagVersion(`"old"`), Record: tandem.Record{Body: tandem.Bytes(card(i, 2, 0))}})
	}
	for i, out := range apply(t, o, writes...) {
		want := tandem.Applied
		if i%4 == 3 {
			want = tandem.PreconditionFailed
		}
		if out.Status != want {
			t.Errorf("write %d: %+v", i, out)
		}
	}
	if _, _, err := listed(t, o, l.Next); err != nil {
		t.Error(err)
	}
	if got := n.Load(); got != 1 {
		t.Errorf("%d connections for requests one after another", got)
	}

	var side sync.WaitGroup
	for w := range workers {
		side.Go(func() {
			for i := range 10 {
				if out, err := o.Apply(t.Context(), []tandem.Write{create(2000 + 100*w + i)}); err != nil || out[0].Status != tandem.Applied {
					t.Errorf("%v, %v", out, err)
				}
			}
		})
	}
	side.Wait()
	if got := n.Load(); got > 16 { // as many as there may be at all: none was given up
		t.Errorf("%d connections for %d at a time", got, workers)
	}
}

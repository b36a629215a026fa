package people

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem"
	"tandem/kind/mail"
	"tandem/partner/mailbox"
	"tandem/server/eas/kql"
	"tandem/server/eas/proto"
	"tandem/store"
	"tandem/wire/wbxml"
)

// none is a hub without mail.
type none struct{ store.Texts }

func (none) Search(context.Context, []int64, string, int64, int64, int, int) iter.Seq2[store.HomeRecord, error] {
	return func(func(store.HomeRecord, error) bool) {}
}

func (none) Latest(context.Context, []int64, int64, int64, int, int) iter.Seq2[store.HomeRecord, error] {
	return func(func(store.HomeRecord, error) bool) {}
}

func (none) Sketches(context.Context, int64, ...int64) (map[int64][]byte, error) { return nil, nil }

// servers answers for folders: with a message, with an error, or not at all.
type servers struct {
	mailbox.Far
	mu    sync.Mutex
	asked []mailbox.FarQuery
}

func (s *servers) Seek(ctx context.Context, _ string, folder int64, q mailbox.FarQuery) ([]mailbox.FarMessage, error) {
	s.mu.Lock()
	s.asked = append(s.asked, q)
	s.mu.Unlock()
	switch {
	case folder == 13:
		return nil, errors.New("it does not answer")
	case folder == 7:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	body := tandem.Bytes(fmt.Sprintf("From: Zoe <zoe@example.org>\r\nSubject: In %d\r\n\r\nhello\r\n", folder))
	return []mailbox.FarMessage{{Name: "f1-1-1", Body: body, Size: 9000, Cut: true, Attrs: mail.Flags{Received: folder}.Attrs()}}, nil
}

// Servers that do not answer in time, or at all, are left out; what else was found is an answer.
func TestFarPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := &servers{}
		s := &Service{Far: far, Texts: none{}}
		began := time.Now()
		list, err := s.seekAll(t.Context(), &proto.Request{}, []int64{3, 7, 13, 4}, kql.Parse("hello OR from:zoe"), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range list {
			got = append(got, l.id()+" "+l.envelope.Subject)
		}
		if fmt.Sprint(got) != "[4:f1-1-1 In 4 3:f1-1-1 In 3]" {
			t.Errorf("found %q", got)
		}
		if took := time.Since(began); took > farPatience+time.Second {
			t.Errorf("it took %v", took)
		}
		if n := len(far.asked); n < 4 {
			t.Errorf("%d questions", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.seekAll(ctx, &proto.Request{}, []int64{3}, kql.Parse("hello"), 0, 0); err == nil {
			t.Error("a phone that has gone was answered")
		}
	})
}

func TestFarQuery(t *testing.T) {
	for text, want := range map[string]string{
		"water plan":                   "[water plan][]",
		`"water plan" jug`:             "[water plan jug][]",
		"water -pipes":                 "[water][pipes]",
		"from:zoe":                     "[][] from[zoe]",
		`from:"Zoe Doe" to:carl`:       "[][] from[Zoe Doe] to[carl]",
		"cc:ann bcc:bob subject:lunch": "[][] cc[ann] bcc[bob] subject[lunch]",
		"-from:zoe water":              "[water][]",
		"from<>zoe water":              "[water][]",
		"wa":                           "no",
		"from:z":                       "no",
		"isread:false":                 "no",
		"isread:false water":           "[water][]",
		`""`:                           "no",
	} {
		got := "no"
		for _, c := range kql.Parse(text) {
			if q, ok := farQuery(c, 0, 0); ok {
				got = fmt.Sprint(q.Text) + fmt.Sprint(q.Not)
				for _, f := range []struct {
					name string
					list []string
				}{{"from", q.From}, {"to", q.To}, {"cc", q.Cc}, {"bcc", q.Bcc}, {"subject", q.Subject}} {
					if len(f.list) > 0 {
						got += " " + f.name + fmt.Sprint(f.list)
					}
				}
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if q, ok := farQuery(kql.Clause{}, 5, 9); !ok || q.Since != 5 || q.Before != 9 { // days alone are a question
		t.Errorf("days: %+v, %v", q, ok)
	}
	if _, ok := farQuery(kql.Clause{Words: "wa"}, 5, 9); ok {
		t.Error("two letters were asked for")
	}
}

// A body of which only the beginning is known says so, whatever was shown of it.
func TestShortened(t *testing.T) {
	body := func(more ...*wbxml.Element) *wbxml.Element {
		return wbxml.New(wbxml.AirSyncBaseBody, append([]*wbxml.Element{wbxml.Text(wbxml.AirSyncBaseType, "1")}, more...)...)
	}
	size, data := wbxml.Text(wbxml.AirSyncBaseEstimatedDataSize, "10"), wbxml.Text(wbxml.AirSyncBaseData, "hello")
	for _, list := range [][]*wbxml.Element{{nil, body(size, data)}, {body(size, wbxml.Text(wbxml.AirSyncBaseTruncated, "1"), data)}, {body(size, wbxml.Text(wbxml.AirSyncBaseTruncated, "0"), data), wbxml.Text(wbxml.EmailSubject, "x")}} {
		shortened(list, 9000)
		var got []string
		for _, e := range list {
			if e != nil && e.Tag == wbxml.AirSyncBaseBody {
				for _, c := range e.Children {
					got = append(got, c.String())
				}
			}
		}
		if strings.Join(got, " ") != "1 9000 1 hello" {
			t.Errorf("%q", got)
		}
	}
}

package mailkit

import (
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Sent is a message that reached a Sink.
type Sent struct {
	From string // of the envelope
	To   []string
	Text string
}

// Sink is a submission server that keeps what it is given.
type Sink struct {
	Addr string
	// News holds a token when a message came since it was last taken.
	News chan struct{}

	mu  sync.Mutex // guards got
	got []Sent
}

// NewSink starts a server that runs until its test ends.
func NewSink(t testing.TB) *Sink {
	t.Helper()
	s := &Sink{News: make(chan struct{}, 1)}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: s}, nil }))
	srv.Domain, srv.ErrorLog = "sink.test", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = l.Addr().String()
	var done sync.WaitGroup
	done.Go(func() { _ = srv.Serve(l) }) // error: it was closed
	t.Cleanup(func() {
		_ = srv.Close() // error: a client was still there
		_ = l.Close()   // Serve may not have come to it yet
		done.Wait()
	})
	return s
}

// All is what came so far, the oldest first.
func (s *Sink) All() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

type sinkSession struct {
	sink *Sink
	m    Sent
}

func (x *sinkSession) Reset()        { x.m = Sent{} }
func (x *sinkSession) Logout() error { return nil }

func (x *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	x.m.From = from
	return nil
}

func (x *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.m.To = append(x.m.To, to)
	return nil
}

func (x *sinkSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.m.Text = string(b)
	x.sink.mu.Lock()
	x.sink.got = append(x.sink.got, x.m)
	x.sink.mu.Unlock()
	select {
	case x.sink.News <- struct{}{}:
	default:
	}
	return nil
}

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestCovered: what several requests wait for at the same time counts once.
func TestCovered(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	got := covered([]span{{at(5), at(7)}, {at(0), at(2)}, {at(1), at(3)}, {at(1), at(2)}, {at(7), at(8)}})
	if got != 6*time.Second {
		t.Errorf("covered is %v, want 6s", got)
	}
}

// TestBetween: what goes through comes whole, and the time is the server's: neither what the client does between two requests on one connection, nor how slowly it reads.
func TestBetween(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const size = 1 << 20
	asked, answer := make(chan struct{}), make(chan time.Duration)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		_, _ = io.Copy(io.Discard, r.Body)
		asked <- struct{}{}
		<-answer
		fmt.Fprint(w, strings.Repeat("x", size))
		answer <- time.Since(began)
	})}
	go func() { _ = srv.Serve(l) }() // ends with Close
	defer srv.Close()
	b, err := standBetween(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	client := &http.Client{Transport: &http.Transport{}}
	var least, idle time.Duration
	began := time.Now()
	for range 2 {
		idle += wait(t, 50*time.Millisecond)
		got := make(chan int64, 1)
		go func() {
			resp, err := client.Post("http://"+b.addr()+"/", "text/plain", strings.NewReader("hello"))
			if err != nil {
				t.Error(err)
				got <- 0
				return
			}
			defer resp.Body.Close()
			n, _ := io.Copy(io.Discard, resp.Body) // a short one is seen
			got <- n
		}()
		<-asked
		answer <- wait(t, 20*time.Millisecond)
		least += 20 * time.Millisecond
		<-answer
		if n := <-got; n != size {
			t.Errorf("%d bytes came through, want %d", n, size)
		}
	}
	client.CloseIdleConnections()
	took := b.take()
	if took < least || took > time.Since(began)-idle {
		t.Errorf("the server answered for %v, want at least %v and at most %v", took, least, time.Since(began)-idle)
	}
	if again := b.take(); again != 0 {
		t.Errorf("without a request the server answered for %v", again)
	}
}

// wait lets time pass that is to be measured.
func wait(t *testing.T, d time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
	return time.Since(began)
}

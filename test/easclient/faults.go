package easclient

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
)

// Fault is what may happen to a request on its way.
type Fault int

// The faults.
const (
	None       Fault = iota
	LostAsk          // the request never arrives
	LostAnswer       // it is served, and the answer is lost
	TornAnswer       // the answer breaks off in its middle
	Repeated         // a proxy sends it twice; the first answer is lost
	Restarted        // the server is restarted after it served the request, and the answer is lost
	faults
)

// ErrFault is the error of a request that a fault broke.
var ErrFault = errors.New("the connection broke")

// Faults is a way on which things go wrong, at random but repeatably. It is safe for concurrent use.
type Faults struct {
	Next    http.RoundTripper
	Rate    float64 // how many of the requests are hit
	Restart func()  // restarts the server; nil: Restarted does not happen

	mu     sync.Mutex
	random *rand.Rand
	Counts [faults]int
}

// NewFaults makes a way with a seed.
func NewFaults(next http.RoundTripper, seed uint64, rate float64) *Faults {
	return &Faults{Next: next, Rate: rate, random: rand.New(rand.NewPCG(seed, 0x7a6e))}
}

func (f *Faults) pick() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	which := None
	if f.random.Float64() < f.Rate {
		which = Fault(1 + f.random.IntN(int(faults)-1))
	}
	if which == Restarted && f.Restart == nil {
		which = LostAnswer
	}
	f.Counts[which]++
	return which
}

// RoundTrip implements http.RoundTripper.
func (f *Faults) RoundTrip(r *http.Request) (*http.Response, error) {
	which := f.pick()
	if which == LostAsk {
		return nil, ErrFault
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	send := func() (*http.Response, error) {
		c := r.Clone(r.Context())
		c.Body = io.NopCloser(bytes.NewReader(body))
		return f.Next.RoundTrip(c)
	}
	resp, err := send()
	if err != nil || which == None {
		return resp, err
	}
	answer, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	switch which {
	case Repeated:
		return send()
	case TornAnswer:
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(answer[:len(answer)/2]), broken{}))
		return resp, nil
	case Restarted:
		f.Restart()
	}
	return nil, ErrFault
}

// broken is a body that ends in an error.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, ErrFault }

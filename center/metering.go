package center

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	way "tandem/center/reach"
	"tandem/internal/sysevents"
	"tandem/session"
)

// meter measures how fast a run moves bodies, from what it tells of its progress: only the time between the first and the last of them counts, not that of listing.
type meter struct {
	from, to time.Time
	bytes    int64
	start    int64 // bytes when the time began
}

// saw takes in how far a run is.
func (m *meter) saw(p session.Progress, now time.Time) {
	if p.Phase != session.Staging && p.Phase != session.Applying {
		return
	}
	switch {
	case m.from.IsZero():
		m.from, m.start = now, p.Bytes
	case p.Bytes > m.bytes:
		m.to = now
	}
	m.bytes = max(m.bytes, p.Bytes)
}

// moved is how many bytes went over in which time.
func (m *meter) moved() (int64, time.Duration) {
	if m.to.IsZero() {
		return 0, 0
	}
	return m.bytes - m.start, m.to.Sub(m.from)
}

// rateName begins the names of settings that hold throughputs, so that a hub that is started anew need not find out again over which links it must not sync.
const rateName = "link "

// keptRate is a throughput as it is kept.
type keptRate struct {
	Bits     int64    `json:"bits"`
	At       int64    `json:"at"`
	Networks []string `json:"networks,omitempty"` // that were in use
}

// noteMoved notes what a run moved over the way to its place.
func (h *Hub) noteMoved(ctx context.Context, j job, m *meter) {
	bytes, took := m.moved()
	r, noted := h.links.Moved(j.target, bytes, took, h.cfg.Now())
	if !noted {
		return
	}
	text, err := json.Marshal(keptRate{r.Bits, r.At.Unix(), h.around.now().Networks})
	if err == nil {
		err = h.cfg.Store.Settings.PutValues(context.WithoutCancel(ctx), map[string]string{rateName + j.target: string(text)})
	}
	if err != nil {
		h.cfg.Log.Warn("cannot keep how fast a link is", "target", j.target, "error", err)
	}
}

// recallRates takes in the throughputs that are still fresh, and drops the others.
func (h *Hub) recallRates(ctx context.Context) error {
	values, err := h.cfg.Store.Settings.Values(ctx)
	if err != nil {
		return err
	}
	old := map[string]string{}
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, text := range values {
		target, ok := strings.CutPrefix(name, rateName)
		if !ok {
			continue
		}
		var k keptRate
		at := time.Unix(0, 0)
		if json.Unmarshal([]byte(text), &k) == nil {
			at = time.Unix(k.At, 0)
		}
		if age := h.cfg.Now().Sub(at); age < 0 || age >= way.RateFresh || k.Bits <= 0 {
			old[name] = ""
			continue
		}
		h.links.Recall(target, way.Rate{Bits: k.Bits, At: at})
		h.recalled = append(h.recalled, k.Networks)
	}
	if len(old) == 0 {
		return nil
	}
	return h.cfg.Store.Settings.PutValues(ctx, old)
}

// forgetRates drops all throughputs: another network is used now.
func (h *Hub) forgetRates(ctx context.Context) {
	h.links.Forget()
	values, err := h.cfg.Store.Settings.Values(ctx)
	old := map[string]string{}
	for name := range values {
		if strings.HasPrefix(name, rateName) {
			old[name] = ""
		}
	}
	if err == nil && len(old) > 0 {
		err = h.cfg.Store.Settings.PutValues(ctx, old)
	}
	if err != nil {
		h.cfg.Log.Warn("cannot forget how fast links were", "error", err)
	}
}

// sameNetworks reports whether the computer is still on the networks on which the throughputs were measured that were kept; true where names are not told. It asks once.
func (h *Hub) sameNetworks(s sysevents.State) bool {
	if !s.Named {
		return true
	}
	h.mu.Lock()
	kept := h.recalled
	h.recalled = nil
	h.mu.Unlock()
	return !slices.ContainsFunc(kept, func(n []string) bool { return !slices.Equal(n, s.Networks) })
}

package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem"
	"tandem/internal/netguard"
	"tandem/store"
)

// waits are the seconds between tries; after the last, a delivery is given up: three days in all. Standard Webhooks 1.0.0, "Deliverability and reliability"
var waits = [...]int64{5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400}

// maxWait bounds what a receiver may ask for, in seconds.
const maxWait = 86400

// The bounds of sending.
const (
	atOnce   = 20            // how many are read at a time
	lanes    = 4             // how many are sent at the same time
	keepDays = 30            // for how long it is remembered what became of deliveries
	idle     = 6 * time.Hour // between looks when nothing happens
)

type mayPrivate struct{}

// Private reports whether the request of a context may reach addresses that are not public. It is for netguard.Client.
func Private(ctx context.Context) bool { return ctx.Value(mayPrivate{}) != nil }

// Run sends what is due until ctx is done.
func (s *Service) Run(ctx context.Context) {
	for {
		wait := idle
		next, err := s.once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.cfg.Log.Error("cannot send to webhooks", "error", err)
			wait = time.Minute
		case next > 0:
			wait = min(wait, max(0, time.Unix(next, 0).Sub(s.cfg.Now())))
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-s.wake:
			t.Stop()
		case <-t.C:
		}
	}
}

// once sends all that is due, and returns when the next delivery is, 0: none waits.
func (s *Service) once(ctx context.Context) (next int64, err error) {
	if _, err := s.cfg.Hooks.PurgeDeliveries(ctx, s.cfg.Now().Unix()-keepDays*86400); err != nil {
		return 0, err
	}
	for {
		list, next, err := s.cfg.Hooks.DueDeliveries(ctx, s.cfg.Now().Unix(), atOnce)
		if err != nil || len(list) == 0 || ctx.Err() != nil {
			return next, err
		}
		hooks, err := s.cfg.Hooks.Hooks(ctx, "*")
		if err != nil {
			return 0, err
		}
		byID := map[int64]store.Hook{}
		for _, h := range hooks {
			byID[h.ID] = h
		}
		if err := s.sendAll(ctx, list, byID); err != nil {
			return 0, err
		}
	}
}

func (s *Service) sendAll(ctx context.Context, list []store.Delivery, hooks map[int64]store.Hook) error {
	var group sync.WaitGroup
	errs := make([]error, len(list))
	lane := make(chan struct{}, lanes)
	for i, d := range list {
		h, ok := hooks[d.Hook]
		if !ok {
			continue // it was removed, and its deliveries with it
		}
		lane <- struct{}{}
		group.Go(func() {
			defer func() { <-lane }()
			errs[i] = s.one(ctx, h, d)
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// one tries a delivery and notes what became of it. The error is about noting it.
func (s *Service) one(ctx context.Context, h store.Hook, d store.Delivery) error {
	var again int64
	var gone bool
	if h.Enabled || d.Event == Test {
		var err error
		d.Status, again, err = s.post(ctx, h, d)
		if ctx.Err() != nil {
			return nil // it is tried again when the hub is back; the receiver knows it by its id
		}
		d.Tries++
		d.Error = ""
		if err != nil {
			d.Error = err.Error()
		}
		gone = d.Status == http.StatusGone
	} else {
		d.Error = "the webhook is switched off"
	}
	switch {
	case d.Error == "":
		d.State = store.Sent
	case !h.Enabled && d.Event != Test, gone, d.Event == Test, d.Tries > len(waits):
		d.State = store.Failed
	default:
		d.Next = s.cfg.Now().Unix() + min(maxWait, max(waits[d.Tries-1], again))
	}
	if err := s.cfg.Hooks.PutDelivery(ctx, d); err != nil && !tandem.IsKind(err, tandem.NotFound) {
		return err
	}
	if d.State != store.Failed || !h.Enabled || d.Event == Test {
		return nil
	}
	return s.gaveUp(ctx, h, d, gone)
}

// gaveUp notes in the log that a delivery was given up, and switches a hook off whose receiver is gone for good. Standard Webhooks 1.0.0: 410
func (s *Service) gaveUp(ctx context.Context, h store.Hook, d store.Delivery, gone bool) error {
	e := store.Event{When: s.cfg.Now().Unix(), User: h.User, Item: fmt.Sprintf("webhook %d", h.ID), Level: store.Warning, Text: fmt.Sprintf("%s was not delivered: %s", d.Event, d.Error),
		Remedy: fmt.Sprintf("see `tandem webhook deliveries %d`; send it again with `tandem webhook retry %d %d`", h.ID, h.ID, d.ID), Code: tandem.Transient.Code()}
	if gone {
		h.Enabled = false
		e.Remedy = fmt.Sprintf("the receiver is gone, so the webhook was switched off; switch it on with `tandem webhook set %d enabled=on`", h.ID)
		if _, err := s.cfg.Hooks.PutHook(ctx, h); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
	}
	return s.cfg.Events.Add(ctx, e)
}

// post sends a delivery once. again is after how many seconds the receiver wants it again. Only 2xx is success.
func (s *Service) post(ctx context.Context, h store.Hook, d store.Delivery) (status int, again int64, err error) {
	secret, err := s.cfg.Secrets.Get(ctx, secretName(h.ID))
	if err != nil {
		return 0, 0, err
	}
	var p struct{ ID string }
	if err := json.Unmarshal(d.Body, &p); err != nil {
		return 0, 0, err
	}
	now := s.cfg.Now().Unix()
	signature, err := sign(secret, p.ID, now, d.Body)
	if err != nil {
		return 0, 0, err
	}
	if s.mayReach(ctx, h) {
		ctx = context.WithValue(ctx, mayPrivate{}, true)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", strings.TrimSpace("Tandem-Webhook "+s.cfg.Version))
	req.Header.Set("webhook-id", p.ID)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now, 10))
	req.Header.Set("webhook-signature", signature)
	r, err := s.cfg.Client.Do(req)
	if err != nil {
		if errors.Is(err, netguard.ErrPrivate) { // of what else is in the network nothing is told
			return 0, 0, errors.New("the address is not on the public Internet; an administrator can allow that with `tandem webhook private on`")
		}
		return 0, 0, err
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 4<<10)) // what it says is neither kept nor shown
	if r.StatusCode >= 200 && r.StatusCode < 300 {
		return r.StatusCode, 0, nil
	}
	if n, err := strconv.ParseInt(r.Header.Get("Retry-After"), 10, 64); err == nil && n > 0 {
		again = n
	}
	return r.StatusCode, again, fmt.Errorf("the receiver answered %d %s", r.StatusCode, http.StatusText(r.StatusCode))
}

package push

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tandem/server/eas/proto"
	"tandem/store"
)

// TestM112NewsAreHeld: a device is not told of news before its time, is told then whatever request waits, and at once where nothing is said; one that is never told hears when its wait is over.
func TestM112NewsAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBroker()
		every := 30 * time.Minute
		never := false
		b.Hold = func(_ string, device int64, now time.Time) time.Time {
			switch {
			case device == 2:
				return now
			case never:
				return time.Time{}
			}
			return now.Truncate(every).Add(every)
		}
		news := map[int64]bool{}
		wait := func(device int64, long time.Duration) <-chan string {
			out := make(chan string, 1)
			say := func(text string) *proto.Response { out <- text; return &proto.Response{} }
			b.Later(t.Context(), &proto.Waiting{User: "ann", Device: device, Sort: "Ping", Collections: []int64{1}, For: long,
				Look: func(context.Context) (*proto.Response, error) {
					if news[device] {
						return say("news"), nil
					}
					return nil, nil
				},
				Expired:    func(context.Context) (*proto.Response, error) { return say("nothing"), nil },
				Superseded: func(context.Context, bool) (*proto.Response, error) { return say("superseded"), nil },
			}, func(*proto.Response, error) {})
			synctest.Wait()
			return out
		}
		wake := func() {
			b.pass(store.Wakeup{User: "ann", Collection: 1, Seq: 1})
			synctest.Wait()
		}
		silent := func(what string, ch <-chan string) {
			t.Helper()
			select {
			case got := <-ch:
				t.Errorf("%s: told %s", what, got)
			default:
			}
		}
		time.Sleep(time.Until(time.Now().Truncate(every).Add(every + 10*time.Minute)))

		phone, tablet := wait(1, time.Hour), wait(2, time.Hour)
		news[1], news[2] = true, true
		wake()
		silent("before its time", phone)
		if got := <-tablet; got != "news" {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(20*time.Minute - time.Second)
		synctest.Wait()
		silent("a second before", phone)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := <-phone; got != "news" {
			t.Errorf("when its time came: %s", got)
		}

		// A wait that ends before hears nothing; the next one hears when the time has come, even if it begins a moment later.
		phone = wait(1, 29*time.Minute+50*time.Second)
		wake()
		if got := <-phone; got != "nothing" {
			t.Errorf("a short wait: %s", got)
		}
		time.Sleep(20 * time.Second)
		if got := <-wait(1, time.Hour); got != "news" {
			t.Errorf("after its time: %s", got)
		}

		never = true
		phone = wait(1, 10*time.Minute)
		wake()
		if got := <-phone; got != "nothing" {
			t.Errorf("by hand only: %s", got)
		}

		// What is said anew holds at once: what was held before is not told at the time that was to be.
		never = false
		phone = wait(1, time.Hour)
		wake()
		b.Recall("ann", 1)
		if got := <-phone; got != "superseded" {
			t.Errorf("asked anew: %s", got)
		}
		every = 12 * time.Hour
		phone = wait(1, time.Hour)
		wake()
		if got := <-phone; got != "nothing" {
			t.Errorf("before what is set now: %s", got)
		}
	})
}

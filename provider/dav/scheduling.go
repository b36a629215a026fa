package dav

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tandem"
	"tandem/provider"
)

var _ provider.Scheduler = (*replica)(nil)

// Schedules implements provider.Scheduler: a server that does says so in the header DAV of what it answers to OPTIONS. RFC 6638 2
func (r *replica) Schedules(ctx context.Context) (bool, error) {
	if r.kind != tandem.Event {
		return false, nil
	}
	resp, err := r.link.ask(ctx, http.MethodOptions, r.at, "", nil)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return false, r.link.refusal(resp, "options")
	}
	can := map[string]bool{}
	for _, line := range resp.Header.Values("DAV") {
		for word := range strings.SplitSeq(line, ",") {
			can[strings.ToLower(strings.TrimSpace(word))] = true
		}
	}
	if !can["calendar-access"] { // RFC 4791 5.1: then the answer is not about calendars
		return false, &tandem.Error{Kind: tandem.Unreadable, Op: "ask what is done for meetings at", Thing: r.at.Host, Err: errors.New("the server does not say what it can")}
	}
	return can["calendar-auto-schedule"], nil
}

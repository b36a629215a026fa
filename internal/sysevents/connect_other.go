//go:build !linux

package sysevents

import (
	"context"
	"fmt"
	"runtime"

	"tandem"
)

// Connect is not possible on this system.
func Connect(_ context.Context, _ Options, name string) (letGo func(context.Context) error, err error) {
	return nil, &tandem.Error{Kind: tandem.Invalid, Op: "bring up connection", Thing: name, Err: fmt.Errorf("Tandem brings up connections by NetworkManager only, which is not on %s", runtime.GOOS),
		Remedy: "bring it up in another way, such as a command before the run, and leave connect out of when the item runs"}
}

//go:build !linux

package sysevents

import (
	"context"
	"runtime"
)

// followBus has no bus to follow on this system.
func (w *watcher) followBus(context.Context, chan<- func()) {}

// Sources tells where events come from, and what is done without what is not there.
func Sources(context.Context, Options) []Source {
	list := looking()
	for i := range list {
		list[i].Gone = "not asked on " + runtime.GOOS
	}
	return list
}

package boot

import (
	"strconv"
	"time"

	"golang.org/x/sys/windows"
)

// read derives the id from the moment of the start, in whole minutes rounded, as Windows names no boot. A clock that is
// set makes another id, which costs a needless second look and nothing else.
func read() string {
	start := time.Now().Add(-windows.DurationSinceBoot())
	return "since-" + strconv.FormatInt(start.Round(2*time.Minute).Unix(), 10)
}

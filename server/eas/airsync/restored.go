package airsync

import (
	"context"
	"strconv"
	"strings"

	"tandem"
	"tandem/partner/device"
	"tandem/server/eas/synckey"
	"tandem/store"
)

// Restored prepares a store that was put back to an earlier state for devices that have synced since. What they repeat without saying it again is forgotten, since they mean what they asked since, and are
// asked to say it (MS-ASCMD_R4456). Those that wait for news are told of some, once for each folder, so that they come and are found to know more.
func Restored(ctx context.Context, devices store.Devices) error {
	all, err := devices.Devices(ctx, "")
	if err != nil {
		return err
	}
	for _, d := range all {
		if err := restored(ctx, devices, d.Number); err != nil && !tandem.IsKind(err, tandem.NotFound) {
			return err
		}
	}
	return nil
}

func restored(ctx context.Context, devices store.Devices, number int64) error {
	docs, err := devices.State(ctx, number)
	if err != nil {
		return err
	}
	var swaps []store.Swap
	for name, doc := range docs {
		folder, ok := strings.CutPrefix(name, device.SyncPrefix) // without those of text messages, which go with their folder
		_, err := strconv.ParseInt(folder, 10, 64)
		switch {
		case name == memoryName:
			swaps = append(swaps, store.Swap{Name: name, Old: doc})
		case ok && err == nil:
			st, err := synckey.Parse(doc)
			if err != nil {
				continue // whoever syncs it is told
			}
			st.Look = true
			now, err := st.Bytes()
			if err != nil {
				return err
			}
			swaps = append(swaps, store.Swap{Name: name, Old: doc, New: now})
		}
	}
	if len(swaps) == 0 {
		return nil
	}
	return devices.SwapState(ctx, number, swaps...)
}

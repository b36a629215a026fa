package web_test

import (
	"strings"
	"testing"

	"tandem/center"
	"tandem/partner/device"
	"tandem/server/web/page/words"
)

// TestDeviceLinesInGerman: whatever the log says of a device is said in German, and so is why it stands as it does.
func TestDeviceLinesInGerman(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	ctx := t.Context()
	_, err := k.devices.Meet(ctx, "ben", device.Sighting{ID: "PHONE1", Type: "iPhone", Protocol: "16.1", Address: "192.0.2.7"})
	k.must(err)
	orders := []center.DeviceOrder{{Do: center.DeviceTell, News: "peak mon-fri 08:00-18:00 on change; off-peak every 2h"}, {Do: center.DeviceTell, News: "quiet 22:00-07:00"}, {Do: center.DeviceTell},
		{Do: center.DeviceVersion, Version: "14.1"}, {Do: center.DeviceVersion}, {Do: center.DeviceResync}, {Do: center.DeviceHold}, {Do: center.DeviceBlock}, {Do: center.DeviceAllow}, {Do: center.DeviceBlock},
		{Do: center.DeviceHold}, {Do: center.DeviceAllow}, {Do: center.DeviceWipe}, {Do: center.DeviceKeep}, {Do: center.DeviceWipe, Account: true}, {Do: center.DeviceKeep}}
	for _, by := range []string{"anna", "the command line"} {
		for _, o := range orders {
			o.User, o.ID, o.By = "ben", "PHONE1", by
			_, err := k.hub.OrderDevice(ctx, o)
			k.must(err)
		}
	}
	_, err = k.devices.AskWipe(ctx, "ben", "PHONE1", false, "anna")
	k.must(err)
	_, err = k.devices.WipeSent(ctx, "ben", "PHONE1")
	k.must(err)
	_, err = k.devices.CancelWipe(ctx, "ben", "PHONE1", "anna")
	k.must(err)
	for _, ok := range []bool{false, true} {
		_, err = k.devices.AskWipe(ctx, "ben", "PHONE1", ok, "anna")
		k.must(err)
		_, err = k.devices.WipeDone(ctx, "ben", "PHONE1", ok)
		k.must(err)
	}
	d, err := k.hub.FindDevice(ctx, "ben", "PHONE1")
	k.must(err)
	k.must(k.devices.KeepPassword(ctx, d.Device, "unlock-4711"))
	_, err = k.hub.UnlockPassword(ctx, "ben", "PHONE1", "anna")
	k.must(err)
	k.must(k.devices.Remove(ctx, "ben", "PHONE1", "anna"))

	lines, err := k.hub.Log(ctx, -100, "device PHONE1", 0)
	k.must(err)
	if len(lines) < len(orders)+5 {
		t.Fatalf("%d lines", len(lines))
	}
	de := words.In("de")
	for _, e := range lines {
		for _, text := range []string{e.Text, e.Remedy} {
			if said, ok := de.Said(text); !ok || said == text && text != "" || strings.Contains(said, "the command line") {
				t.Errorf("%q is said as %q", text, said)
			}
		}
	}
	for _, why := range []string{"allowed by anna", "held by anna", "blocked by anna", "it was wiped", "no rule is against it"} {
		if said, ok := de.Said(why); !ok || said == why {
			t.Errorf("%q is said as %q", why, said)
		}
	}
}

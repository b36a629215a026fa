package center

import (
	"testing"

	"tandem"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/store"
	"tandem/store/sqlite"
)

// people is a hub that knows users and devices, with the user anna and her phone P.
func people(t *testing.T) (*Hub, *store.Store) {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	accounts, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	devices := device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events})
	h := New(Config{Store: st, Accounts: accounts, Devices: devices})
	t.Cleanup(func() { h.Close() })
	if _, err := h.AddUser(t.Context(), store.User{Name: "anna", Title: "Anna"}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	if _, err := devices.Meet(t.Context(), "anna", device.Sighting{ID: "P", Type: "iPhone", Protocol: "16.1"}); err != nil {
		t.Fatal(err)
	}
	return h, st
}

func TestUsers(t *testing.T) {
	h, _ := people(t)
	ctx := t.Context()
	if _, err := h.AddUser(ctx, store.User{Name: "ben"}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	p, err := h.AddAppPassword(ctx, "anna", "phone")
	if err != nil || p.Password == "" || p.Login.Label != "phone" {
		t.Fatalf("app password %+v, %v", p, err)
	}
	if err := h.SetUser(ctx, store.User{Name: "ben", Title: "Ben"}); err != nil {
		t.Fatal(err)
	}
	list, err := h.ListUsers(ctx)
	if err != nil || len(list) != 2 || list[0].Devices != 1 || len(list[0].Logins) != 2 || list[1].User.Title != "Ben" || list[1].Devices != 0 {
		t.Fatalf("users %+v, %v", list, err)
	}
	for _, u := range list {
		for _, l := range u.Logins {
			if l.Hash != "" {
				t.Fatal("a hash leaves the hub")
			}
		}
	}
	for _, err := range []error{h.SetPassword(ctx, "anna", "another horse"), h.RevokeAppPassword(ctx, "anna", "phone"), h.RemoveUser(ctx, "ben", false)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if list, err = h.ListUsers(ctx); err != nil || len(list) != 1 || len(list[0].Logins) != 1 {
		t.Fatalf("users %+v, %v", list, err)
	}
}

func TestDeviceOrders(t *testing.T) {
	h, st := people(t)
	ctx := t.Context()
	for _, test := range []struct {
		o    DeviceOrder
		is   func(s DeviceStatus) bool
		kind tandem.ErrorKind
	}{
		{DeviceOrder{Do: DeviceBlock}, func(s DeviceStatus) bool {
			return s.Device.Access == store.Blocked && s.Device.Reason == "blocked by me"
		}, 0},
		{DeviceOrder{Do: DeviceHold}, func(s DeviceStatus) bool { return s.Device.Access == store.Held }, 0},
		{DeviceOrder{Do: DeviceAllow}, func(s DeviceStatus) bool { return s.Device.Access == store.Allowed }, 0},
		{DeviceOrder{Do: DeviceVersion, Version: "14.1"}, func(s DeviceStatus) bool { return s.Device.Offer == "14.1" }, 0},
		{DeviceOrder{Do: DeviceVersion, Version: "9"}, nil, tandem.Invalid},
		{DeviceOrder{Do: DeviceWipe, Account: true}, func(s DeviceStatus) bool { return s.Device.Wipe == store.WipeAsked && s.Device.WipeAccount }, 0},
		{DeviceOrder{Do: DeviceRemove}, nil, tandem.Held},
		{DeviceOrder{Do: DeviceKeep}, func(s DeviceStatus) bool { return s.Device.Wipe == store.NoWipe }, 0},
		{DeviceOrder{Do: DeviceResync}, func(s DeviceStatus) bool { return s.Device.ID == "P" }, 0},
		{DeviceOrder{Do: "nonsense"}, nil, tandem.Invalid},
		{DeviceOrder{Do: DeviceAllow, User: "nobody"}, nil, tandem.NotFound},
		{DeviceOrder{Do: DeviceRemove}, func(s DeviceStatus) bool { return s.Device.ID == "P" }, 0},
		{DeviceOrder{Do: DeviceRemove}, nil, tandem.NotFound},
	} {
		if test.o.User == "" {
			test.o.User = "anna"
		}
		test.o.ID, test.o.By = "P", "me"
		s, err := h.OrderDevice(ctx, test.o)
		if test.is == nil {
			if !tandem.IsKind(err, test.kind) {
				t.Errorf("%+v: error %v, want kind %q", test.o, err, test.kind)
			}
		} else if err != nil || !test.is(s) {
			t.Errorf("%+v: %+v, %v", test.o, s, err)
		}
	}
	if list, err := st.Devices.Devices(ctx, ""); err != nil || len(list) != 0 {
		t.Fatalf("left %+v, %v", list, err)
	}
}

func TestDeviceStanding(t *testing.T) {
	h, _ := people(t)
	ctx := t.Context()
	if _, err := h.SetDevicePolicy(ctx, device.Scope{User: "anna"}, map[string]string{"AllowCamera": "no"}); err != nil {
		t.Fatal(err)
	}
	if p, err := h.DevicePolicy(ctx, device.Scope{User: "anna"}); err != nil || p["AllowCamera"] != "0" {
		t.Fatalf("policy %v, %v", p, err)
	}
	s, err := h.FindDevice(ctx, "", "P")
	if err != nil || s.Obeys || s.Policy["AllowCamera"] != "0" || s.Copied != 0 {
		t.Fatalf("device %+v, %v", s, err)
	}
	list, err := h.ListDevices(ctx, "anna")
	if err != nil || len(list) != 1 || list[0].Device.ID != "P" {
		t.Fatalf("devices %+v, %v", list, err)
	}
	if _, err := h.ListDevices(ctx, "nobody"); !tandem.IsKind(err, tandem.NotFound) {
		t.Fatalf("error %v", err)
	}
	if rules, err := h.AddDeviceRule(ctx, device.Rule{Access: store.Held}, 0); err != nil || len(rules) != 1 {
		t.Fatalf("rules %+v, %v", rules, err)
	}
	if rules, err := h.RemoveDeviceRule(ctx, 1); err != nil || len(rules) != 0 {
		t.Fatalf("rules %+v, %v", rules, err)
	}
	if rules, err := h.DeviceRules(ctx); err != nil || len(rules) != 0 {
		t.Fatalf("rules %+v, %v", rules, err)
	}
}

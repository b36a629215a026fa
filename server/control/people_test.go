package control

import (
	"reflect"
	"testing"

	"tandem"
	"tandem/center"
	"tandem/partner/account"
	"tandem/partner/device"
	"tandem/store"
	"tandem/store/sqlite"
)

// TestPeopleSurviveTheWay asks a hub with users and devices directly and over the socket, and compares.
func TestPeopleSurviveTheWay(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	accounts, err := account.New(account.Config{Accounts: st.Accounts, Logins: st.Logins, Home: st.Home, Settings: st.Settings, Cost: account.Cost{Memory: 16, Time: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	devices := device.New(device.Config{Devices: st.Devices, Settings: st.Settings, Events: st.Events})
	direct := center.New(center.Config{Store: st, Accounts: accounts, Devices: devices})
	defer direct.Close()
	c, stop := serve(t, &hub{Service: direct}, t.TempDir())
	ctx := t.Context()
	same := func(what string, got any, err error, want any, wantErr error) {
		t.Helper()
		if err != nil || wantErr != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s over the socket: %+v, %v; directly: %+v, %v", what, got, err, want, wantErr)
		}
	}
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	u, err := c.AddUser(ctx, store.User{Name: "Anna", Title: "Anna"}, "correct horse")
	same("AddUser", u, err, store.User{Name: "anna", Title: "Anna", Props: tandem.MakeAttrs(map[string]string{"admin": "1"})}, nil) // the first one
	if err := c.SetAdmin(ctx, "anna", false); !tandem.IsKind(err, tandem.Busy) {
		t.Errorf("SetAdmin off for the last one: %v", err)
	}
	if _, err := c.AddUser(ctx, store.User{Name: "anna"}, "correct horse"); !tandem.IsKind(err, tandem.Exists) {
		t.Errorf("AddUser again: %v", err)
	}
	p, err := c.AddAppPassword(ctx, "anna", "phone")
	ok("AddAppPassword", err)
	if _, err := accounts.Verify(ctx, "anna", p.Password, "192.0.2.1"); err != nil {
		t.Errorf("the app password %q does not let in: %v", p.Password, err)
	}
	ok("SetUser", c.SetUser(ctx, store.User{Name: "anna", Title: "A", Address: "a@example.org"}))
	ok("SetPassword", c.SetPassword(ctx, "anna", "another horse"))
	if _, err := accounts.Verify(ctx, "a@example.org", "another horse", "192.0.2.1"); err != nil {
		t.Errorf("the new password does not let in: %v", err)
	}
	if _, err := devices.Meet(ctx, "anna", device.Sighting{ID: "P", Type: "iPhone", Protocol: "16.1"}); err != nil {
		t.Fatal(err)
	}
	policy, err := c.SetDevicePolicy(ctx, device.Scope{User: "anna", Device: "P"}, map[string]string{"AllowCamera": "no"})
	same("SetDevicePolicy", policy, err, device.Policy{"AllowCamera": "0"}, nil)
	policy, err = c.DevicePolicy(ctx, device.Scope{User: "anna", Device: "P"})
	same("DevicePolicy", policy, err, device.Policy{"AllowCamera": "0"}, nil)
	rule := device.Rule{User: "x", Max: 3, Access: store.Held, Note: "n"}
	rules, err := c.AddDeviceRule(ctx, rule, 0)
	same("AddDeviceRule", rules, err, []device.Rule{rule}, nil)
	rules, err = c.DeviceRules(ctx)
	same("DeviceRules", rules, err, []device.Rule{rule}, nil)
	ordered, err := c.OrderDevice(ctx, center.DeviceOrder{User: "anna", ID: "P", Do: center.DeviceWipe, Account: true, By: "me"})
	ok("OrderDevice", err)
	if ordered.Device.Wipe != store.WipeAsked || !ordered.Device.WipeAccount || ordered.Policy["AllowCamera"] != "0" {
		t.Errorf("OrderDevice: %+v", ordered)
	}

	users, err := c.ListUsers(ctx)
	wantUsers, wantErr := direct.ListUsers(ctx)
	same("ListUsers", users, err, wantUsers, wantErr)
	list, err := c.ListDevices(ctx, "anna")
	wantList, wantErr := direct.ListDevices(ctx, "anna")
	same("ListDevices", list, err, wantList, wantErr)
	found, err := c.FindDevice(ctx, "", "P")
	wantFound, wantErr := direct.FindDevice(ctx, "", "P")
	same("FindDevice", found, err, wantFound, wantErr)

	rules, err = c.RemoveDeviceRule(ctx, 1)
	if err != nil || len(rules) != 0 {
		t.Errorf("RemoveDeviceRule: %+v, %v", rules, err)
	}
	ok("RevokeAppPassword", c.RevokeAppPassword(ctx, "anna", "phone"))
	ok("RemoveUser", c.RemoveUser(ctx, "anna", true))
	if users, err := c.ListUsers(ctx); err != nil || len(users) != 0 {
		t.Errorf("left %+v, %v", users, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

package main

import (
	"log/slog"

	kinds "tandem/kind/all"
	"tandem/partner/account"
	"tandem/partner/device"
	phones "tandem/server/eas/all"
)

// newPhones puts the phones' door together.
func (h *hub) newPhones(p doorPlan, log *slog.Logger) (*phones.Door, *account.Service, error) {
	accounts, err := account.New(account.Config{Accounts: h.store.Accounts, Logins: h.store.Logins, Home: h.store.Home, Settings: h.store.Settings})
	if err != nil {
		return nil, nil, err
	}
	devices := device.New(device.Config{Devices: h.store.Devices, Settings: h.store.Settings, Events: h.store.Events})
	return phones.New(phones.Config{Store: h.store, Kinds: kinds.Kinds(), Views: kinds.Views(), Accounts: accounts, Devices: devices, Log: log, Trust: p.trusts}), accounts, nil
}

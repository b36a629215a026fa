package page

import (
	"tandem/center"
)

// trace shows what a device and the hub said to each other.
func (p *Pages) trace(c *call) error {
	t, err := c.hub.DeviceTrace(c.r.Context(), c.r.PathValue("user"), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("devices", c.words.T("Trace"), "trace", t)
}

// setTrace begins or ends it.
func (p *Pages) setTrace(c *call) error {
	user, id := c.r.PathValue("user"), c.r.PathValue("id")
	if _, err := c.hub.TraceDevice(c.r.Context(), center.TraceOrder{User: user, ID: id, Off: c.form("on") == ""}); err != nil {
		return err
	}
	return c.away(devicePath(user, id)+"/trace", "saved")
}

package event

import (
	"strconv"
	"strings"

	"tandem/kind/eas"
	"tandem/kind/internal/calview"
	"tandem/wire/contentline"
	"tandem/wire/wbxml"
)

// place is a property of ours for what LOCATION and GEO do not hold: its value is the LOCATION it belongs to, its
// parameters are the rest. Where LOCATION was changed since, it counts no longer.
const place = "X-TANDEM-PLACE"

// placeParts are the parts of a Location that are parameters of the place. MS-ASAIRS 2.2.2.28
func placeParts() []struct {
	tag   wbxml.Tag
	param string
	real  bool
} {
	return []struct {
		tag   wbxml.Tag
		param string
		real  bool
	}{
		{wbxml.AirSyncBaseAnnotation, "X-ANNOTATION", false},
		{wbxml.AirSyncBaseStreet, "X-STREET", false},
		{wbxml.AirSyncBaseCity, "X-CITY", false},
		{wbxml.AirSyncBaseState, "X-STATE", false},
		{wbxml.AirSyncBaseCountry, "X-COUNTRY", false},
		{wbxml.AirSyncBasePostalCode, "X-POSTAL-CODE", false},
		{wbxml.AirSyncBaseAccuracy, "X-ACCURACY", true},
		{wbxml.AirSyncBaseAltitude, "X-ALTITUDE", true},
		{wbxml.AirSyncBaseAltitudeAccuracy, "X-ALTITUDE-ACCURACY", true},
		{wbxml.AirSyncBaseLocationUri, "X-URI", false},
	}
}

// real reports a number as the schema's type double writes it.
func real(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && !strings.ContainsAny(s, "xXpP_iInN")
}

// geo reads GEO (RFC 5545 3.8.1.6).
func geo(c *contentline.Component) (lat, long string, ok bool) {
	l := c.Get("GEO")
	if l == nil {
		return "", "", false
	}
	lat, long, ok = strings.Cut(l.Value(), ";")
	lat, long = strings.TrimSpace(lat), strings.TrimSpace(long)
	return lat, long, ok && real(lat) && real(long)
}

func showPlace(_ *shower, c *contentline.Component) *wbxml.Element {
	e := wbxml.New(wbxml.AirSyncBaseLocation)
	name := eas.Clean(text(c, "LOCATION"))
	if strings.TrimSpace(name) != "" {
		e.Add(wbxml.Text(wbxml.AirSyncBaseDisplayName, name))
	}
	l := c.Get(place)
	if l != nil && text(c, place) != text(c, "LOCATION") {
		l = nil
	}
	for _, p := range placeParts() {
		if l == nil {
			break
		}
		if v, ok := l.Param(p.param); ok && v != "" && (!p.real || real(v)) {
			e.Add(wbxml.Text(p.tag, eas.Clean(v)))
		}
	}
	if lat, long, ok := geo(c); ok {
		e.Add(wbxml.Text(wbxml.AirSyncBaseLatitude, lat), wbxml.Text(wbxml.AirSyncBaseLongitude, long))
	}
	if len(e.Children) == 0 {
		return nil
	}
	return e
}

// putPlace replaces the place as a whole; an empty one takes it away (MS-ASAIRS_R1001013).
func putPlace(w *writer, c *contentline.Component, e *wbxml.Element) error {
	if same(showPlace(w.s, c), e) {
		return nil
	}
	w.dirty, w.moved = true, true
	name := eas.Clean(e.Get(wbxml.AirSyncBaseDisplayName))
	calview.SetText(c, "LOCATION", name)
	var params []contentline.Param
	for _, p := range placeParts() {
		v := strings.TrimSpace(eas.Clean(e.Get(p.tag)))
		if v == "" {
			continue
		}
		if p.real && !real(v) {
			w.note("Location: %s is no number", p.tag)
			continue
		}
		params = append(params, contentline.NewParam(p.param, v))
	}
	c.RemoveAll(place)
	if len(params) > 0 {
		c.Add(contentline.Item{Line: contentline.NewLine(place, contentline.EscapeText(name), params...)})
	}
	lat, long := strings.TrimSpace(e.Get(wbxml.AirSyncBaseLatitude)), strings.TrimSpace(e.Get(wbxml.AirSyncBaseLongitude))
	switch haveLat, haveLong, ok := geo(c); {
	case real(lat) && real(long):
		if !ok || haveLat != lat || haveLong != long {
			put(c, "GEO", lat+";"+long)
		}
	case ok:
		c.RemoveAll("GEO")
	}
	return nil
}

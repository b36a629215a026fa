package proto_test

import (
	"strings"
	"testing"

	"tandem/server/eas/proto"
	"tandem/wire/wbxml"
)

// TestSoundBodies: what is said of bodies is in its place, once, and of its type. MS-ASAIRS 3.2.5.1
func TestSoundBodies(t *testing.T) {
	el := func(name, value string) string {
		return "<airsyncbase:" + name + ">" + value + "</airsyncbase:" + name + ">"
	}
	pref := func(inner ...string) string { return el("BodyPreference", strings.Join(inner, "")) }
	typ, size, all, preview := el("Type", "1"), el("TruncationSize", "5"), el("AllOrNone", "1"), el("Preview", "10")
	for name, c := range map[string]struct {
		options string
		want    bool
	}{
		"none":                       {"", true},
		"a type":                     {pref(typ), true},
		"all":                        {pref(typ, size, all, preview), true},
		"without size":               {pref(typ, preview), true},
		"two types":                  {pref(typ) + pref(el("Type", "2"), size), true},
		"the largest size":           {pref(typ, el("TruncationSize", "4294967295")), true},
		"AllOrNone is there":         {pref(typ, "<airsyncbase:AllOrNone/>"), true},
		"a type twice":               {pref(typ) + pref(typ, size), false}, // MS-ASAIRS_R349
		"no type":                    {pref(size), false},
		"type after size":            {pref(size, typ), false}, // MS-ASAIRS_R348
		"preview before AllOrNone":   {pref(typ, preview, all), false},
		"AllOrNone is no boolean":    {pref(typ, size, el("AllOrNone", "2")), false}, // MS-ASAIRS_R350
		"AllOrNone is text":          {pref(typ, size, el("AllOrNone", "yes")), false},
		"AllOrNone twice":            {pref(typ, size, all, all), false}, // MS-ASAIRS_R351
		"size is no number":          {pref(typ, el("TruncationSize", "many")), false},
		"size is below zero":         {pref(typ, el("TruncationSize", "-1")), false},
		"type is of no meaning":      {pref(el("Type", "5")), false},
		"preview is too long":        {pref(typ, el("Preview", "256")), false},
		"what does not belong there": {pref(typ, el("Data", "x")), false},
	} {
		doc, err := wbxml.FromXML(strings.NewReader("<Sync><Options>" + c.options + "</Options></Sync>"))
		if err != nil {
			t.Fatal(err)
		}
		if got := proto.SoundBodies(doc.Child(wbxml.AirSyncOptions)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !proto.SoundBodies(nil) {
		t.Error("no options")
	}
}

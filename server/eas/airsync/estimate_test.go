package airsync_test

import (
	"fmt"
	"strings"
	"testing"

	"tandem"
	"tandem/wire/wbxml"
)

// estimate asks for one collection: "status estimate", or the status of the whole.
func (k *kit) estimate(c string, key string, more ...*wbxml.Element) string {
	k.Helper()
	col := wbxml.New(wbxml.GetItemEstimateCollection)
	if key != "" {
		col.Add(wbxml.Text(wbxml.AirSyncSyncKey, key))
	}
	col.Add(wbxml.Text(wbxml.GetItemEstimateCollectionId, c)).Add(more...)
	e := k.do(k.svc.GetItemEstimate, "GetItemEstimate", wbxml.New(wbxml.GetItemEstimateGetItemEstimate, wbxml.New(wbxml.GetItemEstimateCollections, col)))
	resp := e.Child(wbxml.GetItemEstimateResponse)
	if resp == nil {
		return "whole " + e.Get(wbxml.GetItemEstimateStatus)
	}
	return strings.TrimSpace(resp.Get(wbxml.GetItemEstimateStatus) + " " + resp.Child(wbxml.GetItemEstimateCollection).Get(wbxml.GetItemEstimateEstimate))
}

func TestEstimate(t *testing.T) {
	k := newKit(t)
	bobs := k.collection("bob", tandem.Contact, "contacts")
	k.fill(k.contacts, "c", 5)
	k.want(k.estimate(id(k.contacts), "0"), "3") // MS-ASCMD_R4140
	first := key(k.sync(k.contacts, "0"))
	k.want(k.estimate(id(k.contacts), first), "1 5") // MS-ASCMD_R171
	col := k.sync(k.contacts, first, window(2))
	k.want(k.estimate(id(k.contacts), key(col)), "1 3")
	k.want(k.estimate(id(k.contacts), first), "1 5") // MS-ASCMD_R4591: nothing was changed by asking
	at := k.prime(k.contacts)
	k.want(k.estimate(id(k.contacts), at), "1 0")
	k.write(k.contacts, tandem.Delete, "c1", "")
	k.write(k.contacts, tandem.Update, "c2", vcard("c2", "Changed"))
	k.write(k.contacts, tandem.Create, "x", vcard("x", "X"))
	k.write(k.contacts, tandem.Delete, "x", "") // which the device never had
	k.want(k.estimate(id(k.contacts), at), "1 2")
	cal, tasks := k.prime(k.calendar), k.prime(k.tasks)
	class := func(s string) *wbxml.Element { return options(wbxml.Text(wbxml.AirSyncClass, s)) }
	for _, c := range []struct {
		name string
		id   string
		key  string
		more []*wbxml.Element
		want string
	}{
		{"MS-ASCMD_R4136 unknown folder", "999", at, nil, "2"},
		{"another user's folder", id(bobs), at, nil, "2"},
		{"MS-ASCMD_R4140 not primed", id(k.others), at, nil, "3"},
		{"no key", id(k.contacts), "", nil, "4"},
		{"MS-ASCMD_R4594 another key", id(k.contacts), "12345", nil, "4"},
		{"MS-ASCMD_R908 another class", id(k.contacts), at, []*wbxml.Element{class("SMS")}, "4"},
		{"its own class", id(k.contacts), at, []*wbxml.Element{class("Contacts")}, "1 2"},
		{"MS-ASCMD_R3269 MaxItems", id(k.contacts), at, []*wbxml.Element{options(wbxml.Text(wbxml.AirSyncMaxItems, "3"))}, "2"},
		{"MS-ASCMD_R2100 ConversationMode", id(k.contacts), at, []*wbxml.Element{wbxml.Text(wbxml.AirSyncConversationMode, "1")}, "whole 103"},
		{"MS-ASCMD_R2984 FilterType 9", id(k.calendar), cal, []*wbxml.Element{options(filter(9))}, "whole 103"},
		{"MS-ASCMD_R2973 FilterType for contacts", id(k.contacts), at, []*wbxml.Element{options(filter(3))}, "1 2"},
		{"MS-ASCMD_R3008 calendar, FilterType 0", id(k.calendar), cal, []*wbxml.Element{options(filter(0))}, "1 0"},
		{"MS-ASCMD_R3009 calendar, FilterType 1", id(k.calendar), cal, []*wbxml.Element{options(filter(1))}, "110"},
		{"MS-ASCMD_R3010 calendar, FilterType 2", id(k.calendar), cal, []*wbxml.Element{options(filter(2))}, "110"},
		{"MS-ASCMD_R3011 calendar, FilterType 3", id(k.calendar), cal, []*wbxml.Element{options(filter(3))}, "110"},
		{"MS-ASCMD_R3012 calendar, FilterType 4", id(k.calendar), cal, []*wbxml.Element{options(filter(4))}, "1 0"},
		{"MS-ASCMD_R3013 calendar, FilterType 5", id(k.calendar), cal, []*wbxml.Element{options(filter(5))}, "1 0"},
		{"MS-ASCMD_R3014 calendar, FilterType 6", id(k.calendar), cal, []*wbxml.Element{options(filter(6))}, "1 0"},
		{"MS-ASCMD_R3015 calendar, FilterType 7", id(k.calendar), cal, []*wbxml.Element{options(filter(7))}, "1 0"},
		{"MS-ASCMD_R3016 calendar, FilterType 8", id(k.calendar), cal, []*wbxml.Element{options(filter(8))}, "110"},
		{"MS-ASCMD_R3017 tasks, FilterType 0", id(k.tasks), tasks, []*wbxml.Element{options(filter(0))}, "1 0"},
		{"MS-ASCMD_R3018 tasks, FilterType 1", id(k.tasks), tasks, []*wbxml.Element{options(filter(1))}, "110"},
		{"MS-ASCMD_R3019 tasks, FilterType 2", id(k.tasks), tasks, []*wbxml.Element{options(filter(2))}, "110"},
		{"MS-ASCMD_R3020 tasks, FilterType 3", id(k.tasks), tasks, []*wbxml.Element{options(filter(3))}, "110"},
		{"MS-ASCMD_R3021 tasks, FilterType 4", id(k.tasks), tasks, []*wbxml.Element{options(filter(4))}, "110"},
		{"MS-ASCMD_R3022 tasks, FilterType 5", id(k.tasks), tasks, []*wbxml.Element{options(filter(5))}, "110"},
		{"MS-ASCMD_R3023 tasks, FilterType 6", id(k.tasks), tasks, []*wbxml.Element{options(filter(6))}, "110"},
		{"MS-ASCMD_R3024 tasks, FilterType 7", id(k.tasks), tasks, []*wbxml.Element{options(filter(7))}, "110"},
		{"MS-ASCMD_R3025 tasks, FilterType 8", id(k.tasks), tasks, []*wbxml.Element{options(filter(8))}, "1 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.TB = t
			k.want(k.estimate(c.id, c.key, c.more...), c.want)
		})
	}
	k.TB = t
	for name, req := range map[string]*wbxml.Element{"nothing": nil, "no collections": wbxml.New(wbxml.GetItemEstimateGetItemEstimate), "another document": wbxml.New(wbxml.PingPing)} {
		e := k.do(k.svc.GetItemEstimate, "GetItemEstimate", req)
		if e.Get(wbxml.GetItemEstimateStatus) != "103" { // MS-ASCMD_R4129
			t.Errorf("%s: %s", name, show(e))
		}
	}
	k.validate(60)
}

// The estimate minds the filter: what it shows, and what it takes away. MS-ASCMD_R2967
func TestEstimateFiltered(t *testing.T) {
	k := newKit(t)
	day := func(n int) string { return k.clock.AddDate(0, 0, n).Format("20060102T150405Z") }
	for i := range 6 {
		k.write(k.calendar, tandem.Create, tandem.ID(fmt.Sprint("e", i)), vevent(fmt.Sprint("e", i), "E", day(-i*10-1), day(-i*10)))
	}
	first := key(k.sync(k.calendar, "0"))
	k.want(k.estimate(id(k.calendar), first, options(filter(4))), "1 2")
	k.want(k.estimate(id(k.calendar), first, filter(4)), "1 2") // MS-ASCMD_R6314
	k.want(k.estimate(id(k.calendar), first), "1 6")            // MS-ASCMD_R3543
	at := k.prime(k.calendar, options(filter(0)))
	k.want(k.estimate(id(k.calendar), at, options(filter(4))), "1 4") // to be taken away
	// Many: about, and without looking at all of them.
	k.fill(k.contacts, "c", 600)
	first = key(k.sync(k.contacts, "0"))
	k.want(k.estimate(id(k.contacts), first), "1 600")
}

package main

import (
	"context"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"tandem/partner/device"
	"tandem/test/peer"
)

// meetPhone DIR USER ID TYPE VERSION lets a device make its first contact with a data folder on which no hub runs.
func meetPhone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: phone DIR USER ID TYPE VERSION")
	}
	h, err := openHub(ts.MkAbs(args[0]), hubOptions{})
	ts.Check(err)
	_, err = h.devices.Meet(context.Background(), args[1], device.Sighting{ID: args[2], Type: args[3], Agent: args[3] + "/1.0", Address: "192.0.2.1", Protocol: args[4]})
	ts.Check(err)
	ts.Check(h.Close())
}

// freePort NAME sets a variable to a port of this computer that nobody listens on.
func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport NAME")
	}
	ports, err := peer.Ports(1)
	ts.Check(err)
	ts.Setenv(args[0], strconv.Itoa(ports[0]))
}

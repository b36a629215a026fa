// Package engine decides what a sync does. It is a set of pure functions: changes, versions and digests in, a plan
// out. It sees no bodies, disks, sockets, clocks or contexts; "now" is data.
package engine

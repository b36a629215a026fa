// Package netspace gives a test a network of its own: a network namespace in which there is nothing but a loopback that is down, so that links can come, go and
// be slow without anybody else noticing. Nothing in it reaches the world.
package netspace

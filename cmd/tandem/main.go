// Command tandem is a sync center: it brings places in step in one line, and keeps them so as a hub.
package main

import (
	"os"
	_ "time/tzdata" // zones of calendars must be known everywhere
)

func main() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

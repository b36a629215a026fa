// Command bench measures Tandem and its peers in one run, on the same data, and prints the medians as ratios. A peer
// that is not installed is left out. Nothing here is a test: figures go to doc/performance.md, not to pass or fail.
//
//	go run ./test/bench -out doc/performance.md
//	go run ./test/bench -only files -rounds 5
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

type config struct {
	dir    string // scratch folder, on the file system to be measured
	tandem string // the binary
	rounds int
	scale  float64 // of the data, for a quick look
	huge   bool
	peer   string // dav-server, dav-accounts: the only peer, "none" for none
}

func main() {
	var c config
	out := flag.String("out", "", "write the table to this Markdown file as well")
	only := flag.String("only", "", "run only suites whose name contains this, or with = before it the one of this name: pim, dav-accounts, big, files, wbxml, phones-sync, phones-wait, mail-phones, dav-server, mail, mail-large, memory")
	flag.StringVar(&c.dir, "dir", "", "scratch folder (default: a temporary one)")
	flag.StringVar(&c.tandem, "tandem", "", "binary to measure (default: built from this tree)")
	flag.IntVar(&c.rounds, "rounds", 5, "rounds; the table shows medians")
	flag.Float64Var(&c.scale, "scale", 1, "size of the data as a share of the full size")
	flag.StringVar(&c.peer, "peer", "", "dav-server, dav-accounts: beside Tandem only this one, radicale, xandikos or vdirsyncer, or none (default: all)")
	flag.BoolVar(&c.huge, "huge", false, "include the 10 GiB file (needs 25 GiB of disk)")
	flag.Parse()
	if err := run(c, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(c config, out, only string) error {
	if c.dir == "" {
		dir, err := os.MkdirTemp("", "tandem-bench-")
		if err != nil {
			return err
		}
		c.dir = dir
		defer os.RemoveAll(dir)
	}
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return err
	}
	c.dir = dir
	if c.tandem == "" {
		c.tandem = filepath.Join(c.dir, "tandem-under-test")
		cmd := exec.Command("go", "build", "-trimpath", "-o", c.tandem, "./cmd/tandem")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build tandem: %w", err)
		}
	}
	suites := []struct {
		name string
		run  func(config) ([]row, error)
	}{{"pim", contactsAndEvents}, {"dav-accounts", accounts}, {"big", bigFile}, {"files", files}, {"wbxml", codec}, {"phones-sync", firstSync}, {"phones-wait", waiting}, {"mail-phones", mailPhones}, {"dav-server", davServers}, {"mail", mail}, {"mail-large", mailLarge},
		{"memory", memory}}
	var rows []row
	for _, s := range suites {
		if name, whole := strings.CutPrefix(only, "="); whole && s.name != name || !whole && !strings.Contains(s.name, only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "== %s\n", s.name)
		r, err := s.run(c)
		if err != nil {
			return fmt.Errorf("suite %s: %w", s.name, err)
		}
		rows = append(rows, r...)
		os.Stdout.WriteString(table(r))
	}
	if out == "" {
		return nil
	}
	return os.WriteFile(out, []byte(report(rows, c)), 0o644)
}

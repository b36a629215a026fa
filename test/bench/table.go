package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

func table(rows []row) string {
	var b strings.Builder
	b.WriteString("| scenario | tool | wall s | user s | system s | peak MiB | ours ÷ theirs |\n|---|---|---:|---:|---:|---:|---:|\n")
	last := ""
	for _, r := range rows {
		name := r.scenario
		if name == last {
			name = ""
		}
		last = r.scenario
		ratio := ""
		if r.ratio > 0 {
			ratio = fmt.Sprintf("**%.2f**", r.ratio)
		}
		fmt.Fprintf(&b, "| %s | %s | %.3f | %.3f | %.3f | %.0f | %s |\n", name, r.tool, r.wall.Seconds(), r.user.Seconds(), r.system.Seconds(), float64(r.peak)/1024, ratio)
	}
	return b.String()
}

func report(rows []row, c config) string {
	var b strings.Builder
	b.WriteString(`# Performance

Made by ` + "`make bench`" + ` (` + "`test/bench`" + `). Every scenario measures Tandem and its peers on the same data in one run, in turns; the table shows medians. What counts is the
last column, our wall time as a share of the peer's: below 1 we are faster. Tandem's times include making everything durable before it says done, which
none of the peers does, and keeping what was overwritten.

`)
	fmt.Fprintf(&b, "Measured on %s with %d rounds: %s/%s, %d cores, %s.\n\n", time.Now().UTC().Format("2006-01-02"), c.rounds, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if c.scale != 1 {
		fmt.Fprintf(&b, "**Data at %.2f of the full size: a quick look, not the table to quote.**\n\n", c.scale)
	}
	b.WriteString("Peers: " + strings.Join(versions(), "; ") + ".\n\n")
	b.WriteString(table(rows))
	b.WriteString(`
Scenarios: *files* are 20,000 random files of 4 KiB in 200 folders; *changed* rewrites 1 % of them. *big* is one file of 2 GiB, into which 1 MiB is written in the middle.
*wbxml* converts answers with 25 and with 25,000 messages, of libraries within one process (libwbxml called from Python) and by the programs.
*contacts* are 5,000 vCards and *events* 2,000 calendars, folder to folder, one of ten recurring. *phone* has the first sync of 5,000 vCards by the same phone of each server: ours over HTTPS, with its own copy of the records; those in PHP over plain HTTP.
*Horde Groupware* is the server as people run it, Debian's: Horde with the address books of Turba, its accounts, permissions, tags and history in SQLite, behind nginx and PHP-FPM, PHP's
compiler and caches on, logs off, the cards imported by its own API (` + "`test/bench/php/groupware`" + `). *With an index more* is the same with an index of the cards by UID, which
Horde's schema lacks: without it the database reads all cards of the owner for each one sent. *Horde's library* is the same project's ActiveSync alone, by PHP's own web server with two
workers, with the smallest driver that serves a folder of vCards (` + "`test/bench/php/server.php`" + `), which checks no password: a bound below any server made with it. Processor time and memory of these rows are the servers'.
*memory* rows have no peer: they show the peak.
`)
	return b.String()
}

func versions() []string {
	var out []string
	for _, v := range [][]string{{"unison", "-version"}, {"rsync", "--version"}, {"rclone", "version"}, {"vdirsyncer", "--version"}} {
		text, err := exec.Command(v[0], v[1:]...).Output()
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s is not installed; its rows are left out\n", v[0])
			continue
		}
		line, _, _ := strings.Cut(string(text), "\n")
		out = append(out, strings.Join(strings.Fields(line), " "))
	}
	text, err := exec.Command("wbxml2xml", "-h").CombinedOutput() // it has no option that tells its version alone
	if err == nil {
		line, _, _ := strings.Cut(string(text), "\n")
		out = append(out, strings.TrimSpace(line))
	}
	if v := hordeVersion(); v != "" {
		out = append(out, v)
	}
	if v := groupwareVersion(); v != "" {
		out = append(out, v)
	}
	return out
}

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// figures of one command.
type figures struct {
	wall, user, system time.Duration
	peak               int64 // resident memory in KiB
}

// tool is one program under measurement in one scenario.
type tool struct {
	name string
	args []string
	env  []string
	ok   []int // exit statuses other than 0 that count as success

	quiet bool // say nothing of each run
}

// available reports whether the tool's program is installed.
func (t tool) available() bool {
	_, err := exec.LookPath(t.args[0])
	return err == nil
}

// once runs the tool and measures it. Dirty pages are flushed first, so that nobody pays for the one before.
func (t tool) once() (figures, error) {
	syncAll()
	cmd := exec.Command(t.args[0], t.args[1:]...)
	cmd.Env = append(os.Environ(), t.env...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	err := cmd.Run()
	f := figures{wall: time.Since(start)}
	if cmd.ProcessState == nil {
		return f, fmt.Errorf("%s: %w", t.name, err)
	}
	if code := cmd.ProcessState.ExitCode(); err != nil && !slices.Contains(t.ok, code) {
		return f, fmt.Errorf("%s: %w\n%s", t.name, err, tail(output.Bytes()))
	}
	f.user, f.system = cmd.ProcessState.UserTime(), cmd.ProcessState.SystemTime()
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.peak = maxRSS(ru)
	}
	if t.quiet {
		return f, nil
	}
	fmt.Fprintf(os.Stderr, "   %-12s %8.3f s  user %7.3f  sys %7.3f  %7.1f MiB\n", t.name, f.wall.Seconds(), f.user.Seconds(), f.system.Seconds(), float64(f.peak)/1024)
	return f, nil
}

func tail(b []byte) []byte {
	if len(b) > 2000 {
		b = b[len(b)-2000:]
	}
	return b
}

// series collects the rounds of one tool in one scenario.
type series struct {
	scenario, tool string
	all            []figures
}

// book keeps the series in the order they first appeared.
type book struct{ series []*series }

func (b *book) add(scenario, tool string, f figures) {
	for _, s := range b.series {
		if s.scenario == scenario && s.tool == tool {
			s.all = append(s.all, f)
			return
		}
	}
	b.series = append(b.series, &series{scenario, tool, []figures{f}})
}

// row is one line of the table: medians, and the share of ours in the peer's wall time.
type row struct {
	scenario, tool string
	figures
	ratio float64 // ours ÷ this tool's wall time; 0 for ourselves
}

func median[T int64 | time.Duration](v []T) T {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

func (b *book) rows() []row {
	var rows []row
	ours := map[string]time.Duration{}
	for _, s := range b.series {
		var wall, user, system []time.Duration
		var peak []int64
		for _, f := range s.all {
			wall, user, system, peak = append(wall, f.wall), append(user, f.user), append(system, f.system), append(peak, f.peak)
		}
		r := row{scenario: s.scenario, tool: s.tool, figures: figures{median(wall), median(user), median(system), median(peak)}}
		if s.tool == "tandem" {
			ours[s.scenario] = r.wall
		}
		rows = append(rows, r)
	}
	for i := range rows {
		if o := ours[rows[i].scenario]; rows[i].tool != "tandem" && o > 0 {
			rows[i].ratio = o.Seconds() / rows[i].wall.Seconds()
		}
	}
	return rows
}

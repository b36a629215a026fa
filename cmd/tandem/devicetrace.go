package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/center"
	"tandem/internal/ui"
	"tandem/partner/trace"
)

const traceHelp = `Writes down what a device and the running hub say to each other, as XML, without what
people wrote: texts are replaced by their lengths. It ends by itself after an hour, or
after --for, is bounded, kept in memory only, and forgotten a day later.

--show prints what was written down so far, --off ends it.`

func (a *app) deviceTrace() *cobra.Command {
	var user string
	var span time.Duration
	var off, show bool
	c := &cobra.Command{
		Use:   "trace DEVICE",
		Short: "Write down what a device and the hub say to each other",
		Long:  traceHelp,
		Example: `  tandem device trace APPL1234 --for 30m
  tandem device trace APPL1234 --show
  tandem device trace APPL1234 --off`,
		Args:              args(1, 1, "name one device: tandem device trace DEVICE"),
		ValidArgsFunction: positions(a.deviceNames, none),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case off && show, show && span != 0, off && span != 0:
				return errUsage{errors.New("--for, --show and --off do not go together")}
			case span < 0 || span > trace.MaxSpan || span > 0 && span < time.Second:
				return errUsage{errors.New("--for takes up to 24h")}
			}
			return a.with(c.Context(), func(s center.Service) error {
				if show {
					t, err := s.DeviceTrace(c.Context(), user, args[0])
					if err != nil {
						return err
					}
					return a.showTrace(t)
				}
				st, err := s.TraceDevice(c.Context(), center.TraceOrder{User: user, ID: args[0], Off: off, Seconds: int64(span / time.Second), By: byCommand})
				if err != nil {
					return err
				}
				if a.json {
					return ui.JSON(a.out, st)
				}
				return a.sayTrace(st)
			})
		},
	}
	userFlag(c, a, &user, "whose device, where two have one id")
	c.Flags().DurationVar(&span, "for", 0, "how long: 30m, 2h (default 1h)")
	c.Flags().BoolVar(&off, "off", false, "end it")
	c.Flags().BoolVar(&show, "show", false, "print what was written down")
	return a.jsonFlag(c)
}

func (a *app) sayTrace(st trace.State) error {
	if !st.On {
		_, err := fmt.Fprintf(a.out, "%s of %s: is not traced; %s kept until %s\n", clean(st.Device), clean(st.User), ui.Count(st.Count, "exchange"), clock(st.Until+int64(trace.Kept/time.Second)))
		return err
	}
	_, err := fmt.Fprintf(a.out, "%s of %s: is traced until %s; see it with `tandem device trace %s --show`\n", clean(st.Device), clean(st.User), clock(st.Until), clean(st.Device))
	return err
}

func clock(unix int64) string { return time.Unix(unix, 0).Format("2006-01-02 15:04:05") }

func (a *app) showTrace(t trace.Trace) error {
	if a.json {
		return ui.JSON(a.out, t)
	}
	if len(t.Exchanges) == 0 {
		if t.On {
			_, err := fmt.Fprintln(a.out, "nothing was said yet")
			return err
		}
		_, err := fmt.Fprintf(a.out, "%s is not traced; begin with `tandem device trace %s`\n", clean(t.Device), clean(t.Device))
		return err
	}
	if t.Lost > 0 {
		fmt.Fprintf(a.out, "%s before these are kept no longer\n", ui.Count(t.Lost, "exchange"))
	}
	for _, e := range t.Exchanges {
		fmt.Fprintf(a.out, "\n#%d  %s  %s %s  HTTP %d  %d ms", e.Number, time.UnixMilli(e.When).Format("15:04:05.000"), clean(e.Command), clean(e.Version), e.HTTP, e.Took)
		if e.Waited {
			fmt.Fprint(a.out, ", then waited")
		}
		fmt.Fprintln(a.out)
		if e.Note != "" {
			fmt.Fprintln(a.out, "  "+clean(e.Note))
		}
		for _, h := range e.Head {
			fmt.Fprintln(a.out, "  "+clean(h))
		}
		indented(a.out, "> ", e.Asked)
		indented(a.out, "< ", e.Answered)
	}
	return nil
}

// indented writes a document, each line with a mark before it.
func indented(w io.Writer, mark, text string) {
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if line != "" {
			fmt.Fprintln(w, mark+clean(line))
		}
	}
}

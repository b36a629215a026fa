package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// contactsAndEvents: folders of vCards and of calendars against vdirsyncer.
func contactsAndEvents(c config) ([]row, error) {
	var b book
	sets := []struct {
		name, ext string
		count     int
		body      func(i, edit int) string
	}{{"contacts", ".vcf", int(5000 * c.scale), vcard}, {"events", ".ics", int(2000 * c.scale), event}}
	for round := range min(c.rounds, 3) {
		for _, set := range sets {
			base := filepath.Join(c.dir, fmt.Sprintf("%s-%d", set.name, round))
			peers, err := pimPeers(c, base, set.ext)
			if err != nil {
				return nil, err
			}
			for i := range peers {
				t := peers[(i+round)%len(peers)]
				if !t.available() {
					continue
				}
				a := filepath.Join(base, t.name+"-a")
				if err := writeRecords(a, set.ext, set.count, 1, 0, set.body); err != nil {
					return nil, err
				}
				if err := os.MkdirAll(filepath.Join(base, t.name+"-b"), 0o755); err != nil {
					return nil, err
				}
				for step, name := range []string{": first sync", ": no change", ": 1 % changed"} {
					if step == 2 {
						if err := writeRecords(a, set.ext, set.count, 100, 1, set.body); err != nil {
							return nil, err
						}
					}
					f, err := t.once()
					if err != nil {
						return nil, err
					}
					b.add(set.name+name, t.name, f)
				}
				if err := sameBodies(a, filepath.Join(base, t.name+"-b"), set.ext); err != nil {
					return nil, fmt.Errorf("%s: %w", t.name, err)
				}
			}
		}
	}
	return b.rows(), nil
}

func pimPeers(c config, base, ext string) ([]tool, error) {
	if err := os.MkdirAll(base, 0o755); err != nil {
		return nil, err
	}
	at := func(name string) string { return filepath.Join(base, name) }
	conf := fmt.Sprintf("[general]\nstatus_path = %q\n\n[pair p]\na = \"a\"\nb = \"b\"\ncollections = null\n\n"+
		"[storage a]\ntype = \"filesystem\"\npath = %q\nfileext = %q\n\n[storage b]\ntype = \"filesystem\"\npath = %q\nfileext = %q\n",
		at("vdirsyncer-data"), at("vdirsyncer-a"), ext, at("vdirsyncer-b"), ext)
	if err := os.WriteFile(at("vdirsyncer.conf"), []byte(conf), 0o644); err != nil {
		return nil, err
	}
	script := fmt.Sprintf("test -d %[1]q || yes | vdirsyncer -c %[2]q discover >/dev/null; exec vdirsyncer -c %[2]q sync", at("vdirsyncer-data"), at("vdirsyncer.conf"))
	peers := []tool{{name: "tandem", args: []string{c.tandem, "sync", "vdir:" + at("tandem-a"), "vdir:" + at("tandem-b"), "--data", at("tandem-data")}}}
	if (tool{args: []string{"vdirsyncer"}}).available() {
		peers = append(peers, tool{name: "vdirsyncer", args: []string{"sh", "-c", script}})
	}
	return peers, nil
}

func writeRecords(dir, ext string, count, step, edit int, body func(i, edit int) string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := 0; i < count; i += step {
		text := strings.ReplaceAll(body(i, edit), "\n", "\r\n")
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("record-%05d%s", i, ext)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func vcard(i, edit int) string {
	return fmt.Sprintf(`BEGIN:VCARD
VERSION:3.0
PRODID:-//Example//Phone 1.0//EN
UID:bench-%05d
FN:Person Number %05d
N:Number %05d;Person;;;
ORG:Example GmbH;Department %d
TITLE:Engineer
TEL;TYPE=WORK,VOICE:+49 30 555%05d
TEL;TYPE=CELL:+49 170 %07d
EMAIL;TYPE=INTERNET,WORK:person.%d@example.org
ADR;TYPE=WORK:;;Street %d;Berlin;;10115;Germany
NOTE:Met at the fair.\nEdited %d times.
CATEGORIES:friends,fair
REV:2026-01-%02dT10:00:00Z
END:VCARD
`, i, i, i, i%17, i, i*7, i, i, edit, i%28+1)
}

func event(i, edit int) string {
	rule := ""
	if i%10 == 0 {
		rule = "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=MO,WE\n"
	}
	return fmt.Sprintf(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar 1.0//EN
BEGIN:VEVENT
UID:bench-event-%05d
DTSTAMP:20260101T100000Z
DTSTART;TZID=Europe/Berlin:2026%02d%02dT093000
DTEND;TZID=Europe/Berlin:2026%02d%02dT103000
%sSUMMARY:Meeting %d (edited %d times)
LOCATION:Room %d
DESCRIPTION:Agenda:\n1. Welcome\n2. Topics\n3. Any other business
ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:anna@example.org
ATTENDEE;CN=Bert;PARTSTAT=NEEDS-ACTION:mailto:bert@example.org
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
`, i, i%12+1, i%28+1, i%12+1, i%28+1, rule, i, edit, i%9)
}

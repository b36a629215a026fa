package main

import "strings"

// demoFiles are the sample records, by their path in the demo's folder.
func demoFiles() map[string]string {
	ben := lines("BEGIN:VCARD", "VERSION:3.0", "UID:ben-bauer", "FN:Ben Bauer", "N:Bauer;Ben;;;", "ORG:Bauer & Sons", "TEL;TYPE=work:+49 89 7777", "END:VCARD")
	return map[string]string{
		"phone-book/anna.vcf": lines("BEGIN:VCARD", "VERSION:3.0", "UID:anna-adams", "FN:Anna Adams", "N:Adams;Anna;;;",
			"TEL;TYPE=cell:+49 30 1111", "EMAIL:anna@example.org", "BDAY:1985-04-12", "NOTE:Met in Lisbon", "END:VCARD"),
		"phone-book/ben.vcf": ben,
		"laptop-book/b.vcf":  ben,
		"laptop-book/carla.vcf": lines("BEGIN:VCARD", "VERSION:4.0", "UID:carla-costa", "FN:Carla Costa", "N:Costa;Carla;;;",
			"TEL;TYPE=home:+49 30 3333", "ADR;TYPE=home:;;Rua Nova 1;Porto;;4000;Portugal", "END:VCARD"),
		"phone-calendar/standup.ics": lines("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tandem//Demo//EN", "BEGIN:VEVENT", "UID:standup",
			"DTSTAMP:20260105T080000Z", "DTSTART:20260105T083000Z", "DTEND:20260105T084500Z", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR", "SUMMARY:Standup", "END:VEVENT", "END:VCALENDAR"),
	}
}

func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

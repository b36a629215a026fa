// Package ical reads and writes iCalendar objects (RFC 5545, tolerating vCalendar 1.0) on top of contentline: typed
// values of properties, and files that hold one or several records. What is not edited is written back byte for byte.
package ical

// Package wintz reads and writes the TimeZone structure of Exchange ActiveSync (MS-ASDTYPE 2.7.4), which is the
// TIME_ZONE_INFORMATION of Windows: an offset and, where clocks change, two rules for one year or for every year.
//
// Wall times are seconds from 1970-01-01T00:00:00 as clocks show it, every day having 86400 of them; instants are Unix
// seconds.
package wintz

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Size is the length of the structure in bytes.
const Size = 172

const nameUnits = 32 // UTF-16 units of a name, unused ones zero

// Zone is the structure. The clocks are Bias plus StandardBias, or plus DaylightBias, minutes behind UTC. MS-ASDTYPE 2.7.4
type Zone struct {
	Bias         int32 // minutes to add to local time to get UTC: 480 for UTC-8
	StandardName string
	StandardDate Date // when daylight time ends; zero where clocks never change
	StandardBias int32
	DaylightName string
	DaylightDate Date // when it begins
	DaylightBias int32
}

// Date is a SYSTEMTIME (MS-DTYP 2.3.13) as it stands in a TimeZone: with a Year the day itself, once; without, a rule
// for every year: the Day-th DayOfWeek of Month, 5 being the last.
type Date struct {
	Year, Month, DayOfWeek, Day, Hour, Minute, Second, Millisecond uint16
}

// IsZero reports that the clocks never change on account of this date.
func (d Date) IsZero() bool { return d.Month == 0 }

// Parse reads the structure from base64, as it stands in an element. Spaces within are passed over.
func Parse(text string) (Zone, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return Zone{}, fmt.Errorf("time zone: %w", err)
	}
	return Decode(data)
}

// Decode reads the bytes of the structure.
func Decode(data []byte) (Zone, error) {
	if len(data) != Size {
		return Zone{}, fmt.Errorf("time zone of %d bytes, want %d", len(data), Size)
	}
	z := Zone{
		Bias:         int32(binary.LittleEndian.Uint32(data)),
		StandardName: name(data[4:68]),
		StandardDate: date(data[68:84]),
		StandardBias: int32(binary.LittleEndian.Uint32(data[84:])),
		DaylightName: name(data[88:152]),
		DaylightDate: date(data[152:168]),
		DaylightBias: int32(binary.LittleEndian.Uint32(data[168:])),
	}
	for _, off := range []int64{z.offset(z.StandardBias), z.offset(z.DaylightBias)} {
		if off < -maxOffset || off > maxOffset {
			return Zone{}, fmt.Errorf("time zone %d seconds from UTC", off)
		}
	}
	for _, d := range []Date{z.StandardDate, z.DaylightDate} {
		if err := d.check(); err != nil {
			return Zone{}, err
		}
	}
	return z, nil
}

const maxOffset = 26 * 3600 // no clock was ever further from UTC

func (z Zone) offset(bias int32) int64 { return -(int64(z.Bias) + int64(bias)) * 60 }

func (d Date) check() error {
	if d.IsZero() {
		return nil
	}
	if d.Month > 12 || d.Day < 1 || d.Hour > 23 || d.Minute > 59 || d.Second > 59 || d.Millisecond > 999 ||
		d.Year == 0 && (d.Day > 5 || d.DayOfWeek > 6) || d.Year != 0 && (int(d.Day) > daysIn(int(d.Year), int(d.Month)) || d.Year > 9999) {
		return fmt.Errorf("time zone: no such date %+v", d)
	}
	return nil
}

func name(data []byte) string {
	units := make([]uint16, 0, nameUnits)
	for i := 0; i < len(data); i += 2 {
		u := binary.LittleEndian.Uint16(data[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

func date(data []byte) Date {
	at := func(i int) uint16 { return binary.LittleEndian.Uint16(data[2*i:]) }
	return Date{Year: at(0), Month: at(1), DayOfWeek: at(2), Day: at(3), Hour: at(4), Minute: at(5), Second: at(6), Millisecond: at(7)}
}

// Encode writes the bytes of the structure. Names are cut to what fits.
func (z Zone) Encode() []byte {
	b := make([]byte, 0, Size)
	b = binary.LittleEndian.AppendUint32(b, uint32(z.Bias))
	b = appendName(b, z.StandardName)
	b = appendDate(b, z.StandardDate)
	b = binary.LittleEndian.AppendUint32(b, uint32(z.StandardBias))
	b = appendName(b, z.DaylightName)
	b = appendDate(b, z.DaylightDate)
	return binary.LittleEndian.AppendUint32(b, uint32(z.DaylightBias))
}

// String writes the structure in base64, as it stands in an element.
func (z Zone) String() string { return base64.StdEncoding.EncodeToString(z.Encode()) }

func appendName(b []byte, s string) []byte {
	var units [nameUnits]uint16
	n := 0
	for _, r := range s {
		u := utf16.AppendRune(nil, r)
		if r == 0 || n+len(u) > nameUnits {
			break
		}
		n += copy(units[n:], u)
	}
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func appendDate(b []byte, d Date) []byte {
	for _, v := range [...]uint16{d.Year, d.Month, d.DayOfWeek, d.Day, d.Hour, d.Minute, d.Second, d.Millisecond} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

package vcard

import "strings"

// Class is the sort of value that a property has, which decides how it is escaped and compared.
type Class uint8

const (
	Other      Class = iota // not known: the value is taken as it stands
	Text                    // one text
	List                    // texts between commas
	Structured              // components between semicolons, each perhaps several texts between commas
	URI                     // an address
	Date                    // a date or time (RFC 6350 4.3), or a text
	Media                   // bytes within the card, or an address of them
)

// ClassOf tells the class of a property by its name, in any case.
func ClassOf(name string) Class { return classes[strings.ToUpper(name)] }

var classes = map[string]Class{
	"FN": Text, "NOTE": Text, "TITLE": Text, "ROLE": Text, "LABEL": Text, "MAILER": Text, "SORT-STRING": Text, "KIND": Text, "EMAIL": Text,
	"TEL": Text, "TZ": Text, "CLASS": Text, "PRODID": Text, "UID": Text, "NAME": Text, "PROFILE": Text, "LANG": Text, "EXPERTISE": Text,
	"HOBBY": Text, "INTEREST": Text, "BIRTHPLACE": Text, "DEATHPLACE": Text, "ORG-DIRECTORY": Text, "X-ABLABEL": Text, "X-ABADR": Text,
	"X-PHONETIC-FIRST-NAME": Text, "X-PHONETIC-LAST-NAME": Text, "X-PHONETIC-MIDDLE-NAME": Text, "X-MAIDENNAME": Text,
	"X-ABRELATEDNAMES": Text, "X-SPOUSE": Text, "X-MANAGER": Text, "X-ASSISTANT": Text, "X-MS-MANAGER": Text, "X-MS-ASSISTANT": Text,
	"X-MS-SPOUSE": Text, "X-EVOLUTION-SPOUSE": Text, "X-EVOLUTION-MANAGER": Text, "X-EVOLUTION-ASSISTANT": Text, "X-EVOLUTION-FILE-AS": Text,
	"CATEGORIES": List, "NICKNAME": List,
	"N": Structured, "ADR": Structured, "ORG": Structured, "GENDER": Structured, "CLIENTPIDMAP": Structured,
	"URL": URI, "IMPP": URI, "SOURCE": URI, "FBURL": URI, "CALURI": URI, "CALADRURI": URI, "CAPURI": URI, "RELATED": URI, "MEMBER": URI,
	"GEO":  URI,
	"BDAY": Date, "ANNIVERSARY": Date, "DEATHDATE": Date, "REV": Date, "X-ABDATE": Date, "X-ANNIVERSARY": Date, "X-EVOLUTION-ANNIVERSARY": Date,
	"X-MS-ANNIVERSARY": Date,
	"PHOTO":            Media, "LOGO": Media, "SOUND": Media, "KEY": Media,
}

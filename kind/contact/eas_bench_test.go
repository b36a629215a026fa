package contact

import "testing"

// usual is a card as most are.
func usual() []byte {
	return body("3.0", "PRODID:-//Example//Phone 1.0//EN", "UID:bench-01234", "FN:Person Number 01234", "N:Number 01234;Person;;;", "ORG:Example GmbH;Department 5",
		"TITLE:Engineer", "TEL;TYPE=WORK,VOICE:+49 30 55501234", "TEL;TYPE=CELL:+49 170 0008638", "EMAIL;TYPE=INTERNET,WORK:person.1234@example.org",
		"ADR;TYPE=WORK:;;Street 1234;Berlin;;10115;Germany", `NOTE:Met at the fair.\nEdited 0 times.`, "CATEGORIES:friends,fair", "REV:2026-01-17T10:00:00Z")
}

func BenchmarkViewGet(b *testing.B) {
	for name, card := range map[string][]byte{"usual": usual(), "forty": fortyFields()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (View{}).Get(card, easOptions()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkViewPut(b *testing.B) {
	card := fortyFields()
	sent := elements(b, "FirstName=John,Jack", "LastName=Doe", "HomePhoneNumber=+1 999", "Email1Address=a@x.example")
	for b.Loop() {
		if _, err := (View{}).Put(card, sent, easPut()); err != nil {
			b.Fatal(err)
		}
	}
}

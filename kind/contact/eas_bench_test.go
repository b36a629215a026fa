package contact

import "testing"

func BenchmarkViewGet(b *testing.B) {
	card := fortyFields()
	for b.Loop() {
		if _, err := (View{}).Get(card, easOptions()); err != nil {
			b.Fatal(err)
		}
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

package mail

import (
	"bufio"
	"io"
	"strings"

	"tandem"
)

// reportMax is how many bytes of a report are looked at.
const reportMax = 64 << 10

// outcomes are what became of a message according to a report, the worst first. RFC 3464 2.3.3, RFC 8098 3.2.6.2
var outcomes = [...]string{"failed", "delayed", "relayed", "expanded", "delivered", "deleted", "denied", "displayed"}

// report notes what a report says of the message that it is about: of several recipients, what became of it for whom it went worst.
func (e *Envelope) report(b tandem.Body) error {
	if e.Class != Report {
		return nil
	}
	for _, f := range e.Files {
		field := ""
		switch typ, _, _ := strings.Cut(f.Type, ";"); strings.TrimSpace(typ) {
		case "message/delivery-status", "message/global-delivery-status":
			field = "action"
		case "message/disposition-notification", "message/global-disposition-notification":
			field = "disposition"
		default:
			continue
		}
		in, err := f.Open(b)
		if err != nil {
			return err
		}
		e.Outcome, err = outcomeIn(io.LimitReader(in, reportMax), field)
		in.Close()
		return err
	}
	return nil
}

// outcomeIn reads the fields of a report.
func outcomeIn(in io.Reader, field string) (worst string, err error) {
	lines := bufio.NewReaderSize(in, 4<<10)
	rank := len(outcomes)
	for {
		line, err := lines.ReadString('\n')
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(name), field) {
			if field == "disposition" { // its mode comes first
				_, value, _ = strings.Cut(value, ";")
			}
			word := strings.ToLower(strings.TrimSpace(uncommented(value)))
			word, _, _ = strings.Cut(word, "/") // "displayed/error"
			for i, o := range outcomes[:rank] {
				if word == o {
					rank, worst = i, o
				}
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return worst, nil
		default:
			return worst, err
		}
	}
}

// reportClass is the class of a report. MS-ASEMAIL 2.2.2.49
func (e *Envelope) reportClass() string {
	if e.Method == "DISPOSITION-NOTIFICATION" {
		if e.Outcome == "" || e.Outcome == "displayed" {
			return "REPORT.IPM.NOTE.IPNRN"
		}
		return "REPORT.IPM.NOTE.IPNNRN"
	}
	switch e.Outcome {
	case "delivered", "relayed", "expanded":
		return "REPORT.IPM.NOTE.DR"
	case "delayed":
		return "REPORT.IPM.NOTE.DELAYED"
	}
	return "REPORT.IPM.NOTE.NDR"
}

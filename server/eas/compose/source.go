package compose

import (
	"strings"

	"tandem"
	"tandem/kind/eas"
	"tandem/kind/event"
	"tandem/kind/event/itip"
	"tandem/kind/mail"
	"tandem/partner/imip"
	"tandem/server/eas/proto"
)

// original is what is answered or forwarded. An event is made the message that it would be.
type original struct {
	*mail.Envelope
	body    tandem.Body
	meeting *imip.Facts // nil: it is about none
	ics     []byte      // the invitation, as it is passed on to somebody else; nil where there is none
}

// forwarder makes of an event what is sent to somebody who was not invited to it; event.View does.
type forwarder interface {
	Forward(body []byte, instance, from string, o eas.Options) ([]byte, error)
}

var _ forwarder = event.View{}

// original reads what was found. one names an instance of it: that of an event, or of the event that a message invites to. status is not "" if it has none so.
// MS-ASCMD 2.2.3.92.2, MS-ASHTTP 2.2.1.1.1.2.5
func (s *Service) original(r *proto.Request, at *found, one string) (o *original, status string, err error) {
	if at.in.Kind == tandem.Event {
		return s.appointment(r, at, one)
	}
	o = &original{body: at.rec.Body}
	if o.Envelope, _, _, err = mail.Read(o.body); err != nil {
		return nil, "", err
	}
	status = statusID // MS-ASCMD_R541, R578
	if m := itip.Method(o.Method); o.Event != nil && (m == itip.Request || m == itip.Publish) {
		data, err := o.Calendar(o.body)
		switch {
		case err != nil && !tandem.IsKind(err, tandem.TooLarge):
			return nil, "", err
		case err == nil:
			if err := o.invites(r, event.View{}, data, one, ""); err != nil { // without an instance it is a message like others, which no calendar reads
				status = noInstance(data, err)
			}
		}
	}
	if one != "" && o.ics == nil {
		return nil, status, nil
	}
	return o, "", nil
}

// noInstance is the status where an instance was asked for that there is not. MS-ASCMD_R4919: another one for what does not repeat
func noInstance(data []byte, err error) string {
	if tandem.IsKind(err, tandem.NotFound) && !event.Repeats(data) {
		return statusNotRecurring
	}
	return statusID
}

// invites takes in the calendar object, or one instance of it.
func (o *original) invites(r *proto.Request, v forwarder, data []byte, one, from string) error {
	ics, err := v.Forward(data, one, from, r.Options)
	if err != nil {
		return err
	}
	facts, err := imip.FactsOf(ics, zone(r))
	if err != nil {
		return err
	}
	o.ics, o.meeting = ics, &facts
	return nil
}

// appointment makes the message that an event would be: from who organizes it, to who is invited.
func (s *Service) appointment(r *proto.Request, at *found, one string) (o *original, status string, err error) {
	v, ok := at.view.(forwarder)
	if !ok {
		return nil, statusNotFound, nil
	}
	data, err := tandem.ReadBody(at.rec.Body, wholeMost)
	if tandem.IsKind(err, tandem.TooLarge) {
		return nil, statusTooLarge, nil
	}
	if err != nil {
		return nil, "", err
	}
	o = &original{}
	switch err := o.invites(r, v, data, one, r.Options.Address); {
	case err != nil && one != "":
		return nil, noInstance(data, err), nil
	case err != nil:
		return nil, statusFailed, nil
	}
	d := &draft{body: printable(strings.ReplaceAll(o.meeting.Notes, "\r\n", "\n"))}
	if o.meeting.Organizer.Email != "" {
		d.add("From", o.meeting.Organizer.String())
	}
	if len(o.meeting.Invited) > 0 {
		all := make([]string, len(o.meeting.Invited))
		for i, a := range o.meeting.Invited {
			all[i] = a.String()
		}
		d.add("To", strings.Join(all, ",\r\n "))
	}
	d.add("Subject", subject(o.meeting.Title))
	d.add("Content-Type", "text/plain; charset=utf-8")
	d.add("Content-Transfer-Encoding", "quoted-printable")
	o.body = tandem.Bytes(d.bytes())
	o.Envelope, _, _, err = mail.Read(o.body)
	return o, "", err
}

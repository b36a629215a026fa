package imap

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"tandem"
	"tandem/provider"
)

// lostError is a connection that broke: whether the server did what was asked last is not known.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// refusal is what the server answered, or nil where it did not.
func refusal(err error) *imap.Error {
	var e *imap.Error
	errors.As(err, &e)
	return e
}

// explain makes a server's answer, or the want of one, an error of ours.
func explain(op, thing string, err error) error {
	var ours *tandem.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	e := &tandem.Error{Kind: tandem.Transient, Op: op, Thing: thing, Err: err}
	no := refusal(err)
	if no == nil {
		return e
	}
	e.Err = fmt.Errorf("the server answers %s %s", no.Type, no.Text)
	switch no.Code {
	case imap.ResponseCodeNonExistent, imap.ResponseCodeTryCreate:
		e.Kind, e.Err, e.Remedy = tandem.Unreadable, &provider.Missing{Err: e.Err}, "check the name of the folder with `tandem partner show`"
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired, imap.ResponseCodeNoPerm,
		imap.ResponseCodePrivacyRequired, imap.ResponseCodeContactAdmin:
		e.Kind = tandem.Denied
	case imap.ResponseCodeOverQuota:
		e.Kind, e.Remedy = tandem.Full, "make room in the account"
	case imap.ResponseCodeTooBig:
		e.Kind = tandem.TooLarge
	case imap.ResponseCodeAlreadyExists:
		e.Kind = tandem.Exists
	case imap.ResponseCodeCannot, imap.ResponseCodeParse, imap.ResponseCodeUnknownCTE, imap.ResponseCodeClientBug:
		e.Kind = tandem.Invalid
	case imap.ResponseCodeLimit, imap.ResponseCodeInUse:
		e.Kind, e.Wait = tandem.Busy, 30
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeCorruption:
	default:
		if no.Type == imap.StatusResponseTypeBad {
			e.Kind = tandem.Invalid
		} else {
			e.Kind = tandem.Unreadable
		}
	}
	return e
}

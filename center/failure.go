package center

import (
	"context"
	"errors"

	"tandem"
)

// FailureOf makes plain data of an error; nil of nil.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	for { // what was joined to nothing is itself
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) != 1 {
			break
		}
		err = joined.Unwrap()[0]
	}
	f := &Failure{Kind: tandem.KindOf(err), Text: err.Error()}
	if errors.Is(err, context.Canceled) {
		f.Kind = tandem.Transient
	}
	var e *tandem.Error
	if errors.As(err, &e) {
		f.Wait = e.Wait
		if err == error(e) {
			f.Op, f.Thing, f.Remedy = e.Op, e.Thing, e.Remedy
			f.Text = ""
			if e.Err != nil {
				f.Text = e.Err.Error()
			}
		}
	}
	return f
}

// Err makes an error of a failure again; nil of nil.
func (f *Failure) Err() error {
	if f == nil {
		return nil
	}
	e := &tandem.Error{Kind: f.Kind, Op: f.Op, Thing: f.Thing, Remedy: f.Remedy, Wait: f.Wait}
	if f.Text != "" {
		e.Err = errors.New(f.Text)
	}
	return e
}

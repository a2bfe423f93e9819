package netconf

import (
	"context"
	"errors"
	"fmt"

	"nettwin/ingest"
	client "nettwin/internal/netconf"
)

// errBudget: the time for one device is used up.
var errBudget = fmt.Errorf("%w: the time for one device is used up", ingest.ErrTimeout)

// contractError is an error of the session that is also one of the contract
// of collectors; its text stays as it is.
type contractError struct{ err, kind error }

func (e *contractError) Error() string   { return e.err.Error() }
func (e *contractError) Unwrap() []error { return []error{e.err, e.kind} }

// contract marks an error of the session by the collector contract's terms.
func contract(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, client.ErrAuth), errors.Is(err, client.ErrHostKey):
		return &contractError{err, ingest.ErrAuth}
	case errors.Is(err, ingest.ErrTimeout):
		return err
	case errors.Is(err, client.ErrTimeout), errors.Is(err, client.ErrConnect), errors.Is(err, client.ErrLost):
		return &contractError{err, ingest.ErrTimeout}
	}
	return err
}

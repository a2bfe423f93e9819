package ingest

import "errors"

// Errors of collectors.
var (
	// ErrPartial: some of the device was read, see Sample.Complete.
	ErrPartial = errors.New("ingest: partial sample")
	// ErrTimeout: the device did not answer in time. Transient.
	ErrTimeout = errors.New("ingest: no answer")
	// ErrAuth: the device refused the credential. Permanent until the
	// configuration changes.
	ErrAuth = errors.New("ingest: authentication failed")
)

package ingest

import (
	"context"
	"errors"
	"time"
)

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

// TimeUp tells whether ctx has ended or is past its deadline: a connection
// keeps the same deadline by a timer of its own, which may be the first.
func TimeUp(ctx context.Context) bool {
	at, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(at)
}

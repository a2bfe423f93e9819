package control

import "nettwin/control/internal/read"

// What tests of package control_test reach into.
var (
	Scan            = read.Scan
	Instant         = instant
	TermLastContact = termLastContact
	TermSyncState   = termSyncState
	TermInSync      = termInSync
	TermOutcome     = termOutcome
	TermUsed        = termUsed
	TermAssociated  = termAssociated
)

// AfterEntry calls f after each entry of the journal.
func AfterEntry(c *Controller, f func(Entry)) { c.recordedForTests = f }

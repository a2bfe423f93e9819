// Package yang turns YANG modules into vocabulary, instance data into facts,
// and facts back into instance data. No Go code names a path: everything
// follows from the modules that the device itself hands out.
package yang

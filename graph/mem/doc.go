// Package mem is the plain in-memory engine: what it holds is gone when it is
// closed. Every version is retained and shares its structure with the ones
// before, so a snapshot, a fork and a past version cost nothing. It is the
// oracle that other engines are compared with.
package mem

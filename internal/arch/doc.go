// Package arch holds the tests of the project's architecture: which package
// may import which, that every package says what it is, and that no secret
// knowledge hides in code. It has no product code.
package arch

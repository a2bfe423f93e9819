// Package controltest is the suite that every driver of control passes, and a
// device in memory with a driver of its own, for tests of control itself.
package controltest

// Package clock is time as an argument: who reads devices or waits takes a
// Clock, so that tests need not wait.
package clock

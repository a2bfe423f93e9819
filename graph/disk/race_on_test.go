//go:build race

package disk_test

// raceDetector tells that everything takes ten times as long.
const raceDetector = true

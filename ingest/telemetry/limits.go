package telemetry

import "time"

// Defaults of Options.
const (
	// DefaultWindow is how long messages are merged before the graph hears of
	// them.
	DefaultWindow = time.Second
	// DefaultMaxFacts bounds the facts of one device's window.
	DefaultMaxFacts = 1_000_000
)

// Limits.
const (
	// MaxMessageBytes bounds one message.
	MaxMessageBytes = 64 << 20
	// MaxDevices bounds the devices that have a window.
	MaxDevices = 65536
	// Messages that are kept as raw items of a window.
	maxRawItems = 64
	maxRawBytes = 4 << 20
	// maxGone bounds what messages of one window say to be gone.
	maxGone = 1024
	// maxWarnings bounds the warnings of one sample.
	maxWarnings = 20
)

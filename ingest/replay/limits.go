package replay

// Limits.
const (
	// MaxFiles bounds the files of one reading.
	MaxFiles = 100_000
	// MaxFileBytes bounds one file.
	MaxFileBytes = 1 << 30
	// MaxLineBytes bounds a line.
	MaxLineBytes = 64 << 20
	// MaxFailures bounds the failures that a report lists.
	MaxFailures = 1000
	// maxVarbinds bounds the values of one walk.
	maxVarbinds = 5_000_000
	// sniffBytes is how much of a file tells what it holds.
	sniffBytes = 4096
)

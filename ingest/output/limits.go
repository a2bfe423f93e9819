package output

// Limits of one answer.
const (
	// MaxBytes bounds its size.
	MaxBytes = 256 << 20
	// maxDepth bounds how deep its nodes lie in each other.
	maxDepth = 100
	// maxNodes bounds their number.
	maxNodes = 8_000_000
	// maxFacts bounds what it says.
	maxFacts = 4_000_000
	// maxWarnings bounds the warnings that are kept.
	maxWarnings = 100
)

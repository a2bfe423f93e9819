package output

import "errors"

// Errors of answers.
var (
	// ErrUnknown: no table knows an answer of this form.
	ErrUnknown = errors.New("output: no table map/output-*.tsv knows an answer of this form")
	// ErrMalformed: the answer is not what it begins as.
	ErrMalformed = errors.New("output: malformed answer")
	// ErrTooLarge: the answer exceeds a limit.
	ErrTooLarge = errors.New("output: answer too large")
)

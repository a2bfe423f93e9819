package expr

import "fmt"

// LimitError says that evaluating an expression would have needed more than any
// may have. It is no expression error (§17.2): it ends the query, so that no
// answer is short without a word.
type LimitError struct {
	Limit string // "string", "regular expression"
	Value string // the limit, with its unit
}

func (e *LimitError) Error() string { return e.Limit + " limit of " + e.Value + " exceeded" }

// Limit tells whether an evaluation has gone beyond a limit; nil: none has. The
// value of the expression counts for nothing then.
func (c *Context) Limit() *LimitError { return c.limit }

// exceed notes the first limit that is exceeded.
func (c *Context) exceed(limit, format string, args ...any) {
	if c.limit == nil {
		c.limit = &LimitError{limit, fmt.Sprintf(format, args...)}
	}
}

func (c *Context) exceedString() { c.exceed("string", "%d bytes", MaxStringBytes) }

// stopped tells whether nobody waits for the value any more.
func (c *Context) stopped() bool {
	select {
	case <-c.Done:
		return true
	default:
		return false
	}
}

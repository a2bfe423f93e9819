package intent

import "sync"

// listenerBuffer is how many reports wait for one listener. One that does not
// read loses the oldest: it is told to read the intent's reports.
const listenerBuffer = 64

// listeners are told of reports.
type listeners struct {
	tellMu sync.Mutex // leaf
	open   map[chan Report]bool
}

// Listen returns a channel on which reports arrive as they are made, and a
// function that ends it.
func (l *listeners) Listen() (<-chan Report, func()) {
	ch := make(chan Report, listenerBuffer)
	l.tellMu.Lock()
	defer l.tellMu.Unlock()
	if l.open == nil {
		l.open = map[chan Report]bool{}
	}
	l.open[ch] = true
	return ch, func() {
		l.tellMu.Lock()
		defer l.tellMu.Unlock()
		delete(l.open, ch)
	}
}

// tell hands a report to all listeners; it never waits.
func (l *listeners) tell(r Report) {
	l.tellMu.Lock()
	defer l.tellMu.Unlock()
	for ch := range l.open {
		select {
		case ch <- r:
		default:
			select {
			case <-ch:
			default:
			}
			ch <- r // room was made, and only tell writes
		}
	}
}

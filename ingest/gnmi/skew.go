package gnmi

import (
	"fmt"
	"time"
)

// How far a device's clock may be off before that is told.
const skewTold = 5 * time.Second

// skewWindow is how many notifications an estimate looks back.
const skewWindow = 64

// skew estimates how far a device's clock is behind ours: by the notification
// of the newest ones that came soonest after its own time. Notifications tell
// when a value was read or changed, which may be long ago: only what comes
// after the first data counts.
type skew struct {
	seen   [skewWindow]time.Duration
	next   int
	filled int
}

// note takes the time of a notification, in nanoseconds of the device's clock.
func (s *skew) note(received time.Time, timestamp int64) {
	if timestamp <= 0 {
		return
	}
	s.seen[s.next] = received.Sub(time.Unix(0, timestamp))
	s.next = (s.next + 1) % skewWindow
	s.filled = min(s.filled+1, skewWindow)
}

// estimate is how far the device's clock is behind, latency included; ok is
// false before anything is known.
func (s *skew) estimate() (behind time.Duration, ok bool) {
	if s.filled == 0 {
		return 0, false
	}
	behind = s.seen[0]
	for _, d := range s.seen[:s.filled] {
		behind = min(behind, d)
	}
	return behind, true
}

func (s *skew) warning() string {
	switch behind, ok := s.estimate(); {
	case !ok, behind.Abs() < skewTold:
		return ""
	case behind > 0:
		return fmt.Sprintf("the device's clock is about %s behind", behind.Round(time.Second))
	default:
		return fmt.Sprintf("the device's clock is about %s ahead", (-behind).Round(time.Second))
	}
}

package netconf_test

import (
	"bytes"
	"log/slog"
	"testing"

	"nettwin/internal/netconf"
)

// TestGoodbyeIsQuiet ends sessions, with and without the device's answer: that
// the device then ends its side is no news for the log.
func TestGoodbyeIsQuiet(t *testing.T) {
	for _, answer := range []bool{true, false} {
		var log bytes.Buffer
		s := start(t, allCapabilities, func(c *netconf.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }, func(p *scripted) {
			if id, _ := p.request(); answer {
				p.reply(id, "<ok/>")
			}
		})
		if err := s.CloseSession(t.Context()); err != nil {
			t.Error(err)
		}
		<-s.Done()
		if log.Len() > 0 {
			t.Errorf("answer %v: %s", answer, log.String())
		}
	}
}

package notify

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"nettwin/internal/simulate/clock"
)

// Limits on recorded packets.
const (
	MaxPackets      = 1 << 20
	MaxPayloadBytes = 65507
	maxLineBytes    = 4*MaxPayloadBytes + 4096
)

// Errors of ReadPackets; each arrives wrapped with its line.
var (
	ErrPacket  = errors.New("not a recorded packet")
	ErrPackets = errors.New("too many recorded packets")
)

// A Packet is a recorded datagram.
type Packet struct {
	At      time.Duration // since the beginning of the recording
	Device  string
	Port    uint16 // of the collector, 0 where it was not recorded
	Payload []byte
}

// ReadPackets reads lines of JSON: at in milliseconds, device, port, and payload
// in hexadecimal or message as text; other members do not matter. Times must
// not go back.
func ReadPackets(from io.Reader) ([]Packet, error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 4096), maxLineBytes)
	var all []Packet
	line := 0
	for lines.Scan() {
		line++
		if len(lines.Bytes()) == 0 {
			continue
		}
		p, err := readPacket(lines.Bytes())
		if err == nil && len(all) > 0 && p.At < all[len(all)-1].At {
			err = fmt.Errorf("%w: its time is before that of the packet above", ErrPacket)
		}
		if err == nil && len(all) == MaxPackets {
			err = fmt.Errorf("%w: the limit is %d", ErrPackets, MaxPackets)
		}
		if err != nil {
			return nil, fmt.Errorf("read packets: line %d: %w", line, err)
		}
		all = append(all, p)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read packets: line %d: %w", line+1, err)
	}
	return all, nil
}

func readPacket(line []byte) (Packet, error) {
	var in struct {
		At      *int64  `json:"at"`
		Device  string  `json:"device"`
		Port    uint16  `json:"port"`
		Payload *string `json:"payload"`
		Message *string `json:"message"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return Packet{}, fmt.Errorf("%w: %w", ErrPacket, err)
	}
	const most = int64(1<<63-1) / int64(time.Millisecond)
	if in.At == nil || *in.At < 0 || *in.At > most || in.Device == "" || (in.Payload == nil) == (in.Message == nil) {
		return Packet{}, fmt.Errorf("%w: it needs at, device, and either payload or message", ErrPacket)
	}
	p := Packet{At: time.Duration(*in.At) * time.Millisecond, Device: in.Device, Port: in.Port}
	if in.Message != nil {
		p.Payload = []byte(*in.Message)
	} else {
		var err error
		if p.Payload, err = hex.DecodeString(*in.Payload); err != nil {
			return Packet{}, fmt.Errorf("%w: payload: %w", ErrPacket, err)
		}
	}
	if len(p.Payload) > MaxPayloadBytes {
		return Packet{}, fmt.Errorf("%w: %d bytes, at most %d fit a datagram", ErrPacket, len(p.Payload), MaxPayloadBytes)
	}
	return p, nil
}

// ReplayOptions say how packets are sent again.
type ReplayOptions struct {
	// Sink is where packets go: "host:port", or "host" for the recorded
	// port.
	Sink string
	// SinkOf chooses the sink of a packet, and "" leaves it out; nil means
	// Sink for all.
	SinkOf func(Packet) string
	// Rewrite returns the payload to send in a round, the first being 0;
	// nil sends what was recorded.
	Rewrite func(round int, p Packet) []byte
	// Every plays the packets in rounds that begin so far apart at recorded
	// speed, until ctx is done; 0 plays one round.
	Every time.Duration
	// Speed is how many times faster than recorded; 0 means 1.
	Speed   float64
	Sources map[string]Source
	Clock   clock.Clock // nil means the system's
}

// Replay sends packets at their times and returns how many were sent. It ends
// early when ctx is done or a packet cannot be sent.
func Replay(ctx context.Context, packets []Packet, options ReplayOptions) (sent int, err error) {
	if options.Speed == 0 {
		options.Speed = 1
	}
	if options.Clock == nil {
		options.Clock = clock.System{}
	}
	if options.SinkOf == nil {
		options.SinkOf = func(Packet) string { return options.Sink }
		if options.Sink == "" {
			return 0, errors.New("replay: no sink")
		}
	}
	if !(options.Speed > 0) || options.Every < 0 {
		return 0, fmt.Errorf("replay: speed %g, rounds every %v: a speed above 0 is needed", options.Speed, options.Every)
	}
	r := replay{options, newSenders(options.Sources)}
	defer func() { err = errors.Join(err, r.out.close()) }()
	start := options.Clock.Now()
	for round := 0; ; round++ {
		some, err := r.round(ctx, packets, round, start.Add(r.scaled(time.Duration(round)*options.Every)))
		sent += some
		if err != nil {
			return sent, fmt.Errorf("replay: packet %d: %w", sent+1, err)
		}
		if options.Every == 0 {
			return sent, nil
		}
		// The next round's first packet may be due at its very beginning.
		if err := clock.Wait(ctx, options.Clock, start.Add(r.scaled(time.Duration(round+1)*options.Every))); err != nil {
			return sent, fmt.Errorf("replay: round %d: %w", round+1, err)
		}
	}
}

// replay is one run of Replay.
type replay struct {
	ReplayOptions
	out *senders
}

// scaled is a recorded time at the speed of the replay.
func (r *replay) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / r.Speed)
}

// round sends all packets once.
func (r *replay) round(ctx context.Context, packets []Packet, number int, start time.Time) (sent int, err error) {
	for _, p := range packets {
		if err := clock.Wait(ctx, r.Clock, start.Add(r.scaled(p.At))); err != nil {
			return sent, err
		}
		sink := r.SinkOf(p)
		if sink == "" {
			continue
		}
		to, err := target(sink, p.Port)
		if err != nil {
			return sent, err
		}
		payload := p.Payload
		if r.Rewrite != nil {
			payload = r.Rewrite(number, p)
		}
		if err := r.out.send(ctx, p.Device, to, payload); err != nil {
			return sent, err
		}
		sent++
	}
	return sent, nil
}

func target(sink string, port uint16) (string, error) {
	if _, _, err := net.SplitHostPort(sink); err == nil {
		return sink, nil
	}
	if port == 0 {
		return "", fmt.Errorf("sink %q has no port, and none was recorded", sink)
	}
	return net.JoinHostPort(sink, strconv.Itoa(int(port))), nil
}

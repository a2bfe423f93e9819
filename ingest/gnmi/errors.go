package gnmi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nettwin/ingest"
	"nettwin/internal/tlspeer"
)

// Errors of a device that one can do something about.
var (
	// ErrTooLarge: a message or all data together are beyond a limit.
	ErrTooLarge = errors.New("answer too large")
	// ErrProtocol: a message is none of gNMI, or at the wrong place.
	ErrProtocol = errors.New("malformed answer")
	// ErrUnsupported: the device does not have what was asked for.
	ErrUnsupported = errors.New("not supported by the device")
	// errSilent: a stream said less than it should.
	errSilent = errors.New("the stream is silent")
)

// errBudget: the time for one device is used up.
var errBudget = fmt.Errorf("%w: the time for one device is used up", ingest.ErrTimeout)

// contract marks an error by the collector contract's terms. connecting is why
// the connection could not be made, or nil.
func contract(err, connecting error) error {
	var network net.Error
	switch {
	case err == nil, errors.Is(err, ingest.ErrAuth), errors.Is(err, ingest.ErrTimeout), errors.Is(err, ingest.ErrPartial):
		return err
	case connecting != nil && tlspeer.IsTrust(connecting):
		return fmt.Errorf("%w: %w", ingest.ErrAuth, connecting)
	case connecting != nil:
		return fmt.Errorf("%w: %w", ingest.ErrTimeout, connecting)
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ingest.ErrTimeout, err)
	}
	kind, ok := kinds[status.Code(err)]
	if !ok || status.Code(err) == codes.OK {
		return err
	}
	text := clip(status.Convert(err).Message())
	return fmt.Errorf("%w: %s: %s", kind, status.Code(err), text)
}

// kinds are the errors that codes of gRPC stand for.
var kinds = map[codes.Code]error{
	codes.Unauthenticated: ingest.ErrAuth, codes.PermissionDenied: ingest.ErrAuth,
	codes.DeadlineExceeded: ingest.ErrTimeout, codes.Unavailable: ingest.ErrTimeout,
	codes.ResourceExhausted: ErrTooLarge, codes.Unimplemented: ErrUnsupported,
	codes.InvalidArgument: ErrUnsupported, codes.NotFound: ErrUnsupported,
	codes.Internal: ErrProtocol, codes.Unknown: ErrProtocol,
}

// single tells whether an error may concern one request only, while the device
// answers others.
func single(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrUnsupported) || errors.Is(err, ErrProtocol)
}

// maxMessage bounds what an error repeats of a device's words.
const maxMessage = 300

func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxMessage {
		text = text[:maxMessage] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}

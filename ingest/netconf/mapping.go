package netconf

import (
	"bytes"
	"errors"
	"fmt"

	"nettwin/ingest/schemas"
	client "nettwin/internal/netconf"
	"nettwin/ontology/yang"
)

// mapReply adds the facts of a reply to the sample.
func (r *reader) mapReply(message []byte) error {
	err := r.Add(func(yield func(yang.Fact) bool) (yang.Stats, []yang.Problem, error) {
		return r.Model.Schema.DecodeXML(bytes.NewReader(message), yang.DecodeOptions{MaxBytes: r.maxBytes, Modules: r.Model.Modules}, yield)
	})
	switch {
	case errors.Is(err, schemas.ErrTooManyFacts):
		return fmt.Errorf("%w: %w", client.ErrTooLarge, err)
	case err != nil:
		return fmt.Errorf("%w: %w", client.ErrProtocol, err)
	}
	return nil
}

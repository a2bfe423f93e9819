package netconf

import (
	"bytes"
	"fmt"

	"nettwin/ingest"
	client "nettwin/internal/netconf"
	"nettwin/ontology/yang"
)

// mapReply adds the facts of a reply to the sample. Values that do not fit
// their type are kept and warned of; elements without schema are counted.
func (r *reader) mapReply(message []byte) error {
	tooMany := false
	stats, problems, err := r.model.schema.DecodeXML(bytes.NewReader(message),
		yang.DecodeOptions{MaxBytes: r.maxBytes, Modules: r.model.modules}, func(f yang.Fact) bool {
			if len(r.sample.Facts) >= r.maxFacts {
				tooMany = true
				return false
			}
			counter := f.Counter || r.policy.measures[f.P.Value()]
			r.sample.Facts = append(r.sample.Facts, ingest.Fact{Thing: f.Thing, P: f.P, O: f.O, Ref: f.Ref, Counter: counter})
			return true
		})
	if err != nil {
		return fmt.Errorf("%w: %w", client.ErrProtocol, err)
	}
	if tooMany {
		return fmt.Errorf("%w: more than %d facts", client.ErrTooLarge, r.maxFacts)
	}
	r.sample.Unmapped += stats.Unknown
	for _, p := range problems {
		r.warn(p.String())
	}
	return nil
}

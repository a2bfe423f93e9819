package inventory

import (
	"context"
	"encoding/json"
	"io"

	"nettwin/graph"
)

// WriteAll writes the documents of devices as a JSON array, one by one as
// they are made.
func (d *Documents) WriteAll(ctx context.Context, w io.Writer, src graph.Source, devices []string) error {
	if _, err := io.WriteString(w, "["); err != nil {
		return err
	}
	for i, iri := range devices {
		document, err := d.Device(ctx, src, iri)
		if err != nil {
			return err
		}
		separator := ",\n"
		if i == 0 {
			separator = "\n"
		}
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(document); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]\n")
	return err
}

package intent

import (
	"bytes"
	"fmt"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// TIO is where the terms of the TM Forum Intent Ontology are in which reports
// are written.
const TIO = "http://tio.models.tmforum.org/tio/v3.6.0/"

const (
	icm = TIO + "IntentCommonModel/"
	imo = TIO + "IntentManagementOntology/"
)

// handling are TIO's states of intent handling. It has none for an intent that
// was refused after it was taken.
var handling = map[State]string{Accepted: "StateIntentReceived", Compliant: "StateCompliant", Degraded: "StateDegraded"}

// Turtle writes a report in the terms of TIO, as TMF921 has it in the
// expression of an IntentReport.
func (k *Keeper) Turtle(r *Report) (string, error) {
	iri := naming.ThingIRI(k.opt.Base, "intent", r.Intent, "report", r.ID())
	list := []rdf.Triple{
		{S: iri, P: termType, O: rdf.IRI(icm + "IntentReport")},
		{S: iri, P: rdf.IRI(icm + "about"), O: k.iri(r.Intent)},
		{S: iri, P: rdf.IRI(icm + "reportNumber"), O: rdf.Literal(r.ID(), rdf.XSDInteger)},
		{S: iri, P: rdf.IRI(icm + "reportGenerated"), O: instant(r.Time)},
	}
	if state := handling[r.State]; state != "" {
		list = append(list, rdf.Triple{S: iri, P: rdf.IRI(icm + "intentHandlingState"), O: rdf.IRI(imo + state)})
	}
	for _, reason := range r.Reasons {
		list = append(list, rdf.Triple{S: iri, P: termReason, O: rdf.String(reason.Message)})
		for _, about := range reason.About {
			list = append(list, rdf.Triple{S: iri, P: termBecause, O: rdf.IRI(about)})
		}
		for _, item := range reason.Items {
			if n, err := naming.Parse(item); err == nil {
				list = append(list, rdf.Triple{S: iri, P: termItem, O: naming.ItemIRI(k.opt.Base, n)})
			}
		}
	}
	quads := make([]rdf.Quad, len(list))
	for i, t := range list {
		quads[i] = t.In(rdf.Term{})
	}
	var b bytes.Buffer
	err := rdf.WriteAll(&b, rdf.Turtle, rdf.WriterOptions{Prefixes: []rdf.PrefixDecl{{Prefix: "icm", IRI: icm}, {Prefix: "imo", IRI: imo},
		{Prefix: "twin", IRI: naming.Twin}, {Prefix: "xsd", IRI: rdf.XSD}}}, quads)
	if err != nil {
		return "", fmt.Errorf("intent %s: report %d: %w", r.Intent, r.Number, err)
	}
	return b.String(), nil
}

// ReportIRI is the twin's IRI of a report.
func (k *Keeper) ReportIRI(r *Report) string {
	return naming.ThingIRI(k.opt.Base, "intent", r.Intent, "report", r.ID()).Value()
}

// OtherID is the id of the intent that a violation names as conflicting; "" if
// it names none of the keeper's.
func (k *Keeper) OtherID(v Violation) string {
	prefix := k.iri("").Value()
	if len(v.Conflict) <= len(prefix) || v.Conflict[:len(prefix)] != prefix {
		return ""
	}
	return v.Conflict[len(prefix):]
}

package intent

import (
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// What this package says itself, and what it reads of what rules say.
var (
	termType       = rdf.IRI(rdf.RDFType)
	termAlternate  = rdf.IRI(naming.Prov + "alternateOf")
	termActivity   = rdf.IRI(naming.Prov + "Activity")
	termEnded      = rdf.IRI(naming.Prov + "endedAtTime")
	termUsed       = rdf.IRI(naming.Prov + "used")
	termAssociated = rdf.IRI(naming.Prov + "wasAssociatedWith")
	termAgent      = rdf.IRI(naming.Prov + "Agent")
	termGenerated  = rdf.IRI(naming.Prov + "generatedAtTime")

	classIntent  = rdf.IRI(naming.Twin + "Intent")
	classReport  = rdf.IRI(naming.Twin + "IntentReport")
	termItem     = rdf.IRI(naming.Twin + "item")
	termName     = rdf.IRI(naming.Twin + "name")
	termAbout    = rdf.IRI(naming.Twin + "about")
	termMessage  = rdf.IRI(naming.Twin + "message")
	termOutcome  = rdf.IRI(naming.Twin + "outcome")
	termState    = rdf.IRI(naming.Twin + "intentState")
	termBecause  = rdf.IRI(naming.Twin + "because")
	termReason   = rdf.IRI(naming.Twin + "reason")
	termNumber   = rdf.IRI(naming.Twin + "reportNumber")
	termConflict = rdf.IRI(naming.Twin + "conflictsWith")
)

// SHACL's words for what a shape objects to (SHACL §3.6.2).
const shacl = "http://www.w3.org/ns/shacl#"

var (
	classResult   = rdf.IRI(shacl + "ValidationResult")
	termFocus     = rdf.IRI(shacl + "focusNode")
	termPath      = rdf.IRI(shacl + "resultPath")
	termResultMsg = rdf.IRI(shacl + "resultMessage")
)

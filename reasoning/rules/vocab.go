package rules

import "nettwin/graph/rdf"

// The vocabulary of derivations (ontology/twin.ttl).
const twin = "https://w3id.org/nettwin/ns#"

var (
	termDerivation    = rdf.IRI(twin + "Derivation")
	termRuleClass     = rdf.IRI(twin + "Rule")
	termRule          = rdf.IRI(twin + "rule")
	termDerives       = rdf.IRI(twin + "derives")
	termPremise       = rdf.IRI(twin + "premise")
	termFoundAsserted = rdf.IRI(twin + "foundAsserted")
	termCitation      = rdf.IRI(twin + "citation")
	termItem          = rdf.IRI(twin + "item")
	rdfsComment       = rdf.IRI("http://www.w3.org/2000/01/rdf-schema#comment")
	rdfsLabel         = rdf.IRI("http://www.w3.org/2000/01/rdf-schema#label")
)

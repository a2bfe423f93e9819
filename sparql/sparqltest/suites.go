package sparqltest

// The folders of the W3C suites: query evaluation, result formats and update of
// SPARQL 1.0 and 1.1, their syntax, and all of SPARQL 1.2. Entailment,
// federation, protocol, graph store protocol and service description are
// left out.
var (
	Suites10 = []string{
		"sparql10/algebra", "sparql10/ask", "sparql10/basic", "sparql10/bnode-coreference",
		"sparql10/boolean-effective-value", "sparql10/bound", "sparql10/cast", "sparql10/construct",
		"sparql10/dataset", "sparql10/distinct", "sparql10/expr-builtin", "sparql10/expr-equals",
		"sparql10/expr-ops", "sparql10/graph", "sparql10/i18n", "sparql10/open-world", "sparql10/optional",
		"sparql10/optional-filter", "sparql10/reduced", "sparql10/regex", "sparql10/solution-seq",
		"sparql10/sort", "sparql10/triple-match", "sparql10/type-promotion",
	}
	Suites11 = []string{
		"sparql11/add", "sparql11/aggregates", "sparql11/basic-update", "sparql11/bind", "sparql11/bindings",
		"sparql11/cast", "sparql11/clear", "sparql11/construct", "sparql11/copy", "sparql11/csv-tsv-res",
		"sparql11/delete", "sparql11/delete-data", "sparql11/delete-insert", "sparql11/delete-where",
		"sparql11/drop", "sparql11/exists", "sparql11/functions", "sparql11/grouping", "sparql11/json-res",
		"sparql11/move", "sparql11/negation", "sparql11/project-expression", "sparql11/property-path",
		"sparql11/subquery", "sparql11/update-silent",
	}
	SyntaxSuites = []string{
		"sparql10/syntax-sparql1", "sparql10/syntax-sparql2", "sparql10/syntax-sparql3", "sparql10/syntax-sparql4",
		"sparql10/syntax-sparql5", "sparql11/syntax-query", "sparql11/syntax-update-1", "sparql11/syntax-update-2",
		"sparql11/syntax-fed",
	}
	// Suites12 are all of SPARQL 1.2: syntax and evaluation.
	Suites12 = []string{
		"sparql12/codepoint-escapes", "sparql12/eval-triple-terms", "sparql12/expression", "sparql12/grouping",
		"sparql12/lang-basedir", "sparql12/rdf11", "sparql12/syntax", "sparql12/syntax-triple-terms-negative",
		"sparql12/syntax-triple-terms-positive", "sparql12/version",
	}
)

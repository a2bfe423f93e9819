// Package results is what queries answer: a streaming Result, and its formats
// on the wire, written and read: SPARQL 1.2 Query Results JSON, XML, CSV and
// TSV.
package results

// Package reasoning derives facts from facts. Its parts are rules (files that
// hold a SPARQL CONSTRUCT) and, as they come, shapes and functional models.
package reasoning

package mem_test

import (
	"testing"

	"nettwin/graph"
	"nettwin/graph/graphtest"
	"nettwin/graph/mem"
)

// Goal: the engine keeps the contract. Method: the conformance suite.
func TestConformance(t *testing.T) {
	graphtest.Run(t, func(t *testing.T) graph.Store {
		return mem.New(mem.Options{Base: "https://example.org/", Clock: graphtest.Clock()})
	})
}

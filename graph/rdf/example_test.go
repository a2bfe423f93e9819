package rdf_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"nettwin/graph/rdf"
)

// A document is read quad by quad, and each term prints in canonical form.
func ExampleReader() {
	rd := rdf.NewReader(strings.NewReader(`@prefix t: <https://w3id.org/nettwin/ns#> .
<interface/1> a t:Interface ; t:name "eth0" ; t:address [ t:prefixLength 24 ] .`),
		rdf.Turtle, rdf.ReaderOptions{Base: "http://localhost:7878/id/"})
	for {
		q, err := rd.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(q.P, q.O)
	}
	// Output:
	// <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/nettwin/ns#Interface>
	// <https://w3id.org/nettwin/ns#name> "eth0"
	// <https://w3id.org/nettwin/ns#address> _:anon-1
	// <https://w3id.org/nettwin/ns#prefixLength> "24"^^<http://www.w3.org/2001/XMLSchema#integer>
}

// Errors say where, what was expected and what was found.
func ExampleSyntaxError() {
	_, err := rdf.ReadAll(strings.NewReader("PREFIX e: <http://e/>\ne:s e:p ."), rdf.Turtle, rdf.ReaderOptions{})
	fmt.Println(err)
	// Output: turtle: 2:9: expected object, found "."
}

// A writer groups what comes in runs.
func ExampleWriter() {
	w := rdf.NewWriter(os.Stdout, rdf.Turtle, rdf.WriterOptions{Prefixes: []rdf.PrefixDecl{{Prefix: "e", IRI: "http://e/"}}})
	s := rdf.IRI("http://e/router1")
	for _, q := range []rdf.Quad{
		{S: s, P: rdf.IRI(rdf.RDFType), O: rdf.IRI("http://e/Device")},
		{S: s, P: rdf.IRI("http://e/ifNumber"), O: rdf.Literal("4", rdf.XSDInteger)},
	} {
		if err := w.Write(q); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// @prefix e: <http://e/> .
	//
	// e:router1 a e:Device ;
	//     e:ifNumber 4 .
}

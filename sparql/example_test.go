package sparql_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/sparql"
	"nettwin/sparql/results"
)

// Example changes a store by an update, which is one commit, and asks it: once
// row by row, and once as a document.
func Example() {
	ctx := context.Background()
	store := mem.New(mem.Options{Base: "http://noc.example/"})
	defer store.Close()

	update, err := sparql.ParseUpdate(`PREFIX : <http://noc.example/ns#>
		INSERT DATA { <r1> :port <r1/eth0>, <r1/eth1> . <r1/eth0> :speed 1000 . <r1/eth1> :speed 10 }`, "http://noc.example/")
	if err != nil {
		log.Fatal(err) // with line and column
	}
	if _, err := update.Run(ctx, store, sparql.UpdateOptions{}); err != nil {
		log.Fatal(err)
	}

	snapshot, err := store.Snapshot(graph.At{}) // At names a branch or a past version
	if err != nil {
		log.Fatal(err)
	}
	defer snapshot.Close()
	query, err := sparql.Parse(`PREFIX : <http://noc.example/ns#>
		SELECT ?port ?mbits { <r1> :port ?port . ?port :speed ?mbits } ORDER BY ?port`, "http://noc.example/")
	if err != nil {
		log.Fatal(err)
	}
	limits := sparql.Options{Timeout: 10 * time.Second, MaxRows: 1000}

	rows, err := query.Run(ctx, snapshot, limits)
	if err != nil {
		log.Fatal(err)
	}
	for {
		row, err := rows.Rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row[0].Value(), row[1].Value())
	}
	rows.Close()

	document, err := query.Run(ctx, snapshot, limits)
	if err != nil {
		log.Fatal(err)
	}
	defer document.Close()
	if err := results.Write(ctx, os.Stdout, results.TSV, document, results.WriteOptions{}); err != nil {
		log.Fatal(err)
	}

	// Output:
	// http://noc.example/r1/eth0 1000
	// http://noc.example/r1/eth1 10
	// ?port	?mbits
	// <http://noc.example/r1/eth0>	1000
	// <http://noc.example/r1/eth1>	10
}

// ExampleParse shows what is told of a mistake.
func ExampleParse() {
	_, err := sparql.Parse("SELECT ?s\n{ ?s a }", "http://noc.example/")
	fmt.Println(err)

	// Output:
	// query: 2:8: expected an object: a variable, an IRI, a literal, a blank node or a collection, found "}"
}

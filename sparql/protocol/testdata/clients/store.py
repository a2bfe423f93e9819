"""rdflib's SPARQLUpdateStore is a graph whose data is the endpoint's: argv is the base URL."""
import sys
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore

X = Namespace("http://x/")
store = SPARQLUpdateStore(query_endpoint=sys.argv[1] + "/sparql", update_endpoint=sys.argv[1] + "/update")
g = Graph(store=store, identifier=URIRef("http://x/graph"))
g.add((X.a, X.p, Literal(1)))
g.add((X.a, X.label, Literal("drei\n\"Zeilen\"", lang="de")))
g.add((X.b, X.p, Literal(2)))
print("len", len(g))
print("values", sorted(int(o) for o in g.objects(None, X.p)))
print("label", repr(g.value(X.a, X.label)))
print("has", (X.b, X.p, Literal(2)) in g, (X.b, X.p, Literal(3)) in g)
print("bound", [str(r.s) for r in g.query("SELECT ?s { ?s <http://x/p> ?v }", initBindings={"v": Literal(2)})])
g.remove((X.b, None, None))
print("left", len(g))
g.update("DELETE { ?s ?p ?o } INSERT { ?s ?p 7 } WHERE { ?s ?p ?o FILTER(?p = <http://x/p>) }")
print("after", [int(o) for o in g.objects(X.a, X.p)])
remote = Graph().parse(sys.argv[1] + "/data?graph=http://x/graph", format="turtle")
print("fetched", len(remote), remote.value(X.a, X.label) == g.value(X.a, X.label))

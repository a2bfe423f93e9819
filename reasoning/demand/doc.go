// Package demand finds what of the sources a rule or a query rests on: it
// follows the terms that a pattern reads back through the rules that write
// them, to the terms of the sources' own vocabularies (MIB objects, YANG
// nodes). No term is named here: all are found in the rule files, the saved
// queries and the tables of MIB objects.
//
// # How it is found
//
//  1. A WHERE becomes a shape of patterns that are required, alternative or
//     optional; of a rule, only what the template triple that is asked for
//     needs: branches of UNION that do not bind its variables are left out.
//  2. Things have kinds: the class of a row of a source, or the beginning of
//     the IRIs that a rule mints. The kinds of subjects and objects of each
//     predicate are found from all rules to a fixed point, so that the state of
//     an interface does not seem to rest on the tables of components, although
//     both rows are said to represent something.
//  3. A pattern is possible if a source has its term, if a rule that can
//     produce it has all that it requires, or if the data say it
//     (Options.Says). What requires an impossible pattern is left out.
//
// What is found is enough, and may be more than is needed, never less, with one
// exception: statements that somebody asserted in the default graph beside the
// rules are seen only if Options.Says tells of them.
package demand

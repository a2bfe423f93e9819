// Package yang reads YANG modules (RFC 7950, and RFC 6020) as far as a
// simulated device needs them: the tree of data nodes with their types, so that
// it can refuse unknown elements, missing keys, missing mandatory nodes and bad
// values for the reasons its own modules give.
//
// Covered: containers, lists, leaves, leaf-lists, choices, anydata, groupings
// with refine and augment, augments across modules, submodules, typedefs, all
// built-in types with ranges, lengths, patterns, enumerations, bits, identities,
// unions and leafrefs, features. Left out: must and when expressions, deviations,
// unique, and the bodies of rpcs, actions and notifications. A pattern that Go's
// regular expressions cannot say is not enforced.
//
// It shares no code with the twin nor with its YANG library, so that it cannot
// share their bugs.
package yang

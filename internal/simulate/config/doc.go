// Package config is a simulated device's configuration: a tree of data that
// follows the device's YANG modules, edited by the rules of NETCONF
// (RFC 6241 §7.2, RFC 7950 §7 and §8) and refused with their errors.
//
// A Tree is not changed after it is made; Edit returns another. Every value in
// it has passed its type, every list entry has its keys, children stand in
// schema order, and no container is kept that holds nothing and means nothing.
// Whether what is mandatory is there is asked apart, by Validate.
//
// Left out, as in package yang: must, when and unique; and the insert attribute
// for lists that are ordered by the user, whose new entries go last.
package config

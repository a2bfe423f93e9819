// Package items keeps named items for ever: an append-only store of pack files
// in one directory, in which every answer is hashed again before it is given.
//
// A pack is a head and records, one after another; a record is a header of
// fixed size and the item's bytes (record.go draws both). The index lives in
// memory and is rebuilt at open from the headers.
//
// Invariants:
//  1. Put returns when its items are on stable storage; the index never names
//     what is not.
//  2. Bytes below the mark were on stable storage when the mark was written,
//     so that what is wrong there is damage. Beyond it, what is wrong was
//     never acknowledged: a torn tail is cut off at open, a hole is skipped.
//  3. A record is never changed or moved. An item that was found damaged may
//     be put again, as another record.
//
// One process writes a directory at a time; the owner of the data directory
// sees to that. Any number may read with Options.ReadOnly.
package items

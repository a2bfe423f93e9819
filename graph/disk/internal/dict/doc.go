// Package dict is the dictionary on disk. It numbers terms in the order of
// their arrival and never forgets or renumbers one, so its files are
// immutable: each holds the terms of a range of numbers, in pages, and a hash
// table that finds them. Young terms are in memory until Seal writes them.
// Two files whose ranges meet are joined into one when the older is not much
// larger, so there are few.
//
// Literals name the entry of their datatype or language tag by number. The log
// holds the same entries.
//
// One writer calls Add, AddRaw, Seal and Close; any number of readers look up
// meanwhile.
//
// Invariants:
//
//	I1: files and memory hold ranges of numbers that follow each other from 0.
//	I2: no two entries are equal, over all files and memory.
//	I3: an entry names only entries with smaller numbers.
//	I4: every byte of a file is under a CRC-32C: header, page, directory or footer.
//	I5: a page's offsets were checked before an entry is read.
//
// Locks: Dict.mu guards what is in memory and the list of files; it is not
// held while files are read or written.
package dict

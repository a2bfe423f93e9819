// Package syntaxtest helps the tests of syntax and algebra: files of cases
// with their expected output, and the query texts of the W3C suites.
package syntaxtest

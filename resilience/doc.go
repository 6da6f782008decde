// Package resilience keeps a program standing while what it calls does not.
//
// It has one idea: a [Gate] is asked before a call and told the call's result
// afterwards. Gates compose with [Gates] and are used by hand or with [Do].
// Long-running parts of a program are owned by a [Lifecycle], which starts them
// in order and stops them in the reverse order within a deadline.
//
// The package imports the standard library alone, keeps no globals and starts
// no goroutine that it does not end.
package resilience

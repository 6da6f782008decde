// Package quiz holds the values of a quiz and everything that can be said about
// them without a model, a store or a network: whether a question is well formed,
// whether its evidence stands on the page, whether it repeats another, and
// whether an answer is right.
//
// All of it is pure: no I/O, no globals, no clock. Functions are safe for
// concurrent use.
package quiz

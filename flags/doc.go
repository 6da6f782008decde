// Package flags holds switches that operators turn while a program runs.
package flags

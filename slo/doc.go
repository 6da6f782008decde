// Package slo keeps service level objectives: what share of events must be good, how
// much may still go wrong, and how fast that is being used up.
package slo

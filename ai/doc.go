// Package ai asks language models for things and hands over each thing as soon
// as it is whole.
//
// Its one idea: a generation is a fold over items. Every attempt (the first
// call, a retry, another provider after one broke in mid-stream, a new process)
// is the same operation: given the items already accepted, produce the rest.
// [Run] is that operation, over any [Model]; [Failover], [Guard] and [Traced]
// make models out of models.
package ai

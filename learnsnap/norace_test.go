//go:build !race

package learnsnap_test

const raceEnabled = false

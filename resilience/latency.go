package resilience

import "time"

// latency finds out whether the callee slows down: it compares the time for a
// token now with the least that it ever was. Raw latency would not do, for a long
// reply takes long without any queue; so calls that do not tell their tokens are
// not judged.
type latency struct {
	since  time.Duration // calls that began earlier were made under another limit
	told   int           // calls since then that told their tokens
	tokens int           // of these
	sum    time.Duration // of these

	learned []int         // tokens whose call has not ended yet: Learn comes right before done
	mean    time.Duration // moving mean of a call, for estimates

	floor, next float64       // least time for a token in seconds: in force, and of the period under way
	renew       time.Duration // end of that period
}

// Calls that seem to queue at the callee, as in Vegas: below fewQueued the limit
// may grow, above manyQueued it falls.
const (
	fewQueued   = 2.0
	manyQueued  = 4.0
	fewCalls    = 4 // that say anything
	floorPeriod = 15 * time.Minute
	maxLearned  = 64
)

// spent notes the tokens of the call that ends next.
func (t *latency) spent(s Signal) {
	if s.Output > 0 && len(t.learned) < maxLearned {
		t.learned = append(t.learned, s.Output)
	}
}

// ended returns the tokens of the call that ends now; 0 means not told.
func (t *latency) ended() (tokens int) {
	if len(t.learned) > 0 {
		tokens = t.learned[0]
		t.learned = append(t.learned[:0], t.learned[1:]...)
	}
	return tokens
}

// add counts a call that succeeded.
func (t *latency) add(began, now time.Duration, tokens int) {
	d := now - began
	if t.mean == 0 {
		t.mean = d
	}
	t.mean += (d - t.mean) / 10
	if tokens > 0 && began >= t.since {
		t.told++
		t.tokens += tokens
		t.sum += d
	}
}

// queued estimates how many of the calls under way only wait at the callee. It is
// known once a few calls were made under the present limit.
func (t *latency) queued(limit int) (calls float64, known bool) {
	if t.told < fewCalls {
		return 0, false
	}
	ratio := t.ratio()
	return float64(limit) * (1 - min(t.floor, ratio)/ratio), t.floor > 0
}

func (t *latency) ratio() float64 { return t.sum.Seconds() / float64(t.tokens) }

// silent reports whether calls do not tell their tokens at all.
func (t *latency) silent() bool { return t.told == 0 && t.floor == 0 }

// close ends the window of calls that are compared and takes it into the floor.
func (t *latency) close(now time.Duration) {
	if t.told >= fewCalls {
		ratio := t.ratio()
		if t.floor == 0 || ratio < t.floor {
			t.floor = ratio
		}
		if t.next == 0 || ratio < t.next {
			t.next = ratio
		}
		if t.renew == 0 {
			t.renew = now + floorPeriod
		}
		if now > t.renew {
			t.floor, t.next, t.renew = t.next, 0, now+floorPeriod
		}
	}
	t.told, t.tokens, t.sum = 0, 0, 0
}

// changed starts anew: the calls so far were made under another limit.
func (t *latency) changed(now time.Duration) {
	t.close(now)
	t.since = now
}

// untilFree estimates when the n-th in the queue gets a place.
func (t *latency) untilFree(n, limit int) time.Duration {
	return max(time.Second, t.mean*time.Duration(n)/time.Duration(limit)).Round(time.Second)
}

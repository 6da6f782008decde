package learnsnap

import (
	"context"
	"errors"

	"github.com/learnsnap/learnsnap-go/storage"
)

// recall makes items of those photos whose text is known, as if a model had just read
// them, and returns them behind what there is.
func (w *worker) recall(ctx context.Context, have []Item) ([]Item, error) {
	if !w.caching() {
		return have, nil
	}
	read := map[int]bool{}
	seq := 0
	for _, it := range have {
		seq = it.Seq
		if it.Page != nil {
			read[it.Page.Page] = true
		}
	}
	for i, p := range w.asked.Pages {
		if read[i+1] || p.Sum == "" {
			continue
		}
		it, ok := w.known(ctx, p.Sum)
		if !ok {
			continue
		}
		it.Seq, it.SpentUSD = seq+1, 0 // another quiz has paid for it
		it.Page.Page = i + 1           // there it may have been another one
		if err := w.keep(ctx, it); err != nil {
			return nil, err
		}
		seq, have = it.Seq, append(have, it)
	}
	return have, nil
}

// known returns what the owner had read from a photo before. A store that fails here
// makes the quiz dearer, not impossible.
func (w *worker) known(ctx context.Context, sum string) (Item, bool) {
	bounded, cancel := context.WithTimeout(ctx, workerWait)
	defer cancel()
	_, kept, err := w.store.Text(bounded, w.session.Owner, sum)
	if errors.Is(err, storage.ErrNotFound) {
		return Item{}, false
	}
	var it Item
	if err == nil {
		it, err = UnmarshalItem(kept)
	}
	if err != nil {
		w.cacheFailed(ctx, err)
		return Item{}, false
	}
	return it, it.Page != nil && it.Page.Text != ""
}

// remember notes what was read from a photo, for the owner's next quizzes. A photo that
// can't be read is tried again.
func (w *worker) remember(ctx context.Context, it Item) {
	if it.Page == nil || it.Page.Text == "" || !w.caching() {
		return
	}
	sum := w.asked.Pages[it.Page.Page-1].Sum
	if sum == "" {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, workerWait)
	defer cancel()
	err := w.store.KeepText(bounded, w.session.Owner, sum, w.session.ID, it.Seq)
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // the session has just gone
		w.cacheFailed(ctx, err)
	}
}

func (w *worker) cacheFailed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		observe(ctx, w.observer, Observation{Occasion: UpkeepFailed, Session: w.session.ID, Err: err})
	}
}

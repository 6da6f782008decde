package payments

import (
	"errors"
	"fmt"
)

// A Pack is a number of pages at a price.
type Pack struct {
	ID    string  `json:"id"`           // what a checkout names, "basic"
	Pages int     `json:"pages"`        // pages that are credited
	Price Halalas `json:"priceHalalas"` // what is paid for them, tax included
}

// Packs is what is on offer, in the order in which it is shown.
type Packs []Pack

// DefaultPacks returns the packs of the product. The caller owns the slice.
func DefaultPacks() Packs {
	return Packs{
		{ID: "basic", Pages: 10, Price: 500},
		{ID: "popular", Pages: 25, Price: 1200},
		{ID: "best", Pages: 60, Price: 2500},
		{ID: "family", Pages: 150, Price: 5500},
	}
}

// Validate tells what is wrong with a list that somebody configured: no pack at all, an
// id that is missing or stands twice, no pages, or a price outside of what can be
// charged. Gateways have a minimum of their own.
func (p Packs) Validate() error {
	if len(p) == 0 {
		return errors.New("packs: none is on offer")
	}
	seen := map[string]bool{}
	for i, pack := range p {
		switch {
		case pack.ID == "":
			return fmt.Errorf("pack %d: it has no id", i+1)
		case seen[pack.ID]:
			return fmt.Errorf("pack %q: it stands twice", pack.ID)
		case pack.Pages <= 0:
			return fmt.Errorf("pack %q: %d pages (want at least 1)", pack.ID, pack.Pages)
		case pack.Price <= 0 || pack.Price > MaxAmount:
			return fmt.Errorf("pack %q: a price of %v (want more than nothing, at most %v)", pack.ID, pack.Price, MaxAmount)
		}
		seen[pack.ID] = true
	}
	return nil
}

// Find returns the pack with an id.
func (p Packs) Find(id string) (Pack, bool) {
	for _, pack := range p {
		if pack.ID == id {
			return pack, true
		}
	}
	return Pack{}, false
}

package pages

import "encoding/binary"

// A heif is what a meta box says (ISO/IEC 23008-12).
type heif struct {
	primary uint32
	items   map[uint32]*heifItem
	sizes   [][2]uint32 // of every picture in the file
	end     int64       // first byte of the file behind all items
	idat    []byte
	pieces  int // extents read so far
}

type heifItem struct {
	kind    string
	w, h    int
	extents []extent
	inIDAT  bool
	tiles   []uint32 // items that a grid is made of
	config  []byte   // the HEVC decoder configuration
}

type extent struct{ at, n int64 }

// maxItems bounds the items of a file and their extents; a 48 megapixel photo has
// about 200 of each.
const maxItems = 4096

// parseHEIF reads a meta box. Boxes that it does not know are passed over; those
// that it needs must be whole.
func parseHEIF(meta []byte) (*heif, error) {
	h := &heif{items: map[uint32]*heifItem{}}
	var props [][]byte // property boxes, in order, header included
	var links []link   // which item has which property
	for kind, body := range boxes(meta[4:]) {
		c := cursor{b: body}
		switch kind {
		case "pitm":
			v := c.version()
			h.primary = c.id(v > 0)
		case "iinf":
			h.readItems(&c)
		case "iloc":
			h.readLocations(&c)
		case "iref":
			h.readReferences(&c)
		case "idat":
			h.idat = body
		case "iprp":
			for kind, body := range boxes(body) {
				switch kind {
				case "ipco":
					props = h.readProperties(body)
				case "ipma":
					links = append(links, readLinks(body)...)
				}
			}
		}
		if c.short {
			return nil, damaged("a broken description")
		}
	}
	h.connect(props, links)
	return h, nil
}

func (h *heif) item(id uint32) *heifItem {
	p := h.items[id]
	if p == nil {
		p = &heifItem{}
		if len(h.items) < maxItems {
			h.items[id] = p
		}
	}
	return p
}

// readItems reads iinf: which items there are and of what kind.
func (h *heif) readItems(c *cursor) {
	if c.version() == 0 {
		c.u(2)
	} else {
		c.u(4)
	}
	for kind, body := range boxes(c.b) {
		if kind != "infe" {
			continue
		}
		e := cursor{b: body}
		v := e.version()
		if v < 2 {
			continue
		}
		id := e.id(v > 2)
		e.u(2)
		if name := e.take(4); !e.short {
			h.item(id).kind = string(name)
		}
	}
}

// readLocations reads iloc: where each item's bytes are.
func (h *heif) readLocations(c *cursor) {
	v := c.version()
	sizes := c.u(2)
	offSize, lenSize, baseSize, idxSize := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), 0
	if v > 0 {
		idxSize = int(sizes & 15)
	}
	for range c.id(v > 1) {
		if c.short {
			return
		}
		p := h.item(c.id(v > 1))
		method := uint64(0)
		if v > 0 {
			method = c.u(2) & 15
		}
		c.u(2) // which file; 0 is this one
		base := c.u(baseSize)
		for range c.u(2) {
			// An extent may have no bytes here, so the end of the box is no bound.
			if h.pieces++; c.short || h.pieces > maxItems {
				c.short = true
				return
			}
			c.u(idxSize)
			at, n := base+c.u(offSize), c.u(lenSize)
			if at > 1<<40 || n > 1<<40 { // far behind any file that is taken
				at, n = 1<<40, 0
			}
			e := extent{int64(at), int64(n)}
			p.extents = append(p.extents, e)
			if p.inIDAT = method == 1; method == 0 {
				h.end = max(h.end, e.at+e.n)
			}
		}
	}
}

// readReferences reads iref for what grids are made of.
func (h *heif) readReferences(c *cursor) {
	wide := c.version() > 0
	for kind, body := range boxes(c.b) {
		if kind != "dimg" {
			continue
		}
		e := cursor{b: body}
		p := h.item(e.id(wide))
		for range e.u(2) {
			id := e.id(wide)
			if e.short {
				return
			}
			p.tiles = append(p.tiles, id)
		}
	}
}

// readProperties lists ipco and keeps all sizes in it.
func (h *heif) readProperties(body []byte) [][]byte {
	var props [][]byte
	for kind, body := range boxes(body) {
		props = append(props, append([]byte(kind), body...))
		if w, ht, ok := imageSize(kind, body); ok {
			h.sizes = append(h.sizes, [2]uint32{w, ht})
		}
	}
	return props
}

// imageSize reads an ispe box.
func imageSize(kind string, body []byte) (w, h uint32, ok bool) {
	if kind != "ispe" || len(body) < 12 {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(body[4:]), binary.BigEndian.Uint32(body[8:]), true
}

// A link says which properties an item has, counted from 1.
type link struct {
	item  uint32
	props []int
}

// readLinks reads ipma.
func readLinks(body []byte) (rows []link) {
	c := cursor{b: body}
	full := c.u(4)
	wideID, wide := full>>24 > 0, full&1 != 0
	for range c.u(4) {
		row := link{item: c.id(wideID)}
		for range c.u(1) {
			if wide {
				row.props = append(row.props, int(c.u(2)&0x7fff))
			} else {
				row.props = append(row.props, int(c.u(1)&0x7f))
			}
		}
		if c.short || len(rows) > maxItems {
			break
		}
		rows = append(rows, row)
	}
	return rows
}

// link gives the items their properties.
func (h *heif) connect(props [][]byte, rows []link) {
	for _, row := range rows {
		p := h.items[row.item]
		if p == nil {
			continue
		}
		for _, i := range row.props {
			if i < 1 || i > len(props) {
				continue
			}
			kind, body := string(props[i-1][:4]), props[i-1][4:]
			if w, ht, ok := imageSize(kind, body); ok {
				p.w, p.h = int(w), int(ht)
			} else if kind == "hvcC" {
				p.config = body
			}
		}
	}
}

// bytesOf puts an item's bytes together from the file.
func (h *heif) bytesOf(p *heifItem, file []byte) []byte {
	from := file
	if p.inIDAT {
		from = h.idat
	}
	var out []byte
	for _, e := range p.extents {
		if e.at > int64(len(from)) {
			break
		}
		n := min(e.n, int64(len(from))-e.at)
		if len(p.extents) == 1 {
			return from[e.at : e.at+n]
		}
		if out = append(out, from[e.at:e.at+n]...); len(out) > len(from) {
			break // extents that overlap: no more than there is
		}
	}
	return out
}

package pages

// Inside the package, for the decoder behind takes seconds for each file and this
// is what decides whether it may see it.

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// sps is a sequence parameter set of a picture of that size.
func sps(w, h uint32) []byte {
	var b []byte
	n := 0
	put := func(v uint64, bits int) {
		for i := bits - 1; i >= 0; i-- {
			if n%8 == 0 {
				b = append(b, 0)
			}
			b[n/8] |= byte(v>>i&1) << (7 - n%8)
			n++
		}
	}
	ue := func(v uint32) {
		bits := 0
		for (uint64(v)+1)>>(bits+1) > 0 {
			bits++
		}
		put(0, bits)
		put(uint64(v)+1, bits+1)
	}
	put(0, 4) // video parameter set
	put(1, 3) // two layers
	put(1, 1)
	for range 12 {
		put(0x40, 8) // profile, tier, level
	}
	put(3, 2) // the lower layer has a profile and a level
	put(0, 14)
	put(0, 88)
	put(0, 8)
	ue(0)
	ue(1) // 4:2:0
	ue(w)
	ue(h)
	put(1, 1)
	out := []byte{hevcSPS << 1, 1}
	for zeros, i := 0, 0; i < len(b); i++ {
		if zeros >= 2 && b[i] <= 3 {
			out, zeros = append(out, 3), 0
		}
		if zeros++; b[i] != 0 {
			zeros = 0
		}
		out = append(out, b[i])
	}
	return out
}

// config is a decoder configuration with one parameter set.
func config(nal []byte) []byte {
	b := make([]byte, 23)
	b[21], b[22] = 3, 1
	b = append(b, hevcSPS, 0, 1)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(nal))), nal...)
}

// nals are NAL units as they stand in a file, their length in four bytes before.
func nals(units ...[]byte) (out []byte) {
	for _, u := range units {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(u))), u...)
	}
	return out
}

func TestParameterSetsSayHowLargeAPictureIs(t *testing.T) {
	for _, size := range [][2]uint32{{8, 8}, {640, 480}, {4032, 3024}, {32768, 32768}} {
		require.Equal(t, int64(size[0])*int64(size[1]), spsPixels(sps(size[0], size[1])))
	}
	require.Zero(t, spsPixels([]byte{0x40, 1, 2, 3}), "another kind of unit")
	require.Zero(t, spsPixels(sps(640, 480)[:18]), "cut off")
	require.Equal(t, int64(1)<<40, spsPixels(sps(1<<31, 1<<31)), "bounded")
}

func TestAPictureMayNotBeLargerThanItClaims(t *testing.T) {
	file := func(units ...[]byte) []byte { return nals(units...) }
	slice := append([]byte{0x26, 1}, make([]byte, 50)...)
	grid := func(w, h uint16) []byte {
		return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{0, 0, 1, 1}, w), h)
	}
	single := func(h *heif) {}
	for _, c := range []struct {
		name string
		data []byte
		conf []byte
		edit func(h *heif)
		ok   bool
	}{
		{"honest", file(slice), config(sps(4032, 3024)), single, true},
		{"a parameter set too large", file(slice), config(sps(30000, 30000)), single, false},
		{"one among the data", file(sps(30000, 30000), slice), config(sps(4032, 3024)), single, false},
		{"no parameter set", file(slice), nil, single, true},
		{"an honest grid", file(slice), config(sps(2048, 1536)), func(h *heif) {
			h.items[9] = &heifItem{kind: "grid", w: 4032, h: 3024, inIDAT: true, extents: []extent{{0, 8}}, tiles: []uint32{1, 2, 3, 4}}
			for id := uint32(2); id <= 4; id++ {
				h.items[id] = &heifItem{kind: "hvc1", config: h.items[1].config}
			}
			h.primary, h.idat = 9, grid(4032, 3024)
		}, true},
		{"a grid too large", file(slice), nil, func(h *heif) {
			h.items[9] = &heifItem{kind: "grid", w: 64, h: 64, inIDAT: true, extents: []extent{{0, 8}}, tiles: []uint32{1}}
			h.primary, h.idat = 9, grid(30000, 30000)
		}, false},
		{"a grid of the same tile", file(slice), config(sps(640, 480)), func(h *heif) {
			h.items[9] = &heifItem{kind: "grid", w: 4032, h: 3024, inIDAT: true, extents: []extent{{0, 8}}, tiles: make([]uint32, 4000)}
			for i := range h.items[9].tiles {
				h.items[9].tiles[i] = 1
			}
			h.primary, h.idat = 9, grid(4032, 3024)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &heif{primary: 1, items: map[uint32]*heifItem{
				1: {kind: "hvc1", w: 4032, h: 3024, config: c.conf, extents: []extent{{0, int64(len(c.data))}}},
			}}
			c.edit(h)
			err := h.plausible(c.data)
			if c.ok {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
		})
	}
}

// FuzzHEIF checks that no description of pictures makes its reader fail, and that
// what it says stays within the file.
func FuzzHEIF(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x0epitm\x00\x00\x00\x00\x00\x01\x00\x00\x00\x20iloc\x00\x00\x00\x00\x44\x00\x00\x01\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x05"), []byte("hello"))
	f.Add(append([]byte("\x00\x00\x00\x00\x00\x00\x00\x55iprp\x00\x00\x00\x4dipco\x00\x00\x00\x45hvcC"), config(sps(640, 480))...), nals(sps(64, 64)))
	f.Fuzz(func(t *testing.T, meta, file []byte) {
		if len(meta) < 4 || len(meta) > maxMeta || len(file) > 64<<10 {
			return
		}
		h, err := parseHEIF(meta)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(h.items), maxItems)
		for _, p := range h.items {
			require.LessOrEqual(t, len(h.bytesOf(p, file)), max(2*len(file), 2*len(h.idat)))
		}
		_ = h.plausible(file) // ends, and does not panic
	})
}

// FuzzY4M checks that whatever a decoder writes is a picture within the limits or an
// error.
func FuzzY4M(f *testing.F) {
	f.Add([]byte("YUV4MPEG2 W4 H2 F1:1 C420jpeg\nFRAME\n12345678abAB"))
	f.Add([]byte("YUV4MPEG2 W4 H2 Cmono\nFRAME X\n12345678"))
	f.Add([]byte("YUV4MPEG2 W99999999999999999999 H2\nFRAME\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p picture
		if err := p.drawY4M(bytes.NewReader(data), 1<<12, 32); err == nil {
			require.LessOrEqual(t, max(p.w, p.h), 32)
			require.Len(t, p.y.pix, p.w*p.h)
		}
	})
}

package body

import (
	"encoding/base64"
	"encoding/binary"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// pairs maps twelve bits to two characters: half the look-ups of the standard
// encoder, in 8 KiB that stay in the first cache.
type pairs [1 << 12]uint16

func newPairs() *pairs {
	var p pairs
	for i := range p {
		p[i] = uint16(alphabet[i>>6]) | uint16(alphabet[i&63])<<8
	}
	return &p
}

// encode writes the standard base64 form of src, whose length is a multiple of 3
// or the end of the input, to dst.
func (p *pairs) encode(dst, src []byte) {
	for len(src) >= 8 && len(dst) >= 8 {
		v := binary.BigEndian.Uint64(src) // six of its bytes are used
		binary.LittleEndian.PutUint64(dst, uint64(p[v>>52])|uint64(p[v>>40&0xfff])<<16|uint64(p[v>>28&0xfff])<<32|uint64(p[v>>16&0xfff])<<48)
		src, dst = src[6:], dst[8:]
	}
	base64.StdEncoding.Encode(dst, src)
}

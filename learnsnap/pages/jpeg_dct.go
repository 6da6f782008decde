package pages

// The inverse cosine transform after Loeffler, Ligtenberg and Moschytz, "Practical
// fast 1-D DCT algorithms with 11 multiplications" (1989), in whole numbers of 13
// bits, columns first.

const (
	dctBits = 13
	passOne = 2 // bits that the columns keep for the rows

	c0298 = 2446  // 0.298631336 · 2^13, and so on
	c0390 = 3196  // 0.390180644
	c0541 = 4433  // 0.541196100
	c0765 = 6270  // 0.765366865
	c0899 = 7373  // 0.899976223
	c1175 = 9633  // 1.175875602
	c1501 = 12299 // 1.501321110
	c1847 = 15137 // 1.847759065
	c1961 = 16069 // 1.961570560
	c2053 = 16819 // 2.053119869
	c2562 = 20995 // 2.562915447
	c3072 = 25172 // 3.072711026
)

// inverseDCT writes the pixels of a block. It leaves coef changed.
func inverseDCT(coef *[64]int32, dst []byte, stride int) {
	for x := range 8 {
		c := coef[x:]
		c = c[:57]
		if c[8]|c[16]|c[24]|c[32]|c[40]|c[48]|c[56] == 0 {
			v := c[0] << passOne
			c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56] = v, v, v, v, v, v, v, v
			continue
		}
		e0, e1, e2, e3 := dctEven(c[0], c[16], c[32], c[48])
		o0, o1, o2, o3 := dctOdd(c[8], c[24], c[40], c[56])
		const shift, half = dctBits - passOne, 1 << (dctBits - passOne - 1)
		c[0], c[56] = (e0+o0+half)>>shift, (e0-o0+half)>>shift
		c[8], c[48] = (e1+o1+half)>>shift, (e1-o1+half)>>shift
		c[16], c[40] = (e2+o2+half)>>shift, (e2-o2+half)>>shift
		c[24], c[32] = (e3+o3+half)>>shift, (e3-o3+half)>>shift
	}
	for y := range 8 {
		c := coef[8*y : 8*y+8 : 8*y+8]
		out := dst[y*stride:]
		out = out[:8]
		e0, e1, e2, e3 := dctEven(c[0], c[2], c[4], c[6])
		o0, o1, o2, o3 := dctOdd(c[1], c[3], c[5], c[7])
		out[0], out[7] = pixel(e0+o0), pixel(e0-o0)
		out[1], out[6] = pixel(e1+o1), pixel(e1-o1)
		out[2], out[5] = pixel(e2+o2), pixel(e2-o2)
		out[3], out[4] = pixel(e3+o3), pixel(e3-o3)
	}
}

// dctEven is the even half of the transform of eight numbers.
func dctEven(x0, x2, x4, x6 int32) (e0, e1, e2, e3 int32) {
	z := (x2 + x6) * c0541
	t2, t3 := z-x6*c1847, z+x2*c0765
	t0, t1 := (x0+x4)<<dctBits, (x0-x4)<<dctBits
	return t0 + t3, t1 + t2, t1 - t2, t0 - t3
}

// dctOdd is the odd half.
func dctOdd(x1, x3, x5, x7 int32) (o0, o1, o2, o3 int32) {
	z1, z2, z3, z4 := x7+x1, x5+x3, x7+x3, x5+x1
	z5 := (z3 + z4) * c1175
	z1 *= -c0899
	z2 *= -c2562
	z3 = z5 - z3*c1961
	z4 = z5 - z4*c0390
	return x1*c1501 + z1 + z4, x3*c3072 + z2 + z3, x5*c2053 + z2 + z4, x7*c0298 + z1 + z3
}

// pixel takes the scale of both passes off, and moves zero to the middle.
func pixel(v int32) byte {
	const shift = dctBits + passOne + 3
	v = (v + 1<<(shift-1)) >> shift
	return clamp(v + 128)
}

func clamp(v int32) byte {
	if uint32(v) > 255 {
		return byte(^(v >> 31)) // 0 below, 255 above
	}
	return byte(v)
}

// fillBlock writes a block of one value.
func fillBlock(dst []byte, stride int, dc int32) {
	v := uint64(clamp((dc+4)>>3+128)) * 0x0101010101010101
	for y := range 8 {
		row := dst[y*stride:]
		row = row[:8]
		row[0], row[1], row[2], row[3] = byte(v), byte(v), byte(v), byte(v)
		row[4], row[5], row[6], row[7] = byte(v), byte(v), byte(v), byte(v)
	}
}

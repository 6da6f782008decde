package pages

// zigzag is the order in which the coefficients of a block are stored (figure A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// block decodes a block into coef and returns the place of its last coefficient
// (F.2.2).
func (d *jpegDecoder) block(c *jpegPlane) (last int, err error) {
	quant := &d.quant[c.quant]
	b := &d.bits
	size, ok := b.symbol(&d.tables[0][c.dc])
	if !ok || size > 15 {
		return 0, errOtherJPEG
	}
	clear(d.coef[:])
	c.before += b.extend(uint(size))
	d.coef[0] = c.before * int32(quant[0])
	ac := &d.tables[1][c.ac]
	for k := 1; k < 64; k++ {
		b.need()
		e := ac.fast[b.acc>>(64-fastBits)]
		if e.used != 0 { // code and value in one
			k += int(e.run)
			if k > 63 {
				return 0, errOtherJPEG
			}
			b.use(uint(e.used))
			d.coef[zigzag[k]] = int32(e.value) * int32(quant[k])
			last = k
			continue
		}
		v, ok := b.symbol(ac)
		if !ok {
			return 0, errOtherJPEG
		}
		run, size := int(v>>4), uint(v&15)
		if size == 0 {
			if run == 15 {
				k += 15
				continue
			}
			if run != 0 {
				return 0, errOtherJPEG
			}
			break
		}
		if k += run; k > 63 {
			return 0, errOtherJPEG
		}
		d.coef[zigzag[k]] = b.extend(size) * int32(quant[k])
		last = k
	}
	return last, nil
}

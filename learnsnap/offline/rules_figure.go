package offline

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// yearsNear returns years about a year, none in the future; past ones only where
// asked for.
func yearsNear(y float64, past bool) []float64 {
	switch {
	case past && y > 1930:
		return []float64{y - 10, y - 20, y - 30, y - 40}
	case past: // what was there by 1500 was there by 1540 as well
		return []float64{y - 50, y - 100, y - 150, y - 200}
	case y > 1930:
		return []float64{y - 10, y - 25, y - 40, y - 60}
	case y < 300:
		return []float64{y + 40, y + 75, y + 110, y + 150}
	}
	return []float64{y - 50, y + 40, y - 100, y + 75, y - 150}
}

// amountsNear returns amounts about an amount, as round as it is.
func amountsNear(v float64, decimals int) []float64 {
	if decimals > 0 {
		return []float64{v + 1, v * 2, v + 2, v - 1, v + 3}
	}
	if v <= 12 {
		return []float64{v + 2, v - 1, v + 1, v - 2, v * 2, v + 3, v + 4, v + 5}
	}
	scale := 1.0
	for scale*10 <= v {
		scale *= 10
	}
	step := scale
	if v < 3*scale {
		step = scale / 2
	}
	values := []float64{v + step, v - step, v + 2*step, v - 2*step, v + 3*step, v * 2, v * 3, v * 5, v - 3*step, v / 2, v / 5, v / 10}
	return slices.DeleteFunc(values, func(x float64) bool { return x != float64(int64(x)) || x < 2 })
}

// isRough reports whether the number at word i is a rough one: "about 8".
func isRough(s *sentence, i int) bool {
	switch s.fold(i - 1) {
	case "about", "around", "nearly", "almost", "roughly", "approximately", "نحو", "حوالي", "قرابه", "زهاء", "تقريبا":
		return true
	}
	return s.fold(i+1) == "تقريبا" || s.fold(i+2) == "تقريبا"
}

// roundAbout returns amounts that nobody would take for "about" v.
func roundAbout(v float64) []float64 {
	values := []float64{v * 2, v / 2, v * 3, v * 1.5}
	return slices.DeleteFunc(values, func(x float64) bool { return x != float64(int64(x)) || x < 2 })
}

// countClassAR tells apart the numbers that take another form of the noun behind
// them: three to ten, eleven to ninety-nine, whole hundreds, and the rest.
func countClassAR(v float64) int {
	switch n := int64(v) % 100; {
	case v != float64(int64(v)):
		return 4
	case n >= 3 && n <= 10:
		return 1
	case n >= 11:
		return 2
	case n == 0:
		return 3
	}
	return 5
}

// A figure is a number as it is written.
type figure struct {
	value    float64
	decimals int
	grouped  bool   // with separators of thousands
	group    string // the separator
	point    string
	zero     rune   // the digit 0 of its script
	sign     string // a percent sign behind it
	ok       bool
}

// readFigure reads a number in figures. A separator with three digits behind it
// parts thousands.
func readFigure(core string) figure {
	f := figure{zero: '0', group: ",", point: "."}
	digits := strings.TrimRight(core, "%٪")
	f.sign = core[len(digits):]
	for _, r := range digits {
		if r >= '٠' && r <= '٩' {
			f.zero, f.group, f.point = '٠', "٬", "٫"
		} else if r >= '۰' && r <= '۹' {
			f.zero, f.group, f.point = '۰', "٬", "٫"
		}
	}
	var plain strings.Builder
	for i, r := range digits {
		switch {
		case unicode.IsDigit(r) && (r < 0x80 || f.zero != '0'):
			plain.WriteByte(byte('0' + (r-f.zero)%10))
		case unicode.IsDigit(r):
			return f // another script
		case (r == ',' || r == '٬') && countDigits(digits[i:]) >= 3:
			f.grouped, f.group = true, string(r)
		default:
			f.point = string(r)
			f.decimals = countDigits(digits[i:])
			plain.WriteByte('.')
		}
	}
	v, err := strconv.ParseFloat(plain.String(), 64)
	f.value, f.ok = v, err == nil
	return f
}

// like writes another value in the way of f.
func (f figure) like(v float64) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', f.decimals, 64), ".")
	if f.grouped {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + f.group + whole[i:]
		}
	}
	if fraction != "" {
		whole += f.point + fraction
	}
	if f.zero != '0' {
		whole = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return f.zero + r - '0'
			}
			return r
		}, whole)
	}
	return whole + f.sign
}

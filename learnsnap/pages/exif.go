package pages

import (
	"encoding/binary"
)

const maxEXIF = 64 << 10

// orientation reads the orientation (1 to 8) out of EXIF data: a TIFF header and
// its first directory. It returns 0 where there is none or it makes no sense. It
// looks at each byte at most once, so that directories that point to themselves do
// no harm.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := order.Uint32(tiff[4:])
	if at > uint32(len(tiff)-2) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		const tagOrientation, typeShort = 0x0112, 3
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if v := order.Uint16(entries[8:]); v >= 1 && v <= 8 {
				return int(v)
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}

package pages

import (
	"bytes"
	"encoding/binary"
)

// orientation reads the Orientation tag of an EXIF block (EXIF 2.3, §4.6.4): 1 to 8
// as in turnPlane, 1 where there is none. Only the first directory is read, which is
// where the tag must stand. No pointer in it is followed, so a directory that names
// itself as its successor leads nowhere.
func orientation(exif []byte) int {
	exif = bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(exif[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(exif[4:]))
	if at < 8 || at+2 > uint64(len(exif)) {
		return 1
	}
	entries := exif[at+2:]
	for range order.Uint16(exif[at:]) {
		if len(entries) < 12 {
			return 1
		}
		const tagOrientation, typeShort = 0x0112, 3
		if order.Uint16(entries) == tagOrientation {
			v := order.Uint16(entries[8:])
			if order.Uint16(entries[2:]) != typeShort || order.Uint32(entries[4:]) != 1 || v < 1 || v > 8 {
				return 1
			}
			return int(v)
		}
		entries = entries[12:]
	}
	return 1
}

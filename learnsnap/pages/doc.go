// Package pages takes photos and texts of book pages in from the outside and makes
// of each what a model takes: one upright JPEG of moderate size that tells nobody
// where it was taken, or a clean UTF-8 text.
//
// Its one idea: a page is looked at twice. [Reader.Inspect] walks through the bytes
// as they arrive and decodes nothing. It finds out what the page really is (names
// and declared types are not asked), how large it would become, which way up it is,
// and whether its end is there: a photo cut off half way is refused while the sender
// is still on the line. [Reader.Prepare] then decodes a page that is known to be
// harmless, shrinks it while the rows come by, turns it, and encodes it anew, so
// that location, thumbnails and anything that hid behind the picture stay behind.
//
//	r := pages.New(pages.Config{})
//	kind, err := r.Inspect(ctx, upload) // "image/jpeg"
//	…
//	page, err := r.Prepare(ctx, media)  // an ai.Media for a prompt
//
// # What is taken
//
// JPEG (gray, colour, CMYK, progressive), PNG (every depth, transparent parts become
// white), WebP (not animated), HEIC, and text in UTF-8 or UTF-16. Everything else is
// refused as [Unsupported], also where the file is named otherwise.
//
// # Memory
//
// What cameras and scanners write is decoded and shrunk a few rows at a time, by
// decoders of our own: a 12 megapixel JPEG takes a quarter of a megabyte, and not
// the 18 of its planes or the 48 of an RGBA picture. Kinds that are rare on paper
// (progressive JPEG, CMYK, interlaced PNG, WebP) are held as a whole by their
// decoders, and weighed before: a Reader works on at most GOMAXPROCS pages at a time
// and never on more than Config.MaxMemory together. Who comes later waits.
//
// # HEIC
//
// What iPhones send needs 26 bytes a pixel to decode, 330 MB for 12 megapixels,
// and can't be interrupted. A server therefore lets a child process do it:
// Config.HEIC names a command, and a few lines of its main call [DecodeHEIC]. Only
// one HEIC page is decoded at a time.
//
// The HEIC library looks for a libheif.so of the system and, because of that, makes
// programs dynamically linked. The build tag nodynamic turns both off: the pictures
// are then the same on every machine and the program is one static file.
//
// # What it is not
//
// It does not straighten, clean or read a page: that is the work of who reads it.
package pages

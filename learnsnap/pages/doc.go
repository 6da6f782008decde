// Package pages takes in photos of pages as people send them and brings them to
// what models and readers take: upright, at most 1568 pixels on the long edge,
// JPEG, without metadata.
//
//	r := pages.New(pages.Config{})
//	media, err := r.Read(ctx, file) // ai.Media, ready to be asked about
//
// # In two steps
//
// [Reader.Inspect] looks at a file while it streams by: what it is, how large it
// is, whether it is whole. It decodes nothing and needs a few kilobytes, so an
// upload can be refused before anything is paid. [Reader.Prepare] does the work,
// later and elsewhere.
//
// # What is taken
//
// JPEG, PNG, WebP and HEIC by their content, whatever they are called, and plain
// text in UTF-8. Everything else (GIF, BMP, TIFF, AVIF, SVG, PDF, web pages) is
// refused with [Unsupported] and a sentence that says what to do.
//
// # Memory
//
// A decoded photo is large: 18 MB for 12 megapixels of JPEG, which stays in its
// own colour planes and never becomes RGBA. At most GOMAXPROCS photos are decoded
// at a time, and a header that claims more pixels than [Config].MaxPixels is
// refused before decoding. HEIC is decoded one at a time, in a child process where
// [Config].HEIC names one.
package pages

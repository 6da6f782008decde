package pages_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

// A page is looked at while it arrives, before anything is stored or decoded.
func ExampleReader_Inspect() {
	r := pages.New(pages.Config{})
	for _, sent := range []string{"The Sun is a star.", "<html>not a page</html>", ""} {
		mediaType, err := r.Inspect(context.Background(), strings.NewReader(sent))
		var page *pages.Error
		switch {
		case errors.As(err, &page):
			fmt.Println(page.Code, page)
		case err != nil:
			fmt.Println("reading has failed:", err)
		default:
			fmt.Println(mediaType)
		}
	}
	// Output:
	// text/plain
	// UNSUPPORTED_PAGE the page is HTML, SVG or XML: send a photo as JPEG, PNG, WebP or HEIC, or a plain text
	// EMPTY_PAGE the page has no bytes: send the photo again
}

// Whatever was sent, what comes out is one small upright JPEG, or a clean text.
func ExampleReader_Read() {
	var scan bytes.Buffer
	if err := png.Encode(&scan, image.NewGray(image.Rect(0, 0, 2000, 3000))); err != nil {
		fmt.Println(err)
		return
	}
	page, err := pages.New(pages.Config{}).Read(context.Background(), &scan)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := page.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	size, err := jpeg.DecodeConfig(file)
	fmt.Println(page.Type, size.Width, size.Height, err)
	// Output: image/jpeg 1045 1568 <nil>
}

func ExampleReader_Read_text() {
	page, err := pages.New(pages.Config{}).Read(context.Background(), strings.NewReader("\ufeffالماء سائل.\r\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := page.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	fmt.Printf("%s %q %v\n", page.Type, text, err)
	// Output: text/plain "الماء سائل.\n" <nil>
}

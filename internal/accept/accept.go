// Package accept reads the header in which browsers send the languages that their users prefer.
package accept

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// maxBytes is how much of the header is read. Browsers send fewer than 100 bytes, and matching a megabyte, which net/http
// accepts, takes half a second.
const maxBytes = 1000

// Languages returns the beginning of the Accept-Language header without the ranges that cannot be parsed.
func Languages(h http.Header) string {
	var all strings.Builder
	for i, value := range h.Values("Accept-Language") {
		if i > 0 {
			all.WriteByte(',')
		}
		all.WriteString(value[:min(len(value), maxBytes)])
		if all.Len() >= maxBytes {
			break
		}
	}
	ranges := strings.Split(all.String()[:min(all.Len(), maxBytes)], ",")
	return strings.Join(slices.DeleteFunc(ranges, func(r string) bool {
		_, _, err := language.ParseAcceptLanguage(r)
		return err != nil
	}), ",")
}

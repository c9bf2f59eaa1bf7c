// Package cataloguetest finds what is wrong with a catalogue.
package cataloguetest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/internal/catalogue"
)

var placeholder = regexp.MustCompile(`\{\d+\}`)

// Check returns what is wrong, sorted: keys that a language lacks or has beyond those of English, empty texts, texts whose
// placeholders differ from those of the English one, and keys of which used reports that they are not used.
func Check(c *catalogue.Catalogue, used func(key string) bool) []string {
	english := c.Texts("en")
	var wrong []string
	for key := range english {
		if !used(key) {
			wrong = append(wrong, fmt.Sprintf("en: %s: not used", key))
		}
	}
	for _, language := range c.Languages() {
		texts := c.Texts(language)
		for key, want := range english {
			text, found := texts[key]
			if !found {
				wrong = append(wrong, fmt.Sprintf("%s: %s: missing", language, key))
				continue
			}
			for category, form := range text {
				if form == "" {
					wrong = append(wrong, fmt.Sprintf("%s: %s: empty", language, key))
				}
				// Only "one" may leave out the number: "a customer".
				if got, all := placeholders(form), placeholders(want["other"]); got != all && (category != "one" || got != placeholders(want["one"])) {
					wrong = append(wrong, fmt.Sprintf("%s: %s: placeholders %q of %q, not %q", language, key, got, category, all))
				}
			}
			if len(want) > 1 && len(text) == 1 {
				wrong = append(wrong, fmt.Sprintf("%s: %s: no plural forms", language, key))
			}
		}
		for key := range texts {
			if _, found := english[key]; !found {
				wrong = append(wrong, fmt.Sprintf("%s: %s: not in en.json", language, key))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// placeholders returns the distinct placeholders of a text, sorted.
func placeholders(text string) string {
	found := map[string]bool{}
	for _, p := range placeholder.FindAllString(text, -1) {
		found[p] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " ")
}

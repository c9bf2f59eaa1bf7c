package gateway

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/clientele-go/clientele/internal/catalogue/cataloguetest"
)

// Every language has a title and a sentence for each reason, and nothing else.
func TestTexts(t *testing.T) {
	for _, why := range []reason{unknown, suspended, failing} {
		assert.True(t, texts().Has(string(why)+".title") && texts().Has(string(why)+".sentence"), why)
	}
	assert.Empty(t, cataloguetest.Check(texts(), func(key string) bool {
		why, part, _ := strings.Cut(key, ".")
		return (why == string(unknown) || why == string(suspended) || why == string(failing)) && (part == "title" || part == "sentence")
	}))
}

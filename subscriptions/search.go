package subscriptions

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// SearchTerm is what a search looks for in the texts that SearchTexts answers, which are folded as it is.
// The zero Piece matches everything. Every character stands for itself: a store escapes what its query language reads.
type SearchTerm struct {
	Text     string
	Anywhere bool // false: only at the beginning of a text
}

// NewSearchTerm reads what somebody typed into a search: from 3 characters it is looked for anywhere, below that at the
// beginning. What could not be stored is a fault at "search".
func NewSearchTerm(f *input.Faults, search string) SearchTerm {
	search = input.Line(search)
	f.Var("search", search, "max=255,line")
	text := Fold(search)
	return SearchTerm{Text: text, Anywhere: utf8.RuneCountInString(text) >= 3}
}

// SearchTexts answers what a search of subscriptions looks through, folded, besides the texts of its domains.
// Of an Own listing only the first counts.
func (s Subscription) SearchTexts() []string {
	return foldAll(s.Name, s.ExternalID)
}

// SearchTexts answers what a search of domains looks through, folded: the name in both spellings, or once where they
// are the same.
func (d Domain) SearchTexts() []string {
	if decoded := decodedName(d.Name); decoded != d.Name {
		return foldAll(d.Name, decoded)
	}
	return []string{d.Name}
}

// Fold answers the form in which texts are compared, sorted and searched in every store: NFC, case folded, NFC.
func Fold(s string) string {
	if input.IsASCII(s) { // most texts are, and for them the three steps are one
		return strings.ToLower(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}

func foldAll(texts ...string) []string {
	for i, text := range texts {
		texts[i] = Fold(text)
	}
	return texts
}

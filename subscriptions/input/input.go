// Package input holds the rules that are the same for everything a caller hands in: how text is cleaned, which faults
// there are, and how they are told to people in English and Italian. Limits stand as validator tags at the fields that
// they limit; the rules that the tags name are here.
package input

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// ErrInvalid is what every *Error matches.
var ErrInvalid = errors.New("clientele: invalid input")

// FieldError is one fault of an input.
type FieldError struct {
	Path    string // of the field, in the method called: "login", "contact.postalCode", "subscription.domains[0]"
	Rule    string // its code: "required", "max", "login", …
	Param   string // the rule's limit, where it has one
	Message string // a whole sentence, in English unless translated
}

// Error lists every fault of an input. It matches ErrInvalid.
type Error struct {
	Fields []FieldError
}

func (e *Error) Error() string {
	said := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		said[i] = f.Path + ": " + f.Message
	}
	return ErrInvalid.Error() + ": " + strings.Join(said, "; ")
}

// Is matches ErrInvalid.
func (e *Error) Is(target error) bool { return target == ErrInvalid }

// Translate answers the faults with their messages in the language of locale, a BCP 47 tag: Italian for "it" and all
// its regions, English for every other.
func (e *Error) Translate(locale string) []FieldError {
	translated := make([]FieldError, len(e.Fields))
	for i, f := range e.Fields {
		f.Message = message(locale, f)
		translated[i] = f
	}
	return translated
}

// Invalid answers an *Error with one fault.
func Invalid(path, rule, param string) error {
	var f Faults
	f.Add(path, rule, param)
	return f.Err()
}

// Faults gathers what is wrong with one input. The zero value has none.
type Faults struct {
	fields []FieldError
}

// Add notes one fault.
func (f *Faults) Add(path, rule, param string) {
	fault := FieldError{Path: path, Rule: rule, Param: param}
	fault.Message = message("en", fault)
	f.fields = append(f.fields, fault)
}

// Append takes over faults that somebody else found, with a path before theirs where it is not "".
func (f *Faults) Append(path string, faults []FieldError) {
	for _, fault := range faults {
		fault.Path = join(path, fault.Path)
		if fault.Message == "" {
			fault.Message = message("en", fault)
		}
		f.fields = append(f.fields, fault)
	}
}

// Struct checks the tags of a struct. The paths of its faults begin with prefix.
func (f *Faults) Struct(prefix string, v any) { f.note(prefix, rules().Struct(v)) }

// Var checks one value against a tag.
func (f *Faults) Var(path string, v any, tag string) { f.note(path, rules().Var(v, tag)) }

func (f *Faults) note(prefix string, err error) {
	var faults validator.ValidationErrors
	if !errors.As(err, &faults) {
		return
	}
	slices.SortStableFunc(faults, byKey)
	for _, fault := range faults {
		path := pathOf(fault)
		rule := fault.Tag()
		switch kind := fault.Kind(); {
		case rule == "max" && (kind == reflect.Map || kind == reflect.Slice):
			rule = "maxItems"
		case rule == "filled": // required, for what a pointer points to
			rule = "required"
		}
		f.Add(join(prefix, path), rule, fault.Param())
	}
}

// byKey puts faults of one map in the order of its keys, which the validator finds in any order. Others stay as they are.
func byKey(a, b validator.FieldError) int {
	mapA, _, isKeyA := strings.Cut(a.Namespace(), "[")
	mapB, _, isKeyB := strings.Cut(b.Namespace(), "[")
	if !isKeyA || !isKeyB || mapA != mapB {
		return 0
	}
	return strings.Compare(a.Namespace(), b.Namespace())
}

// pathOf answers where a fault is. A key that is none, and may be anything, is not made part of it.
func pathOf(fault validator.FieldError) string {
	_, path, _ := strings.Cut(fault.Namespace(), ".")
	field, key, isKey := strings.Cut(path, "[")
	if isKey && !attributeKey.MatchString(strings.TrimSuffix(key, "]")) {
		return field
	}
	return path
}

// Has tells whether a fault is noted at the path.
func (f *Faults) Has(path string) bool {
	for _, fault := range f.fields {
		if fault.Path == path {
			return true
		}
	}
	return false
}

// Err answers an *Error of everything noted, or nil.
func (f *Faults) Err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &Error{Fields: f.fields}
}

func join(prefix, path string) string {
	if prefix == "" || path == "" {
		return prefix + path
	}
	return prefix + "." + path
}

// rules is the validator, built once for the process: it is safe for concurrent use and caches what it learns of structs.
var rules = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		return strings.ToLower(f.Name[:1]) + f.Name[1:]
	})
	v.RegisterAlias("country", "iso3166_1_alpha2")
	for tag, holds := range map[string]func(string) bool{
		"cause":  slug(32).MatchString,
		"filled": func(s string) bool { return s != "" },
		"line":   IsLine,
		"locale": isLocale,
		"login":  IsLogin,
		"slug":   attributeKey.MatchString,
		"text":   IsText,
	} {
		must(v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return holds(f.Field().String()) }))
	}
	must(v.RegisterValidation("time", func(f validator.FieldLevel) bool {
		t, ok := f.Field().Interface().(time.Time)
		return ok && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999
	}))
	return v
})

// must panics about a mistake in this package, which every test would meet.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func slug(most int) *regexp.Regexp {
	return regexp.MustCompile(fmt.Sprintf(`^[a-z][a-z0-9-]{0,%d}$`, most-1))
}

var attributeKey = slug(64)

var login = regexp.MustCompile(`^[a-z][a-z0-9._@+-]*$`)

// IsLogin tells whether s could be the stored form of a login, whatever its length.
func IsLogin(s string) bool {
	return login.MatchString(s) && !strings.Contains(s, "..") && !strings.HasSuffix(s, ".")
}

// mostLocale is as many bytes of a language tag as RFC 5646 (4.4.1) asks everybody to take. Reading longer ones takes
// time that grows with the square of their length.
const mostLocale = 35

// Locale answers the canonical form of a language tag, and what is none as it is.
func Locale(s string) string {
	s = Line(s)
	if s == "" || len(s) > mostLocale {
		return s
	}
	tag, err := language.Parse(s)
	if err != nil {
		return s
	}
	return tag.String()
}

// isLocale accepts the empty text too: a person whose language is not known.
func isLocale(s string) bool {
	if s == "" || len(s) > mostLocale {
		return s == ""
	}
	_, err := language.Parse(s)
	return err == nil
}

// Login answers the form in which a login is stored and looked up: trimmed and, if it is ASCII, in lower case. Other
// letters stay as they are, for U+212A would lower to "k".
func Login(s string) string {
	s = strings.TrimSpace(s)
	if !IsASCII(s) {
		return s
	}
	return strings.ToLower(s)
}

// Country answers the form in which a country's code is stored and looked for: trimmed and, if it is ASCII, in upper
// case. Other letters stay as they are, for U+0131 would rise to "I".
func Country(s string) string {
	s = strings.TrimSpace(s)
	if !IsASCII(s) {
		return s
	}
	return strings.ToUpper(s)
}

// IsASCII tells whether s has nothing but ASCII.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Line answers the form in which one-line text is stored: trimmed and in NFC. Invalid text comes back as it is.
func Line(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return norm.NFC.String(strings.TrimSpace(s))
}

// Text answers the form in which text of many lines is stored: in NFC, lines ended by \n, no white space around it.
func Text(s string) string {
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return Line(s)
}

// IsLine tells whether s is valid UTF-8 without control characters, line separators and characters that change the
// direction of text. Text that shows nothing at all is no line either, unless it is empty.
func IsLine(s string) bool { return isText(s, "") }

// IsText is IsLine for text of many lines, in which \n and \t are allowed.
func IsText(s string) bool { return isText(s, "\n\t") }

func isText(s, allowed string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	visible := s == ""
	for _, r := range s {
		if r < utf8.RuneSelf && r >= ' ' && r != 0x7f {
			visible = true
			continue
		}
		if strings.ContainsRune(allowed, r) {
			continue
		}
		if unicode.IsControl(r) || isSeparator(r) || unicode.Is(unicode.Bidi_Control, r) {
			return false
		}
		visible = visible || !unicode.Is(unicode.Cf, r)
	}
	return visible
}

func isSeparator(r rune) bool { return r == '\u2028' || r == '\u2029' }

// The bounds of commands and lists.
const (
	MostIDs      = 10_000
	MostItems    = 500
	DefaultItems = 50
)

// IDs answers the ids of a command, ascending and each once, without changing the caller's slice. None at all, or more
// than MostIDs, is a fault at "ids".
func IDs[K ~int64](f *Faults, ids []K) []K {
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case len(sorted) == 0:
		f.Add("ids", "required", "")
	case len(sorted) > MostIDs:
		f.Add("ids", "maxItems", strconv.Itoa(MostIDs))
	}
	return sorted
}

// Selection is IDs for a query, in which nil means all.
func Selection[K ~int64](f *Faults, ids []K) []K {
	if ids == nil {
		return nil
	}
	return IDs(f, ids)
}

// Limit answers how many items a page shall have: DefaultItems for 0. Below 0 or above MostItems is a fault at "limit".
func (f *Faults) Limit(limit int) int {
	switch {
	case limit < 0:
		f.Add("limit", "min", "0")
	case limit > MostItems:
		f.Add("limit", "atMost", strconv.Itoa(MostItems))
	case limit == 0:
		return DefaultItems
	}
	return limit
}

// Decode reads base64 that has one spelling only: no padding, no stray bits, and none of the line ends that decoders pass
// over.
func Decode(encoding *base64.Encoding, s string) ([]byte, bool) {
	raw, err := encoding.Strict().DecodeString(s)
	return raw, err == nil && !strings.ContainsAny(s, "\r\n")
}

// Clean gives every text that is set the form that clean answers.
func Clean(clean func(string) string, texts ...*string) {
	for _, text := range texts {
		if text != nil {
			*text = clean(*text)
		}
	}
}

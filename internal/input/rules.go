package input

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-playground/validator/v10"
)

// Fields are the rules of the fields of one struct type, by the name of the field, in validator's notation with the rules
// of this package: cause, country, filled, line, locale, login, slug, text and time. A struct in a field without rules is
// checked by the rules of its own type; "-" leaves a field out.
type Fields struct {
	Of    any // a value of the type
	Rules map[string]string
}

// Rules checks input types. It is safe for concurrent use.
type Rules struct {
	validate func() *validator.Validate
}

// NewRules returns the rules of some types. They are compiled when they are first used, once for the process.
func NewRules(types ...Fields) Rules {
	return Rules{sync.OnceValue(func() *validator.Validate {
		validate := newValidator()
		for _, t := range types {
			validate.RegisterStructValidationMapRules(t.Rules, t.Of)
		}
		return validate
	})}
}

// Check records what the struct s violates. The paths begin with prefix.
func (r Rules) Check(v *Violations, prefix string, s any) { v.note(prefix, r.validate().Struct(s)) }

// values checks single values, which need the rules of no type.
var values = NewRules()

// Var records whether a single value violates rules, in validator's notation.
func (v *Violations) Var(path string, value any, rules string) {
	v.note(path, values.validate().Var(value, rules))
}

func (v *Violations) note(prefix string, err error) {
	var found validator.ValidationErrors
	if !errors.As(err, &found) {
		return
	}
	slices.SortStableFunc(found, byKey)
	for _, f := range found {
		rule := f.Tag()
		switch kind := f.Kind(); {
		case rule == "max" && (kind == reflect.Map || kind == reflect.Slice):
			rule = "maxItems"
		case rule == "filled": // "required" for the text that a pointer points to
			rule = "required"
		}
		v.Add(join(prefix, pathOf(f)), rule, f.Param())
	}
}

// byKey orders the violations of one map by its keys, which the validator visits in random order. Others keep their
// order.
func byKey(a, b validator.FieldError) int {
	mapA, _, isKeyA := strings.Cut(a.Namespace(), "[")
	mapB, _, isKeyB := strings.Cut(b.Namespace(), "[")
	if !isKeyA || !isKeyB || mapA != mapB {
		return 0
	}
	return strings.Compare(a.Namespace(), b.Namespace())
}

// pathOf returns the path of the field. An invalid key of a map may be any text, so it is left out of the path.
func pathOf(f validator.FieldError) string {
	_, path, _ := strings.Cut(f.Namespace(), ".")
	field, key, isKey := strings.Cut(path, "[")
	if isKey && !attributeKey.MatchString(strings.TrimSuffix(key, "]")) {
		return field
	}
	return path
}

// newValidator returns a validator that knows the rules of this package and names fields as paths do, with a lower-case
// first letter.
func newValidator() *validator.Validate {
	validate := validator.New(validator.WithRequiredStructEnabled())
	validate.RegisterTagNameFunc(func(f reflect.StructField) string {
		return strings.ToLower(f.Name[:1]) + f.Name[1:]
	})
	validate.RegisterAlias("country", "iso3166_1_alpha2")
	for rule, holds := range map[string]func(string) bool{
		"cause":  slug(32).MatchString,
		"filled": func(s string) bool { return s != "" },
		"line":   IsLine,
		"locale": isLocale,
		"login":  IsLogin,
		"slug":   attributeKey.MatchString,
		"text":   IsText,
	} {
		must(validate.RegisterValidation(rule, func(f validator.FieldLevel) bool { return holds(f.Field().String()) }))
	}
	must(validate.RegisterValidation("time", func(f validator.FieldLevel) bool {
		t, ok := f.Field().Interface().(time.Time)
		return ok && IsTime(t)
	}))
	return validate
}

// must panics if err is not nil, which is a mistake in this package that every test would find.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// slug matches the keys of attributes, and causes: a letter, then letters, digits and hyphens.
func slug(maxLength int) *regexp.Regexp {
	return regexp.MustCompile(fmt.Sprintf(`^[a-z][a-z0-9-]{0,%d}$`, maxLength-1))
}

var attributeKey = slug(64)

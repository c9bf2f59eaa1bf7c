package storagetest

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// quoted matches what is set in code in a text.
var quoted = regexp.MustCompile("`([^`\n]+)`")

func allQuoted(text string) []string {
	var all []string
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	return all
}

// RULES.md numbers the rules from 1 on, and names at each rule the chapters and engines that test it.
func TestRulesAndChaptersReferToEachOther(t *testing.T) {
	text, err := os.ReadFile("RULES.md")
	require.NoError(t, err)
	sections := strings.Split(string(text), "\n## ")
	testedBy := map[string][]int{}
	for i, section := range sections[1:] {
		number := strconv.Itoa(i + 1)
		require.True(t, strings.HasPrefix(section, number+". "), "rule %s begins with %q", number, section[:20])
		_, names, found := strings.Cut(section, "\nTested by: ")
		require.True(t, found, "rule %s names no chapter", number)
		for _, name := range allQuoted(names) {
			testedBy[name] = append(testedBy[name], i+1)
		}
	}
	for _, c := range chapters() {
		require.Equal(t, c.rules, testedBy[c.name], "the rules of chapter %q", c.name)
		delete(testedBy, c.name)
	}
	for _, e := range engines() {
		require.Equal(t, e.rules, testedBy[e.name], "the rules of %q", e.name)
		require.True(t, e.rules != nil || slices.Contains(allQuoted(sections[0]), e.name), "%q tests all rules", e.name)
		delete(testedBy, e.name)
	}
	require.Empty(t, testedBy, "names in RULES.md that the suite does not have")
}

// The table of steps in the guide for stores has every method of the port, and every part of the suite exactly once.
func TestGuideNamesEveryMethodAndChapter(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var methods, parts []string
	for _, row := range regexp.MustCompile(`(?m)^\| \d+ \|.*$`).FindAllString(string(text), -1) {
		columns := strings.Split(row, "|")
		methods = append(methods, allQuoted(columns[2])...)
		parts = append(parts, allQuoted(columns[3])...)
	}
	var port, suite []string
	for prefix, of := range map[string]reflect.Type{"": reflect.TypeFor[accounts.Store](), "Tx.": reflect.TypeFor[accounts.Tx]()} {
		for method := range of.Methods() {
			port = append(port, prefix+method.Name)
		}
	}
	for _, c := range chapters() {
		suite = append(suite, c.name)
	}
	for _, e := range engines() {
		suite = append(suite, e.name)
	}
	slices.Sort(methods)
	require.ElementsMatch(t, port, slices.Compact(methods))
	require.ElementsMatch(t, suite, parts)
}

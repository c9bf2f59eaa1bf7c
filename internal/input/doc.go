// Package input has the rules for the input of callers that packages accounts and subscriptions share: the form in which
// text is stored, the bounds of commands and lists, and how violations are collected and described in English and Italian.
//
// A package declares the rules of its input types with NewRules, next to the types. The types carry no struct tags, so
// that a program may embed them in a form of its own and validate that with another validator.
package input

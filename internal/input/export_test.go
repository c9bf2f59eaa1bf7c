package input

// Texts is the catalogue of messages and names.
var Texts = texts

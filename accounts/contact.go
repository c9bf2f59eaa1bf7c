package accounts

import "github.com/clientele-go/clientele/internal/input"

// Contact says who the customer is and how to reach them. Every field is one line; limits are in characters. Characters that
// show nothing are removed, such as those that people paste with a telephone number; only in Name, Company, Address, City and
// State a zero-width joiner or non-joiner stays between two letters, or after a letter's mark, where Persian and Indic spelling
// needs it.
type Contact struct {
	Name       string // required, at most 120
	Company    string // at most 255
	Email      string // at most 255; may be empty
	Phone      string // at most 30
	Address    string // at most 255
	City       string // at most 120
	State      string // at most 120
	PostalCode string // at most 20
	Country    string // ISO 3166-1 alpha-2, stored in upper case; may be empty
}

// clean returns the contact as it is stored.
func (c Contact) clean() Contact {
	input.Clean(input.Name, &c.Name, &c.Company, &c.Address, &c.City, &c.State)
	input.Clean(input.Line, &c.Email, &c.Phone, &c.PostalCode)
	c.Country = input.Country(c.Country)
	return c
}

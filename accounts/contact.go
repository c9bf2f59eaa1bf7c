package accounts

import "github.com/clientele-go/clientele/subscriptions/input"

// Contact says who the customer is and how to reach them. Limits are in characters, every field is one line.
type Contact struct {
	Name       string `validate:"required,max=60,line"`
	Company    string `validate:"max=60,line"`
	Email      string `validate:"omitempty,max=255,line,email"`
	Phone      string `validate:"max=30,line"`
	Address    string `validate:"max=255,line"`
	City       string `validate:"max=50,line"`
	State      string `validate:"max=50,line"`
	PostalCode string `validate:"max=20,line"`
	Country    string `validate:"omitempty,country"` // ISO 3166-1 alpha-2
}

// clean answers the contact as it is stored.
func (c Contact) clean() Contact {
	input.Clean(input.Line, &c.Name, &c.Company, &c.Email, &c.Phone, &c.Address, &c.City, &c.State, &c.PostalCode)
	c.Country = input.Country(c.Country)
	return c
}

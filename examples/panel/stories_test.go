package main

import "testing"

// stories are what people do with the panel, each with a host of its own. The main ones are told in every world.
var stories = []struct {
	name string
	main bool
	tell func(s *scene)
}{
	{"an operator finds customers", true, findCustomers},
	{"an operator suspends a customer and activates them again", true, suspendAndActivate},
	{"an operator lifts one cause of two", false, liftOneCause},
	{"an operator suspends all that match", false, suspendAllThatMatch},
	{"an operator adds a customer", true, addCustomer},
	{"an operator looks after domains", false, lookAfterDomains},
	{"an operator looks after subscriptions", false, lookAfterSubscriptions},
	{"two operators edit the same customer", false, editTogether},
	{"an operator removes a customer", true, removeCustomer},
	{"an operator gives a customer a link for a new password", false, giveLink},
	{"an operator signs in as a customer", false, signInAsCustomer},
	{"an operator uses only the keyboard", false, keyboardOnly},
	{"a reload and the back button repeat nothing", false, repeatNothing},
	{"a customer looks after their own account", true, ownAccount},
	{"somebody chooses another language", false, chooseLanguage},
}

func TestStories(t *testing.T) {
	for i, in := range worlds {
		t.Run(in.name, func(t *testing.T) {
			for _, story := range stories {
				if i > 0 && !story.main {
					continue
				}
				t.Run(story.name, func(t *testing.T) {
					t.Parallel()
					story.tell(newScene(t, in))
				})
			}
		})
	}
}

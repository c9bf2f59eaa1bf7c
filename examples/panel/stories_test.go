package main

import "testing"

// stories are what people do with the panel. Each story has its own app. The main ones run in every setup.
var stories = []struct {
	name string
	main bool
	run  func(s *env)
}{
	{"an operator finds customers", true, findCustomers},
	{"an operator suspends a customer and activates them again", true, suspendAndActivate},
	{"an operator lifts one cause of two", false, liftOneCause},
	{"an operator suspends all matching customers", false, suspendAllMatching},
	{"an operator adds a customer", true, addCustomer},
	{"an operator manages domains", false, manageDomains},
	{"an operator manages subscriptions", false, manageSubscriptions},
	{"two operators edit the same customer", false, editTogether},
	{"an operator removes a customer", true, removeCustomer},
	{"an operator gives a customer a link for a new password", false, giveLink},
	{"an operator signs in as a customer", false, signInAsCustomer},
	{"an operator uses only the keyboard", false, keyboardOnly},
	{"reload and back do not repeat a command", false, reloadAndBack},
	{"a customer manages their account", true, ownAccount},
	{"a customer chooses another language", false, chooseLanguage},
}

func TestStories(t *testing.T) {
	for i, conf := range setups {
		t.Run(conf.name, func(t *testing.T) {
			for _, story := range stories {
				if i > 0 && !story.main {
					continue
				}
				t.Run(story.name, func(t *testing.T) {
					t.Parallel()
					story.run(newEnv(t, conf))
				})
			}
		})
	}
}

package main

import (
	"context"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// customer is a demo customer.
type customer struct {
	name, company, login, city, country string
	plan                                string
	domains                             []string
}

// demoCustomers are the customers with which the program starts. All names and domains are fictitious.
var demoCustomers = []customer{
	{"Mario Rossi", "Rossi Pizza", "mario", "Napoli", "IT", "Pro", []string{"mario.localhost", "pizza-rossi.localhost", "menu.mario.localhost"}},
	{"Anna Bianchi", "Studio Bianchi", "anna.bianchi", "Milano", "IT", "Business", []string{"studiobianchi.example", "annabianchi.localhost"}},
	{"Jürgen Müller", "Müller & Söhne", "jmueller", "Köln", "DE", "Pro", []string{"müller-söhne.example"}},
	{"Chloé Lefèvre", "Atelier Lefèvre", "chloe", "Lyon", "FR", "Basic", []string{"atelier-lefevre.example"}},
	{"Oliver Smith", "Smith Carpentry", "oliver", "Leeds", "GB", "Basic", []string{"smithcarpentry.example", "oliver.localhost"}},
	{"María García", "Viajes García", "mgarcia", "Sevilla", "ES", "Business", []string{"viajesgarcia.example", "ofertas-garcia.example", "blog-garcia.example"}},
	{"Luca Ferrari", "Ferrari Caffè", "luca", "Torino", "IT", "Basic", []string{"caffeferrari.example"}},
	{"Giulia Romano", "Romano Moda", "giulia", "Roma", "IT", "Pro", []string{"romanomoda.example", "saldi-romano.example"}},
	{"Sven Lindqvist", "Nordljus AB", "sven", "Malmö", "SE", "Pro", []string{"nordljus.example"}},
	{"Katarzyna Nowak", "Nowak Design", "knowak", "Kraków", "PL", "Basic", []string{"nowakdesign.example"}},
	{"Tom de Vries", "Fietsen De Vries", "tomdevries", "Utrecht", "NL", "Pro", []string{"fietsendevries.example"}},
	{"Sofia Esposito", "", "sofia", "Bari", "IT", "Basic", []string{"sofiaesposito.example"}},
	{"Emma Johansen", "Fjord Tours", "emma", "Bergen", "NO", "Business", []string{"fjordtours.example", "booking-fjordtours.example"}},
	{"Pavel Novák", "Novák Hodiny", "pavel", "Praha", "CZ", "Basic", []string{"novakhodiny.example"}},
	{"Élise Moreau", "Boulangerie Moreau", "elise", "Nantes", "FR", "Basic", []string{"boulangerie-moreau.example"}},
	{"Hannah Weber", "Weber Yoga", "hannah", "Wien", "AT", "Basic", []string{"weberyoga.example"}},
	{"Marco Conti", "Conti Legal", "marco.conti", "Bologna", "IT", "Business", []string{"contilegal.example"}},
	{"Aoife Byrne", "Byrne Ceramics", "aoife", "Cork", "IE", "Basic", []string{"byrneceramics.example"}},
	{"Ioana Popescu", "Popescu Foto", "ioana", "Cluj-Napoca", "RO", "Basic", []string{"popescufoto.example"}},
	{"Matteo Gallo", "Gallo Immobiliare", "matteo", "Verona", "IT", "Pro", []string{"galloimmobiliare.example", "affitti-gallo.example"}},
}

// firstNames and lastNames are combined to generate more customers, enough for searching and paging.
var (
	firstNames = strings.Fields("Alice Bruno Carla Diego Elena Fabio Greta Hugo Irene Jonas Klara Leo Marta Nils Olga Paolo Rita Samir Teresa Ugo Vera Walter")
	lastNames  = strings.Fields("Marino Greco Costa Fontana Riva Leone Serra Villa Monti Sala")
)

// addDemo adds the demo customers and returns their password. If the store already has customers, it adds none and
// returns "".
func addDemo(ctx context.Context, clients *accounts.Manager, now time.Time) (string, error) {
	ctx = accounts.WithActor(ctx, "demo")
	if n, err := clients.Count(ctx, accounts.Query{}, 1); n > 0 || err != nil {
		return "", err
	}
	password := generatePassword()
	hash, err := accounts.Argon2id{}.Hash(ctx, password) // once for all customers, because hashing is slow
	if err != nil {
		return "", err
	}
	ids := map[string]accounts.ID{}
	for i, c := range append(demoCustomers, generateCustomers(60)...) {
		a, err := clients.Create(ctx, c.account(hash, now.AddDate(0, 0, -2-5*i)))
		if err != nil {
			return "", err
		}
		ids[c.login] = a.ID
	}
	return password, addHistory(ctx, clients, ids, now)
}

// generateCustomers returns n customers. Their names are unique if n is at most 220.
func generateCustomers(n int) []customer {
	var all []customer
	for i := range n {
		g, f := firstNames[i%len(firstNames)], lastNames[(i+i/len(firstNames))%len(lastNames)]
		login := strings.ToLower(g + "." + f)
		all = append(all, customer{
			name: g + " " + f, login: login, city: "Genova", country: "IT", plan: plans[i%len(plans)],
			domains: []string{strings.ReplaceAll(login, ".", "-") + ".example"},
		})
	}
	return all
}

func (c customer) account(hash string, since time.Time) accounts.New {
	return accounts.New{
		Login: c.login, PasswordHash: hash, CreatedAt: since,
		Contact: accounts.Contact{
			Name: c.name, Company: c.company, Email: c.login + "@example.com", City: c.city, Country: c.country,
		},
		Subscription: &subscriptions.New{Name: c.domains[0], Plan: c.plan, Domains: c.domains, CreatedAt: since},
	}
}

// addHistory suspends some of the customers, and adds subscriptions that expire or are not assigned yet.
func addHistory(ctx context.Context, clients *accounts.Manager, ids map[string]accounts.ID, now time.Time) error {
	info, description := "Your support number is 4711. You can reach us on weekdays from 9 am to 6 pm.", "Pays by bank transfer. Friendly."
	contact := accounts.Contact{
		Name: "Mario Rossi", Company: "Rossi Pizza", Email: "mario@example.com", Phone: "+39 081 555 0142",
		Address: "Via dei Tribunali 12", City: "Napoli", State: "NA", PostalCode: "80138", Country: "IT",
	}
	_, err := clients.Update(ctx, ids["mario"], accounts.Changes{Contact: &contact, AdditionalInfo: &info, Description: &description})
	if err != nil {
		return err
	}
	for _, s := range []struct {
		logins []string
		hold   accounts.Hold
	}{
		{[]string{"chloe", "luca", "matteo"}, accounts.Hold{Cause: accounts.CauseBilling, Note: "Reminded three times", Message: "Your invoice for last month is unpaid."}},
		{[]string{"pavel"}, accounts.Hold{Cause: accounts.CauseAbuse, Note: "Sends spam", Message: "Your website was sending spam. Please call us."}},
		{[]string{"luca"}, accounts.Hold{Cause: accounts.CauseProvider, Note: "Waiting for the contract"}},
	} {
		var suspended []accounts.ID
		for _, login := range s.logins {
			suspended = append(suspended, ids[login])
		}
		if _, err := clients.Suspend(ctx, suspended, s.hold); err != nil {
			return err
		}
	}
	return addSubscriptions(ctx, clients.Subscriptions(), ids, now)
}

func addSubscriptions(ctx context.Context, subs *subscriptions.Manager, ids map[string]accounts.ID, now time.Time) error {
	for _, in := range []subscriptions.New{
		{AccountID: ids["mario"], Name: "Shop", Plan: "Business", Domains: []string{"shop-rossi.example"}, ExpiresAt: now.AddDate(0, 0, 12)},
		{AccountID: ids["giulia"], Plan: "Basic", Domains: []string{"romano-outlet.example"}, ExpiresAt: now.AddDate(0, 0, -2)},
		{Name: "Our own website", Plan: "Business", Domains: []string{"hosting.example"}},
		{Name: "Imported, not assigned yet", Plan: "Basic", Domains: []string{"old-customer.example"}},
	} {
		if _, err := subs.Create(ctx, in); err != nil {
			return err
		}
	}
	page, err := subs.Domains(ctx, subscriptions.DomainQuery{Search: "pizza-rossi"})
	if err != nil || len(page.Items) == 0 {
		return err
	}
	_, err = subs.SuspendDomains(ctx, []subscriptions.DomainID{page.Items[0].ID}, accounts.Hold{
		Cause: accounts.CauseProvider, Message: "We are moving this website to a new server.", Public: "Back tomorrow morning.",
	})
	return err
}

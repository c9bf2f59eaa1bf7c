package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// errDenied is what the host of the histories says about the one name that it does not allow.
var errDenied = errors.New("the registry does not know this name")

const (
	deniedName    = "denied.example"   // Options.AllowDomain refuses it
	reservedTop   = "provider.example" // Options.ReservedDomains has it
	reservedLogin = "staff"            // Options.ReservedLogins has it
)

// spelling is one way to write a domain's name.
type spelling struct {
	given, stored string // stored is "" where given is no name
	decoded       string // "" where it is as stored
	bare          bool   // a public suffix
}

// knownSpellings are the names of which histories are made: names above and below each other, with and without www., IDNs
// in both spellings, the provider's own, and what is no name.
func knownSpellings() []spelling {
	return []spelling{
		{given: "example.com", stored: "example.com"},
		{given: "www.example.com", stored: "www.example.com"},
		{given: "Shop.Example.COM.", stored: "shop.example.com"},
		{given: "a.shop.example.com", stored: "a.shop.example.com"},
		{given: "other.org", stored: "other.org"},
		{given: "www.other.org", stored: "www.other.org"},
		{given: "OTHER.org", stored: "other.org"},
		{given: "bücher.example", stored: "xn--bcher-kva.example", decoded: "bücher.example"},
		{given: "xn--bcher-kva.example", stored: "xn--bcher-kva.example", decoded: "bücher.example"},
		{given: "neu.BÜCHER.example", stored: "neu.xn--bcher-kva.example", decoded: "neu.bücher.example"},
		{given: "amazonaws.com", stored: "amazonaws.com"},
		{given: "my.s3.amazonaws.com", stored: "my.s3.amazonaws.com"},
		{given: "one.example", stored: "one.example"},
		{given: "two.example", stored: "two.example"},
		{given: "a.two.example", stored: "a.two.example"},
		{given: "www.two.example", stored: "www.two.example"},
		{given: "three.example", stored: "three.example"},
		{given: "WWW.three.example.", stored: "www.three.example"},
		{given: "four.example", stored: "four.example"},
		{given: "mine.co.uk", stored: "mine.co.uk"},
		{given: "s3.amazonaws.com", stored: "s3.amazonaws.com", bare: true},
		{given: reservedTop, stored: reservedTop},
		{given: "app." + reservedTop, stored: "app." + reservedTop},
		{given: deniedName, stored: deniedName},
		{given: "co.uk", stored: "co.uk", bare: true},
		{given: "a..b.com"},
		{given: "1.2.3.4"},
		{given: "*.example.com"},
		{given: "localhost"},
	}
}

// spelled answers what is known about a name, given or stored. Plain names below example are stored as they are given.
func spelled(name string) spelling {
	for _, s := range knownSpellings() {
		if s.given == name || s.stored == name && name != "" {
			return s
		}
	}
	if strings.HasSuffix(name, ".example") && !strings.ContainsAny(name, "*") {
		return spelling{given: name, stored: name}
	}
	return spelling{given: name}
}

// spellings answers the ways in which a stored name is searched.
func spellings(name string) []string { return []string{name, either(spelled(name).decoded, name)} }

// domain checks a name that somebody shall get and answers it as it is stored.
func (f *faults) domain(path, given string, owned bool) string {
	s := spelled(given)
	switch {
	case s.stored == "":
		f.add(path, "domain")
	case owned && s.bare:
		f.add(path, "publicSuffix")
	case owned && (s.stored == reservedTop || strings.HasSuffix(s.stored, "."+reservedTop)):
		f.add(path, "reservedName")
	}
	return s.stored
}

// ask is how the host is asked about names that an account would newly get.
func (m *model) ask(names []string) error {
	m.asked = append(m.asked, names...)
	if slices.Contains(names, deniedName) {
		return errDenied
	}
	return nil
}

// give asks the host unless the provider gets the names.
func (m *model) give(to accounts.ID, names []string) error {
	if to == subscriptions.Provider {
		return nil
	}
	return m.ask(names)
}

// blocked tells whether a name lies above or below one of another account. The names of the command itself do not count:
// they are about to change hands.
func (m *model) blocked(name string, owner accounts.ID, moving []string) bool {
	if owner == subscriptions.Provider {
		return false
	}
	for id, d := range m.domains {
		other := m.domain(id).AccountID
		if other == subscriptions.Provider || other == owner || slices.Contains(moving, d.Name) {
			continue
		}
		if strings.HasSuffix(name, "."+d.Name) || strings.HasSuffix(d.Name, "."+name) {
			return true
		}
	}
	return false
}

// handOver checks that domains may come to an owner, whatever way.
func (m *model) handOver(f *faults, ids []subscriptions.DomainID, to accounts.ID) error {
	if to == subscriptions.Provider {
		return f.err()
	}
	slices.Sort(ids)
	var names []string
	for _, id := range ids {
		names = append(names, f.domain("ids", m.domains[id].Name, true))
	}
	if err := f.err(); err != nil {
		return err
	}
	if err := m.ask(names); err != nil {
		return err
	}
	var t taken
	for _, name := range names {
		t.add(m.blocked(name, to, names), "ids", name)
	}
	return t.err()
}

func noDomain(id subscriptions.DomainID) error {
	return &accounts.NotFoundError{Kind: "domain", IDs: []int64{int64(id)}}
}

func (m *model) addDomain(to subscriptions.ID, given string, ids func() made) (subscriptions.Domain, error) {
	f := m.command()
	owner := m.subscriptions[to].AccountID
	name := f.domain("name", given, false)
	if err := f.err(); err != nil {
		return subscriptions.Domain{}, err
	}
	if !m.exists(subscriptions.LevelSubscription, int64(to)) {
		return subscriptions.Domain{}, noSubscription(to)
	}
	if err := m.mayHave(owner, given); err != nil {
		return subscriptions.Domain{}, err
	}
	if err := m.free(owner, name, given, 0); err != nil {
		return subscriptions.Domain{}, err
	}
	id := ids().domains[0]
	m.addName(id, to, name)
	return m.domain(id), nil
}

// mayHave checks what only the provider may have, and asks the host.
func (m *model) mayHave(owner accounts.ID, given string) error {
	f := &faults{}
	name := f.domain("name", given, owner != subscriptions.Provider)
	if err := f.err(); err != nil {
		return err
	}
	return m.give(owner, []string{name})
}

// free checks that nobody else has a name, nor one above or below it.
func (m *model) free(owner accounts.ID, name, given string, by subscriptions.DomainID) error {
	var t taken
	id, there := m.named(name)
	t.add(there && id != by || m.blocked(name, owner, nil), "name", given)
	return t.err()
}

func (m *model) domainCalled(name string) (subscriptions.Domain, error) {
	stored := either(spelled(name).stored, name)
	if id, found := m.named(stored); found {
		return m.domain(id), nil
	}
	return subscriptions.Domain{}, &accounts.NotFoundError{Kind: "domain", Name: stored}
}

// resolve answers the site of a host's name: www.NAME is NAME, unless it was added itself.
func (m *model) resolve(host string) (subscriptions.Site, error) {
	name := either(spelled(host).stored, host)
	id, found := m.named(name)
	if !found && strings.HasPrefix(name, "www.") {
		id, found = m.named(strings.TrimPrefix(name, "www."))
	}
	if !found {
		return subscriptions.Site{}, &accounts.NotFoundError{Kind: "domain", Name: name}
	}
	d := m.domain(id)
	return subscriptions.Site{Domain: d, Plan: m.subscriptions[d.SubscriptionID].Plan}, nil
}

func (m *model) renameDomain(id subscriptions.DomainID, given string) (subscriptions.Domain, error) {
	f := m.command()
	name := f.domain("name", given, false)
	if err := f.err(); err != nil {
		return subscriptions.Domain{}, err
	}
	if !m.exists(subscriptions.LevelDomain, int64(id)) {
		return subscriptions.Domain{}, noDomain(id)
	}
	d := m.domain(id)
	if d.Name == name {
		return d, nil
	}
	if err := m.mayHave(d.AccountID, given); err != nil {
		return subscriptions.Domain{}, err
	}
	if err := m.free(d.AccountID, name, given, id); err != nil {
		return subscriptions.Domain{}, err
	}
	row, from := m.domains[id], d.Name
	row.Name = name
	m.domains[id] = row
	m.note(subscriptions.LevelDomain, int64(id), "renamed", map[string]string{"from": from, "to": name})
	return m.domain(id), nil
}

// moveDomains puts domains under another subscription.
func (m *model) moveDomains(ids []subscriptions.DomainID, to subscriptions.ID) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	all, err := m.known(subscriptions.LevelDomain, plain(ids))
	if err != nil {
		return outcome{}, err
	}
	if !m.exists(subscriptions.LevelSubscription, int64(to)) {
		return outcome{}, noSubscription(to)
	}
	owner := m.subscriptions[to].AccountID
	var o outcome
	var moving, coming []subscriptions.DomainID
	for _, id := range all {
		d := m.domain(subscriptions.DomainID(id))
		if d.SubscriptionID == to {
			o.unchanged = append(o.unchanged, id)
			continue
		}
		o.changed = append(o.changed, id)
		moving = append(moving, d.ID)
		if d.AccountID != owner {
			coming = append(coming, d.ID)
		}
	}
	m.leaves(f, moving)
	if err := m.handOver(f, coming, owner); err != nil {
		return outcome{}, err
	}
	for _, id := range moving {
		m.moveDomain(id, to)
	}
	for _, id := range sorted(m.subscriptions) {
		m.keepMain(id)
	}
	return o, nil
}

// leaves checks that no main domain leaves its subscription unless all domains of it do.
func (m *model) leaves(f *faults, going []subscriptions.DomainID) {
	for _, id := range going {
		if d := m.domain(id); d.Main && !containsAll(going, m.domainsOf(d.SubscriptionID)) {
			f.add("ids", "main")
		}
	}
}

func containsAll[K comparable](all, wanted []K) bool {
	return !slices.ContainsFunc(wanted, func(k K) bool { return !slices.Contains(all, k) })
}

// moveDomain notes the move once for every account that it touches, or once without an account.
func (m *model) moveDomain(id subscriptions.DomainID, to subscriptions.ID) {
	old := m.domain(id)
	row := m.domains[id]
	row.SubscriptionID = to
	m.domains[id] = row
	owner := m.subscriptions[to].AccountID
	way := map[string]string{"from": fmt.Sprint(int64(old.SubscriptionID)), "to": fmt.Sprint(int64(to))}
	involved := []accounts.ID{old.AccountID, owner}
	involved = slices.Compact(involved)
	if len(involved) == 2 {
		involved = slices.DeleteFunc(involved, func(a accounts.ID) bool { return a == subscriptions.Provider })
	}
	for _, account := range involved {
		m.noteAs(accounts.Event{
			At: m.now, Type: subscriptions.DomainMoved, Actor: m.actor,
			AccountID: account, SubscriptionID: to, DomainID: id, Domain: row.Name,
		}, way)
	}
}

func (m *model) setMainDomain(id subscriptions.DomainID) error {
	if err := m.command().err(); err != nil {
		return err
	}
	if !m.exists(subscriptions.LevelDomain, int64(id)) {
		return noDomain(id)
	}
	s := m.subscriptions[m.domains[id].SubscriptionID]
	if s.Main == id {
		return nil
	}
	way := map[string]string{"from": fmt.Sprint(int64(s.Main)), "to": fmt.Sprint(int64(id))}
	s.Main = id
	s.Version++
	s.UpdatedAt = m.now
	m.subscriptions[s.ID] = s
	m.note(subscriptions.LevelDomain, int64(id), "main-changed", way)
	return nil
}

func (m *model) removeDomains(ids []subscriptions.DomainID) (accounts.Removal, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	all, err := m.known(subscriptions.LevelDomain, plain(ids))
	if err != nil {
		return accounts.Removal{}, err
	}
	going := typed[subscriptions.DomainID](all)
	m.leaves(f, going)
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	var r accounts.Removal
	for _, id := range going {
		r.Domains = append(r.Domains, m.domains[id].Name)
	}
	slices.Sort(r.Domains)
	m.drop(r)
	for _, id := range sorted(m.subscriptions) {
		m.keepMain(id)
	}
	return r, nil
}

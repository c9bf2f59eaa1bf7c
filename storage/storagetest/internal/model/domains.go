package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// errDenied is the error that Options.AllowDomain returns for deniedName.
var errDenied = errors.New("the registry does not know this name")

const (
	deniedName     = "denied.example"   // Options.AllowDomain refuses it
	reservedDomain = "provider.example" // Options.ReservedDomains has it
	reservedLogin  = "staff"            // Options.ReservedLogins has it
)

// spelling is one way to write a domain's name.
type spelling struct {
	given, stored string // stored is "" if given is not a valid name
	decoded       string // the name with U-labels; "": the same as stored
	publicSuffix  bool   // whether it is a public suffix
}

// knownSpellings returns the names that histories use: domains and their subdomains, with and without www., and IDNs in
// both spellings; then, from the first public suffix on, names that accounts cannot have, and invalid ones.
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
		{given: "s3.amazonaws.com", stored: "s3.amazonaws.com", publicSuffix: true},
		{given: reservedDomain, stored: reservedDomain},
		{given: "app." + reservedDomain, stored: "app." + reservedDomain},
		{given: deniedName, stored: deniedName},
		{given: "co.uk", stored: "co.uk", publicSuffix: true},
		{given: "a..b.com"},
		{given: "1.2.3.4"},
		{given: "*.example.com"},
		{given: "localhost"},
	}
}

// findSpelling returns the spelling of a name, which may be as given or as stored. Unlisted names below example are
// stored as given.
func findSpelling(name string) spelling {
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

// searchSpellings returns the spellings by which a stored name is found.
func searchSpellings(name string) []string {
	return []string{name, firstNonEmpty(findSpelling(name).decoded, name)}
}

// domain checks the name of a domain and returns it as it is stored. If owned, it is to belong to an account.
func (f *fieldErrors) domain(path, given string, owned bool) string {
	s := findSpelling(given)
	switch {
	case s.stored == "":
		f.add(path, "domain")
	case owned && s.publicSuffix:
		f.add(path, "publicSuffix")
	case owned && (s.stored == reservedDomain || strings.HasSuffix(s.stored, "."+reservedDomain)):
		f.add(path, "reservedName")
	}
	return s.stored
}

// require requires that Options.AllowDomain is called for names, and returns its error.
func (m *model) require(names []string) error {
	if m.allowAll {
		return nil
	}
	m.mustAllow = append(m.mustAllow, names...)
	if slices.Contains(names, deniedName) {
		return errDenied
	}
	return nil
}

// requireFor is like require, but domains of the provider need no approval.
func (m *model) requireFor(to accounts.ID, names []string) error {
	if to == subscriptions.Provider {
		return nil
	}
	return m.require(names)
}

// conflicts reports whether a name is a subdomain or parent domain of another account's domain. The names in moving do
// not count, because the same command transfers them.
func (m *model) conflicts(name string, owner accounts.ID, moving []string) bool {
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

// checkTransfer checks that domains may be transferred to an owner.
func (m *model) checkTransfer(f *fieldErrors, ids []subscriptions.DomainID, to accounts.ID) error {
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
	if err := m.require(names); err != nil {
		return err
	}
	var t takenFields
	for _, name := range names {
		t.add(m.conflicts(name, to, names), "ids", name)
	}
	return t.err()
}

func noDomain(id subscriptions.DomainID) error {
	return &accounts.NotFoundError{Kind: "domain", IDs: []int64{int64(id)}}
}

func (m *model) addDomain(to subscriptions.ID, given string, ids func() newIDs) (subscriptions.Domain, error) {
	f := m.command()
	owner := m.subscriptions[to].AccountID
	name := f.domain("name", given, false)
	if err := f.err(); err != nil {
		return subscriptions.Domain{}, err
	}
	if !m.exists(subscriptions.LevelSubscription, int64(to)) {
		return subscriptions.Domain{}, noSubscription(to)
	}
	if err := m.checkAllowed(owner, given); err != nil {
		return subscriptions.Domain{}, err
	}
	if err := m.checkFree(owner, name, given, 0); err != nil {
		return subscriptions.Domain{}, err
	}
	id := ids().domains[0]
	m.addRow(id, to, name)
	return m.domain(id), nil
}

// checkAllowed checks that owner may have a domain name, apart from whether it is taken.
func (m *model) checkAllowed(owner accounts.ID, given string) error {
	f := &fieldErrors{}
	name := f.domain("name", given, owner != subscriptions.Provider)
	if err := f.err(); err != nil {
		return err
	}
	return m.requireFor(owner, []string{name})
}

// checkFree checks that a name is not taken, except by the domain by, and that it does not conflict.
func (m *model) checkFree(owner accounts.ID, name, given string, by subscriptions.DomainID) error {
	var t takenFields
	id, found := m.domainNamed(name)
	t.add(found && id != by || m.conflicts(name, owner, nil), "name", given)
	return t.err()
}

func (m *model) getDomain(name string) (subscriptions.Domain, error) {
	stored := firstNonEmpty(findSpelling(name).stored, name)
	if id, found := m.domainNamed(stored); found {
		return m.domain(id), nil
	}
	return subscriptions.Domain{}, &accounts.NotFoundError{Kind: "domain", Name: stored}
}

// resolve returns the site of a host name. www.NAME stands for NAME unless www.NAME was added itself.
func (m *model) resolve(host string) (subscriptions.Site, error) {
	name := firstNonEmpty(findSpelling(host).stored, host)
	id, found := m.domainNamed(name)
	if !found && strings.HasPrefix(name, "www.") {
		id, found = m.domainNamed(strings.TrimPrefix(name, "www."))
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
	if err := m.checkAllowed(d.AccountID, given); err != nil {
		return subscriptions.Domain{}, err
	}
	if err := m.checkFree(d.AccountID, name, given, id); err != nil {
		return subscriptions.Domain{}, err
	}
	row, from := m.domains[id], d.Name
	row.Name = name
	m.domains[id] = row
	m.addEvent(subscriptions.LevelDomain, int64(id), "renamed", map[string]string{"from": from, "to": name})
	return m.domain(id), nil
}

// moveDomains moves domains to another subscription.
func (m *model) moveDomains(ids []subscriptions.DomainID, to subscriptions.ID) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	all, err := m.checkIDs(subscriptions.LevelDomain, suite.As[int64](ids))
	if err != nil {
		return outcome{}, err
	}
	if !m.exists(subscriptions.LevelSubscription, int64(to)) {
		return outcome{}, noSubscription(to)
	}
	owner := m.subscriptions[to].AccountID
	var o outcome
	var moving, transferred []subscriptions.DomainID
	for _, id := range all {
		d := m.domain(subscriptions.DomainID(id))
		if d.SubscriptionID == to {
			o.Unchanged = append(o.Unchanged, id)
			continue
		}
		o.Changed = append(o.Changed, id)
		moving = append(moving, d.ID)
		if d.AccountID != owner {
			transferred = append(transferred, d.ID)
		}
	}
	m.checkMainDomains(f, moving)
	if err := m.checkTransfer(f, transferred, owner); err != nil {
		return outcome{}, err
	}
	for _, id := range moving {
		m.moveDomain(id, to)
	}
	for _, id := range sortedKeys(m.subscriptions) {
		m.ensureMainDomain(id)
	}
	return o, nil
}

// checkMainDomains checks that no main domain is moved or removed without all other domains of its subscription.
func (m *model) checkMainDomains(f *fieldErrors, removing []subscriptions.DomainID) {
	for _, id := range removing {
		if d := m.domain(id); d.Main && !containsAll(removing, m.domainsOf(d.SubscriptionID)) {
			f.add("ids", "main")
		}
	}
}

func containsAll[K comparable](all, wanted []K) bool {
	return !slices.ContainsFunc(wanted, func(k K) bool { return !slices.Contains(all, k) })
}

// moveDomain moves a domain. It records an event for each account that is involved, or one without an account.
func (m *model) moveDomain(id subscriptions.DomainID, to subscriptions.ID) {
	old := m.domain(id)
	row := m.domains[id]
	row.SubscriptionID = to
	m.domains[id] = row
	owner := m.subscriptions[to].AccountID
	fromTo := map[string]string{"from": fmt.Sprint(int64(old.SubscriptionID)), "to": fmt.Sprint(int64(to))}
	involved := []accounts.ID{old.AccountID, owner}
	involved = slices.Compact(involved)
	if len(involved) == 2 {
		involved = slices.DeleteFunc(involved, func(a accounts.ID) bool { return a == subscriptions.Provider })
	}
	for _, account := range involved {
		m.appendEvent(accounts.Event{
			At: m.now, Type: subscriptions.DomainMoved, Actor: m.actor,
			AccountID: account, SubscriptionID: to, DomainID: id, Domain: row.Name,
		}, fromTo)
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
	fromTo := map[string]string{"from": fmt.Sprint(int64(s.Main)), "to": fmt.Sprint(int64(id))}
	s.Main = id
	s.Version++
	s.UpdatedAt = m.now
	m.subscriptions[s.ID] = s
	m.addEvent(subscriptions.LevelDomain, int64(id), "main-changed", fromTo)
	return nil
}

// updateDomain merges attributes. Nothing is recorded if none differs.
func (m *model) updateDomain(id subscriptions.DomainID, c subscriptions.DomainChanges) (subscriptions.Domain, error) {
	if err := m.command().err(); err != nil {
		return subscriptions.Domain{}, err
	}
	if !m.exists(subscriptions.LevelDomain, int64(id)) {
		return subscriptions.Domain{}, noDomain(id)
	}
	d := m.domains[id]
	d.Attributes = mergeAttributes(d.Attributes, c.Attributes)
	if !maps.Equal(d.Attributes, m.domains[id].Attributes) {
		m.domains[id] = d
		m.addEvent(subscriptions.LevelDomain, int64(id), "updated", map[string]string{"fields": "attributes"})
	}
	return m.domain(id), nil
}

func (m *model) removeDomains(ids []subscriptions.DomainID) (accounts.Removal, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	all, err := m.checkIDs(subscriptions.LevelDomain, suite.As[int64](ids))
	if err != nil {
		return accounts.Removal{}, err
	}
	removing := suite.As[subscriptions.DomainID](all)
	m.checkMainDomains(f, removing)
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	var r accounts.Removal
	for _, id := range removing {
		r.Domains = append(r.Domains, m.domains[id].Name)
	}
	slices.Sort(r.Domains)
	m.removeAll(r)
	for _, id := range sortedKeys(m.subscriptions) {
		m.ensureMainDomain(id)
	}
	return r, nil
}

package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/clientele-go/clientele/internal/input"
)

// checkTransfer verifies that domains may be transferred to account to, and returns the violations in v together with those
// that it finds. It returns ErrInvalid for names that are reserved for the provider, and ErrTaken for names above or below
// those of another account, both at "ids". Every domain may be transferred to the provider.
func (m *Manager) checkTransfer(v *input.Violations, tx Tx, a *approvals, domains []Domain, to AccountID) error {
	if to == Provider || len(domains) == 0 {
		return v.Err()
	}
	names := make([]string, len(domains))
	for i, d := range domains {
		names[i] = d.Name
		m.checkOwnable(v, "ids", d.Name)
	}
	if err := v.Err(); err != nil {
		return err
	}
	if err := a.require(to, names); err != nil {
		return err
	}
	claimed, err := tx.Claim(Claim{Names: names, Owner: to, Transfer: true})
	if err != nil {
		return err
	}
	var taken []Taken
	for _, name := range claimed.Conflicting {
		taken = append(taken, Taken{Field: "ids", Value: name})
	}
	return takenError(taken)
}

// errNotAllowedYet ends a transaction that would give an account names for which AllowDomain has not been called.
var errNotAllowedYet = errors.New("clientele: AllowDomain has not been called for these names")

// approvals are the names that Options.AllowDomain has approved for a command.
type approvals struct {
	required bool // whether there is an AllowDomain
	allowed  map[approval]bool
	pending  []approval
}

type approval struct {
	owner AccountID
	name  string
}

// require returns errNotAllowedYet if AllowDomain has not been called for one of the names.
func (a *approvals) require(owner AccountID, names []string) error {
	if !a.required {
		return nil
	}
	for _, name := range names {
		if wanted := (approval{owner, name}); !a.allowed[wanted] {
			a.pending = append(a.pending, wanted)
		}
	}
	if len(a.pending) > 0 {
		return errNotAllowedYet
	}
	return nil
}

// maxApprovalRounds bounds the number of times that a command starts again because owners or names changed while
// AllowDomain was running.
const maxApprovalRounds = 10

// withDomainApproval runs a command that may give names to an account. AllowDomain may ask a registry, so it is never
// called inside a transaction: the command runs until it knows which names need approval, ends without a change, and runs
// again after AllowDomain has returned. If other names need approval then, AllowDomain is called again.
func (m *Manager) withDomainApproval(ctx context.Context, fn func(Tx, *approvals) error) error {
	a := &approvals{required: m.allow != nil, allowed: map[approval]bool{}}
	for range maxApprovalRounds {
		err := m.store.Update(ctx, func(tx Tx) error {
			a.pending = nil
			return fn(tx, a)
		})
		if !errors.Is(err, errNotAllowedYet) {
			return err
		}
		for _, wanted := range a.pending {
			if err := m.approve(ctx, wanted.owner, []string{wanted.name}); err != nil {
				return err
			}
			a.allowed[wanted] = true
		}
	}
	return fmt.Errorf("%w: the owners of the names kept changing", ErrUnavailable)
}

// approve calls Options.AllowDomain for names that an account would newly own. An owner of 0 is an account that does not
// exist yet. Errors of AllowDomain are returned wrapped.
func (m *Manager) approve(ctx context.Context, owner AccountID, names []string) error {
	if m.allow == nil {
		return nil
	}
	for _, name := range names {
		if err := m.allow(ctx, owner, name); err != nil {
			return input.FromCallback(ctx, ErrUnavailable, "domain "+name, err)
		}
	}
	return nil
}

// reservedName returns the canonical form of an entry in Options.ReservedDomains, which may be a single label and may have
// a leading "*." and surrounding dots. It panics if the entry is no name: ignoring it would leave a name unprotected.
func reservedName(given string) string {
	name := strings.Trim(strings.TrimPrefix(input.Name(given), "*"), ".")
	canonical, err := toASCII(name)
	if err != nil || canonical == "" {
		panic(fmt.Sprintf("clientele: invalid entry %q in ReservedDomains", given))
	}
	return canonical
}

// checkName returns a domain's name in canonical form, or "" with a violation at path. If owned is true, the name is for an
// account.
func (m *Manager) checkName(v *input.Violations, path, given string, owned bool) string {
	name, ok := CanonicalName(given)
	if !ok {
		v.Add(path, "domain", "")
		return ""
	}
	if owned {
		m.checkOwnable(v, path, name)
	}
	return name
}

// checkOwnable adds a violation if only the provider may own a name: if it is a public suffix, or reserved, or below a
// reserved name.
func (m *Manager) checkOwnable(v *input.Violations, path, name string) {
	if m.isBareSuffix(name) {
		v.Add(path, "publicSuffix", name)
		return
	}
	for _, reserved := range m.reserved {
		if within(name, reserved) {
			v.Add(path, "reservedName", name)
			return
		}
	}
}

package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// handOver checks that domains may be given to an account, beside the faults found so far: names that only the provider
// may have are ErrInvalid, and those in the way of another account's are ErrTaken, both at "ids". The provider may have
// them all.
func (m *Manager) handOver(f *input.Faults, tx Tx, g *grants, domains []Domain, to AccountID) error {
	if to == Provider || len(domains) == 0 {
		return f.Err()
	}
	names := make([]string, len(domains))
	for i, d := range domains {
		names[i] = d.Name
		m.checkOwnable(f, "ids", d.Name)
	}
	if err := f.Err(); err != nil {
		return err
	}
	if err := g.ask(to, names); err != nil {
		return err
	}
	claimed, err := tx.Claim(Claim{Names: names, Owner: to})
	if err != nil {
		return err
	}
	var taken []Taken
	for _, name := range claimed.Conflicting {
		taken = append(taken, Taken{Field: "ids", Value: name})
	}
	return TakenAs(taken)
}

// errUnasked ends a transaction that would give out names which Options.AllowDomain was not asked about.
var errUnasked = errors.New("clientele: names that AllowDomain was not asked about")

// grants are the names that a command gives to accounts.
type grants struct {
	required bool // false: nobody has to be asked
	allowed  map[grant]bool
	open     []grant
}

type grant struct {
	owner AccountID
	name  string
}

// ask answers errUnasked while the host was not asked about one of the names.
func (g *grants) ask(owner AccountID, names []string) error {
	if !g.required {
		return nil
	}
	for _, name := range names {
		if wanted := (grant{owner, name}); !g.allowed[wanted] {
			g.open = append(g.open, wanted)
		}
	}
	if len(g.open) > 0 {
		return errUnasked
	}
	return nil
}

// mostRounds bounds how often a command starts again because owners or names changed while the host was asked.
const mostRounds = 10

// granting runs a command that may give names to an account. Options.AllowDomain may ask a registry, so it is never
// called inside a transaction: the command runs until it knows which names it would give, ends without a trace, and runs
// again after the host has allowed them. If they are others by then, it asks again.
func (m *Manager) granting(ctx context.Context, fn func(Tx, *grants) error) error {
	g := &grants{required: m.allow != nil, allowed: map[grant]bool{}}
	for range mostRounds {
		err := m.store.Update(ctx, func(tx Tx) error {
			g.open = nil
			return fn(tx, g)
		})
		if !errors.Is(err, errUnasked) {
			return err
		}
		for _, wanted := range g.open {
			if err := m.Allow(ctx, wanted.owner, []string{wanted.name}); err != nil {
				return err
			}
			g.allowed[wanted] = true
		}
	}
	return fmt.Errorf("%w: the names changed hands again and again", ErrUnavailable)
}

// Allow asks Options.AllowDomain about names that an account would newly get; 0 is an account that is about to be
// created. What the host answers comes back wrapped.
func (m *Manager) Allow(ctx context.Context, owner AccountID, names []string) error {
	if m.allow == nil {
		return nil
	}
	for _, name := range names {
		if err := m.allow(ctx, owner, name); err != nil {
			return FromHost(ctx, "domain "+name, err)
		}
	}
	return nil
}

// FromHost wraps the error of a host's function; a ctx that ended meanwhile means that nothing happened.
func FromHost(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s: %w: %w", ErrUnavailable, doing, ctx.Err(), err)
	default:
		return fmt.Errorf("clientele: %s: %w", doing, err)
	}
}

// reservedName answers the form in which names are compared with what Options.ReservedDomains says: there, a single
// label, a leading *. and dots around it are fine. It panics about what is no name, because a host that reserves it
// would believe itself safe.
func reservedName(given string) string {
	name := strings.Trim(strings.TrimPrefix(strings.TrimSpace(given), "*"), ".")
	canonical, err := profile.ToASCII(name)
	if err != nil || canonical == "" {
		panic(fmt.Sprintf("clientele: the reserved domain %q is no name", given))
	}
	return canonical
}

// checkName answers a domain's name as it is stored. Owned says that it is for an account.
func (m *Manager) checkName(f *input.Faults, path, given string, owned bool) string {
	name, ok := CanonicalName(given)
	if !ok {
		f.Add(path, "domain", "")
		return ""
	}
	if owned {
		m.checkOwnable(f, path, name)
	}
	return name
}

// checkOwnable refuses a name that only the provider may have: a bare public suffix, or a reserved one with all below.
func (m *Manager) checkOwnable(f *input.Faults, path, name string) {
	if isBareSuffix(name) {
		f.Add(path, "publicSuffix", name)
		return
	}
	for _, reserved := range m.reserved {
		if within(name, reserved) {
			f.Add(path, "reservedName", name)
			return
		}
	}
}

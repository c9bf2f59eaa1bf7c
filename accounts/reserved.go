package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele-go/clientele/internal/input"
)

// builtinReservedLogins are names of system users, and names that people take for the provider's.
var builtinReservedLogins = []string{
	"admin", "administrator", "apache", "backup", "bin", "caddy", "clientele", "daemon", "dovecot", "ftp", "games", "httpd",
	"lp", "mail", "mailman", "man", "mysql", "named", "news", "nginx", "nobody", "operator", "owner", "postfix", "postgres",
	"provider", "proxy", "psaadm", "redis", "root", "sshd", "sync", "sys", "sysadmin", "system", "systemd", "tomcat", "uucp",
	"www-data",
}

// DefaultReservedLogins returns the logins that no new account may have unless Options.ReservedLogins replaces them: names of
// system users, such as root and postgres, and names that people take for the provider's own, such as admin. The caller owns
// the slice and may append to it.
func DefaultReservedLogins() []string { return slices.Clone(builtinReservedLogins) }

// reserved returns the entries of Options.ReservedLogins as logins are stored; nil stands for the built-in ones. It panics if
// an entry cannot be a login: ignoring it would leave a name unprotected.
func reserved(entries []string) []string {
	if entries == nil {
		return builtinReservedLogins
	}
	logins := make([]string, len(entries))
	for i, entry := range entries {
		logins[i] = input.Login(entry)
		if !input.IsLogin(logins[i]) {
			panic(fmt.Sprintf("clientele: invalid entry %q in ReservedLogins", entry))
		}
	}
	return logins
}

func (m *Manager) checkReserved(v *input.Violations, login string) {
	if slices.Contains(m.reservedLogins, login) {
		v.Add("login", "reserved", "")
	}
}

// checkNewLogin adds the violations of a login that an account would newly have: it is reserved, or Options.LoginPolicy refuses
// it, which is asked if nothing else is wrong with the login. An error of the policy that is no *InvalidError is returned
// wrapped.
func (m *Manager) checkNewLogin(ctx context.Context, v *input.Violations, login string) error {
	m.checkReserved(v, login)
	if m.loginPolicy == nil || v.Has("login") {
		return nil
	}
	err := m.askLoginPolicy(ctx, login)
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		v.Append(atPath("login", invalid.Fields))
		return nil
	}
	return input.FromCallback(ctx, ErrUnavailable, "login policy", err)
}

// atPath returns the violations that a policy found, at the path of what it was asked about.
func atPath(path string, violations []FieldError) []FieldError {
	moved := slices.Clone(violations)
	for i := range moved {
		moved[i].Path = path
	}
	return moved
}

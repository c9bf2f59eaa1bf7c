package accounts

import (
	"fmt"
	"slices"

	"github.com/clientele-go/clientele/internal/input"
)

// builtinReservedLogins are names of system users, and names that people take for the provider's.
var builtinReservedLogins = []string{
	"abuse", "admin", "administrator", "apache", "backup", "bin", "caddy", "clientele", "daemon", "dovecot", "ftp", "games",
	"guest", "hostmaster", "info", "httpd", "lp", "mail", "mailman", "man", "mysql", "named", "news", "nginx", "nobody",
	"noreply", "operator", "owner", "postfix", "postgres", "postmaster", "provider", "proxy", "psaadm", "redis", "root",
	"security", "sshd", "support", "sync", "sys", "system", "systemd", "tomcat", "user", "usenet", "uucp", "webmaster",
	"www", "www-data",
}

// reserved returns the entries of Options.ReservedLogins as logins are stored. It panics if one cannot be a login: ignoring
// it would leave a name unprotected.
func reserved(entries []string) []string {
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
	if slices.Contains(builtinReservedLogins, login) || slices.Contains(m.reservedLogins, login) {
		v.Add("login", "reserved", "")
	}
}

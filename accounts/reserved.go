package accounts

import (
	"slices"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// reservedLogins are names that systems know users by, and that people take for the provider's own.
var reservedLogins = []string{
	"abuse", "admin", "administrator", "apache", "backup", "bin", "caddy", "clientele", "daemon", "dovecot", "ftp", "games",
	"guest", "hostmaster", "info", "httpd", "lp", "mail", "mailman", "man", "mysql", "named", "news", "nginx", "nobody",
	"noreply", "operator", "owner", "postfix", "postgres", "postmaster", "provider", "proxy", "psaadm", "redis", "root",
	"security", "sshd", "support", "sync", "sys", "system", "systemd", "tomcat", "user", "usenet", "uucp", "webmaster",
	"www", "www-data",
}

func (m *Manager) checkReserved(f *input.Faults, login string) {
	if slices.Contains(reservedLogins, login) || slices.Contains(m.reservedLogins, login) {
		f.Add("login", "reserved", "")
	}
}

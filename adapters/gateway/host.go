package gateway

import (
	"iter"
	"net/http"
	"strings"
)

// requestHost answers the host name that a request is for, without its port, as it was spelled. header is
// Options.HostHeader.
func requestHost(r *http.Request, header string) string {
	host := r.Host
	if header != "" {
		if forwarded := forwardedHost(header, r.Header.Values(header)); forwarded != "" {
			host = forwarded
		}
	}
	return withoutPort(host)
}

// withoutPort cuts a port off. What is not a name and a port comes back as it is, and will be no site's name.
func withoutPort(host string) string {
	name, port, found := strings.Cut(host, ":")
	if !found || strings.Trim(port, "0123456789") != "" {
		return host
	}
	return name
}

// forwardedHost answers the host that the last of a header's values names, or "".
func forwardedHost(header string, values []string) string {
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	if !strings.EqualFold(header, "Forwarded") {
		return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	var nearest string
	for element := range splitOutside(last, ',') {
		nearest = element
	}
	for pair := range splitOutside(nearest, ';') {
		key, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(strings.TrimSpace(key), "host") {
			return unquote(strings.TrimSpace(value))
		}
	}
	return ""
}

// splitOutside parts s at sep where that is not within a quoted string, as RFC 9110 (5.6.4) defines those. It keeps no
// parts: a header of a megabyte may have as many.
func splitOutside(s string, sep byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		quoted, from := false, 0
		for i := 0; i < len(s); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(s[from:])
	}
}

// unquote answers what is within quotation marks. No host name has a character that must be escaped there.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

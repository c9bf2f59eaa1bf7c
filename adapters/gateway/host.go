package gateway

import (
	"iter"
	"net/http"
	"strings"
)

// requestHost returns the host name of a request, as it was spelled, without its port. header is Options.HostHeader.
func requestHost(r *http.Request, header string) string {
	host := r.Host
	if header != "" {
		if forwarded := forwardedHost(header, r.Header.Values(header)); forwarded != "" {
			host = forwarded
		}
	}
	return stripPort(host)
}

// stripPort returns host without its port. It returns anything but a name and a port unchanged; no site has such a name.
func stripPort(host string) string {
	name, port, found := strings.Cut(host, ":")
	if !found || strings.Trim(port, "0123456789") != "" {
		return host
	}
	return name
}

// forwardedHost returns the host name in the last of the header's values, or "" if it has none.
func forwardedHost(header string, values []string) string {
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	if !strings.EqualFold(header, "Forwarded") {
		return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	var nearest string
	for element := range splitUnquoted(last, ',') {
		nearest = element
	}
	for pair := range splitUnquoted(nearest, ';') {
		key, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(strings.TrimSpace(key), "host") {
			return unquote(strings.TrimSpace(value))
		}
	}
	return ""
}

// splitUnquoted iterates over the parts of s between separators, except those within quoted strings (RFC 9110, section
// 5.6.4). It does not collect the parts, because a header of a megabyte may consist of a million.
func splitUnquoted(s string, sep byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		quoted, start := false, 0
		for i := 0; i < len(s); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}

// unquote returns s without its quotation marks. It ignores escapes: a host name needs none.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

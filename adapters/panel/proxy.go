package panel

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/net/idna"
)

// TrustProxies returns a function for Options.ClientAddr that finds the address of the client behind reverse proxies. The
// proxies are those with an address in one of the prefixes; each must append the address of its peer to the header
// X-Forwarded-For, as reverse proxies usually do:
//
//	ClientAddr: panel.TrustProxies(netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("::1/128")),
//
// The function returns the address of the peer, from the RemoteAddr of the request, unless that is a proxy. Otherwise it
// reads X-Forwarded-For from its end, where the nearest proxies write, and returns the first address that is no proxy: what
// is to the left of it comes from the client and may be forged. At something that is no address it stops and returns the last
// proxy before it. It reads no other header, such as Forwarded or X-Real-IP: proxies pass on unchanged what a client sends in
// a header that they do not know. IPv4 addresses mapped to IPv6 are IPv4 addresses, in prefixes as well.
//
// Name only proxies that cannot be reached around each other, and no networks of clients. A peer without an IP address, as on
// a Unix socket, is not trusted: its clients have the zero Addr.
func TrustProxies(prefixes ...netip.Prefix) func(*http.Request) netip.Addr {
	var trusted []netip.Prefix
	for _, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		trusted = append(trusted, p)
	}
	isProxy := func(a netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(a) {
				return true
			}
		}
		return false
	}
	return func(r *http.Request) netip.Addr {
		client, _ := parseHop(r.RemoteAddr)
		lines := r.Header["X-Forwarded-For"]
		for hops := 0; hops < maxHops && isProxy(client) && len(lines) > 0; hops++ {
			line := lines[len(lines)-1]
			comma := strings.LastIndexByte(line, ',')
			hop, found := parseHop(strings.TrimSpace(line[comma+1:]))
			if !found {
				break
			}
			client = hop
			if comma < 0 {
				lines = lines[:len(lines)-1]
				continue
			}
			lines = append(lines[:len(lines)-1:len(lines)-1], line[:comma])
		}
		return client
	}
}

// maxHops is how many addresses of X-Forwarded-For are read.
const maxHops = 100

// parseHop returns an address, with or without a port, in the form in which addresses are compared. It returns false if text is
// no address.
func parseHop(text string) (netip.Addr, bool) {
	if len(text) > len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")+255 { // with a zone
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

// canonicalOrigin returns an origin as browsers send it: in lower case and ASCII, without the default port. It returns "" for
// "".
func canonicalOrigin(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || origin == "" {
		return ""
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && (scheme != "https" || port != "443") && (scheme != "http" || port != "80") {
		host += ":" + port
	}
	return scheme + "://" + host
}

// crossOriginProtection returns a handler that serves forms only if they come from the panel's pages: from the host of the
// request or from Options.Origin. Where a browser sends neither Sec-Fetch-Site nor Origin, Referer counts.
func (p *Panel) crossOriginProtection(next http.Handler) http.Handler {
	protection, deny := http.NewCrossOriginProtection(), p.handle(func(r *request) { r.renderError(errCrossSite) })
	protection.SetDenyHandler(deny)
	origin := canonicalOrigin(p.opts.Origin)
	if origin != "" {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			panic(err) // validate returns an error for every such origin
		}
	}
	protected := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hasForeignReferer(r, origin) {
			deny(w, r)
			return
		}
		protected.ServeHTTP(w, r)
	})
}

// hasForeignReferer reports whether r is a form that another site sends, as far as only Referer shows it.
func hasForeignReferer(r *http.Request, origin string) bool {
	switch {
	case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions:
		return false
	case r.Header.Get("Sec-Fetch-Site") != "", r.Header.Get("Origin") != "", r.Header.Get("Referer") == "":
		return false
	}
	u, err := url.Parse(r.Header.Get("Referer"))
	return err != nil || u.Host == "" || u.Host != r.Host && u.Scheme+"://"+u.Host != origin
}

// proxyWarnings are the warnings about headers of proxies that no option makes the panel read. Each is logged once.
type proxyWarnings struct{ address, scheme sync.Once }

// warnAboutProxy logs a warning if a proxy in front of the application sends what the options ignore.
func (p *Panel) warnAboutProxy(r *http.Request) {
	if p.opts.ClientAddr == nil {
		for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
			if len(r.Header[header]) > 0 {
				p.proxyWarnings.address.Do(func() {
					p.logWarning(r.Context(), "panel: all clients of a proxy share one limit of attempts to sign in, because no option "+
						"reads the header: set Options.ClientAddr, for example to TrustProxies", "header", header)
				})
				break
			}
		}
	}
	if !p.isSecure(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		p.proxyWarnings.scheme.Do(func() {
			p.logWarning(r.Context(), "panel: cookies are not marked as secure, because no option reads the header: "+
				"set Options.Origin or Options.Secure", "header", "X-Forwarded-Proto")
		})
	}
}

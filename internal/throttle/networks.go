package throttle

import (
	"net/netip"
	"slices"
)

// Width is the Limit of every network of one width.
type Width struct {
	V4, V6 int // bits of the prefix: 32 and 128 for single addresses. With 0 there is no such limit.
	Limit
}

// Networks limits what comes from IP addresses, by the networks that they are in, at several widths. The wider a network is,
// the more it should be allowed, so that one network cannot exhaust the limit of a wider one. It is made by
// Limiter.NewNetworks.
type Networks struct {
	widths []Width
	rules  []*Rule // one for each width
}

// NewNetworks returns Networks with a rule for each of the widths. It panics as NewRule does, or if a prefix is too long.
func (l *Limiter) NewNetworks(widths ...Width) *Networks {
	n := &Networks{widths: widths}
	for _, w := range widths {
		if w.V4 < 0 || w.V4 > 32 || w.V6 < 0 || w.V6 > 128 {
			panic("throttle: no such width of a network")
		}
		n.rules = append(n.rules, l.NewRule(w.Limit))
	}
	return n
}

// Keys returns the keys of the networks that a is in, for Limiter.Do and Limiter.Take. Each consists of the network and of
// parts. IPv4 addresses in IPv6 count as IPv4, and all invalid addresses as one.
func (n *Networks) Keys(a netip.Addr, parts ...string) []Key {
	a = a.Unmap()
	if !a.IsValid() {
		a = netip.IPv6Unspecified()
	}
	var keys []Key
	for i, w := range n.widths {
		bits := w.V6
		if a.Is4() {
			bits = w.V4
		}
		if bits == 0 {
			continue
		}
		network := netip.PrefixFrom(a, bits).Masked() // without a zone
		keys = append(keys, n.rules[i].Key(slices.Concat(parts, []string{network.String()})...))
	}
	return keys
}

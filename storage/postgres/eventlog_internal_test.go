package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeldSubjects(t *testing.T) {
	h := heldSubjects{}
	for _, e := range []struct {
		unnumbered
		want bool
	}{
		{unnumbered{AccountID: 1, Locked: true}, false},
		{unnumbered{AccountID: 1, SubscriptionID: 1, DomainID: 1}, true},
		{unnumbered{AccountID: 1, Locked: true}, true},
		{unnumbered{AccountID: 2, SubscriptionID: 1, Locked: true}, true},
		{unnumbered{SubscriptionID: 2, DomainID: 1, Locked: true}, true},
		{unnumbered{AccountID: 2, Locked: true}, true},
		{unnumbered{SubscriptionID: 2, Locked: true}, true},
		{unnumbered{AccountID: 3, SubscriptionID: 3, DomainID: 3, Locked: true}, false},
		{unnumbered{SubscriptionID: 4, Locked: true}, false}, // the provider's
	} {
		require.Equal(t, e.want, h.hold(e.unnumbered), "%+v", e.unnumbered)
	}
}

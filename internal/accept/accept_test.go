package accept_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/clientele-go/clientele/internal/accept"
)

func TestLanguages(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{nil, ""},
		{[]string{"it-IT, en;q=0.5"}, "it-IT, en;q=0.5"},
		{[]string{"it", "en;q=0.5"}, "it,en;q=0.5"},
		{[]string{"?, it", "en;q=x"}, " it"},
		{[]string{"", "it"}, ",it"},
	} {
		assert.Equal(t, c.want, accept.Languages(http.Header{"Accept-Language": c.lines}), c.lines)
	}
	for _, lines := range [][]string{{strings.Repeat("fr,", 300_000)}, strings.Split(strings.Repeat("fr,", 300_000), ","), {strings.Repeat("x", 900_000)}} {
		h := http.Header{"Accept-Language": lines}
		assert.LessOrEqual(t, len(accept.Languages(h)), 1000)
		assert.Less(t, testing.AllocsPerRun(3, func() { accept.Languages(h) }), 10_000.0)
	}
}

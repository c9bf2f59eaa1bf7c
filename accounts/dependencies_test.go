package accounts_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

var domain = []string{
	"github.com/clientele-go/clientele/accounts",
	"github.com/clientele-go/clientele/subscriptions",
	"github.com/clientele-go/clientele/internal/input",
}

// The domain knows no driver, no bun, no store and no adapter, wherever in its dependencies.
func TestTheDomainKnowsNoDriver(t *testing.T) {
	deps := list(t, append([]string{"-deps"}, domain...)...)
	require.Contains(t, deps, "golang.org/x/net/idna", "the list is that of the domain")
	for _, dep := range deps {
		for _, unwanted := range []string{
			"database/sql", "github.com/uptrace", "github.com/jackc", "github.com/lib/pq", "github.com/tidwall",
			"github.com/clientele-go/clientele/storage", "github.com/clientele-go/clientele/adapters",
			"github.com/clientele-go/clientele/examples",
		} {
			assert.False(t, strings.HasPrefix(dep, unwanted), dep)
		}
	}
}

// Neither package imports net/http itself (the list of public suffixes brings it along), and accounts is above
// subscriptions.
func TestTheDomainImportsNoWebServer(t *testing.T) {
	for _, pkg := range domain {
		imports := list(t, "-f", `{{join .Imports "\n"}}`, pkg)
		assert.NotContains(t, imports, "net/http", pkg)
		if pkg != domain[0] {
			assert.NotContains(t, imports, domain[0], pkg)
		}
	}
}

// A test that imports accounts and the memory store pays for nothing else.
func TestTheMemoryStoreBringsNoDriver(t *testing.T) {
	for _, dep := range list(t, "-deps", "github.com/clientele-go/clientele/storage/memory") {
		for _, unwanted := range []string{"database/sql", "github.com/uptrace", "github.com/jackc", "github.com/stretchr"} {
			assert.False(t, strings.HasPrefix(dep, unwanted), dep)
		}
	}
}

package accounts_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goList returns the words of the output of go list.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

var domainPackages = []string{
	"github.com/clientele-go/clientele/accounts",
	"github.com/clientele-go/clientele/subscriptions",
	"github.com/clientele-go/clientele/internal/input",
}

// The domain packages do not depend on a driver, Bun, a store or an adapter, directly or indirectly.
func TestDomainDependencies(t *testing.T) {
	deps := goList(t, append([]string{"-deps"}, domainPackages...)...)
	require.Contains(t, deps, "golang.org/x/net/idna", "go list did not list the dependencies")
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

// The domain packages do not import net/http directly; the list of public suffixes does. None of them imports package
// accounts.
func TestDomainImports(t *testing.T) {
	for _, pkg := range domainPackages {
		imports := goList(t, "-f", `{{join .Imports "\n"}}`, pkg)
		assert.NotContains(t, imports, "net/http", pkg)
		if pkg != domainPackages[0] {
			assert.NotContains(t, imports, domainPackages[0], pkg)
		}
	}
}

// A test that imports accounts and the memory store gets no driver.
func TestMemoryStoreDependencies(t *testing.T) {
	for _, dep := range goList(t, "-deps", "github.com/clientele-go/clientele/storage/memory") {
		for _, unwanted := range []string{"database/sql", "github.com/uptrace", "github.com/jackc", "github.com/stretchr"} {
			assert.False(t, strings.HasPrefix(dep, unwanted), dep)
		}
	}
}

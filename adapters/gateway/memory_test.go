package gateway_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// plainHasher is an accounts.Hasher that does not hash: these tests are not about passwords.
type plainHasher struct{}

func (plainHasher) Hash(context.Context, string) (string, error) { return "not a hash", nil }

func (plainHasher) Verify(context.Context, string, string) (ok, outdated bool, err error) {
	return true, false, nil
}

// createCustomer creates an account with one subscription for each domain name.
func createCustomer(t *testing.T, clients *accounts.Manager, login string, names ...string) (accounts.ID, []subscriptions.ID) {
	t.Helper()
	a, err := clients.Create(t.Context(), accounts.New{Login: login, Password: "wonderful-" + login, Contact: accounts.Contact{Name: login}})
	require.NoError(t, err)
	var ids []subscriptions.ID
	for _, name := range names {
		s, err := clients.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: a.ID, Domains: []string{name}})
		require.NoError(t, err)
		ids = append(ids, s.ID)
	}
	return a.ID, ids
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Holds of independent causes, from the command to the status that a visitor gets.
func TestSitesFollowTheHoldsAboveThem(t *testing.T) {
	ctx := t.Context()
	clients := accounts.NewManager(memory.New(), &accounts.Options{Hasher: plainHasher{}})
	mario, subs := createCustomer(t, clients, "mario", "mario.example", "bücher.example")
	_, _ = createCustomer(t, clients, "luigi", "luigi.example")
	g := gateway.New(clients.Subscriptions(), website, &gateway.Options{TTL: -1})
	ask := gateway.AskHandler(clients.Subscriptions())
	expect := func(after string, mario, books int) {
		t.Helper()
		for host, code := range map[string]int{
			"mario.example": mario, "www.Mario.example:80": mario,
			"bücher.example": books, "xn--bcher-kva.example.": books, "luigi.example": 200,
			"other.mario.example": 404,
		} {
			assert.Equal(t, code, get(g, host).Code, "%s after %s", host, after)
		}
		askCode := map[bool]int{true: 200, false: 404}
		w := serve(ask, httptest.NewRequest("GET", "/?domain=www.mario.example", nil))
		assert.Equal(t, askCode[mario != 404], w.Code, "AskHandler after %s", after)
	}
	expect("creation", 200, 200)

	_, err := clients.Subscriptions().Suspend(ctx, subs[1:], subscriptions.Hold{
		Cause: "billing", Note: "third reminder", Message: "Please pay.", Public: "Closed for a few days.",
	})
	require.NoError(t, err)
	expect("billing", 200, 503)

	_, err = clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{Cause: "abuse", Note: "reported", Message: "Call us.", Public: "Offline."})
	require.NoError(t, err)
	expect("abuse", 503, 503)
	body := get(g, "bücher.example").Body.String()
	assert.Contains(t, body, "Offline.")
	assert.Contains(t, body, "Closed for a few days.")
	for _, secret := range []string{"reminder", "Please pay", "reported", "Call us"} {
		assert.NotContains(t, body, secret)
	}

	_, err = clients.Activate(ctx, []accounts.ID{mario})
	require.NoError(t, err)
	expect("activation", 200, 503)

	_, err = clients.Subscriptions().Lift(ctx, subs[1:], []subscriptions.Cause{"billing"})
	require.NoError(t, err)
	expect("payment", 200, 200)

	_, err = clients.Remove(ctx, []accounts.ID{mario})
	require.NoError(t, err)
	expect("removal", 404, 404)
}

// Once Suspend has returned, the account's site is not served, even if other requests for it run concurrently.
func TestCommandsAndRequestsInParallel(t *testing.T) {
	clients := accounts.NewManager(memory.New(), &accounts.Options{Hasher: plainHasher{}})
	g := gateway.New(clients.Subscriptions(), website, &gateway.Options{TTL: -1})
	var wg sync.WaitGroup
	for i := range 4 {
		id, _ := createCustomer(t, clients, fmt.Sprintf("customer%d", i), fmt.Sprintf("site%d.example", i))
		wg.Go(func() {
			host := fmt.Sprintf("site%d.example", i)
			for range 50 {
				_, err := clients.Suspend(t.Context(), []accounts.ID{id}, accounts.Hold{})
				assert.NoError(t, err)
				assert.Equal(t, 503, get(g, host).Code)
				_, err = clients.Activate(t.Context(), []accounts.ID{id})
				assert.NoError(t, err)
				assert.Equal(t, 200, get(g, host).Code)
			}
		})
	}
	for i := range 200 {
		wg.Go(func() {
			code := get(g, fmt.Sprintf("site%d.example", i%5)).Code
			assert.Contains(t, []int{200, 404, 503}, code)
		})
	}
	wg.Wait()
}

package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// Durable is a workload with commands of more kinds, also on entries and in transactions, and with pruning.
type Durable struct {
	*Workload
	pruning sync.RWMutex // locked while events are pruned: which ones are depends on the commands that run
}

// NewDurable returns a workload on a store.
func NewDurable(ctx context.Context, store accounts.Store) *Durable {
	return &Durable{Workload: New(ctx, store)}
}

// Run runs random commands one after another. It may be called concurrently.
func (w *Durable) Run(steps int) {
	r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	commands := append(w.commands(), w.createMany, w.updateHolds, w.transaction, w.transaction, w.putEntry, w.putEntry, w.deleteEntry,
		w.deleteEntries, w.signInAs)
	for range steps {
		if r.IntN(50) == 0 {
			w.prune()
			continue
		}
		w.pruning.RLock()
		err := commands[r.IntN(len(commands))](r)
		w.pruning.RUnlock()
		if err != nil && !isExpected(err) {
			w.fail(err)
		}
	}
}

// prune prunes the events except the newest ones.
func (w *Durable) prune() {
	w.pruning.Lock()
	defer w.pruning.Unlock()
	if _, err := w.clients.PruneEvents(w.ctx, time.Now().Add(-50*time.Millisecond)); err != nil && !isExpected(err) {
		w.fail(err)
	}
}

// createMany creates accounts with subscriptions and domains, all or none.
func (w *Durable) createMany(r *rand.Rand) error {
	var in []accounts.New
	first := r.IntN(12)
	for i := range 3 {
		a := suite.NewAccount(fmt.Sprintf("user%d", (first+i)%12))
		a.Subscription = &subscriptions.New{Name: "Hosting", Domains: []string{fmt.Sprintf("many%d.example", (first+i)%12)}}
		in = append(in, a)
	}
	all, err := w.clients.CreateMany(w.ctx, in)
	for _, a := range all {
		err = w.created(&w.accounts, int64(a.ID), err)
	}
	return err
}

func (w *Durable) updateHolds(r *rand.Rand) error {
	note := fmt.Sprint("note ", r.IntN(100))
	_, err := w.clients.UpdateHolds(w.ctx, pickIDs[accounts.ID](w.Workload, r, &w.accounts), randomCause(r), accounts.HoldTexts{Note: &note})
	return err
}

func (w *Durable) signInAs(r *rand.Rand) error {
	_, err := w.clients.SignInAs(w.ctx, w.account(r))
	return err
}

// transaction runs several commands as one.
func (w *Durable) transaction(r *rand.Rand) error {
	id, key, name := w.account(r), fmt.Sprint("transaction ", r.IntN(8)), randomName(r)
	return w.clients.Transaction(w.ctx, func(ctx context.Context, tx *accounts.Manager) error {
		if _, err := tx.Suspend(ctx, []accounts.ID{id}, accounts.Hold{Cause: accounts.CauseAbuse, Message: key}); err != nil {
			return err
		}
		if _, err := tx.Subscriptions().Create(ctx, subscriptions.New{AccountID: id, Domains: []string{name}}); err != nil {
			return err
		}
		_, err := tx.Bucket(suite.Bucket).Put(ctx, accounts.Entry{Key: key, Value: []byte(name)}, accounts.Any)
		return err
	})
}

// putEntry puts an entry, with a value of up to 8 KiB.
func (w *Durable) putEntry(r *rand.Rand) error {
	e := accounts.Entry{Key: fmt.Sprint("key ", r.IntN(8)), Value: make([]byte, r.IntN(2)*r.IntN(8192))}
	for i := range e.Value {
		e.Value[i] = byte(r.Uint32())
	}
	if r.IntN(3) == 0 {
		e.Key = fmt.Sprintf("account/%d/%s", w.account(r), e.Key)
	}
	_, err := w.clients.Bucket(suite.Bucket).Put(w.ctx, e, accounts.Any)
	return err
}

func (w *Durable) deleteEntry(r *rand.Rand) error {
	return w.clients.Bucket(suite.Bucket).Delete(w.ctx, fmt.Sprint("key ", r.IntN(8)))
}

func (w *Durable) deleteEntries(*rand.Rand) error {
	_, err := w.clients.Bucket(suite.Bucket).DeletePrefix(w.ctx, "transaction ")
	return err
}

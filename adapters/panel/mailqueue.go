package panel

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	mailTimeout = 30 * time.Second // for one message
	maxMails    = 100              // at the same time; each has a goroutine that waits for the mail server
)

// mailQueue runs the functions that send messages in the background. Panel.Shutdown waits for them.
type mailQueue struct {
	slots  *semaphore.Weighted
	ctx    context.Context //nolint:containedctx // of the mails: ends if shutdown does not finish in time
	cancel context.CancelFunc
}

func newMailQueue() *mailQueue {
	m := &mailQueue{slots: semaphore.NewWeighted(maxMails)}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m
}

// start calls send in the background, with the values of ctx but not its cancellation. It returns false, without calling
// send, if maxMails functions are running.
func (m *mailQueue) start(ctx context.Context, send func(context.Context)) bool {
	if !m.slots.TryAcquire(1) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailTimeout)
	stop := context.AfterFunc(m.ctx, cancel)
	go func() {
		defer m.slots.Release(1)
		defer cancel()
		defer stop()
		send(ctx)
	}()
	return true
}

// shutdown waits for the running functions. If ctx ends first, it cancels them and returns ctx's error.
func (m *mailQueue) shutdown(ctx context.Context) error {
	if err := m.slots.Acquire(ctx, maxMails); err != nil {
		m.cancel()
		return err
	}
	m.slots.Release(maxMails)
	return nil
}

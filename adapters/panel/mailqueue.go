package panel

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	mailTimeout = 30 * time.Second // for one message
	maxMails    = 100              // at once; each is a goroutine that waits for the host's mail server
)

// mailQueue are the messages on their way whose requests have been answered. The host waits for them with Panel.Shutdown.
type mailQueue struct {
	slots  *semaphore.Weighted
	ctx    context.Context
	cancel context.CancelFunc
}

func newMailQueue() *mailQueue {
	m := &mailQueue{slots: semaphore.NewWeighted(maxMails)}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m
}

// start has a message sent with the values of ctx, but not its end, and answers false if too many are on their way.
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

// shutdown waits for those on their way, and ends them with ctx.
func (m *mailQueue) shutdown(ctx context.Context) error {
	if err := m.slots.Acquire(ctx, maxMails); err != nil {
		m.cancel()
		return err
	}
	m.slots.Release(maxMails)
	return nil
}

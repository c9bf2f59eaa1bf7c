package panel

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	mailingTime  = 30 * time.Second // for one message
	mostMailings = 100              // at once; each is a goroutine that waits for the host's mail server
)

// mailings are the messages on their way whose requests have been answered. The host waits for them with Panel.Shutdown.
type mailings struct {
	places *semaphore.Weighted
	ended  context.Context
	end    context.CancelFunc
}

func newMailings() *mailings {
	m := &mailings{places: semaphore.NewWeighted(mostMailings)}
	m.ended, m.end = context.WithCancel(context.Background())
	return m
}

// begin has a message sent with the values of ctx, but not its end, and answers false if too many are on their way.
func (m *mailings) begin(ctx context.Context, send func(context.Context)) bool {
	if !m.places.TryAcquire(1) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailingTime)
	stop := context.AfterFunc(m.ended, cancel)
	go func() {
		defer m.places.Release(1)
		defer cancel()
		defer stop()
		send(ctx)
	}()
	return true
}

// finish waits for those on their way, and ends them with ctx.
func (m *mailings) finish(ctx context.Context) error {
	if err := m.places.Acquire(ctx, mostMailings); err != nil {
		m.end()
		return err
	}
	m.places.Release(mostMailings)
	return nil
}

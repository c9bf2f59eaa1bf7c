package sessions

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSessionsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	s := NewStore(func() time.Time { return now }, time.Hour, 2*time.Hour)
	first := s.Create(Session{Account: 1})
	for range maxSessionsPerUser {
		s.Create(Session{Account: 1})
	}
	_, found := s.Get(first)
	assert.False(t, found, "the oldest session of the user")
	assert.Equal(t, maxSessionsPerUser, s.byKey.Len())

	token := s.Create(Session{Account: 2})
	for range 100 {
		s.AddFlash(token, Flash{Kind: "done"})
	}
	assert.Len(t, s.TakeFlashes(token), maxFlashes)
	assert.Empty(t, s.TakeFlashes(token), "shown once")

	now = now.Add(time.Hour)
	s.Create(Session{Account: 3})
	assert.Equal(t, 1, s.byKey.Len(), "expired sessions are dropped")
	assert.Len(t, s.byUser, 1)
}

func TestSessionsEnd(t *testing.T) {
	now := time.Unix(0, 0)
	s := NewStore(func() time.Time { return now }, time.Hour, 2*time.Hour)
	in := Session{Operator: "anna", Account: 7, Epoch: 3}
	token := s.Create(in)
	got, found := s.Get(token)
	assert.True(t, found)
	assert.Equal(t, "anna 7 3", fmt.Sprint(got.Operator, " ", got.Account, " ", got.Epoch))

	now = now.Add(time.Hour - 1)
	_, found = s.Get(token)
	assert.True(t, found, "used within the idle timeout")
	now = now.Add(time.Hour - 1)
	_, found = s.Get(token)
	assert.True(t, found)
	now = now.Add(2)
	_, found = s.Get(token)
	assert.False(t, found, "at the end of its lifetime")

	token = s.Create(in)
	now = now.Add(time.Hour)
	_, found = s.Get(token)
	assert.False(t, found, "after the idle timeout")

	token = s.Create(in)
	assert.NotEqual(t, token, s.Create(in))
	s.Delete(token)
	_, found = s.Get(token)
	assert.False(t, found, "deleted")
	s.AddFlash(token, Flash{Kind: "done"})
	assert.Empty(t, s.TakeFlashes(token))
	s.Delete("forged")
	_, found = s.Get("forged")
	assert.False(t, found)
}

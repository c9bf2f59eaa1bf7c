package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// The numbers of statements that are kept prepared. Those of commands are some fifty, those of lists as many as there are
// combinations of filters.
const (
	maxPreparedReads = 250
	maxPrepared      = 350
)

// statements are the prepared statements of a pool, by their texts. SQLite takes longer to prepare most of them than to run
// them. The pool prepares each again on each of its connections; they end with the pool.
type statements struct {
	db     *sql.DB
	mu     sync.Mutex
	byText map[string]*sql.Stmt
	wanted map[string]bool // those that transactions have missed
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, byText: map[string]*sql.Stmt{}, wanted: map[string]bool{}}
}

// get returns the prepared statement with a text, or nil. What is missing is prepared before the next transaction: inside one,
// a pool with one connection has none for it.
func (s *statements) get(text string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt := s.byText[text]
	if stmt == nil && len(s.byText)+len(s.wanted) < maxPrepared {
		s.wanted[text] = true
	}
	return stmt
}

// prepare returns the prepared statement with a text, or nil if there are most of them already. It needs a connection.
func (s *statements) prepare(ctx context.Context, text string, most int) (*sql.Stmt, error) {
	s.mu.Lock()
	stmt, full := s.byText[text], len(s.byText) >= most
	s.mu.Unlock()
	if stmt != nil || full {
		return stmt, nil
	}
	prepared, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.wanted, text)
	if stmt := s.byText[text]; stmt != nil { // a concurrent call was first
		_ = prepared.Close()
		return stmt, nil
	}
	s.byText[text] = prepared
	return prepared, nil
}

// prepareWanted prepares the statements that transactions have missed.
func (s *statements) prepareWanted(ctx context.Context) error {
	s.mu.Lock()
	var texts []string
	for text := range s.wanted {
		texts = append(texts, text)
	}
	s.mu.Unlock()
	for _, text := range texts {
		if _, err := s.prepare(ctx, text, maxPrepared); err != nil {
			return err
		}
	}
	return nil
}

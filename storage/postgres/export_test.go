package postgres

// WithListSteps returns a copy of the store whose lists read other numbers of rows with each statement.
func (s *Store) WithListSteps(shortWalk, longWalk, found int) *Store {
	c := *s
	c.listSteps.ShortWalk, c.listSteps.LongWalk, c.listSteps.Found = shortWalk, longWalk, found
	return &c
}

package sqlite

// WithListSteps returns a store whose lists read other numbers of rows.
func (s *Store) WithListSteps(shortWalk, longWalk, found int) *Store {
	s.listSteps = listSteps{shortWalk, longWalk, found}
	return s
}

package input

// Details returns the details of an event: the pairs of keys and values whose value is not empty, or nil if there are none.
func Details(pairs ...string) map[string]string {
	var set map[string]string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if set == nil {
			set = make(map[string]string, len(pairs)/2)
		}
		set[pairs[i]] = pairs[i+1]
	}
	return set
}

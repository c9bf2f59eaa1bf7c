package input

import (
	"fmt"
	"time"
)

// maxUnix is the Unix time of the beginning of the year 9999.
const maxUnix = 253_370_764_800

// Time returns t as it is stored: in UTC and truncated to microseconds, the precision of all stores. The zero time stays
// zero, and a time that cannot be stored stays as it is.
func Time(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return time.Time{}
	case !IsTime(t):
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

// IsTime reports whether t can be stored: whether it is zero, or in the years 1970 to 9998 in UTC. In no time zone are those
// before the year 1 or after 9999, which databases and JSON write in forms that programs do not read.
func IsTime(t time.Time) bool {
	seconds := t.Unix()
	return t.IsZero() || seconds >= 0 && seconds < maxUnix
}

// Now returns the time of a command as it is stored. If clock returns zero or a time that cannot be stored, no command can be
// run: Err returns an error then that matches unavailable.
func (v *Violations) Now(clock func() time.Time, unavailable error) time.Time {
	now := Time(clock())
	if now.IsZero() || !IsTime(now) {
		v.unavailable = fmt.Errorf("%w: the clock (Options.Now) is outside of the years 1970 to 9998", unavailable)
	}
	return now
}

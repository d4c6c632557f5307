package policy

import (
	"fmt"
	"time"
)

// Date is a day of the calendar. A policy's days begin and end in UTC, and an
// exception holds through the whole of its last day. The zero Date is no day.
type Date struct{ midnight time.Time }

// ParseDate reads a date in the form 2026-11-02 and no other.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date of the form YYYY-MM-DD", s)
	}
	return Date{t}, nil
}

// DateOf returns the day in UTC on which t falls.
func DateOf(t time.Time) Date {
	y, m, d := t.UTC().Date()
	return Date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d.midnight.IsZero() }

// String returns the date in the form 2026-11-02, or nothing for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.midnight.Format(time.DateOnly)
}

// MarshalText returns what String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// AddDays returns the date n days after d.
func (d Date) AddDays(n int) Date { return Date{d.midnight.AddDate(0, 0, n)} }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.midnight.After(e.midnight) }

// DaysSince returns the number of days from e to d, negative when d is earlier.
func (d Date) DaysSince(e Date) int {
	return int(d.midnight.Sub(e.midnight) / (24 * time.Hour))
}

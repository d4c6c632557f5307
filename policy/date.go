package policy

import (
	"fmt"
	"time"
)

// Date is a day of the calendar. A policy's days begin and end in UTC, and an
// exception holds through the whole of its last day. The zero Date is no day.
type Date struct{ midnight time.Time }

// firstYear is the earliest year that ParseDate takes. The hardened runtime is of
// 2018; an earlier year is a slip, and the first year of all is the zero Date.
const firstYear = 2000

// ParseDate reads a date in the form 2026-11-02 and no other, from 2000 on.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%s is not a date of the form YYYY-MM-DD", quote(s))
	}
	if t.Year() < firstYear {
		return Date{}, fmt.Errorf("%s is before the year %d", quote(s), firstYear)
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

// End returns the last moment of the day.
func (d Date) End() time.Time { return d.midnight.Add(24*time.Hour - time.Nanosecond) }

// AddDays returns the date n days after d.
func (d Date) AddDays(n int) Date { return Date{d.midnight.AddDate(0, 0, n)} }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.midnight.After(e.midnight) }

// DaysSince returns the number of days from e to d, negative when d is earlier.
func (d Date) DaysSince(e Date) int {
	const secondsPerDay = 24 * 60 * 60 // a time.Duration would end after 292 years
	return int((d.midnight.Unix() - e.midnight.Unix()) / secondsPerDay)
}

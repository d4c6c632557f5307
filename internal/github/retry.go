package github

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// tries is how often a question is asked.
	tries = 4
	// patience is how long a question may wait in all. The shortest wait at a
	// secondary limit is a minute; a job that waits for longer costs more than one
	// that fails and is run again.
	patience = 2 * time.Minute
)

// wait is how long to wait after the nth answer before asking again, and whether
// that may help. Waits double, and are the same on every run.
func (c *Client) wait(n int, a answer) (time.Duration, bool) {
	asked, said := retryAfter(a)
	switch {
	case limited(a) && said:
		return max(asked, time.Second), true
	case limited(a) && a.header.Get("X-RateLimit-Remaining") == "0":
		return c.untilReset(a), true
	case limited(a):
		return time.Minute << (n - 1), true // "wait for at least one minute"
	case a.status == 0 || a.status >= 500:
		return max(asked, time.Second<<(n-1)), true
	}
	return 0, false
}

// limited reports whether there were too many requests. Both limits may be a 403,
// which is also what a missing permission is: of the first, no request remains; the
// second is known by its headers or its message (Rate limits for the REST API).
func limited(a answer) bool {
	switch a.status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return a.header.Get("Retry-After") != "" || a.header.Get("X-RateLimit-Remaining") == "0" ||
			strings.Contains(a.message(), "secondary rate limit")
	}
	return false
}

// retryAfter is the wait that an answer asks for, which GitHub gives in seconds.
func retryAfter(a answer) (time.Duration, bool) {
	n, err := strconv.ParseUint(a.header.Get("Retry-After"), 10, 32)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // then n is the largest there is
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}

// untilReset is the wait until the primary rate limit starts anew, with a second
// for clocks that differ. If the answer does not say when, it is without end.
func (c *Client) untilReset(a answer) time.Duration {
	at, err := strconv.ParseInt(a.header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	wait := time.Unix(at, 0).Sub(c.now()) // saturates
	return min(max(wait, 0), math.MaxInt64-time.Second) + time.Second
}

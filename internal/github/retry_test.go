package github_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

func TestRetry(t *testing.T) {
	const (
		op    = "acme/policies//base.yml at main: "
		slow  = `; GitHub says "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."`
		later = "run it again later"
		sec   = time.Second
	)
	fail := func(status int) http.HandlerFunc { return githubtest.Fail(status, "Server Error") }
	data := outcome{Data: "version: 2\n"}
	for name, tt := range map[string]struct {
		script []http.HandlerFunc
		want   outcome
		waits  []time.Duration
	}{
		"an answer is not waited for": {nil, data, nil},
		"503 twice, then the file": {
			[]http.HandlerFunc{fail(503), fail(503)},
			data,
			[]time.Duration{1 * sec, 2 * sec},
		},
		"an error of the server three times, then the file": {
			[]http.HandlerFunc{fail(500), fail(502), fail(504)},
			data,
			[]time.Duration{1 * sec, 2 * sec, 4 * sec},
		},
		"four times 503 is the end": {
			[]http.HandlerFunc{fail(503), fail(503), fail(503), fail(503)},
			outcome{Status: 503, Error: op + `GitHub answers 503 Service Unavailable, 4 times; GitHub says "Server Error"`, Hint: later},
			[]time.Duration{1 * sec, 2 * sec, 4 * sec},
		},
		"503 says how long it takes": {
			[]http.HandlerFunc{githubtest.Answer(503, map[string]string{"Retry-After": "20"}, "")},
			data,
			[]time.Duration{20 * sec},
		},
		"503 for an hour is not waited for": {
			[]http.HandlerFunc{githubtest.Answer(503, map[string]string{"Retry-After": "3600"}, "")},
			outcome{Status: 503, Error: op + "GitHub answers 503 Service Unavailable, once", Hint: later},
			nil,
		},
		"a connection that closes is tried again": {
			[]http.HandlerFunc{githubtest.HangUp}, data, []time.Duration{1 * sec},
		},
		"an answer that stops in the middle is tried again": {
			[]http.HandlerFunc{githubtest.CutOff}, data, []time.Duration{1 * sec},
		},
		"connections that close are no answer in the end": {
			[]http.HandlerFunc{githubtest.HangUp, githubtest.HangUp, githubtest.HangUp, githubtest.HangUp},
			outcome{
				Error: op + "no answer from GitHub, 4 times: EOF",
				Hint:  "can GITHUB_API_URL be reached from here? a proxy is taken from HTTPS_PROXY",
			},
			[]time.Duration{1 * sec, 2 * sec, 4 * sec},
		},
		"the secondary limit says how long": {
			[]http.HandlerFunc{githubtest.SecondaryLimit(403, 7), githubtest.SecondaryLimit(429, 5)},
			data,
			[]time.Duration{7 * sec, 5 * sec},
		},
		"a 403 that asks to wait is a limit, whatever it says": {
			[]http.HandlerFunc{githubtest.Answer(403, map[string]string{"Retry-After": "3"}, "")},
			data,
			[]time.Duration{3 * sec},
		},
		"the secondary limit is waited for a second at least": {
			[]http.HandlerFunc{githubtest.SecondaryLimit(403, 0)},
			data,
			[]time.Duration{1 * sec},
		},
		"the secondary limit without a time is a minute": {
			[]http.HandlerFunc{githubtest.SecondaryLimit(403, -1)},
			data,
			[]time.Duration{60 * sec},
		},
		"the second minute would be two, which is over the patience": {
			[]http.HandlerFunc{githubtest.SecondaryLimit(403, -1), githubtest.SecondaryLimit(403, -1)},
			outcome{Status: 403, Error: op + "the rate limit of GitHub's API is reached, until 2026-03-01 12:02:00 UTC" + slow, Hint: later},
			[]time.Duration{60 * sec},
		},
		"waits are counted together": {
			[]http.HandlerFunc{githubtest.SecondaryLimit(429, 100), githubtest.SecondaryLimit(429, 30)},
			outcome{Status: 429, Error: op + "the rate limit of GitHub's API is reached, until 2026-03-01 12:00:30 UTC" + slow, Hint: later},
			[]time.Duration{100 * sec},
		},
		"a time that is no number is a minute": {
			[]http.HandlerFunc{githubtest.Answer(429, map[string]string{"Retry-After": "Sun, 01 Mar 2026 12:00:05 GMT"}, "")},
			data,
			[]time.Duration{60 * sec},
		},
		"a time without end is not waited for": {
			[]http.HandlerFunc{githubtest.Answer(429, map[string]string{"Retry-After": "99999999999999999999"}, "")},
			outcome{Status: 429, Error: op + "the rate limit of GitHub's API is reached", Hint: later},
			nil,
		},
		"the primary limit without a time is not waited for": {
			[]http.HandlerFunc{githubtest.Answer(403, map[string]string{"X-RateLimit-Remaining": "0"}, "")},
			outcome{Status: 403, Error: op + "the rate limit of GitHub's API is reached", Hint: later},
			nil,
		},
		"the primary limit that is over by our clock is waited for a second": {
			[]http.HandlerFunc{githubtest.Answer(403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, "")},
			data,
			[]time.Duration{1 * sec},
		},
		"a status that nobody documents is not tried again": {
			[]http.HandlerFunc{githubtest.Answer(418, nil, "")},
			outcome{Status: 418, Error: op + "GitHub answers 418 I'm a teapot"},
			nil,
		},
		"what is no limit is not tried again because it asks for that": {
			[]http.HandlerFunc{githubtest.Answer(418, map[string]string{"Retry-After": "3"}, "")},
			outcome{Status: 418, Error: op + "GitHub answers 418 I'm a teapot"},
			nil,
		},
		"not modified is no answer to who knows nothing": {
			[]http.HandlerFunc{githubtest.Answer(304, nil, "")},
			outcome{Status: 304, Error: op + "GitHub answers 304 Not Modified"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(tt.script...)
			c, waits := client(s, secret)
			got, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
			if diff := cmp.Diff(tt.want, outcomeOf(t, string(got), err)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.waits, *waits); diff != "" {
				t.Error(diff)
			}
			if asked := len(s.Requests()); asked != len(tt.waits)+1 {
				t.Errorf("asked %d times for waits of %v", asked, tt.waits)
			}
		})
	}
}

func TestPrimaryRateLimit(t *testing.T) {
	t.Run("a limit that ends within the patience is waited for", func(t *testing.T) {
		s := acme(t)
		s.Limit, s.Reset = 1, noon.Add(90*time.Second)
		c, waits := client(s, secret)
		wait := c.Sleep
		c.Sleep = func(ctx context.Context, d time.Duration) error {
			s.Renew()
			return wait(ctx, d)
		}
		for _, path := range []string{"base.yml", "empty.yml"} {
			if _, err := c.File(t.Context(), "acme", "policies", path, "main"); err != nil {
				t.Error(err)
			}
		}
		if want := []time.Duration{91 * time.Second}; !slices.Equal(*waits, want) {
			t.Errorf("waited for %v, not %v", *waits, want)
		}
	})
	for name, tt := range map[string]struct {
		token github.Token
		hint  string
	}{
		"a limit that ends later is told with its end":  {secret, "run it again later"},
		"who has no token is told to be counted by one": {"", "without a token GitHub answers 60 requests an hour from one address: give one"},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Limit = 1
			c, waits := client(s, tt.token)
			if _, err := c.DefaultBranch(t.Context(), "acme", "app"); err != nil {
				t.Fatal(err)
			}
			_, err := c.File(t.Context(), "acme", "app", "codewarrant.yml", "trunk")
			want := outcome{
				Status: 403,
				Error: "acme/app//codewarrant.yml at trunk: the rate limit of GitHub's API is reached, until 2026-03-01 12:38:01 UTC; " +
					`GitHub says "API rate limit exceeded for installation ID 1."`,
				Hint: tt.hint,
			}
			if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
			if len(*waits) != 0 || len(s.Requests()) != 2 {
				t.Errorf("asked for %q with waits of %v", paths(s), *waits)
			}
		})
	}
}

func TestContext(t *testing.T) {
	const op = "acme/policies//base.yml at main: "
	t.Run("one that ended asks for nothing", func(t *testing.T) {
		s := acme(t)
		c, _ := client(s, secret)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.File(ctx, "acme", "policies", "base.yml", "main")
		if diff := cmp.Diff(outcome{Error: op + "canceled", Is: "context canceled"}, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
		if asked := paths(s); len(asked) != 0 {
			t.Errorf("asked for %q", asked)
		}
	})
	t.Run("one that ended is not tried again by who sleeps through it", func(t *testing.T) {
		s := acme(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c, _ := client(s, secret)
		c.Sleep = func(context.Context, time.Duration) error {
			t.Error("waited")
			return nil
		}
		_, err := c.File(ctx, "acme", "policies", "base.yml", "main")
		if diff := cmp.Diff(outcome{Error: op + "canceled", Is: "context canceled"}, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("one that ends in a wait ends the wait", func(t *testing.T) {
		s := acme(t)
		s.Script(githubtest.Fail(503, ""))
		ctx, cancel := context.WithCancel(t.Context())
		c, _ := client(s, secret)
		c.Sleep = func(ctx context.Context, _ time.Duration) error {
			cancel()
			return ctx.Err()
		}
		_, err := c.File(ctx, "acme", "policies", "base.yml", "main")
		if diff := cmp.Diff(outcome{Error: op + "canceled", Is: "context canceled"}, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the client's own wait ends with it", func(t *testing.T) {
		s := acme(t)
		s.Limit, s.Reset = 1, noon.Add(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		c, _ := client(s, secret)
		c.Sleep = nil
		c.Now = func() time.Time { // which is asked how long the wait is
			cancel()
			return noon
		}
		if _, err := c.DefaultBranch(ctx, "acme", "app"); err != nil {
			t.Fatal(err)
		}
		_, err := c.File(ctx, "acme", "policies", "base.yml", "main")
		if diff := cmp.Diff(outcome{Error: op + "canceled", Is: "context canceled"}, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("one that ends in a request ends the request", func(t *testing.T) {
		s := acme(t)
		ctx, cancel := context.WithCancel(t.Context())
		s.Script(func(w http.ResponseWriter, r *http.Request) {
			cancel()
			githubtest.Silence(w, r)
		})
		c, _ := client(s, secret)
		_, err := c.File(ctx, "acme", "policies", "base.yml", "main")
		if diff := cmp.Diff(outcome{Error: op + "canceled", Is: "context canceled"}, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a deadline is told as one", func(t *testing.T) {
		s := acme(t)
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
		defer cancel()
		c, _ := client(s, secret)
		_, err := c.File(ctx, "acme", "policies", "base.yml", "main")
		want := outcome{Error: op + "the time for it is over", Is: "context deadline exceeded"}
		if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a server that says nothing is given up", func(t *testing.T) {
		s := acme(t)
		s.Script(githubtest.Silence, githubtest.Silence, githubtest.Silence, githubtest.Silence)
		c, waits := client(s, secret)
		c.Timeout = time.Millisecond
		_, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
		want := outcome{
			Error: op + "no answer from GitHub, 4 times: nothing within 1ms",
			Hint:  "can GITHUB_API_URL be reached from here? a proxy is taken from HTTPS_PROXY",
		}
		if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
		if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}; !slices.Equal(*waits, want) {
			t.Errorf("waited for %v, not %v", *waits, want)
		}
	})
}

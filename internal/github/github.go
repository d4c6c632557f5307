// Package github reads what a policy gate needs from GitHub's REST API: a file at a
// ref, the default branch, where a branch stands and whether it is protected, who reviewed
// a pull request and what it changes, who is in a team, the repositories of an organisation, and
// the assets of a release. It writes two things, a comment on a pull request and one on a line
// of it. It knows nothing of policies.
//
// It follows GitHub's documentation of what it asks for, and of how to ask:
//
//   - https://docs.github.com/en/rest/repos/contents#get-repository-content
//   - https://docs.github.com/en/rest/repos/repos#get-a-repository
//   - https://docs.github.com/en/rest/repos/repos#list-organization-repositories
//   - https://docs.github.com/en/rest/releases/releases#get-the-latest-release
//   - https://docs.github.com/en/rest/releases/assets
//   - https://docs.github.com/en/rest/branches/branches#get-a-branch
//   - https://docs.github.com/en/rest/commits/commits#get-a-commit
//   - https://docs.github.com/en/rest/issues/comments
//   - https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
//   - https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
//   - https://docs.github.com/en/rest/pulls/comments
//   - https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
//   - https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
//   - https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
//   - https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
//
// What comes back is hostile. It is read up to a limit, and a file has to be the
// blob that the API names. Of an answer that is an error only the message is used,
// cut short and with everything in it made to show. The token goes to the host of
// the API and nowhere else: not where a redirect leads, and not into an error. Only an
// asset is fetched from where a redirect leads, and it has to have the digest that the API
// names.
package github

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Client asks GitHub. The zero value asks api.github.com without a token. It is
// safe for concurrent use, though GitHub wants to be asked one thing after the
// other, and must not be copied once used.
//
// A request is tried four times at most, with the waits that GitHub asks for, or of
// 1, 2 and 4 seconds; waits of more than Patience together are not begun. What
// was read is kept for as long as the client, or in Store, and GitHub is asked only
// whether it is still the same.
type Client struct {
	// BaseURL is where the API is, as GITHUB_API_URL says it. Empty:
	// https://api.github.com. It is https, except on this machine.
	BaseURL string
	Token   Token

	UserAgent string        // empty: codewarrant
	MaxFile   int64         // bytes of a file; 0: 1 MiB
	Timeout   time.Duration // of one try; 0: 30 seconds
	Patience  time.Duration // how long one question may wait in all; 0: 2 minutes
	Store     Store         // of answers; nil: they are kept as long as the client

	Transport http.RoundTripper                          // nil: http.DefaultTransport, and so the proxy of the environment
	Sleep     func(context.Context, time.Duration) error // nil: waits, or until the context ends
	Now       func() time.Time                           // nil: time.Now

	cache cache
}

// Token is a secret: printing it, alone or within a Client, does not show it.
type Token string

// Format prints a placeholder, whatever the verb.
func (Token) Format(f fmt.State, _ rune) { io.WriteString(f, "[token]") }

// graphQL is the path of the one thing that is asked of GraphQL.
const graphQL = "/graphql"

// address returns where a path of the API is, or what is wrong with how the client
// was made.
func (c *Client) address(path string) (u *url.URL, wrong, hint string) {
	const (
		none    = "the address of GitHub's API is not an address: it is a scheme, a host and a path"
		example = "such as https://api.github.com, or https://HOST/api/v3 of GitHub Enterprise Server"
	)
	base, err := url.Parse(cmp.Or(c.BaseURL, "https://api.github.com"))
	switch {
	case err != nil, base.Host == "", base.User != nil, base.RawQuery != "", base.Fragment != "":
		return nil, none, example
	case base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())):
		return nil, "the address of GitHub's API has to be https", example
	case strings.Trim(string(c.Token), word+".~+/=") != "":
		return nil, "the token holds a space, a line break or another character that no token has (RFC 6750)",
			"was it copied whole, and nothing else with it?"
	}
	below := strings.TrimRight(base.EscapedPath(), "/")
	if path == graphQL { // which GitHub Enterprise Server has beside v3
		below = strings.TrimSuffix(below, "/v3")
	}
	u, err = url.Parse(base.Scheme + "://" + base.Host + below + path)
	if err != nil {
		return nil, none, example
	}
	return u, "", ""
}

// loopback reports whether what is sent to the host stays on this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *Client) maxFile() int64 { return cmp.Or(c.MaxFile, 1<<20) }

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

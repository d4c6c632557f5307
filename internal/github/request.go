package github

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// maxAnswer limits JSON. GitHub puts files of up to 1 MB into it, as base64, and
	// up to 1,000 entries of a folder.
	maxAnswer = 2 << 20
	// maxRefusal limits answers of which only the message is read.
	maxRefusal = 64 << 10
	// maxHops is how many redirects are followed: a renamed repository is one, a
	// renamed branch in it another.
	maxHops = 5
)

// question is one thing to ask of the API.
type question struct {
	what   string // asked for, for errors
	repo   string // owner/name
	path   string // below the address of the API, escaped, with the query
	accept string // media type
	limit  int64  // bytes of the answer

	method string // empty: GET; what is changed is not kept, and has an answer of its own
	body   []byte // JSON
	needs  string // the permission that a token needs; empty: contents: read

	asset *Asset // whose bytes are asked for; nil: the answer is kept in memory
	to    Sink   // that they are written to
}

// done reports whether a status says that what was asked for is in the answer, or done.
func (q question) done(status int) bool {
	return status == http.StatusOK || q.method != "" && (status == http.StatusCreated || status == http.StatusNoContent)
}

// isKept reports whether the answer is kept.
func (q question) isKept() bool { return q.method == "" && q.asset == nil }

// answer is what came back, read to its end. A status of 0 is no answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask returns the body of the answer to a question.
func (c *Client) ask(ctx context.Context, q question) ([]byte, error) {
	k, err := c.answer(ctx, q)
	return k.body, err
}

// answer returns the answer to a question, trying again when that may help. Every error
// is an *Error.
func (c *Client) answer(ctx context.Context, q question) (kept, error) {
	u, wrong, hint := c.address(q.path)
	if wrong != "" {
		return kept{}, c.fail(q, 0, wrong, hint, nil)
	}
	var old kept
	if q.isKept() {
		old = c.old(q)
	}
	var waited time.Duration
	for n := 1; ; n++ {
		a, err := c.try(ctx, u, q, old.etag)
		var final *Error
		switch {
		case ctx.Err() != nil:
			return kept{}, c.interrupted(q, ctx.Err())
		case errors.As(err, &final):
			return kept{}, final
		case a.status == http.StatusNotModified && old.etag != "":
			return old, nil
		case q.done(a.status):
			now := kept{a.header.Get("ETag"), a.body, hasNext(a.header)}
			if q.isKept() {
				c.keep(q, now)
			}
			return now, nil
		}
		wait, again := c.wait(n, a)
		if !again || n == tries || waited+wait > cmp.Or(c.Patience, patience) {
			return kept{}, c.refused(q, a, n, wait, err)
		}
		if err := c.sleep(ctx, wait); err != nil {
			return kept{}, c.interrupted(q, err)
		}
		waited += wait
	}
}

// try asks once, and follows redirects that stay on the host, of an asset others too. An error that is an
// *Error will not go away by asking again.
func (c *Client) try(ctx context.Context, asked *url.URL, q question, etag string) (answer, error) {
	timeout := cmp.Or(c.Timeout, 30*time.Second)
	if q.asset != nil {
		timeout = max(timeout, maxDownload)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	u, token := asked, c.Token
	for hops := 0; ; hops++ {
		response, err := c.send(ctx, u, q, etag, token)
		if err != nil {
			return answer{}, c.unsent(q, err)
		}
		if !redirects(response.StatusCode) {
			defer response.Body.Close()
			return c.read(q, response)
		}
		response.Body.Close()
		next, err := response.Location()
		switch {
		case q.method != "" && response.StatusCode != http.StatusTemporaryRedirect && response.StatusCode != http.StatusPermanentRedirect:
			return answer{}, c.fail(q, response.StatusCode, "GitHub redirects what was to be changed", "was the repository renamed?", nil)
		case err != nil:
			return answer{}, c.fail(q, response.StatusCode, "GitHub redirects to nowhere", "", nil)
		case hops == maxHops:
			return answer{}, c.fail(q, response.StatusCode, fmt.Sprintf("GitHub redirects more than %d times", maxHops), "", nil)
		case q.asset != nil && !sameHost(asked, next) && mayFetch(asked, next):
			token = "" // for all that follows
		case !sameHost(asked, next) || next.User != nil:
			return answer{}, c.fail(q, response.StatusCode,
				fmt.Sprintf("GitHub redirects to %q, which is not followed", next.Hostname()),
				"only the host of the API is asked; is GITHUB_API_URL its address?", nil)
		}
		u = next
	}
}

// send sends one request, through the transport: a client of net/http would follow
// redirects.
func (c *Client) send(ctx context.Context, u *url.URL, q question, etag string, token Token) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, cmp.Or(q.method, http.MethodGet), u.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	if q.body != nil {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	request.Header.Set("Accept", q.accept)
	request.Header.Set("User-Agent", cmp.Or(c.UserAgent, "codewarrant"))
	// The version that GitHub Enterprise Server knows, too. What this package reads
	// is the same in 2026-03-10.
	request.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+string(token))
	}
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	response, err := transport.RoundTrip(request)
	if err == nil {
		response.Request = request // for Location, which may be relative
	}
	return response, err
}

// read reads an answer to its end, or to the limit.
func (c *Client) read(q question, response *http.Response) (answer, error) {
	a := answer{status: response.StatusCode, header: response.Header}
	var err error
	if !q.done(a.status) {
		a.body, err = io.ReadAll(io.LimitReader(response.Body, maxRefusal))
		return a, err
	}
	if q.asset != nil {
		if err := c.save(q, response.Body); err != nil {
			return answer{}, err
		}
		return a, nil
	}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, q.limit+1))
	if err != nil {
		return answer{}, err
	}
	if int64(len(a.body)) > q.limit {
		return answer{}, c.fail(q, a.status, fmt.Sprintf("GitHub's answer is over %d bytes", q.limit), "", nil)
	}
	return a, nil
}

// unsent makes an error final when the other end is not who it should be, and not
// merely out of reach.
func (c *Client) unsent(q question, err error) error {
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return c.fail(q, 0, "the certificate of GitHub's API is not trusted: "+err.Error(),
			"does a proxy open TLS here? its certificate has to be in the system's store, or in SSL_CERT_FILE", nil)
	}
	return err
}

func redirects(status int) bool {
	return slices.Contains([]int{
		http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
	}, status)
}

// sameHost reports whether two addresses are the same server, port included.
func sameHost(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		return cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme])
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

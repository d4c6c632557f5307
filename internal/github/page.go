package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const (
	// perPage is how many things GitHub puts on a page at most.
	perPage = 100
	// maxPages bounds how many pages of a list are read: who may comment decides how many
	// there are.
	maxPages = 30
)

// pages reads a list page by page, and hands each thing on in its order, until there are
// no more or until visit has seen enough. A list that is not read to its end is an error.
func pages[T any](ctx context.Context, c *Client, q question, most int, visit func(T) (enough bool)) error {
	path := q.path
	for page := 1; page <= most; page++ {
		q.path = fmt.Sprintf("%s?per_page=%d&page=%d", path, perPage, page)
		var list []T
		a, err := c.decodeAnswer(ctx, q, &list)
		if err != nil {
			return err
		}
		for _, one := range list {
			if visit(one) {
				return nil
			}
		}
		// A page that is full may be the last one, and one that is not need not be: what a
		// token may not see is taken out of it.
		if len(list) < perPage && !a.more {
			return nil
		}
	}
	return c.fail(q, http.StatusOK, fmt.Sprintf("there are more than %d, and no more are read", most*perPage), "", nil)
}

// about a pull request.
func pull(owner, repo string, number int) question {
	q := about(owner, repo)
	q.what = fmt.Sprintf("%s#%d", q.what, number)
	return q
}

// wrongPull says what is wrong with the name of a pull request; "" is nothing.
func wrongPull(owner, repo string, number int) string {
	if number < 1 {
		return fmt.Sprintf("%d is not the number of a pull request", number)
	}
	return wrongRepo(owner, repo)
}

// wrongLogin says what is wrong with the name of a person; "" is nothing. That of a person
// whom an enterprise manages ends with an underscore and a short code.
func wrongLogin(login string) string {
	if login == "" || len(login) > maxName || strings.Trim(login, word) != "" {
		return fmt.Sprintf("%q is not the name of a person on GitHub", login)
	}
	return ""
}

// jsonOf is the body of a request.
func jsonOf(v map[string]string) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of strings
	}
	return b
}

package githubtest

import (
	"net/http"
	"strconv"
)

// Script gives the answers of the next requests, one each and before any rule of
// the server; nil is the answer that the request would have had. Answers that
// were given before and are not used yet come first.
func (s *Server) Script(answers ...http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Fail answers with a status and a message in GitHub's form.
func Fail(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { message(status, text).write(w) }
}

// SecondaryLimit answers that there were too many requests at a time. It is a 403
// or a 429, and not always with a retry-after, which is given in seconds; below
// 0 there is none.
func SecondaryLimit(status, retryAfter int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		a := message(status, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
		if retryAfter >= 0 {
			a.header.Set("Retry-After", strconv.Itoa(retryAfter))
		}
		a.write(w)
	}
}

// TooLarge answers as for a file over 100 MB.
func TooLarge(w http.ResponseWriter, _ *http.Request) { tooLarge().write(w) }

// Redirect answers that what is asked for is elsewhere.
func Redirect(status int, location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { redirect(status, location).write(w) }
}

// Answer is any answer: headers by name, and a body.
func Answer(status int, header map[string]string, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		w.Write([]byte(body)) // a client that went away is the test's affair
	}
}

// HangUp closes the connection without an answer.
func HangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// CutOff stops in the middle of an answer.
func CutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	w.Write([]byte(`{"type":`))
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Silence takes the request and says nothing until the client goes away.
func Silence(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

package githubtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// object is a JSON object; its keys are written in order.
type object map[string]any

// reply is an answer before it is written.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (a reply) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	w.Write(a.body) // a client that went away is the test's affair
}

func typed(status int, media string, body []byte) reply {
	return reply{status, http.Header{"Content-Type": {media + "; charset=utf-8"}}, body}
}

func encoded(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // of maps, slices and strings
	}
	return typed(status, "application/json", body)
}

// message is an error as GitHub words it.
func message(status int, text string) reply {
	return encoded(status, object{
		"message":           text,
		"documentation_url": "https://docs.github.com/rest",
		"status":            strconv.Itoa(status),
	})
}

// notFound is also the answer for what a token may not see: "to avoid confirming
// the existence of private repositories" (Troubleshooting the REST API).
func notFound() reply { return message(http.StatusNotFound, "Not Found") }

// forbidden is the answer to a token that sees the repository and lacks the
// permission that is named.
func forbidden(permission, access string) reply {
	a := message(http.StatusForbidden, "Resource not accessible by integration")
	a.header.Set("X-Accepted-GitHub-Permissions", permission+"="+access)
	return a
}

func redirect(status int, location string) reply {
	a := encoded(status, object{"message": strings.TrimSpace(http.StatusText(status)), "url": location})
	a.header.Set("Location", location)
	return a
}
